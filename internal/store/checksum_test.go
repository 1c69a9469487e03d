package store

import (
	"errors"
	"strings"
	"testing"

	"gridsearch/internal/store/database"
)

// TestChangedRows: a value that is changed in any column of a row is found when the row is read,
// and the error says which row of which table it is.
func TestChangedRows(t *testing.T) {
	for _, c := range []struct{ table, column, value, want string }{
		{"results", "top1", "top1 + 1e-9", "0000000000000000 in table results"},
		{"results", "top5", "0.51", "0000000000000000 in table results"},
		{"results", "loss", "3.2", "0000000000000000 in table results"},
		{"results", "examples", "examples + 1", "0000000000000000 in table results"},
		{"results", "correct", "x'0100'", "0000000000000000 in table results"},
		{"results", "curve", "'[]'", "0000000000000000 in table results"},
		{"results", "steps", "11", "0000000000000000 in table results"},
		{"results", "predictions", "'ab'", "0000000000000000 in table results"},
		{"results", "split", "CASE split WHEN 'test' THEN 'validation' ELSE 'test' END",
			"0000000000000000 in table results"},
		{"results", "split", "'test'", "0000000000000000 in table results"},
		{"results", "split", "'else'", "has a result on the split \"else\""},
		{"results", "checksum", "''", "0000000000000000 in table results"},
		{"results", "key", "'0000000000000003'", "0000000000000003 in table results"},
		{"results", "key", "'0000000000000009'",
			"2 of its rows are of runs or decisions that are not on it"},
		{"results", "checksum", "NULL, top1 = 0.5",
			"a result has top-1 0.5, and 1 of 9 images as correct"},
		{"failures", "error", "'other'", "0000000000000001 in table failures"},
		{"failures", "key", "'0000000000000003'", "0000000000000003 in table failures"},
		{"executions", "outcome", "'failed'", "in table executions"},
		{"executions", "environment", "replace(environment, 'generic', 'avx2')",
			"0000000000000000 in table executions"},
		{"dropped", "key", "'0000000000000003'", "0000000000000003 in table dropped"},
		{"dropped", "key", "'0000000000000000'", "0000000000000000 is complete and dropped"},
		{"dropped", "decision", "2", "0000000000000002 in table dropped"},
		{"dropped", "decision", "3", "1 of its rows are of runs or decisions that are not on it"},
		{"decisions", "choice", "'{}'", "the row of late in table decisions"},
		{"decisions", "input", "input || '0'", "the row of late in table decisions"},
		{"decisions", "made", "'2026-11-24T12:00:00Z'", "in table decisions"},
		{"latencies", "shortest", "2", "trial 0 in table latencies"},
	} {
		s, path := open(t, 4)
		crash := execution(1)
		crash.Outcome, crash.Error = OutcomeFailed, "why"
		for _, err := range []error{s.Complete(result(0), execution(0)), s.Note(crash, true),
			s.Test(plan(1)[0].Key, result(3)), s.SetLatency(Latency{Trial: "trial 0", Batch: 1}),
			s.Decide("late", digest("a"), []byte("[1]"), nil, []string{plan(4)[2].Key}),
			s.Decide("late", digest("b"), []byte("[2]"), nil, nil)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, statement := range []string{"PRAGMA foreign_keys = 0",
			"DROP TRIGGER results_are_final", "DROP TRIGGER decisions_are_final",
			"PRAGMA ignore_check_constraints = 1", "UPDATE OR REPLACE " + c.table + " SET " +
				c.column + " = " + c.value} {
			if _, err := s.file.DB.Exec(statement); err != nil {
				t.Fatal(statement, err)
			}
		}
		err := s.Close()
		if err == nil {
			err = read(path)
		}
		var file *database.FileError
		if !errors.As(err, &file) || file.Path != path || !strings.Contains(err.Error(), c.want) ||
			!strings.Contains(err.Error(), "bring a copy of it back") {
			t.Errorf("%s.%s = %s: %v, want %s", c.table, c.column, c.value, err, c.want)
		}
	}
}

// read reads a whole record.
func read(path string) error {
	s, err := OpenReadOnly(path)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err1 := s.Records()
	_, err2 := s.Latencies()
	_, err3 := s.Decisions()
	return errors.Join(err1, err2, err3)
}
