package database

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// killed is a folder with a record as a killed writer leaves it: with a run in its log.
func killed(t *testing.T, ends ...string) string {
	t.Helper()
	_, path := open(t, 4)
	copied := filepath.Join(t.TempDir(), "study.db")
	for _, end := range ends {
		text, err := os.ReadFile(path + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+end, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

// TestReadingWritesNothing: a record is read as a killed writer has left it, and as one that was
// closed; neither a file nor its time changes.
func TestReadingWritesNothing(t *testing.T) {
	f, closed := open(t, 4)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"killed": killed(t, "", "-wal", "-shm"),
		"closed": closed} {
		before, times := listing(t, path), changed(t, path)
		reader, err := OpenReadOnly(path)
		if err != nil {
			t.Fatal(name, err)
		}
		if n := count(t, reader); n != 4 {
			t.Errorf("%s: it has %d runs", name, n)
		}
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
		if after := listing(t, path); !reflect.DeepEqual(after, before) ||
			!reflect.DeepEqual(changed(t, path), times) {
			t.Errorf("%s: reading has changed %d files into %d", name, len(before), len(after))
		}
	}
}

// changed is when each file of a record's folder has been written.
func changed(t *testing.T, path string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]string{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		times[e.Name()] = info.ModTime().String()
	}
	return times
}

// TestReadingALiveRecord: what another connection has written last is seen, in its log.
func TestReadingALiveRecord(t *testing.T) {
	f, path := open(t, 0)
	for i := range 3 {
		if err := write(f, i, "trial"); err != nil {
			t.Fatal(err)
		}
		reader, err := OpenReadOnly(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, reader); n != i+1 {
			t.Errorf("after %d runs: %d", i+1, n)
		}
		reader.Close()
	}
}

// TestUnreachable: a record that one has no right to is not said to be damaged.
func TestUnreachable(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("needs a user who has not every right")
	}
	path := killed(t, "", "-wal")
	folder := filepath.Dir(path)
	for _, c := range []struct {
		path string
		mode os.FileMode
	}{{folder, 0o555}, {path, 0}} {
		if err := os.Chmod(c.path, c.mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(c.path, 0o755) })
		_, err := OpenReadOnly(path)
		var file *FileError
		if !errors.As(err, &file) || !strings.Contains(err.Error(), "cannot be read here") ||
			strings.Contains(err.Error(), "move it away") {
			t.Errorf("%s with mode %v: %v", c.path, c.mode, err)
		}
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
		said := map[bool]string{true: "it is no readable SQLite file (", false: "it cannot be read here ("}
		if told := unreadable(err); !errors.Is(told, err) ||
			!strings.HasPrefix(told.Error(), said[want]) {
			t.Errorf("%s is told as %v", path, told)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRefusedIsClosed: a file that is refused is not kept open.
func TestRefusedIsClosed(t *testing.T) {
	const fds = "/proc/self/fd"
	if _, err := os.Stat(fds); err != nil {
		t.Skip("needs a system that lists the open files")
	}
	path := filepath.Join(t.TempDir(), "study.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var file *FileError
	if _, err := OpenReadOnly(path); !errors.As(err, &file) {
		t.Errorf("an empty file: %v", err)
	}
	info, err1 := os.Stat(path)
	list, err2 := os.ReadDir(fds)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if open, err := os.Stat(filepath.Join(fds, e.Name())); err == nil && os.SameFile(open, info) {
			t.Errorf("%s is still open", path)
		}
	}
}
