// Package files writes files atomically.
//
// What is written goes to a temporary file beside its place and takes that by rename, so that a
// reader, a kill, a full disk or a power cut leaves the old file or the new one. A killed writer
// leaves its temporary file behind, which Clean knows by its name and by nobody's holding it.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// mark is in the name of every temporary file: that of its place, mark and digits.
const mark = ".gridsearch-tmp-"

// temporary reports whether a name is that of one of our temporary files.
func temporary(name string) bool {
	place := strings.LastIndex(name, mark)
	if place <= 0 {
		return false
	}
	digits := name[place+len(mark):]
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// Replace writes a file atomically and syncs it to the disk. Errors name the file, not the
// temporary one.
func Replace(path string, text []byte) error {
	return write(path, true, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// Renew is Replace without sync, for files that may be lost in a power cut.
func Renew(path string, text []byte) error {
	return write(path, false, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// New is Replace for a file that must not exist yet: the error is fs.ErrExist if it does.
func New(path string, text []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return Replace(path, text)
}

// Write is Replace for content that is written piece by piece.
func Write(path string, content func(io.Writer) error) error { return write(path, true, content) }

// write follows links, and writes directly to anything but a regular file: a device, a pipe.
func write(path string, sync bool, content func(io.Writer) error) error {
	place := path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		place = target
	}
	if info, err := os.Stat(place); err == nil && !info.Mode().IsRegular() {
		return straight(place, content)
	}
	file, err := create(place)
	if err != nil {
		return of(path, err)
	}
	defer os.Remove(file.Name())
	err = content(file)
	if err == nil && sync {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), place)
	}
	return of(path, err)
}

func straight(path string, content func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(content(file), file.Close())
}

// create creates the temporary file of a path. Its writer holds its lock, which the system releases
// when the process ends; a disk without locks has none.
func create(place string) (*os.File, error) {
	for {
		name := fmt.Sprint(place, mark, rand.Uint32())
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			_, _ = TryLock(file, false)
		}
		return file, err
	}
}

// of replaces the temporary file's name in a system error.
func of(path string, err error) error {
	var about *fs.PathError
	var renamed *os.LinkError
	switch {
	case errors.As(err, &renamed):
		return &fs.PathError{Op: "write", Path: path, Err: renamed.Err}
	case errors.As(err, &about) && temporary(filepath.Base(about.Path)):
		return &fs.PathError{Op: "write", Path: path, Err: about.Err}
	}
	return err
}

// Clean removes the temporary files of killed writers from a folder, but not from its subfolders.
// Files that cannot be removed are harmless and stay.
func Clean(folder string) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); e.Type().IsRegular() && temporary(e.Name()) &&
			abandoned(path) {
			_ = os.Remove(path)
		}
	}
}

// abandoned reports whether a temporary file has no writer any more.
func abandoned(path string) bool {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	free, err := TryLock(file, false)
	return free && err == nil
}
