// Package mapped reads files as memory. Processes that map one file share the pages of it that the
// system holds, and nothing is read but what is looked at.
package mapped

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"runtime/debug"
)

// Open maps a file for reading: writing to its bytes ends the process. They stay what they are
// while the file is renamed or, but on Windows, removed. If it is changed in its place they change.
func Open(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return File(file)
}

// File is Open for a file that is open, which may be closed afterwards.
func File(file *os.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	var text []byte
	switch size := info.Size(); {
	case !info.Mode().IsRegular():
		err = errors.New("it is no regular file")
	case size > math.MaxInt:
		err = errors.New("it is larger than this machine can address")
	case size > 0: // an empty file cannot be mapped
		text, err = mapFile(file, int(size))
	}
	if err != nil {
		return nil, &fs.PathError{Op: "map", Path: file.Name(), Err: err}
	}
	return text, nil
}

// Close gives a mapping back. Its bytes must not be looked at any more.
func Close(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	return unmap(text)
}

// ErrFault says that bytes are not there any more.
var ErrFault = errors.New("a part of it cannot be read: the file was cut short after it was " +
	"opened, or its disk fails")

// Guard runs f, which reads mapped bytes. Where they cannot be read it returns ErrFault; without it
// the process would end.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if caught := recover(); caught != nil {
			if _, fault := caught.(interface{ Addr() uintptr }); !fault {
				panic(caught)
			}
			err = ErrFault
		}
	}()
	return f()
}
