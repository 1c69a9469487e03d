package database

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"gridsearch/internal/fault"
)

// lockPatience is how long a statement waits for another program that has the record locked.
const lockPatience = 10 * time.Second

func busyTimeout(wait time.Duration) string {
	return fmt.Sprintf("PRAGMA busy_timeout(%d)", wait.Milliseconds())
}

// Busy says whether an error is that another program has the record locked: nothing has been done,
// and it may be tried again.
func Busy(err error) bool {
	code := primary(err)
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

// primary is SQLite's code without its details, 0 for another error.
func primary(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// fault marks an error that the machine is at fault for as a *fault.Fault, and passes on others.
func (f *File) fault(err error) error {
	switch primary(err) {
	case sqlite3.SQLITE_FULL:
		return fault.At(f.Path, syscall.ENOSPC)
	case sqlite3.SQLITE_READONLY:
		return &fault.Fault{Path: f.Path, Cause: err.Error(),
			Advice: "make the file, its folder and its disk ones that this user may write"}
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return &fault.Fault{Path: f.Path, Cause: err.Error() + fault.Room(f.Path),
			Advice: "make room if there is none; otherwise the disk fails, which the system's log says, " +
				"or a limit is met (quota, ulimit -f or -n)"}
	}
	return err
}

// longestPath is what SQLite takes for a file's path, in bytes, less the endings of the files that
// it makes beside it.
const longestPath = 512 - len("-journal")

// CheckPath refuses a path that SQLite cannot open, which it would not say, with a *FileError.
func CheckPath(path string) error {
	whole, err := filepath.Abs(path)
	if err != nil || len(whole) <= longestPath {
		return nil
	}
	return &FileError{path, fmt.Errorf("the path has %d bytes and SQLite takes %d: use a shorter "+
		"--dir or [study] name",
		len(whole), longestPath)}
}
