package store

import (
	"database/sql"
	"errors"
	"fmt"

	"gridsearch/internal/job"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
)

// testSplit are the images that no choice has seen.
const testSplit = "test"

// Test records what the network of a complete run gives on the test images. Its curve stays empty:
// the training's is with the result on the validation images. The same once more changes nothing,
// another one is an error.
func (s *Store) Test(key string, r Result) error {
	r.Curve = nil
	err := job.Result(r).Numbers()
	if err == nil {
		err = r.consistent()
	}
	if err != nil {
		return fmt.Errorf("run %s on the test images: %w", key, err)
	}
	return s.file.Within(func(tx *sql.Tx) error {
		if complete, err := stages.IsComplete(tx, key); err != nil || !complete {
			return errors.Join(err, fmt.Errorf("run %s is not complete, and is tested on nothing "+
				"before it is", key))
		}
		row := append(r.row(key, ""), testSplit)
		var checksum sql.NullString
		err := tx.QueryRow("SELECT checksum FROM results WHERE key = ? AND split = ?", key,
			testSplit).Scan(&checksum)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return database.Tests.Insert(tx, "INSERT", "", row...)
		case err == nil && checksum.String != database.Tests.Sum(row...):
			err = fmt.Errorf("run %s gave another result on the test images before: the record "+
				"keeps the first", key)
		}
		return err
	})
}

// addTests adds to records what their networks have given on the test images.
func (s *Store) addTests(records []Record) error {
	if there, err := s.file.Has(database.Results.Name, "split"); !there {
		return err // a record of an earlier version, opened for reading alone
	}
	byKey := map[string]*Record{}
	for i := range records {
		byKey[records[i].Key] = &records[i]
	}
	rows, err := s.file.DB.Query(`SELECT key, split, top1, top5, loss, examples, correct, curve, steps,
		predictions, checksum FROM results WHERE split <> 'validation'`)
	if err != nil {
		return s.file.Unread(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key, split string
		var row scanned
		if err := rows.Scan(append([]any{&key, &split}, row.columns()...)...); err != nil {
			return s.file.Unusable(database.Damaged(err))
		}
		if err := row.test(key, split, byKey[key]); err != nil {
			return s.file.Unusable(err)
		}
	}
	return rows.Err()
}

// test gives a record a result on the test images.
func (s *scanned) test(key, split string, of *Record) error {
	r := s.unchecked()
	err := database.Tests.Verify(s.checksum, append(r.row(key, s.curve.String), split)...)
	switch {
	case split != testSplit:
		return database.Damaged(fmt.Errorf("run %s has a result on the split %q, which there is not",
			key, split))
	case err != nil:
		return err
	case of == nil || of.State != Complete:
		return database.Damaged(fmt.Errorf("run %s has a result on the test images, and is not complete",
			key))
	}
	if err := job.Result(*r).Numbers(); err != nil {
		return database.Damaged(fmt.Errorf("the result of run %s on the test images: %w", key, err))
	}
	of.Test = r
	return r.consistent()
}
