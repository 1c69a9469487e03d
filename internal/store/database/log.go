package database

import (
	"context"
	"errors"
	"time"
)

// foldPatience is how long Fold waits for those who read at this moment.
const foldPatience = 200 * time.Millisecond

// Fold brings what the write-ahead log has into the file itself, so that a copy of the file alone
// has every result. Where somebody goes on reading an older state it does what can be done; the
// next call does the rest.
func (f *File) Fold() error {
	ctx := context.Background()
	c, err := f.DB.Conn(ctx)
	if err != nil {
		return f.fault(err)
	}
	defer c.Close()
	set := func(wait time.Duration) error {
		_, err := c.ExecContext(ctx, busyTimeout(wait))
		return err
	}
	var busy, frames, folded int
	err = set(foldPatience)
	if err == nil {
		err = c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(FULL)").Scan(&busy, &frames, &folded)
	}
	if Busy(err) {
		err = nil
	}
	return f.fault(errors.Join(err, set(lockPatience)))
}
