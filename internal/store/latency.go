package store

import (
	"fmt"
	"math"
	"time"
)

// Latency is how long a trial's network takes for a batch of images: a measured time, so no part of a result.
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
	return l.Trial == m.Trial && l.Batch == m.Batch && l.Threads == m.Threads && l.CPU == m.CPU && l.KernelSet == m.KernelSet
}

// SetLatency records a latency in the place of an earlier one of the trial and batch.
func (s *Store) SetLatency(l Latency) error {
	_, err := s.db.Exec(`INSERT OR REPLACE INTO latencies (trial, batch, threads, repeats, shortest, median, cpu, kernel_set, measured) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		l.Trial, l.Batch, l.Threads, l.Repeats, l.Shortest, l.Median, l.CPU, l.KernelSet, l.Measured.UTC().Format(time.RFC3339Nano))
	return err
}

// ForgetLatencies lets every latency be measured again, and says how many there were.
func (s *Store) ForgetLatencies() (int, error) {
	done, err := s.db.Exec("DELETE FROM latencies")
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// latencyVersion is that of the first schema with latencies: nothing has migrated a record of an earlier one that is opened for reading alone.
const latencyVersion = 2

// Latencies lists what has been measured, trial by trial and from small batches to large ones.
func (s *Store) Latencies() ([]Latency, error) {
	if version, err := s.pragma("user_version"); err != nil || version < latencyVersion {
		return nil, err
	}
	rows, err := s.db.Query("SELECT trial, batch, threads, repeats, shortest, median, cpu, kernel_set, measured FROM latencies ORDER BY trial, batch")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	defer rows.Close()
	var list []Latency
	for rows.Next() {
		var l Latency
		var measured string
		if err := rows.Scan(&l.Trial, &l.Batch, &l.Threads, &l.Repeats, &l.Shortest, &l.Median, &l.CPU, &l.KernelSet, &measured); err != nil {
			return nil, err
		}
		if l.Measured, err = time.Parse(time.RFC3339Nano, measured); err != nil {
			return nil, err
		}
		if l.Batch < 1 || !(l.Shortest > 0) || !(l.Median > 0) || math.IsInf(l.Shortest+l.Median, 0) {
			return nil, &FileError{s.path, unsound(fmt.Errorf("trial %s has a latency of %v s, %v in the median, for batches of %d",
				l.Trial, l.Shortest, l.Median, l.Batch))}
		}
		list = append(list, l)
	}
	return list, rows.Err()
}
