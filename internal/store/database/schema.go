package database

import (
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks the files of this program ("GRID").
const applicationID = 0x47524944

// checksumVersion is that of the first schema with checksums.
const checksumVersion = 5

// splitVersion is that of the first schema with stages, and results of several splits.
const splitVersion = 7

func migrationNames() ([]string, error) { return fs.Glob(migrations, "migrations/*.sql") }

// recognise checks that the file is a record that this program understands.
func (f *File) recognise() error {
	id, err := f.pragma("application_id")
	if err != nil {
		return unreadable(err)
	}
	version, err := f.pragma("user_version")
	if err != nil {
		return err
	}
	known, err := migrationNames()
	switch {
	case err != nil:
		return err
	case id != applicationID:
		return errors.New("it is a database, but no study of gridsearch: move it away, or give " +
			"the study another [study] name or --dir")
	case version < 1:
		return Damaged(fmt.Errorf("its schema is said to be version %d", version))
	case version > len(known):
		return fmt.Errorf("its schema is version %d and this program knows up to %d: use the "+
			"newer gridsearch that made it", version, len(known))
	}
	return f.fits(version)
}

// fits holds the schema's number, which damage may have changed, against the columns that came with
// a version.
func (f *File) fits(version int) error {
	for _, c := range []struct {
		column string
		since  int
	}{{"checksum", checksumVersion}, {"split", splitVersion}} {
		there, err := f.Has(Results.Name, c.column)
		switch {
		case err != nil:
			return err
		case there && version < c.since:
			return Damaged(fmt.Errorf("its schema is said to be version %d, and is a later one", version))
		case !there && version >= c.since:
			return Damaged(fmt.Errorf("its schema is said to be version %d, and is an earlier one",
				version))
		}
	}
	return nil
}

// Has says whether the record has a column. The schema's number, which damage may change, is not
// asked.
func (f *File) Has(table, column string) (there bool, err error) {
	err = f.DB.QueryRow("SELECT count(*) > 0 FROM pragma_table_info(?) WHERE name = ?", table,
		column).Scan(&there)
	return there, err
}

func (f *File) pragma(name string) (value int, err error) {
	err = f.DB.QueryRow("PRAGMA " + name).Scan(&value)
	return value, err
}

// migrate brings the schema of a file that has been inspected up to date, each version in one
// transaction.
func (f *File) migrate() error {
	var mode string
	if err := f.DB.QueryRow("PRAGMA journal_mode(WAL)").Scan(&mode); err != nil {
		return err
	}
	names, err := migrationNames()
	if err != nil {
		return err
	}
	version, err := f.pragma("user_version")
	if err != nil {
		return err
	}
	for i, name := range names[version:] {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		script := fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d;", text,
			applicationID, version+i+1)
		if err := f.Within(func(tx *sql.Tx) error {
			_, err := tx.Exec(script)
			return err
		}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
