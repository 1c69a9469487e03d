package store

import (
	"database/sql"
	"fmt"
)

// Crash records an execution whose worker has died, and says how often that has happened to the run
// at a place: the same program on the same machine.
func (s *Store) Crash(e Execution, place string) (times int, err error) {
	e.Outcome = OutcomeCrashed
	err = s.file.Within(func(tx *sql.Tx) error {
		if err := insertExecution(tx, e); err != nil {
			return err
		}
		return tx.QueryRow(`INSERT INTO crashes (key, place, times) VALUES (?, ?, 1)
			ON CONFLICT (key, place) DO UPDATE SET times = times + 1 RETURNING times`, e.Key,
			place).Scan(&times)
	})
	return times, err
}

// Crashes is how often the workers of runs without a result have died at a place.
func (s *Store) Crashes(place string) (map[string]int, error) {
	rows, err := s.file.DB.Query("SELECT key, times FROM crashes WHERE place = ?", place)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.file.Path, err)
	}
	defer rows.Close()
	times := map[string]int{}
	for rows.Next() {
		var key string
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			return nil, err
		}
		times[key] = n
	}
	return times, rows.Err()
}

// LastCrash is what a run's worker has last died of, empty for one that has not.
func (s *Store) LastCrash(key string) (cause string, err error) {
	err = s.file.DB.QueryRow(`SELECT coalesce((SELECT error FROM executions WHERE key = ? AND
		outcome = ? ORDER BY id DESC LIMIT 1), '')`, key, OutcomeCrashed).Scan(&cause)
	return cause, err
}

// Forgive lets the runs wait again that have been given up because their workers died, but never at
// this place: program or machine is another. It says how many there were.
func (s *Store) Forgive(place string) (n int, err error) {
	err = s.file.Within(func(tx *sql.Tx) error {
		n, err = remove(tx, `DELETE FROM failures WHERE key IN (SELECT key FROM crashes)
			AND key NOT IN (SELECT key FROM crashes WHERE place = ?)`, place)
		return err
	})
	return n, err
}
