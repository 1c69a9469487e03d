package store

import (
	"database/sql"

	"gridsearch/internal/store/stages"
)

// Plan writes the runs of a plan's stages into the record, with the order and the names of trials
// that the plan has, and lets latencies follow the names. The errors are those of Runs.Change, and
// leave the record as it was.
func (s *Store) Plan(plan []stages.Stage) error {
	change, err := s.Change(plan)
	if err != nil || change == nil {
		return err
	}
	latencies, err := s.Latencies()
	if err != nil {
		return err
	}
	return s.file.Within(func(tx *sql.Tx) error {
		if err := change.Apply(tx); err != nil {
			return err
		}
		return rename(tx, latencies, change.Names)
	})
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
