package database

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gridsearch/internal/fault"
)

// copied opens a copy of the file alone, as a kill and a careless backup leave it.
func copied(t *testing.T, path string) *File {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone.db")
	if err := os.WriteFile(alone, text, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := OpenReadOnly(alone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestFold: after each transaction the file has it without its log. Somebody who goes on reading an
// older state delays that, and no more.
func TestFold(t *testing.T) {
	f, path := open(t, 0)
	if err := f.Fold(); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := errors.Join(write(f, i, "trial"), f.Fold()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, copied(t, path)); n != i+1 {
			t.Errorf("the copy has %d runs, want %d", n, i+1)
		}
	}
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	old, err := reader.DB.Begin()
	if err == nil {
		_, err = old.Exec("SELECT count(*) FROM runs")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(write(f, 2, "trial"), f.Fold()); err != nil {
		t.Errorf("beside a reader: %v", err)
	}
	if n := count(t, copied(t, path)); n == 3 {
		t.Error("the reader delays nothing: what is tried here is not what is meant")
	}
	if err := errors.Join(old.Rollback(), f.Fold()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, copied(t, path)); n != 3 {
		t.Errorf("the copy has %d runs, want 3", n)
	}
}

// TestFaults: a full disk, and one that cannot be written, are the machine's, with the file's name;
// the record stays as it was.
func TestFaults(t *testing.T) {
	for cause, pragma := range map[string]string{"no space left": "PRAGMA max_page_count = 1",
		"readonly": "PRAGMA query_only = 1"} {
		f, path := open(t, 4)
		if _, err := f.DB.Exec(pragma); err != nil {
			t.Fatal(err)
		}
		err := write(f, 4, strings.Repeat("x", 1<<16)) // more than the pages have room for
		var machine *fault.Fault
		if !errors.As(err, &machine) || machine.Path != path ||
			!strings.Contains(machine.Cause, cause) || machine.Advice == "" {
			t.Errorf("%s: %v", pragma, err)
		}
		if n := count(t, f); n != 4 {
			t.Errorf("%s: %d runs are on the record", pragma, n)
		}
	}
}

// TestWithin: what a transaction has done until its error is undone, and the error passed on.
func TestWithin(t *testing.T) {
	f, _ := open(t, 1)
	own := errors.New("of its own")
	err := f.Within(func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE runs SET trial = 'other'")
		return errors.Join(err, own)
	})
	if !errors.Is(err, own) || err.Error() != own.Error() {
		t.Errorf("got %v", err)
	}
	var trial string
	if err := f.DB.QueryRow("SELECT trial FROM runs").Scan(&trial); err != nil || trial != "trial" {
		t.Errorf("the trial is called %q (%v)", trial, err)
	}
}

// TestBusy: another program that has the record locked is told apart from what ends a study.
func TestBusy(t *testing.T) {
	f, path := open(t, 4)
	other, err := connect(path, "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := f.DB.Exec("PRAGMA busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	tx, err := other.DB.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := write(f, 4, "trial"); !Busy(err) {
		t.Errorf("a locked record: %v", err)
	}
	if err := errors.Join(tx.Rollback(), write(f, 4, "trial")); err != nil {
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
	for name, open := range openers {
		var file *FileError
		if _, err := open(path); !errors.As(err, &file) || !strings.Contains(err.Error(),
			"SQLite takes 504") {
			t.Errorf("%s: %v", name, err)
		}
	}
	fits := filepath.Join(folder, strings.Repeat("y/", (longestPath-len(folder)-len("/study.db"))/2))
	if err := os.MkdirAll(fits, 0o755); err != nil {
		t.Skip(err)
	}
	f, err := Open(filepath.Join(fits, "study.db"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}
