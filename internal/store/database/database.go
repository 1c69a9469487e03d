// Package database is the file of a study's record: an SQLite file with one writer, its schema and
// migrations, the checksums of its rows, and the lock of the study beside it. It knows what a file
// has to be so that it can be believed, and nothing about what its rows say. It needs no cgo.
package database

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	_ "modernc.org/sqlite"
)

// File is an open file of a record.
type File struct {
	DB   *sql.DB // one connection, for queries; what writes goes through Within
	Path string
}

// Open opens the record for writing, and makes it if it does not exist. The error of a file that is
// none is a *FileError.
func Open(path string) (*File, error) {
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	if err := inspect(path); err != nil {
		return nil, &FileError{path, err}
	}
	f, err := connect(path, "_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	if err := f.fault(f.migrate()); err != nil {
		f.Close()
		return nil, about(path, err)
	}
	return f, nil
}

// OpenReadOnly opens an existing record while somebody else may write it. It writes nothing,
// neither into the file nor beside it, and asks for no right to. The error of a file that is none,
// or is not there, is a *FileError.
func OpenReadOnly(path string) (*File, error) {
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, &FileError{path, errors.New("no such record; the study has not been started: " +
			"start it with gridsearch run")}
	}
	if err := inspect(path); err != nil {
		return nil, &FileError{path, err}
	}
	f, err := connect(path, "_pragma=query_only(1)&"+readingOptions(path))
	if err != nil {
		return nil, err
	}
	if err := f.recognise(); err != nil {
		f.Close()
		return nil, &FileError{path, err}
	}
	return f, nil
}

// inspect looks at an existing file before anything opens it for writing: neither switching the
// journal of another program's database nor writing its log back is ours to do. A file without
// tables and version is one that a kill has left at its beginning.
func inspect(path string) error {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return nil
	}
	f, err := connect(path, readingOptions(path))
	if err != nil {
		return err
	}
	defer f.Close()
	if blank, err := f.blank(); err != nil || blank {
		return err
	}
	if err := f.recognise(); err != nil {
		return err
	}
	return f.whole()
}

func connect(path, options string) (*File, error) {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&%s", escaped,
		lockPatience.Milliseconds(), options))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &File{db, path}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.DB.Close() }

// whole looks for damage inside the file.
func (f *File) whole() error {
	var verdict string
	err := f.DB.QueryRow("PRAGMA integrity_check(1)").Scan(&verdict) // its indexes too
	if err == nil && verdict != "ok" {
		err = errors.New(strings.ReplaceAll(verdict, "\n", " "))
	}
	if err != nil {
		return unreadable(err)
	}
	var lone int
	err = f.DB.QueryRow("SELECT count(*) FROM pragma_foreign_key_check").Scan(&lone)
	if err == nil && lone > 0 {
		err = Damaged(fmt.Errorf("%d of its rows are of runs or decisions that are "+
			"not on it", lone))
	}
	return err
}

// blank says whether nobody has written anything into the file.
func (f *File) blank() (bool, error) {
	var tables int
	if err := f.DB.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return false, unreadable(err)
	}
	version, err := f.pragma("user_version")
	return tables == 0 && version == 0, err
}

// Within runs a transaction, which an error of do's rolls back. An error that the machine is at
// fault for, such as a full disk, is a *fault.Fault.
func (f *File) Within(do func(*sql.Tx) error) error {
	tx, err := f.DB.Begin()
	if err != nil {
		return f.fault(err)
	}
	if err := do(tx); err != nil {
		return f.fault(errors.Join(err, tx.Rollback()))
	}
	return f.fault(tx.Commit())
}
