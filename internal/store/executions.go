package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
)

// Complete records a result together with its execution; of a run that was dropped meanwhile, the
// execution alone. A second result of a run is compared with
// the first, which stays: a differing one from the same kernel set and CPU is a *DiffersError. Its
// execution is on the record then.
func (s *Store) Complete(result Result, e Execution) error {
	curve, err := json.Marshal(result.Curve)
	if err != nil {
		return err
	}
	var differs *DiffersError
	err = s.file.Within(func(tx *sql.Tx) error {
		var err error
		if differs, err = second(tx, result, e); err != nil {
			return err
		}
		e.Outcome = OutcomeComplete
		if differs != nil {
			e.Outcome, e.Error = OutcomeDiffers, differs.What()
		}
		if err := insertExecution(tx, e); err != nil {
			return err
		}
		if gone, err := stages.IsDropped(tx, e.Key); err != nil || gone {
			return err // a result that comes too late would make the table one of chance
		}
		err = database.Results.Insert(tx, "INSERT", "ON CONFLICT DO NOTHING",
			result.row(e.Key, string(curve))...)
		if err != nil {
			return err
		}
		_, err = tx.Exec("DELETE FROM failures WHERE key = ?", e.Key)
		return err
	})
	if err == nil && differs != nil {
		return differs
	}
	return err
}

func insertExecution(tx *sql.Tx, e Execution) error {
	environment, err := json.Marshal(e.Environment)
	if err != nil {
		return err
	}
	return database.Executions.Insert(tx, "INSERT", "", e.row(
		e.Started.UTC().Format(time.RFC3339Nano), e.Ended.UTC().Format(time.RFC3339Nano),
		string(environment))...)
}

// row is an execution as a row of its table, with what is stored as text.
func (e Execution) row(started, ended, environment string) []any {
	return []any{e.Key, e.Attempt, started, ended, e.Outcome, e.Error, e.TrainSeconds,
		e.EvalSeconds, e.WaitSeconds, e.PeakRSSBytes, e.Host, e.CommandLine, environment}
}

// Note records an execution that ended without a result; final gives the run up until Retry, for an
// error of its own that no other program or machine would mend.
func (s *Store) Note(e Execution, final bool) error {
	return s.file.Within(func(tx *sql.Tx) error {
		if err := insertExecution(tx, e); err != nil || !final {
			return err
		}
		if _, err := tx.Exec("DELETE FROM crashes WHERE key = ?", e.Key); err != nil {
			return err
		}
		return giveUp(tx, e.Key, e.Error)
	})
}

// GiveUp records a run as failed whose crashes are on the record already. Forgive takes it back
// where program or machine is another.
func (s *Store) GiveUp(key, reason string) error {
	return s.file.Within(func(tx *sql.Tx) error { return giveUp(tx, key, reason) })
}

func giveUp(tx *sql.Tx, key, reason string) error {
	if gone, err := stages.IsDropped(tx, key); err != nil || gone {
		return err
	}
	return database.Failures.Insert(tx, "INSERT", "ON CONFLICT (key) DO UPDATE SET error = "+
		"excluded.error, checksum = excluded.checksum", key, reason)
}

// Retry lets every failed run wait again, with all its tries, and says how many there were.
func (s *Store) Retry() (n int, err error) {
	err = s.file.Within(func(tx *sql.Tx) error {
		if _, err := tx.Exec("DELETE FROM crashes"); err != nil {
			return err
		}
		n, err = remove(tx, "DELETE FROM failures")
		return err
	})
	return n, err
}

// remove deletes rows and says how many there were.
func remove(tx *sql.Tx, query string, args ...any) (int, error) {
	done, err := tx.Exec(query, args...)
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// CompletedOn says whether a run has been completed on a host.
func (s *Store) CompletedOn(host string) (found bool, err error) {
	err = s.file.DB.QueryRow("SELECT EXISTS (SELECT 1 FROM executions WHERE outcome = ? AND host = ?)",
		OutcomeComplete, host).Scan(&found)
	return found, err
}

// Executions lists every attempt, in the order of their ends. The error of a row that is not as it
// was written is a *database.FileError.
func (s *Store) Executions() ([]Execution, error) {
	checksum, err := s.file.ChecksumOf(database.Executions, database.Executions.Name)
	if err != nil {
		return nil, err
	}
	rows, err := s.file.DB.Query("SELECT " + database.Executions.Columns + ", " + checksum +
		" FROM executions ORDER BY id")
	if err != nil {
		return nil, s.file.Unread(err)
	}
	defer rows.Close()
	var list []Execution
	for rows.Next() {
		e, err := scanExecution(rows)
		if err != nil {
			return nil, s.file.Unusable(err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

func scanExecution(rows *sql.Rows) (e Execution, err error) {
	var started, ended, environment string
	var checksum sql.NullString
	if err := rows.Scan(&e.Key, &e.Attempt, &started, &ended, &e.Outcome, &e.Error, &e.TrainSeconds,
		&e.EvalSeconds, &e.WaitSeconds, &e.PeakRSSBytes, &e.Host, &e.CommandLine, &environment,
		&checksum); err != nil {
		return e, database.Damaged(err)
	}
	if err := database.Executions.Verify(checksum, e.row(started, ended, environment)...); err != nil {
		return e, err
	}
	var err1, err2 error
	e.Started, err1 = time.Parse(time.RFC3339Nano, started)
	e.Ended, err2 = time.Parse(time.RFC3339Nano, ended)
	return e, errors.Join(err1, err2, json.Unmarshal([]byte(environment), &e.Environment))
}
