package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gridsearch/internal/fault"
)

// copied opens a copy of the file alone, as a kill and a careless backup leave it.
func copied(t *testing.T, path string) *Store {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone.db")
	if err := os.WriteFile(alone, text, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := OpenReadOnly(alone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func complete(t *testing.T, s *Store) (n int) {
	t.Helper()
	for _, r := range records(t, s) {
		if r.State == Complete {
			n++
		}
	}
	return n
}

// TestFold: after each result the file has it without its log. Somebody who goes on reading an
// older state delays that, and no more.
func TestFold(t *testing.T) {
	s, path := open(t, 4)
	if err := s.Fold(); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := errors.Join(s.Complete(result(i), execution(i)), s.Fold()); err != nil {
			t.Fatal(err)
		}
		if n := complete(t, copied(t, path)); n != i+1 {
			t.Errorf("the copy has %d results, want %d", n, i+1)
		}
	}
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	old, err := reader.db.Begin()
	if err == nil {
		_, err = old.Exec("SELECT count(*) FROM results")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Complete(result(2), execution(2)), s.Fold()); err != nil {
		t.Errorf("beside a reader: %v", err)
	}
	if err := errors.Join(old.Rollback(), s.Fold()); err != nil {
		t.Fatal(err)
	}
	if n := complete(t, copied(t, path)); n != 3 {
		t.Errorf("the copy has %d results, want 3", n)
	}
}

// BenchmarkFold is what a result costs beside its training.
func BenchmarkFold(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "study.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r := result(0)
	r.Correct = make([]byte, 10000/8)
	if err := s.Plan(search(plan(b.N))); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if err := errors.Join(s.Complete(r, execution(min(i, b.N-1))), s.Fold()); err != nil {
			b.Fatal(err)
		}
	}
}

// TestFaults: a full disk, and one that cannot be written, are the machine's, with the file's name;
// the record stays as it was.
func TestFaults(t *testing.T) {
	for cause, pragma := range map[string]string{"no space left": "PRAGMA max_page_count = 1",
		"readonly": "PRAGMA query_only = 1"} {
		s, path := open(t, 4)
		if _, err := s.db.Exec(pragma); err != nil {
			t.Fatal(err)
		}
		r := result(0)
		r.Correct = make([]byte, 1<<16) // more than the pages have room for
		err := s.Complete(r, execution(0))
		var f *fault.Fault
		if !errors.As(err, &f) || f.Path != path || !strings.Contains(f.Cause, cause) || f.Advice == "" {
			t.Errorf("%s: %v", pragma, err)
		}
		if n := complete(t, s); n != 0 {
			t.Errorf("%s: %d results are on the record", pragma, n)
		}
	}
}

// TestBusy: another program that has the record locked is told apart from what ends a study.
func TestBusy(t *testing.T) {
	s, path := open(t, 4)
	other, err := connect(path, "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := s.db.Exec("PRAGMA busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	tx, err := other.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Complete(result(0), execution(0)); !Busy(err) {
		t.Errorf("a locked record: %v", err)
	}
	if err := errors.Join(tx.Rollback(), s.Complete(result(0), execution(0))); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if Busy(nil) || Busy(errors.New("x")) {
		t.Error("other errors are taken for a lock")
	}
}

// TestLongPath: what SQLite does not open is refused in plain words.
func TestLongPath(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, strings.Repeat("x/", longestPath), "study.db")
	for _, open := range []func(string) (*Store, error){Open, OpenReadOnly} {
		var file *FileError
		if _, err := open(path); !errors.As(err, &file) || !strings.Contains(err.Error(),
			"SQLite takes 504") {
			t.Errorf("%v", err)
		}
	}
	fits := filepath.Join(folder, strings.Repeat("y/", (longestPath-len(folder)-len("/study.db"))/2))
	if err := os.MkdirAll(fits, 0o755); err != nil {
		t.Skip(err)
	}
	s, err := Open(filepath.Join(fits, "study.db"))
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

// TestCrashes: the deaths of a run's workers are counted for each place, and a run that is given up
// for them is tried again elsewhere, and nowhere after an error of its own.
func TestCrashes(t *testing.T) {
	s, _ := open(t, 3)
	e := execution(0)
	e.Error = "signal: killed"
	for want, place := range map[int]string{1: "there", 2: "here"} {
		var n int
		for range want {
			var err error
			if n, err = s.Crash(e, place); err != nil {
				t.Fatal(err)
			}
		}
		if n != want {
			t.Errorf("%s: it has crashed %d times, want %d", place, n, want)
		}
	}
	if cause, err := s.LastCrash(e.Key); cause != e.Error || err != nil {
		t.Errorf("the last cause is %q (%v)", cause, err)
	}
	if cause, err := s.LastCrash(execution(1).Key); cause != "" || err != nil {
		t.Errorf("the cause of none is %q (%v)", cause, err)
	}
	if times, err := s.Crashes("here"); err != nil || len(times) != 1 || times[e.Key] != 2 {
		t.Errorf("the crashes here are %v (%v)", times, err)
	}
	if err := s.GiveUp(e.Key, e.Error); err != nil {
		t.Fatal(err)
	}
	own := execution(1)
	if _, err := s.Crash(own, "there"); err != nil {
		t.Fatal(err)
	}
	own.Outcome, own.Error = OutcomeFailed, "the loss became NaN"
	if err := s.Note(own, true); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		place string
		want  int
	}{{"here", 0}, {"elsewhere", 1}, {"elsewhere", 0}} {
		if n, err := s.Forgive(c.place); n != c.want || err != nil {
			t.Errorf("%s: %d runs wait again (%v), want %d", c.place, n, err, c.want)
		}
	}
	if list := records(t, s); list[0].State != Waiting || list[1].State != Failed {
		t.Errorf("the runs are %s and %s", list[0].State, list[1].State)
	}
	if n, err := s.Retry(); n != 1 || err != nil {
		t.Errorf("%d runs wait again (%v)", n, err)
	}
	if times, err := s.Crashes("here"); err != nil || len(times) != 0 {
		t.Errorf("after retry the crashes are %v (%v)", times, err)
	}
}
