package database

import (
	"errors"
	"fmt"
	"os"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// readingOptions are those that a record is read with. Without a log beside it nobody has it open,
// and it is read as what does not change, without locks. With one SQLite needs the index of the
// log: that of whoever writes, or has been killed, is read as it is. Only where it is missing, as
// beside a copy, does reading make it.
func readingOptions(path string) string {
	const options = "mode=ro"
	if _, err := os.Stat(path + "-wal"); err != nil {
		return options + "&immutable=1"
	}
	if _, err := os.Stat(path + "-shm"); err == nil {
		return options + "&readonly_shm=1"
	}
	return options
}

// unreadable says what to do about a file that cannot be read.
func unreadable(err error) error {
	if !corrupt(err) {
		return unreachable(err)
	}
	return fmt.Errorf("it is no readable SQLite file (%w): bring a copy of it back, or move it "+
		"away with its -wal and -shm to train the study anew", err)
}

// corrupt says whether an error of SQLite is that of a file that is none of its own, or none any
// more. Others say that it cannot be reached, and nothing about what is in it.
func corrupt(err error) bool {
	var code *sqlite.Error
	if !errors.As(err, &code) {
		return true // what a check has found in the file
	}
	switch code.Code() & 0xff { // without the extension
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB, codes.SQLITE_ERROR, codes.SQLITE_FORMAT:
		return true
	}
	return false
}

// unreachable says what reading a record takes.
func unreachable(err error) error {
	return fmt.Errorf("it cannot be read here (%w): to read it takes the right to read it and, if "+
		"they are there, study.db-wal and study.db-shm beside it; where there is a -wal without a "+
		"-shm, also to write into the folder: ask the owner, or read a copy of the folder", err)
}
