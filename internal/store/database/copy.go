package database

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// AtOnce runs queries that all see the file as it is at one moment, whoever writes it meanwhile.
// They are the only use of f until it returns: f has one connection.
func (f *File) AtOnce(read func() error) error {
	if _, err := f.DB.Exec("BEGIN"); err != nil {
		return about(f.Path, err)
	}
	err := read()
	_, ended := f.DB.Exec("ROLLBACK") // nothing was written
	if ended != nil {
		ended = about(f.Path, ended)
	}
	return errors.Join(err, ended)
}

// CopyTo writes what the file is at one moment, with what its log has, into another file, which
// must not be there yet. Equal records give equal copies, which take no more room than their rows
// need and have no log.
func (f *File) CopyTo(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already: a record is not copied over another file", path)
	}
	ctx := context.Background()
	c, err := f.DB.Conn(ctx)
	if err != nil {
		return about(f.Path, err)
	}
	defer c.Close()
	// query_only holds for the copy too; mode=ro still keeps the file itself as it is
	if _, err = c.ExecContext(ctx, "PRAGMA query_only(0)"); err == nil {
		_, err = c.ExecContext(ctx, "VACUUM INTO ?", path)
	}
	if err != nil {
		return about(f.Path, fmt.Errorf("its copy into %s: %w", path, err))
	}
	return nil
}
