package database

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"gridsearch/internal/fault"
)

// FileError says that a file is no record that this program can use. The file is as it was.
type FileError struct {
	Path string
	Err  error // with what to do
}

// Error names the file, what is wrong with it, and what to do.
func (e *FileError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap gives the cause without the file's name.
func (e *FileError) Unwrap() error { return e.Err }

// Unusable is the *FileError of this file: err says what is wrong with it and what to do.
func (f *File) Unusable(err error) error { return &FileError{f.Path, err} }

// Damaged says what to do about a record that contradicts itself, in what err says. The error does
// not name the file.
func Damaged(err error) error {
	return fmt.Errorf("the record is damaged: %w: bring a copy of it back, or move it away with "+
		"its -wal and -shm to train the study anew", err)
}

// Unread is the error of a query of the record's own tables, with the file's name. One that the
// schema does not bear says that it is not the schema which was made, as a *FileError.
func (f *File) Unread(err error) error {
	var refused *sqlite.Error
	if errors.As(err, &refused) && refused.Code() == sqlite3.SQLITE_ERROR {
		return f.Unusable(Damaged(err))
	}
	return fmt.Errorf("%s: %w", f.Path, err)
}

// about names the file in an error that does not.
func about(path string, err error) error {
	if known := (*fault.Fault)(nil); errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}
