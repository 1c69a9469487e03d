package database

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// note writes a row of the table runs.
func note(t *testing.T, f *File, key string) {
	t.Helper()
	err := f.Within(func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO runs (key, position, trial, seed) VALUES (?, "+
			"(SELECT count(*) FROM runs), 'base', 0)", key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func runsIn(t *testing.T, f *File) (n int) {
	t.Helper()
	if err := f.DB.QueryRow("SELECT count(*) FROM runs").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAtOnce: between two queries somebody writes, and neither sees it.
func TestAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "study.db")
	writer, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	note(t, writer, "a")
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	err = reader.AtOnce(func() error {
		before := runsIn(t, reader)
		note(t, writer, "b")
		if after := runsIn(t, reader); before != 1 || after != 1 {
			t.Errorf("%d runs, then %d", before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := runsIn(t, reader); n != 2 {
		t.Errorf("afterwards there are %d runs", n)
	}
}

// TestCopyTo: a copy has what the log has, while somebody has the file open for writing; two have
// the same bytes, and the file itself is as it was.
func TestCopyTo(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "study.db")
	writer, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	note(t, writer, "a")
	note(t, writer, "b")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var copies [][]byte
	for _, name := range []string{"it's a copy.db", "other.db"} {
		reader, err := OpenReadOnly(path)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(folder, name)
		if err := reader.CopyTo(to); err != nil {
			t.Fatal(err)
		}
		if err := reader.CopyTo(to); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Errorf("a second copy into the same file: %v", err)
		}
		reader.Close()
		text, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		copies = append(copies, text)
	}
	if !bytes.Equal(copies[0], copies[1]) {
		t.Error("two copies differ")
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed (%v)", err)
	}
	copied, err := OpenReadOnly(filepath.Join(folder, "other.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if n := runsIn(t, copied); n != 2 {
		t.Errorf("the copy has %d runs", n)
	}
	if err := copied.CopyTo(filepath.Join(folder, "none", "x.db")); err == nil ||
		!strings.Contains(err.Error(), "x.db") {
		t.Errorf("into no folder: %v", err)
	}
}
