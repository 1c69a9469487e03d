package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// names lists a folder.
func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// TestWholeOrNot: a write that fails in the middle leaves the old file and nothing else; one that
// does not replaces it.
func TestWholeOrNot(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.svg")
	if err := Replace(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no luck")
	err := Write(path, func(w io.Writer) error {
		_, err := w.Write([]byte("half of the ne"))
		return errors.Join(err, broken)
	})
	if text, read := os.ReadFile(path); !errors.Is(err, broken) || string(text) != "old" ||
		len(names(t, folder)) != 1 {
		t.Errorf("%v leaves %q (%v) among %v", err, text, read, names(t, folder))
	}
	if err := Renew(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if err := New(path, []byte("newer")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that is there: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "new" {
		t.Errorf("the file has %q (%v)", text, err)
	}
	missing := filepath.Join(folder, "missing", "b")
	var about *fs.PathError
	if err := Replace(missing, nil); !errors.As(err, &about) || about.Path != missing ||
		!errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// TestPlaces: a link stays one, and a device stays what it is.
func TestPlaces(t *testing.T) {
	folder := t.TempDir()
	path, link := filepath.Join(folder, "file"), filepath.Join(folder, "link")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Symlink(path, link)); err != nil {
		t.Skip(err)
	}
	if err := Replace(link, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "x" {
		t.Errorf("through the link: %q (%v)", text, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v)", info, err)
	}
	if err := Replace(os.DevNull, []byte("x")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the device is %v (%v)", info, err)
	}
}

// TestClean: what a killed writer has left goes; what somebody writes still, and what is not ours,
// stays.
func TestClean(t *testing.T) {
	folder := t.TempDir()
	foreign := []string{"checkpoint", "checkpoint.1", "checkpoint.bak", "x" + mark, "x" + mark +
		"1a", mark + "1"}
	for _, name := range append([]string{"checkpoint" + mark + "17", "a b.svg" + mark +
		"4294967295"}, foreign...) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "folder"+mark+"1"), 0o755); err != nil {
		t.Fatal(err)
	}
	held, err := create(filepath.Join(folder, "held"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	removed, bytes := Clean(folder)
	if removed != 2 || bytes != 2 {
		t.Errorf("%d files of %d bytes are removed", removed, bytes)
	}
	want := append(foreign, "folder"+mark+"1", filepath.Base(held.Name()))
	if slices.Sort(want); !slices.Equal(names(t, folder), want) {
		t.Errorf("what stays is\n%s\nwant\n%s", strings.Join(names(t, folder), "\n"),
			strings.Join(want, "\n"))
	}
	held.Close()
	if Clean(folder); slices.Contains(names(t, folder), filepath.Base(held.Name())) {
		t.Error("what its writer has left stays")
	}
}

// TestDraft: pieces in any order make a file that is whole or not there, and errors name its place.
func TestDraft(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a")
	draft, err := Begin(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{3, 0} {
		if _, err := draft.WriteAt([]byte("abc"), at); err != nil {
			t.Fatal(err)
		}
	}
	if removed, _ := Clean(folder); removed != 0 || len(names(t, folder)) != 1 {
		t.Errorf("%d removed, %v are there while it is written", removed, names(t, folder))
	}
	if err := draft.Commit(true); err != nil {
		t.Fatal(err)
	}
	draft.Abort()
	if text, err := os.ReadFile(path); string(text) != "abcabc" || len(names(t, folder)) != 1 {
		t.Errorf("%q (%v) among %v", text, err, names(t, folder))
	}
	var about *fs.PathError
	if _, err := draft.WriteAt([]byte("x"), 0); !errors.As(err, &about) || about.Path != path {
		t.Errorf("after its commit: %v", err)
	}
	other, err := Begin(path)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = other.WriteAt([]byte("x"), 0)
	if other.Abort(); len(names(t, folder)) != 1 {
		t.Errorf("%v are there after an abort", names(t, folder))
	}
	if _, err := Begin(filepath.Join(path, "b")); !errors.As(err, &about) ||
		about.Path != filepath.Join(path, "b") {
		t.Errorf("below a file: %v", err)
	}
}

// TestCleanBesideWriters: writers that begin while others clean lose nothing.
func TestCleanBesideWriters(t *testing.T) {
	folder := t.TempDir()
	over := make(chan struct{})
	var cleaners, writers sync.WaitGroup
	for range 2 {
		cleaners.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					Clean(folder)
				}
			}
		})
	}
	for i := range 4 {
		writers.Go(func() {
			for range 200 {
				if err := Renew(filepath.Join(folder, fmt.Sprint(i)), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(over)
	cleaners.Wait()
}
