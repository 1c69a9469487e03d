package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFailedMigration: the error names the migration and the file: here a record that is said to be
// one version older than it is.
func TestFailedMigration(t *testing.T) {
	names, err := migrationNames()
	if err != nil {
		t.Fatal(err)
	}
	s, path := open(t, 1)
	_, err = s.db.Exec(fmt.Sprintf("PRAGMA user_version = %d", len(names)-1))
	if err != nil || len(names)-1 < checksumVersion {
		t.Fatal(names, err)
	}
	again, err := Open(path)
	if err == nil {
		again.Close()
		t.Fatal("a migration that fails is no error")
	}
	if text := err.Error(); !strings.Contains(text, names[len(names)-1]) ||
		!strings.Contains(text, path) {
		t.Error(err)
	}
}

// TestOneKeyTwice: a plan with a key for two runs is refused whole.
func TestOneKeyTwice(t *testing.T) {
	s, _ := open(t, 0)
	runs := plan(2)
	runs[1].Key = runs[0].Key
	err := s.Plan(runs)
	if err == nil || !strings.Contains(err.Error(), "run "+runs[1].Key+" of trial") {
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
		if _, err := s.db.Exec(statement); err != nil {
			t.Fatal(statement, err)
		}
	}
	if err := s.Complete(result(0), execution(0)); err == nil {
		t.Error("a second result is taken beside a damaged one")
	}
}

// TestCorrupt: a file that is not SQLite's is corrupt, and one in which a check has found
// something; one that cannot be opened is not.
func TestCorrupt(t *testing.T) {
	if !corrupt(errors.New("a row is missing")) {
		t.Error("what a check has found is no damage")
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "no folder", "study.db")
	for path, want := range map[string]bool{text: true, missing: false} {
		s, err := connect(path, "mode=ro")
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.pragma("application_id")
		if err == nil || corrupt(err) != want {
			t.Errorf("%s is corrupt: %t (%v)", path, corrupt(err), err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestMismatchSaysWhy: the message has what differs between the plans, a line each.
func TestMismatchSaysWhy(t *testing.T) {
	e := &MismatchError{Path: "record.db", Missing: plan(1), New: 2, Why: []string{"seeds: 3, was 2",
		"epochs: 5, was 4"}}
	const want = "and 2 are new\nseeds: 3, was 2\nepochs: 5, was 4\ncontinue"
	if !strings.Contains(e.Error(), want) {
		t.Errorf("%v lacks %q", e, want)
	}
}

// TestLockIsSigned: a lock whose last holder died with a longer number, or whose file has other
// text, names its holder alone.
func TestLockIsSigned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("123456789012\n3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	lock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	text, err := os.ReadFile(path)
	if want := fmt.Sprintln(os.Getpid()); string(text) != want || err != nil {
		t.Errorf("the lock's file has %q (%v), want %q", text, err, want)
	}
}

// TestSeedsOfResults: a seed is 0 or more, and below what an experiment file can ask for.
func TestSeedsOfResults(t *testing.T) {
	for seed, sound := range map[int]bool{-1: false, 0: true, maxSeeds - 1: true, maxSeeds: false} {
		if err := result(1).check(Run{Seed: seed}); (err == nil) != sound {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// TestNamesOfRuns: a few are named, others counted.
func TestNamesOfRuns(t *testing.T) {
	const three = "trial 0 seed=0, trial 0 seed=1, trial 1 seed=0"
	for n, want := range map[int]string{3: three, 4: three + " and 1 more"} {
		if got := Names(plan(n)); got != want {
			t.Errorf("%d runs are %q, want %q", n, got, want)
		}
	}
}

// TestClosedRecord: reading a record that is closed is an error, not an empty record.
func TestClosedRecord(t *testing.T) {
	s, path := open(t, 2)
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
	cause := errors.New("cause")
	if err := s.unread(cause); !errors.Is(err, cause) || !strings.Contains(err.Error(), path) {
		t.Errorf("the error is %v", err)
	}
}

// TestChecksumIsFixed pins a row's checksum, by which records of earlier programs are held.
func TestChecksumIsFixed(t *testing.T) {
	const want = "619585a1f9a0f8d4ebbbc9017c78085a"
	if got := failuresTable.sum("k", .1, 7); got != want {
		t.Errorf("the checksum is %s, want %s", got, want)
	}
}
