package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// MismatchError says that the record holds the runs of another plan.
type MismatchError struct {
	Path    string
	Missing []Run    // of the record, that the plan lacks
	New     int      // runs of the plan that the record lacks
	Why     []string // what differs between the plans, a line each, as far as that is known
}

func (e *MismatchError) Error() string {
	lines := []string{fmt.Sprintf("%s is the record of another plan: %d of its runs are not in "+
		"this one%s, and %d are new", e.Path, len(e.Missing), some(e.Missing), e.New)}
	lines = append(lines, e.Why...)
	lines = append(lines, "continue it with what it was made from (gridsearch run STUDY), or give "+
		"this one another [study] name or --dir")
	return strings.Join(lines, "\n")
}

// some names a few runs in brackets.
func some(runs []Run) string {
	if len(runs) == 0 {
		return ""
	}
	return " (" + Names(runs) + ")"
}

// namedRuns is how many runs a message names.
const namedRuns = 3

// Names lists a few runs by trial and seed, and counts the others.
func Names(runs []Run) string {
	var names []string
	for _, r := range runs[:min(len(runs), namedRuns)] {
		names = append(names, r.Name())
	}
	text := strings.Join(names, ", ")
	if more := len(runs) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Plan writes the runs of a plan into an empty record. Where they are there already, the record
// takes over the plan's order and names of trials: a key says what was trained, a name what the
// plan calls it. Other runs give a *MismatchError.
func (s *Store) Plan(runs []Run) error {
	recorded, err := s.runs()
	switch {
	case err != nil:
		return err
	case len(recorded) == 0:
		return s.within(func(tx *sql.Tx) error { return insertRuns(tx, runs) })
	case slices.Equal(recorded, runs):
		return nil
	}
	if err := s.compare(recorded, runs); err != nil {
		return err
	}
	return s.rename(recorded, runs)
}

func insertRuns(tx *sql.Tx, runs []Run) error {
	for i, r := range runs {
		if _, err := tx.Exec("INSERT INTO runs (key, position, trial, seed) VALUES (?, ?, ?, ?)",
			r.Key, i, r.Trial, r.Seed); err != nil {
			return fmt.Errorf("run %s of trial %s: %w", r.Key, r.Trial, err)
		}
	}
	return nil
}

// runs lists those on the record in its order.
func (s *Store) runs() ([]Run, error) {
	rows, err := s.db.Query("SELECT key, trial, seed FROM runs ORDER BY position")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Run
	for rows.Next() {
		var r Run
		if err := rows.Scan(&r.Key, &r.Trial, &r.Seed); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// compare holds the recorded runs against a plan's by their keys.
func (s *Store) compare(recorded, runs []Run) error {
	wanted := map[string]Run{}
	for _, r := range runs {
		wanted[r.Key] = r
	}
	e := &MismatchError{Path: s.path, New: len(runs)}
	for _, r := range recorded {
		w, ok := wanted[r.Key]
		switch {
		case !ok:
			e.Missing = append(e.Missing, r)
			continue
		case w.Seed != r.Seed:
			return &FileError{s.path, SeedError(r, w)}
		}
		e.New--
	}
	if len(e.Missing) > 0 || e.New > 0 {
		return e
	}
	return nil
}

// SeedError says that a run is recorded with a seed which is not that of its key.
func SeedError(recorded, planned Run) error {
	return Damaged(fmt.Errorf("run %s is recorded with seed %d, its key is that of seed %d",
		recorded.Key, recorded.Seed, planned.Seed))
}

// Damaged says what to do about a record that contradicts itself.
func Damaged(err error) error {
	return fmt.Errorf("the record is damaged: %w: bring a copy of it back, or move it away with "+
		"its -wal and -shm to train the study anew", err)
}

// rename gives recorded runs, and the latencies of their trials, the order and the names of a plan
// with the same runs.
func (s *Store) rename(recorded, runs []Run) error {
	names := map[string]string{} // of trials, by their earlier ones
	planned := map[string]string{}
	for _, r := range runs {
		planned[r.Key] = r.Trial
	}
	for _, r := range recorded {
		names[r.Trial] = planned[r.Key]
	}
	latencies, err := s.Latencies()
	if err != nil {
		return err
	}
	return s.within(func(tx *sql.Tx) error {
		// no two rows may have one position, not even on the way
		if _, err := tx.Exec("UPDATE runs SET position = -1 - position"); err != nil {
			return err
		}
		for i, r := range runs {
			if _, err := tx.Exec("UPDATE runs SET position = ?, trial = ? WHERE key = ?",
				i, r.Trial, r.Key); err != nil {
				return err
			}
		}
		if _, err := tx.Exec("DELETE FROM latencies"); err != nil {
			return err
		}
		for _, l := range latencies {
			if name, ok := names[l.Trial]; ok {
				l.Trial = name
			}
			if err := setLatency(tx, l); err != nil {
				return err
			}
		}
		return nil
	})
}
