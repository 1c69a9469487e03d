package stages

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gridsearch/internal/store/database"
)

// Decision is what a stage has decided: runs that it has added and dropped are on the record since.
type Decision struct {
	Stage  string
	Input  string          // SHA-256 of what was read, hexadecimal
	Choice json.RawMessage // what was chosen
	Made   time.Time
}

// Decide records a decision with what it has read and chosen, adds runs to its stage, behind those
// on the record, and drops others, all in one transaction. Nothing is recorded where the stage has
// decided on the same input before, where a run to add is there already, and where one to drop is
// not, or is complete or dropped: the error names the run.
func (r Runs) Decide(stage, input string, choice []byte, runs []Run, drop []string) error {
	if sum, err := hex.DecodeString(input); err != nil || len(sum) != 32 {
		return fmt.Errorf("stage %s: %q is no SHA-256 of what its decision has read", stage, input)
	}
	if !json.Valid(choice) {
		return fmt.Errorf("stage %s: its choice is no JSON: %.40q", stage, choice)
	}
	made := time.Now().UTC().Format(time.RFC3339Nano)
	return r.file.Within(func(tx *sql.Tx) error {
		if err := decidedOnce(tx, stage, input); err != nil {
			return err
		}
		err := database.Decisions.Insert(tx, "INSERT", "", stage, input, string(choice), made)
		if err != nil {
			return err
		}
		for _, run := range runs {
			run.Stage = stage
			if err := addOnce(tx, run); err != nil {
				return err
			}
		}
		for _, key := range drop {
			if err := dropOnce(tx, stage, input, key); err != nil {
				return err
			}
		}
		return nil
	})
}

func decidedOnce(tx *sql.Tx, stage, input string) error {
	var there bool
	err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM decisions WHERE stage = ? AND input = ?)",
		stage, input).Scan(&there)
	if err == nil && there {
		err = fmt.Errorf("stage %s has decided on the input %.12s already", stage, input)
	}
	return err
}

// addOnce adds a run to the record that is not there.
func addOnce(tx *sql.Tx, r Run) error {
	var stage string
	err := tx.QueryRow("SELECT stage FROM runs WHERE key = ?", r.Key).Scan(&stage)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return add(tx, []Run{r})
	case err == nil:
		err = fmt.Errorf("run %s (%s) of stage %s is on the record already, in stage %s", r.Key,
			r.Name(), r.Stage, stage)
	}
	return err
}

// dropOnce drops a run that has no result, by the decision of a stage on an input. Its failures are
// of no more interest; its executions stay.
func dropOnce(tx *sql.Tx, stage, input, key string) error {
	complete, err1 := IsComplete(tx, key)
	gone, err2 := IsDropped(tx, key)
	var known bool
	err3 := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM runs WHERE key = ?)", key).Scan(&known)
	var id int64
	err4 := tx.QueryRow("SELECT id FROM decisions WHERE stage = ? AND input = ?", stage, input).
		Scan(&id)
	reason := ""
	switch err := errors.Join(err1, err2, err3, err4); {
	case err != nil:
		return err
	case !known:
		reason = "it is not on the record"
	case complete:
		reason = "it is complete"
	case gone:
		reason = "it is dropped already"
	}
	if reason != "" {
		return fmt.Errorf("run %s cannot be dropped by stage %s: %s", key, stage, reason)
	}
	for _, table := range []string{"failures", "crashes"} {
		if _, err := tx.Exec("DELETE FROM "+table+" WHERE key = ?", key); err != nil {
			return err
		}
	}
	return database.Dropped.Insert(tx, "INSERT", "", key, id)
}

// IsComplete says whether a run has a result on the validation images. One on the test images comes
// after it, and is none of its own.
func IsComplete(tx *sql.Tx, key string) (complete bool, err error) {
	err = tx.QueryRow("SELECT EXISTS (SELECT 1 FROM results WHERE key = ? AND split <> 'test')",
		key).Scan(&complete)
	return complete, err
}

// IsDropped says whether a decision has dropped a run.
func IsDropped(tx *sql.Tx, key string) (gone bool, err error) {
	err = tx.QueryRow("SELECT EXISTS (SELECT 1 FROM dropped WHERE key = ?)", key).Scan(&gone)
	return gone, err
}

// Decisions lists what has been decided, in that order. The error of a row that is not as it was
// written is a *database.FileError.
func (r Runs) Decisions() ([]Decision, error) {
	if there, err := r.file.Has(database.Decisions.Name, "stage"); !there {
		return nil, err // a record of an earlier version, opened for reading alone
	}
	rows, err := r.file.DB.Query("SELECT " + database.Decisions.Columns +
		", checksum FROM decisions ORDER BY id")
	if err != nil {
		return nil, r.file.Unread(err)
	}
	defer rows.Close()
	var list []Decision
	for rows.Next() {
		var d Decision
		var choice, made string
		var checksum sql.NullString
		err := rows.Scan(&d.Stage, &d.Input, &choice, &made, &checksum)
		if err == nil {
			err = database.Decisions.Verify(checksum, d.Stage, d.Input, choice, made)
		}
		if err == nil {
			d.Choice = json.RawMessage(choice)
			d.Made, err = time.Parse(time.RFC3339Nano, made)
		}
		if err != nil {
			return nil, r.file.Unusable(err)
		}
		list = append(list, d)
	}
	return list, rows.Err()
}
