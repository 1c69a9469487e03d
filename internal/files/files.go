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
	"runtime"
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

// WriteSoon is Write without sync, for files that may be lost in a power cut.
func WriteSoon(path string, content func(io.Writer) error) error {
	return write(path, false, content)
}

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
	draft := &Draft{file, place, path}
	defer draft.Abort()
	if err = content(draft); err == nil {
		err = draft.Commit(sync)
	}
	return of(path, err)
}

// Draft is a file while it is written: a temporary file that takes its place by Commit. What it
// does itself names that place in its errors, not the temporary file.
type Draft struct {
	*os.File
	place string
	path  string // as errors name it
}

// Begin begins to write a file, for those that do not write it from its first byte to its last:
// Write does for others.
func Begin(place string) (*Draft, error) {
	file, err := create(place)
	if err != nil {
		return nil, of(place, err)
	}
	return &Draft{file, place, place}, nil
}

// WriteAt writes bytes at an offset; several goroutines may.
func (d *Draft) WriteAt(text []byte, at int64) (int, error) {
	n, err := d.File.WriteAt(text, at)
	return n, of(d.path, err)
}

// Move changes the place that the file takes, to another in the same folder.
func (d *Draft) Move(place string) { d.place, d.path = place, place }

// Commit puts the file into its place, whole, and with sync onto the disk. Where the system can
// rename an open file, the temporary one is locked until it has no such name any more.
func (d *Draft) Commit(sync bool) (err error) {
	if sync {
		err = d.Sync()
	}
	if runtime.GOOS == "windows" {
		err = errors.Join(err, d.Close())
	}
	if err == nil {
		err = os.Rename(d.Name(), d.place)
	}
	if runtime.GOOS != "windows" {
		err = errors.Join(err, d.Close())
	}
	return of(d.path, err)
}

// Abort removes what has not been committed; after Commit it does nothing.
func (d *Draft) Abort() {
	_ = d.Close()
	_ = os.Remove(d.Name())
}

func straight(path string, content func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(content(file), file.Close())
}

// create creates the temporary file of a path. Its writer holds its lock, which the system releases
// when the process ends; a disk without locks has none. One that Clean has found before it was
// locked is left to Clean.
func create(place string) (*os.File, error) {
	for {
		name := fmt.Sprint(place, mark, rand.Uint32())
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if taken, err := TryLock(file, false); err != nil || taken && InPlace(file, name) {
			return file, nil
		}
		file.Close()
	}
}

// InPlace reports whether a path still leads to an open file: whoever has got the lock of a file
// asks, since a file can be removed before it is locked.
func InPlace(file *os.File, path string) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(held, there)
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

// Clean removes the temporary files of killed writers from a folder, but not from its subfolders,
// and says how many and how large they were. Files that cannot be removed are harmless and stay.
func Clean(folder string) (removed int, bytes int64) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && temporary(e.Name()) &&
			removeAbandoned(filepath.Join(folder, e.Name())) {
			removed, bytes = removed+1, bytes+info.Size()
		}
	}
	return removed, bytes
}

// removeAbandoned removes a temporary file that has no writer any more. It holds the file's lock
// meanwhile, where the system can remove an open file.
func removeAbandoned(path string) bool {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	if free, err := TryLock(file, false); !free || err != nil {
		return false
	}
	if runtime.GOOS == "windows" {
		file.Close()
	}
	return os.Remove(path) == nil
}
