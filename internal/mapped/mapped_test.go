package mapped

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// write writes a file of some pages.
func write(t *testing.T) (path string, text []byte) {
	t.Helper()
	text = bytes.Repeat([]byte("0123456789abcdef"), 4*os.Getpagesize()/16)
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path, text
}

func TestOpen(t *testing.T) {
	path, want := write(t)
	text, err := Open(path)
	if err != nil || !bytes.Equal(text, want) {
		t.Fatalf("%d bytes (%v), want %d", len(text), err, len(want))
	}
	if runtime.GOOS != "windows" {
		if err := os.Remove(path); err != nil || !bytes.Equal(text, want) {
			t.Errorf("a file that is removed (%v) has other bytes", err)
		}
	}
	if err := Close(text); err != nil {
		t.Error(err)
	}
	if _, err := Open(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	var about *fs.PathError
	if _, err := Open(filepath.Dir(path)); !errors.As(err, &about) {
		t.Errorf("a folder: %v", err)
	}
	empty := path + "empty"
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if text, err := Open(empty); err != nil || len(text) != 0 || Close(text) != nil {
		t.Errorf("an empty file: %q (%v)", text, err)
	}
}

// TestGuard: bytes that are gone are an error, what is left can be read, and a panic stays one.
func TestGuard(t *testing.T) {
	path, want := write(t)
	text, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(text)
	if err := os.Truncate(path, int64(os.Getpagesize())); err != nil {
		t.Skip("mapped files cannot be cut short here: ", err)
	}
	sum := 0
	read := func(part []byte) error {
		return Guard(func() error {
			for _, v := range part {
				sum += int(v)
			}
			return nil
		})
	}
	if err := read(text); !errors.Is(err, ErrFault) {
		t.Errorf("what is gone: %v", err)
	}
	copied := Guard(func() error {
		copy(make([]byte, len(text)), text)
		return nil
	})
	if !errors.Is(copied, ErrFault) {
		t.Errorf("what is gone, copied: %v", copied)
	}
	if err := read(text[:os.Getpagesize()]); err != nil {
		t.Errorf("what is left: %v", err)
	}
	if text[17] != want[17] {
		t.Error("what is left has changed")
	}
	defer func() {
		if caught := recover(); caught != "mine" {
			t.Errorf("a panic of the function becomes %v", caught)
		}
	}()
	_ = Guard(func() error { panic("mine") })
}
