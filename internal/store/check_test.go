package store

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
)

// TestUnsoundRecord: rows that no training gives are told with the run and the file.
func TestUnsoundRecord(t *testing.T) {
	for want, spoil := range map[string]string{
		"its training curve is empty":              "curve = '[]'",
		"its training curve is empty ":             "curve = 'null'",
		"curve of run 0000000000000000":            "curve = '[{'",
		"point 1 of its training curve is {Epoch:": `curve = '[{"epoch":3,"step":1,"loss":1,"top1":0}]'`,
		"top-1 is 2 and top-5 0.5":                 "top1 = 2",
		"top-1 is -1 and top-5 0.5":                "top1 = -1",
		"its loss is +Inf":                         "loss = 9e999",
		"it is of -9 validation images":            "examples = -9",
		"1 bytes of bits are not those of 9 valid": "correct = x'00'",
		"it has 0 steps":                           "steps = 0",
	} {
		s, path := open(t, 2)
		if err := s.Complete(result(0), execution(0)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.file.DB.Exec("DROP TRIGGER results_are_final; UPDATE results SET checksum " +
			"= NULL, " + spoil); err != nil {
			t.Fatal(err)
		}
		_, err := s.Records()
		checkDamaged(t, err, path, strings.TrimSpace(want))
	}
	s, path := open(t, 2)
	if _, err := s.file.DB.Exec("INSERT INTO latencies VALUES ('base', 1, 1, 20, 9e999, 1, 'cpu', " +
		"'avx2', '2026-11-24T12:00:00Z', NULL)"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Latencies()
	checkDamaged(t, err, path, "trial base has a latency of +Inf s")
}

func checkDamaged(t *testing.T, err error, path, want string) {
	t.Helper()
	var file *database.FileError
	if !errors.As(err, &file) || file.Path != path || !strings.Contains(err.Error(), want) ||
		!strings.Contains(err.Error(), "bring a copy of it back") {
		t.Errorf("got %v, want %q", err, want)
	}
}

// FuzzResult: a result that passes the check can be drawn and averaged: its curve has points, its
// shares are shares, its bits are there or not.
func FuzzResult(f *testing.F) {
	good, err := json.Marshal(result(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good), 0)
	f.Add("null", -1)
	f.Add(`{"examples":-1,"steps":1e30,"curve":[null]}`, 1<<40)
	f.Fuzz(func(t *testing.T, text string, seed int) {
		var r Result
		if json.Unmarshal([]byte(text), &r) != nil || r.check(stages.Run{Seed: seed}) != nil {
			return
		}
		last := r.Curve[len(r.Curve)-1]
		if seed < 0 || r.Steps < 1 || last.Step < 1 || len(r.Correct) > r.Examples ||
			math.IsNaN(r.Top1+r.Top5+r.Loss+last.Loss) {
			t.Errorf("%s passes", text)
		}
	})
}
