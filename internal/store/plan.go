package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MismatchError says that the record holds runs that belong to no stage of a plan, and on which it
// has trained: going on would lose them.
type MismatchError struct {
	Path    string
	Missing []Run    // of the record, begun, that the plan lacks
	New     int      // runs of the plan that the record lacks
	Why     []string // what differs between the plans, a line each, as far as that is known
}

func (e *MismatchError) Error() string {
	lines := []string{fmt.Sprintf("%s is the record of another plan: %d of the runs that it has "+
		"begun belong to no stage of this one%s, and %d are new", e.Path, len(e.Missing),
		some(e.Missing), e.New)}
	lines = append(lines, e.Why...)
	lines = append(lines, "continue it with what it was made from (gridsearch run STUDY), with a "+
		"plan that has its runs and others besides, or give this one another [study] name or "+
		"--dir")
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

// Plan writes the runs of a plan's stages into the record. Where runs are there already, it adds
// those that are new and takes over the plan's order and names of trials: a key says what was
// trained, a name what the plan calls it. Runs that decisions have added to a stage of the plan
// follow. Runs that are in no stage give a *MismatchError where one of them has been begun;
// those that nobody has begun stay until Withdraw.
func (s *Store) Plan(stages []Stage) error {
	recorded, err := s.runs()
	if err != nil {
		return err
	}
	planned := planned(stages)
	if slices.Equal(recorded, planned) {
		return nil
	}
	if err := s.compare(recorded, planned, stages); err != nil {
		return err
	}
	return s.take(recorded, planned)
}

// Withdraw takes off the record what belongs to no stage of a plan and has never been begun. It is
// for after the plan is on disk too, so that no reader misses a run.
func (s *Store) Withdraw(stages []Stage) error {
	recorded, err := s.runs()
	if err != nil {
		return err
	}
	begun, err := s.begun()
	if err != nil {
		return err
	}
	gone := slices.DeleteFunc(strangers(recorded, planned(stages), stages),
		func(r Run) bool { return begun[r.Key] })
	if len(gone) == 0 {
		return nil
	}
	return s.within(func(tx *sql.Tx) error {
		for _, r := range gone {
			if _, err := tx.Exec("DELETE FROM runs WHERE key = ?", r.Key); err != nil {
				return err
			}
		}
		return nil
	})
}

// planned lists the runs of stages, each with its stage.
func planned(stages []Stage) []Run {
	var list []Run
	for _, stage := range stages {
		for _, r := range stage.Runs {
			r.Stage = stage.Name
			list = append(list, r)
		}
	}
	return list
}

// byKey finds runs by their keys.
func byKey(runs []Run) map[string]Run {
	m := map[string]Run{}
	for _, r := range runs {
		m[r.Key] = r
	}
	return m
}

// strangers are the recorded runs that belong to no stage: neither planned nor decided on.
func strangers(recorded, planned []Run, stages []Stage) []Run {
	wanted := byKey(planned)
	var list []Run
	for _, r := range recorded {
		_, ok := wanted[r.Key]
		decided := slices.ContainsFunc(stages, func(s Stage) bool {
			return s.Open() && s.Name == r.Stage
		})
		if !ok && !decided {
			list = append(list, r)
		}
	}
	return list
}

// begun are the keys of runs that anything is known of besides that they were planned.
func (s *Store) begun() (map[string]bool, error) {
	rows, err := s.db.Query(`SELECT key FROM results UNION SELECT key FROM executions UNION
		SELECT key FROM failures UNION SELECT key FROM crashes UNION SELECT key FROM dropped`)
	if err != nil {
		return nil, s.unread(err)
	}
	defer rows.Close()
	keys := map[string]bool{}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys[key] = true
	}
	return keys, rows.Err()
}

// compare holds the recorded runs against a plan's by their keys.
func (s *Store) compare(recorded, planned []Run, stages []Stage) error {
	wanted := byKey(planned)
	e := &MismatchError{Path: s.path, New: len(planned)}
	for _, r := range recorded {
		w, ok := wanted[r.Key]
		if !ok {
			continue
		}
		if err := Contradiction(r, w); err != nil {
			return &FileError{s.path, err}
		}
		e.New--
	}
	begun, err := s.begun()
	if err != nil {
		return err
	}
	for _, r := range strangers(recorded, planned, stages) {
		if begun[r.Key] {
			e.Missing = append(e.Missing, r)
		}
	}
	if len(e.Missing) > 0 {
		return e
	}
	return nil
}

// Damaged says what to do about a record that contradicts itself.
func Damaged(err error) error {
	return fmt.Errorf("the record is damaged: %w: bring a copy of it back, or move it away with "+
		"its -wal and -shm to train the study anew", err)
}

// take gives the record a plan's runs: those that are new, and the order and the names of all, with
// the latencies of their trials. Runs that are not planned follow in the order that they had.
func (s *Store) take(recorded, planned []Run) error {
	there, wanted := byKey(recorded), byKey(planned)
	all, names := slices.Clone(planned), map[string]string{} // of trials, by their earlier ones
	for _, r := range recorded {
		if w, ok := wanted[r.Key]; ok {
			names[r.Trial] = w.Trial
			continue
		}
		all = append(all, r)
		if _, known := names[r.Trial]; !known {
			names[r.Trial] = r.Trial
		}
	}
	latencies, err := s.Latencies()
	if err != nil {
		return err
	}
	added := slices.DeleteFunc(slices.Clone(planned), func(r Run) bool {
		_, ok := there[r.Key]
		return ok
	})
	return s.within(func(tx *sql.Tx) error {
		if err := add(tx, added); err != nil {
			return err
		}
		return errors.Join(order(tx, all), rename(tx, latencies, names))
	})
}

// order gives the runs on the record their places, and what else a plan says of them.
func order(tx *sql.Tx, runs []Run) error {
	// no two rows may have one position, not even on the way
	if _, err := tx.Exec("UPDATE runs SET position = -1 - position"); err != nil {
		return err
	}
	for i, r := range runs {
		if _, err := tx.Exec("UPDATE runs SET position = ?, trial = ?, network = ?, stage = ? "+
			"WHERE key = ?", i, r.Trial, r.Network, r.Stage, r.Key); err != nil {
			return err
		}
	}
	return nil
}

// rename gives latencies to what their trials are called now. Those of trials that the record has
// not are measured again when they are wanted.
func rename(tx *sql.Tx, latencies []Latency, names map[string]string) error {
	if _, err := tx.Exec("DELETE FROM latencies"); err != nil {
		return err
	}
	for _, l := range latencies {
		name, ok := names[l.Trial]
		if !ok {
			continue
		}
		l.Trial = name
		if err := setLatency(tx, l); err != nil {
			return err
		}
	}
	return nil
}
