package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
)

// Records lists every run of the plan, in its order. The error of a row that is not as it was
// written is a *database.FileError.
func (s *Store) Records() ([]Record, error) {
	executions, err := s.Executions()
	if err != nil {
		return nil, err
	}
	query, err := s.recordsQuery()
	if err != nil {
		return nil, err
	}
	rows, err := s.file.DB.Query(query)
	if err != nil {
		return nil, s.file.Unread(err)
	}
	defer rows.Close()
	var records []Record
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return nil, s.file.Unusable(err)
		}
		records = append(records, r)
	}
	if err := rows.Err(); err != nil {
		return nil, s.file.Unread(err)
	}
	attribute(records, executions)
	return records, s.addTests(records)
}

func (s *Store) recordsQuery() (string, error) {
	predictions, err1 := s.predictionsColumn()
	ofResult, err2 := s.file.ChecksumOf(database.Results, "t")
	ofFailure, err3 := s.file.ChecksumOf(database.Failures, "f")
	staged, err4 := s.file.Has("runs", "stage")
	of, dropped, joined := "'', '', '', '"+stages.Search+"'", "NULL, NULL", "" // as all were once
	if staged {
		of, dropped = "r.network, r.stream, r.condition, r.stage", "d.decision, d.checksum"
		joined = "AND t.split = 'validation' LEFT JOIN dropped d ON d.key = r.key"
	}
	return "SELECT r.key, r.trial, r.seed, " + of + `, t.top1, t.top5, t.loss, t.examples,
			t.correct, t.curve, t.steps, ` + predictions + ", " + ofResult + ", f.error, " +
		ofFailure + ", " + dropped + `
		FROM runs r LEFT JOIN results t ON t.key = r.key ` + joined + `
		LEFT JOIN failures f ON f.key = r.key
		ORDER BY r.position`, errors.Join(err1, err2, err3, err4)
}

// predictionsColumn is the SQL expression of the predictions' hash in a query of results t, which
// records of earlier versions that are opened for reading alone lack.
func (s *Store) predictionsColumn() (string, error) {
	there, err := s.file.Has(database.Results.Name, "predictions")
	if !there {
		return "''", err
	}
	return "t.predictions", err
}

func scanRecord(rows *sql.Rows) (Record, error) {
	r := Record{State: Waiting}
	var result scanned
	var failure, ofFailure, ofDropped sql.NullString
	var decision sql.NullInt64
	if err := rows.Scan(append(append([]any{&r.Key, &r.Trial, &r.Seed, &r.Network, &r.Stream,
		&r.Condition, &r.Stage}, result.columns()...), &failure, &ofFailure, &decision,
		&ofDropped)...); err != nil {
		return r, database.Damaged(err)
	}
	switch {
	case decision.Valid && result.top1.Valid:
		return r, database.Damaged(fmt.Errorf("run %s is complete and dropped", r.Key))
	case decision.Valid:
		r.State = Dropped
		return r, database.Dropped.Verify(ofDropped, r.Key, decision.Int64)
	case result.top1.Valid:
		var err error
		r.State = Complete
		r.Result, err = result.of(r.Run)
		return r, err
	case failure.Valid:
		r.State, r.Error = Failed, failure.String
		return r, database.Failures.Verify(ofFailure, r.Key, r.Error)
	}
	return r, nil
}

// scanned is a row of results, or nothing, as it is read.
type scanned struct {
	top1, top5, loss             sql.NullFloat64
	examples, steps              sql.NullInt64
	correct                      []byte
	curve, predictions, checksum sql.NullString
}

func (s *scanned) columns() []any {
	return []any{&s.top1, &s.top5, &s.loss, &s.examples, &s.correct, &s.curve, &s.steps,
		&s.predictions, &s.checksum}
}

// unchecked is the result of a row.
func (s *scanned) unchecked() *Result {
	return &Result{Top1: s.top1.Float64, Top5: s.top5.Float64, Loss: s.loss.Float64,
		Examples: int(s.examples.Int64), Correct: s.correct, Steps: int(s.steps.Int64),
		Predictions: s.predictions.String}
}

// of is the result on the validation images, held against its checksum and itself.
func (s *scanned) of(run stages.Run) (*Result, error) {
	r := s.unchecked()
	if err := database.Results.Verify(s.checksum, r.row(run.Key, s.curve.String)...); err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(s.curve.String), &r.Curve); err != nil {
		return r, database.Damaged(fmt.Errorf("curve of run %s: %w", run.Key, err))
	}
	if err := r.check(run); err != nil { // also of rows older than checksums
		return r, err
	}
	return r, r.consistent()
}

// row is a result as a row of its table.
func (r Result) row(key, curve string) []any {
	return []any{key, r.Top1, r.Top5, r.Loss, r.Examples, append([]byte{}, r.Correct...), curve,
		r.Steps, r.Predictions}
}

// attribute adds to records what their executions say.
func attribute(records []Record, executions []Execution) {
	byKey := map[string]*Record{}
	for i := range records {
		byKey[records[i].Key] = &records[i]
	}
	for _, e := range executions {
		r := byKey[e.Key]
		if r == nil {
			continue
		}
		r.Executions = append(r.Executions, e)
		switch {
		case e.Outcome == OutcomeFailed, e.Outcome == OutcomeCrashed:
			r.Attempts++
		case e.Outcome == OutcomeComplete && r.CPU == "": // later ones gave the same
			r.CPU, r.KernelSet = e.Environment.CPU, e.Environment.KernelSet
		case e.Outcome == OutcomeDiffers:
			r.Others = append(r.Others, e)
		}
	}
}
