package store

import (
	"strings"
	"testing"

	"gridsearch/internal/job"
	"gridsearch/internal/store/stages"
)

// TestOneKeyTwice: a plan with a key for two runs is refused whole.
func TestOneKeyTwice(t *testing.T) {
	s, _ := open(t, 0)
	runs := plan(2)
	runs[1].Key = runs[0].Key
	err := s.Plan(search(runs))
	if err == nil || !strings.Contains(err.Error(), "run "+runs[1].Key+" (") {
		t.Error(err)
	}
	if list := records(t, s); len(list) != 0 {
		t.Errorf("the record has %v", list)
	}
}

// TestUnreadableFirstResult: a second result cannot be held against a first whose curve is damaged,
// which is an error and not a silent success.
func TestUnreadableFirstResult(t *testing.T) {
	s, _ := open(t, 1)
	if err := s.Complete(result(0), execution(0)); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"DROP TRIGGER results_are_final",
		"UPDATE results SET curve = '['"} {
		if _, err := s.file.DB.Exec(statement); err != nil {
			t.Fatal(statement, err)
		}
	}
	if err := s.Complete(result(0), execution(0)); err == nil {
		t.Error("a second result is taken beside a damaged one")
	}
}

// TestMismatchSaysWhy: the message has what differs between the plans, a line each.
func TestMismatchSaysWhy(t *testing.T) {
	e := &stages.MismatchError{Path: "record.db", Missing: plan(1), New: 2, Why: []string{"seeds: 3, was 2",
		"epochs: 5, was 4"}}
	const want = "and 2 are new\nseeds: 3, was 2\nepochs: 5, was 4\ncontinue"
	if !strings.Contains(e.Error(), want) {
		t.Errorf("%v lacks %q", e, want)
	}
}

// TestSeedsOfResults: a seed is 0 or more, and below what an experiment file can ask for.
func TestSeedsOfResults(t *testing.T) {
	for seed, sound := range map[int]bool{-1: false, 0: true, job.MaxSeeds - 1: true, job.MaxSeeds: false} {
		if err := result(1).check(stages.Run{Seed: seed}); (err == nil) != sound {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// TestNamesOfRuns: a few are named, others counted.
func TestNamesOfRuns(t *testing.T) {
	const three = "trial 0 seed=0, trial 0 seed=1, trial 1 seed=0"
	for n, want := range map[int]string{3: three, 4: three + " and 1 more"} {
		if got := stages.Names(plan(n)); got != want {
			t.Errorf("%d runs are %q, want %q", n, got, want)
		}
	}
}

// TestClosedRecord: reading a record that is closed is an error, not an empty record.
func TestClosedRecord(t *testing.T) {
	s, _ := open(t, 2)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, records := s.Records()
	_, latencies := s.Latencies()
	_, executions := s.Executions()
	for name, err := range map[string]error{"records": records, "latencies": latencies,
		"executions": executions} {
		if err == nil {
			t.Errorf("%s of a closed record are read", name)
		}
	}
}

// TestResultWithoutAnExecution: a result whose execution cannot be recorded is not, and that is an
// error.
func TestResultWithoutAnExecution(t *testing.T) {
	s, _ := open(t, 1)
	_, err := s.file.DB.Exec("CREATE TRIGGER no BEFORE INSERT ON executions " +
		"BEGIN SELECT RAISE(ABORT, 'not now'); END")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Complete(result(0), execution(0)); err == nil || !strings.Contains(err.Error(),
		"not now") {
		t.Errorf("the result is recorded: %v", err)
	}
	if r := records(t, s)[0]; r.State != Waiting || r.Result != nil {
		t.Errorf("the record has %+v", r)
	}
}
