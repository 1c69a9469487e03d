package database

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// open makes a record of a few runs, at a path that has to be escaped.
func open(t *testing.T, runs int) (*File, string) {
	t.Helper()
	name := "a study #%.db"
	if runtime.GOOS != "windows" { // which takes no question mark in a name
		name = "a study ?#%.db"
	}
	path := filepath.Join(t.TempDir(), name)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	for i := range runs {
		if err := write(f, i, "trial"); err != nil {
			t.Fatal(err)
		}
	}
	return f, path
}

// write adds a run to a record.
func write(f *File, i int, trial string) error {
	return f.Within(func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO runs (key, position, trial, seed) VALUES (?, ?, ?, 0)",
			fmt.Sprintf("%016x", i), i, trial)
		return err
	})
}

// count is how many runs are on a record.
func count(t *testing.T, f *File) (n int) {
	t.Helper()
	if err := f.DB.QueryRow("SELECT count(*) FROM runs").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// openers are the ways to open a record.
var openers = map[string]func(string) (*File, error){"Open": Open, "OpenReadOnly": OpenReadOnly}

// TestOtherFiles: what is no record of this program is refused with its name and with what to do,
// and nothing about it changes.
func TestOtherFiles(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	f, newer := open(t, 1)
	if _, err := f.DB.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		text:  "no readable SQLite file",
		newer: "version 99",
		foreign(t, filepath.Join(folder, "plain"), "DELETE"): "no study of gridsearch: move it away",
		foreign(t, filepath.Join(folder, "wal"), "WAL"):      "no study of gridsearch: move it away",
		damaged(t, 8192): "bring a copy of it back",
	} {
		before := listing(t, path)
		for name, open := range openers {
			var file *FileError
			if _, err := open(path); !errors.As(err, &file) || !strings.Contains(err.Error(),
				want) || file.Path != path || !strings.Contains(err.Error(), path) {
				t.Errorf("%s gives %v, want %q", name, err, want)
			}
		}
		if after := listing(t, path); path != newer && !reflect.DeepEqual(after, before) {
			t.Errorf("%s has changed", path)
		}
	}
	var file *FileError
	if _, err := OpenReadOnly(filepath.Join(folder, "missing")); !errors.As(err, &file) ||
		!strings.Contains(err.Error(), "no such record") {
		t.Errorf("got %v", err)
	}
}

// foreign makes a database of another program.
func foreign(t *testing.T, path, journal string) string {
	t.Helper()
	f, err := connect(path, "_pragma=journal_mode("+journal+")")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.DB.Exec("PRAGMA application_id = 7; CREATE TABLE theirs (n INTEGER); INSERT " +
		"INTO theirs VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	return path
}

// damaged makes a record that is overwritten from a byte on, or as many from its end.
func damaged(t *testing.T, from int) string {
	t.Helper()
	f, path := open(t, 400)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if from < 0 {
		from += len(content)
	}
	for i := from; i < len(content); i++ {
		content[i] = 0xa5
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// listing is the content of a file and of those that belong to it.
func listing(t *testing.T, path string) map[string]string {
	t.Helper()
	content := map[string]string{}
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if text, err := os.ReadFile(path + end); err == nil {
			content[end] = string(text)
		}
	}
	return content
}

// TestWhole: a page that is overwritten and a row of a run that is not there are found before a
// record is used, and the file is as it was.
func TestWhole(t *testing.T) {
	f, lone := open(t, 1)
	for _, statement := range []string{"PRAGMA foreign_keys = 0",
		"INSERT INTO failures (key, error) VALUES ('none', 'x')"} {
		if _, err := f.DB.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		lone:              "1 of its rows are of runs or decisions that are not on it",
		damaged(t, -4096): "it is no readable SQLite file",
	} {
		before := listing(t, path)
		for name, open := range openers {
			var file *FileError
			if _, err := open(path); !errors.As(err, &file) || file.Path != path ||
				!strings.Contains(err.Error(), want) ||
				!strings.Contains(err.Error(), "bring a copy of it back") {
				t.Errorf("%s gives %v, want %q", name, err, want)
			}
		}
		if !reflect.DeepEqual(listing(t, path), before) {
			t.Errorf("the file of %q has changed", want)
		}
	}
}
