// Package records reads published data sets that are files of records of fixed size: IDX, the format
// of MNIST and its kin, and the binary versions of CIFAR. What it reads is a plain value.
package records

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// The parts of a set, which index its pixels and labels.
const (
	Train = iota
	Test
)

var partNames = [2]string{"train", "test"}

// Set is a data set in memory. Pixels and labels are of its training and its test part.
type Set struct {
	Name     string
	Classes  []string
	Channels int
	Native   int // pixels on a side
	// of train, test and, always empty, validation: [images, Native, Native, Channels]
	Pixels  [3][]uint8
	Labels  [3][]int // indices of Classes
	Origin  string
	Licence string
	Notes   []string // what a reader should know of how the files were taken, a sentence each
}

func (s *Set) note(format string, values ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, values...))
}

// openRegular opens a regular file and tells its size in bytes: a pipe would be waited for, and a
// device read without end.
func openRegular(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if err := regular(path, info); err != nil {
		return nil, 0, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if info, err = file.Stat(); err == nil {
		err = regular(path, info) // it may have been replaced in between
	}
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

func regular(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return fmt.Errorf("%s is not a regular file (its mode is %v): put a copy of the data there",
		path, info.Mode())
}

// broken is an error of reading at an offset; missing says what an end there leaves out.
func broken(offset int, err error, missing string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("truncated at offset %d: %s", offset, missing)
	}
	return fmt.Errorf("at offset %d: %w", offset, err)
}
