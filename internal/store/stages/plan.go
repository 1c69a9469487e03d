package stages

import (
	"database/sql"
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

// Error says how many runs the plans do not share, what differs, and what to do, on several lines.
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

// Withdraw takes off the record what belongs to no stage of a plan and has never been begun. It is
// for after the plan is on disk too, so that no reader misses a run.
func (r Runs) Withdraw(stages []Stage) error {
	recorded, err := r.list()
	if err != nil {
		return err
	}
	begun, err := r.begun()
	if err != nil {
		return err
	}
	gone := slices.DeleteFunc(strangers(recorded, planned(stages), stages),
		func(run Run) bool { return begun[run.Key] })
	if len(gone) == 0 {
		return nil
	}
	return r.file.Within(func(tx *sql.Tx) error {
		for _, run := range gone {
			if _, err := tx.Exec("DELETE FROM runs WHERE key = ?", run.Key); err != nil {
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
func (r Runs) begun() (map[string]bool, error) {
	rows, err := r.file.DB.Query(`SELECT key FROM results UNION SELECT key FROM executions UNION
		SELECT key FROM failures UNION SELECT key FROM crashes UNION SELECT key FROM dropped`)
	if err != nil {
		return nil, r.file.Unread(err)
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
func (r Runs) compare(recorded, planned []Run, stages []Stage) error {
	wanted := byKey(planned)
	e := &MismatchError{Path: r.file.Path, New: len(planned)}
	for _, run := range recorded {
		w, ok := wanted[run.Key]
		if !ok {
			continue
		}
		if err := Contradiction(run, w); err != nil {
			return r.file.Unusable(err)
		}
		e.New--
	}
	begun, err := r.begun()
	if err != nil {
		return err
	}
	for _, run := range strangers(recorded, planned, stages) {
		if begun[run.Key] {
			e.Missing = append(e.Missing, run)
		}
	}
	if len(e.Missing) > 0 {
		return e
	}
	return nil
}
