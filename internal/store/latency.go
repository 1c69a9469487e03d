package store

import (
	"database/sql"
	"fmt"
	"math"
	"time"

	"gridsearch/internal/store/database"
)

// Latency is how long a trial's network takes for a batch of images: a measured time, so no part of
// a result.
type Latency struct {
	Trial     string
	Batch     int
	Threads   int
	Repeats   int
	Shortest  float64 // seconds
	Median    float64 // seconds
	CPU       string
	KernelSet string
	Measured  time.Time
}

// Same says whether two latencies are of the same trial, batch and kind of machine.
func (l Latency) Same(m Latency) bool {
	return l.Trial == m.Trial && l.Batch == m.Batch && l.Threads == m.Threads && l.CPU == m.CPU &&
		l.KernelSet == m.KernelSet
}

// SetLatency records a latency in the place of an earlier one of the trial and batch.
func (s *Store) SetLatency(l Latency) error {
	return s.file.Within(func(tx *sql.Tx) error { return setLatency(tx, l) })
}

func setLatency(tx *sql.Tx, l Latency) error {
	return database.Latencies.Insert(tx, "INSERT OR REPLACE", "",
		l.row(l.Measured.UTC().Format(time.RFC3339Nano))...)
}

// ForgetLatencies lets every latency be measured again, and says how many there were.
func (s *Store) ForgetLatencies() (n int, err error) {
	err = s.file.Within(func(tx *sql.Tx) error {
		n, err = remove(tx, "DELETE FROM latencies")
		return err
	})
	return n, err
}

// row is a latency as a row of its table, with the time as text.
func (l Latency) row(measured string) []any {
	return []any{l.Trial, l.Batch, l.Threads, l.Repeats, l.Shortest, l.Median, l.CPU, l.KernelSet,
		measured}
}

// Latencies lists what has been measured, trial by trial and from small batches to large ones. The
// error of a row that is not as it was written is a *database.FileError.
func (s *Store) Latencies() ([]Latency, error) {
	if there, err := s.file.Has(database.Latencies.Name, "trial"); !there {
		return nil, err // a record of an earlier version, opened for reading alone
	}
	checksum, err := s.file.ChecksumOf(database.Latencies, database.Latencies.Name)
	if err != nil {
		return nil, err
	}
	rows, err := s.file.DB.Query("SELECT " + database.Latencies.Columns + ", " + checksum +
		" FROM latencies ORDER BY trial, batch")
	if err != nil {
		return nil, s.file.Unread(err)
	}
	defer rows.Close()
	var list []Latency
	for rows.Next() {
		l, err := scanLatency(rows)
		if err != nil {
			return nil, s.file.Unusable(err)
		}
		if l.Batch < 1 || !(l.Shortest > 0) || !(l.Median > 0) || math.IsInf(l.Shortest+l.Median, 0) {
			return nil, s.file.Unusable(database.Damaged(fmt.Errorf("trial %s has a latency of %v s, "+
				"%v in the median, for batches of %d", l.Trial, l.Shortest, l.Median, l.Batch)))
		}
		list = append(list, l)
	}
	return list, rows.Err()
}

func scanLatency(rows *sql.Rows) (l Latency, err error) {
	var measured string
	var checksum sql.NullString
	if err := rows.Scan(&l.Trial, &l.Batch, &l.Threads, &l.Repeats, &l.Shortest, &l.Median, &l.CPU,
		&l.KernelSet, &measured, &checksum); err != nil {
		return l, database.Damaged(err)
	}
	if err := database.Latencies.Verify(checksum, l.row(measured)...); err != nil {
		return l, err
	}
	l.Measured, err = time.Parse(time.RFC3339Nano, measured)
	return l, err
}
