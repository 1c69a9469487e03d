// Package store keeps the record of a study: one SQLite file with one writer.
//
// A result is written once, in one transaction that reaches the disk before it is acknowledged, and
// is never changed or deleted; so is a decision, with the runs that it adds and drops. Everything
// else is derived from these and the plan. The package needs no cgo.
package store

import (
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	_ "modernc.org/sqlite"

	"gridsearch/internal/fault"
	"gridsearch/internal/job"
)

// State of a run on the record. Whether a run is running is known to its supervisor alone.
type State string

// The states.
const (
	Waiting  State = "waiting"
	Complete State = "complete"
	Failed   State = "failed"
	Dropped  State = "dropped" // by a decision: it counts as done
)

// CurvePoint is the training at the end of an epoch.
type CurvePoint = job.CurvePoint

// Result is what a run ended with.
type Result job.Result

// Record is a run with what is known of it.
type Record struct {
	Run
	State    State
	Attempts int     // executions that crashed or failed
	Error    string  // of a failed run
	Result   *Result // of a complete run, on the validation images
	Test     *Result // of a complete run on the test images, where it has been tested

	CPU, KernelSet string // that gave the result; empty where the record does not say

	Others []Execution // later ones of the outcome OutcomeDiffers: their errors say in what
}

// Environment is where a run was executed.
type Environment = job.Environment

// Outcomes of an execution.
const (
	OutcomeComplete    = "complete"
	OutcomeFailed      = "failed"
	OutcomeCrashed     = "crashed"
	OutcomeInterrupted = "interrupted"
	OutcomeDiffers     = "differs" // complete, with another result than the one on the record
)

// Execution is one attempt at a run.
type Execution struct {
	Key          string
	Attempt      int
	Started      time.Time
	Ended        time.Time
	Outcome      string
	Error        string
	TrainSeconds float64
	EvalSeconds  float64
	WaitSeconds  float64
	PeakRSSBytes int64
	Host         string
	CommandLine  string
	Environment  Environment
}

// FileError says that a file is no record that this program can use. The file is as it was.
type FileError struct {
	Path string
	Err  error // with what to do
}

func (e *FileError) Error() string { return e.Path + ": " + e.Err.Error() }
func (e *FileError) Unwrap() error { return e.Err }

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks the files of this program ("GRID").
const applicationID = 0x47524944

// Store is an open record.
type Store struct {
	db   *sql.DB
	path string
}

// Open opens the record for writing, and makes it if it does not exist. The error of a file that is
// none is a *FileError.
func Open(path string) (*Store, error) {
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	if err := inspect(path); err != nil {
		return nil, &FileError{path, err}
	}
	s, err := connect(path, "_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	if err := s.fault(s.migrate()); err != nil {
		s.Close()
		return nil, about(path, err)
	}
	return s, nil
}

// about names the file in an error that does not.
func about(path string, err error) error {
	if known := (*fault.Fault)(nil); errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// OpenReadOnly opens an existing record while somebody else may write it. It writes nothing,
// neither into the file nor beside it, and asks for no right to.
func OpenReadOnly(path string) (*Store, error) {
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, &FileError{path, errors.New("no such record; the study has not been started: " +
			"start it with gridsearch run")}
	}
	if err := inspect(path); err != nil {
		return nil, &FileError{path, err}
	}
	s, err := connect(path, "_pragma=query_only(1)&"+readingOptions(path))
	if err != nil {
		return nil, err
	}
	if err := s.recognise(); err != nil {
		s.Close()
		return nil, &FileError{path, err}
	}
	return s, nil
}

// inspect looks at an existing file before anything opens it for writing: neither switching the
// journal of another program's database nor writing its log back is ours to do. A file without
// tables and version is one that a kill has left at its beginning.
func inspect(path string) error {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return nil
	}
	s, err := connect(path, readingOptions(path))
	if err != nil {
		return err
	}
	defer s.Close()
	if blank, err := s.blank(); err != nil || blank {
		return err
	}
	if err := s.recognise(); err != nil {
		return err
	}
	return s.whole()
}

func connect(path, options string) (*Store, error) {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&%s", escaped,
		lockPatience.Milliseconds(), options))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &Store{db, path}, nil
}

// Close closes the record.
func (s *Store) Close() error { return s.db.Close() }

// recognise checks that the file is a record that this program understands.
func (s *Store) recognise() error {
	id, err := s.pragma("application_id")
	if err != nil {
		return unreadable(err)
	}
	version, err := s.pragma("user_version")
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
	return s.fits(version)
}

// fits holds the schema's number, which damage may have changed, against the columns that came with
// a version.
func (s *Store) fits(version int) error {
	for _, c := range []struct {
		column string
		since  int
	}{{"checksum", checksumVersion}, {"split", splitVersion}} {
		there, err := s.has(resultsTable.name, c.column)
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

// unreadable says what to do about a file that cannot be read.
func unreadable(err error) error {
	if !corrupt(err) {
		return unreachable(err)
	}
	return fmt.Errorf("it is no readable SQLite file (%w): bring a copy of it back, or move it "+
		"away with its -wal and -shm to train the study anew", err)
}

// whole looks for damage inside the file.
func (s *Store) whole() error {
	var verdict string
	err := s.db.QueryRow("PRAGMA integrity_check(1)").Scan(&verdict) // its indexes too
	if err == nil && verdict != "ok" {
		err = errors.New(strings.ReplaceAll(verdict, "\n", " "))
	}
	if err != nil {
		return unreadable(err)
	}
	var lone int
	err = s.db.QueryRow("SELECT count(*) FROM pragma_foreign_key_check").Scan(&lone)
	if err == nil && lone > 0 {
		err = Damaged(fmt.Errorf("%d of its rows are of runs or decisions that are "+
			"not on it", lone))
	}
	return err
}

// blank says whether nobody has written anything into the file.
func (s *Store) blank() (bool, error) {
	var tables int
	if err := s.db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return false, unreadable(err)
	}
	version, err := s.pragma("user_version")
	return tables == 0 && version == 0, err
}

func (s *Store) pragma(name string) (value int, err error) {
	err = s.db.QueryRow("PRAGMA " + name).Scan(&value)
	return value, err
}

func migrationNames() ([]string, error) { return fs.Glob(migrations, "migrations/*.sql") }

// migrate brings the schema of a file that has been inspected up to date, each version in one
// transaction.
func (s *Store) migrate() error {
	var mode string
	if err := s.db.QueryRow("PRAGMA journal_mode(WAL)").Scan(&mode); err != nil {
		return err
	}
	names, err := migrationNames()
	if err != nil {
		return err
	}
	version, err := s.pragma("user_version")
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
		if err := s.within(func(tx *sql.Tx) error {
			_, err := tx.Exec(script)
			return err
		}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// within runs a transaction.
func (s *Store) within(do func(*sql.Tx) error) error {
	tx, err := s.db.Begin()
	if err != nil {
		return s.fault(err)
	}
	if err := do(tx); err != nil {
		return s.fault(errors.Join(err, tx.Rollback()))
	}
	return s.fault(tx.Commit())
}

// Records lists every run of the plan, in its order. The error of a row that is not as it was
// written is a *FileError.
func (s *Store) Records() ([]Record, error) {
	executions, err := s.Executions()
	if err != nil {
		return nil, err
	}
	query, err := s.recordsQuery()
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(query)
	if err != nil {
		return nil, s.unread(err)
	}
	defer rows.Close()
	var records []Record
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return nil, &FileError{s.path, err}
		}
		records = append(records, r)
	}
	if err := rows.Err(); err != nil {
		return nil, s.unread(err)
	}
	attribute(records, executions)
	return records, s.addTests(records)
}

func (s *Store) recordsQuery() (string, error) {
	predictions, err1 := s.predictionsColumn()
	ofResult, err2 := s.checksumOf(resultsTable, "t")
	ofFailure, err3 := s.checksumOf(failuresTable, "f")
	staged, err4 := s.has(runsTable, "stage")
	stages, dropped, joined := noStages, "NULL, NULL", ""
	if staged {
		stages, dropped = "r."+strings.ReplaceAll(stageColumns, " ", " r."), "d.decision, d.checksum"
		joined = "AND t.split = 'validation' LEFT JOIN dropped d ON d.key = r.key"
	}
	return "SELECT r.key, r.trial, r.seed, " + stages + `, t.top1, t.top5, t.loss, t.examples,
			t.correct, t.curve, t.steps, ` + predictions + ", " + ofResult + ", f.error, " +
		ofFailure + ", " + dropped + `
		FROM runs r LEFT JOIN results t ON t.key = r.key ` + joined + `
		LEFT JOIN failures f ON f.key = r.key
		ORDER BY r.position`, errors.Join(err1, err2, err3, err4)
}

func scanRecord(rows *sql.Rows) (Record, error) {
	r := Record{State: Waiting}
	var result scanned
	var failure, ofFailure, ofDropped sql.NullString
	var decision sql.NullInt64
	if err := rows.Scan(append(append([]any{&r.Key, &r.Trial, &r.Seed, &r.Network, &r.Stream,
		&r.Condition, &r.Stage}, result.columns()...), &failure, &ofFailure, &decision,
		&ofDropped)...); err != nil {
		return r, Damaged(err)
	}
	switch {
	case decision.Valid && result.top1.Valid:
		return r, Damaged(fmt.Errorf("run %s is complete and dropped", r.Key))
	case decision.Valid:
		r.State = Dropped
		return r, droppedTable.verify(ofDropped, r.Key, decision.Int64)
	case result.top1.Valid:
		var err error
		r.State = Complete
		r.Result, err = result.of(r.Run)
		return r, err
	case failure.Valid:
		r.State, r.Error = Failed, failure.String
		return r, failuresTable.verify(ofFailure, r.Key, r.Error)
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
func (s *scanned) of(run Run) (*Result, error) {
	r := s.unchecked()
	if err := resultsTable.verify(s.checksum, r.row(run.Key, s.curve.String)...); err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(s.curve.String), &r.Curve); err != nil {
		return r, Damaged(fmt.Errorf("curve of run %s: %w", run.Key, err))
	}
	if err := r.check(run); err != nil { // also of rows older than checksums
		return r, err
	}
	return r, r.consistent()
}

// attribute adds to records what their executions say.
func attribute(records []Record, executions []Execution) {
	byKey := map[string]*Record{}
	for i := range records {
		byKey[records[i].Key] = &records[i]
	}
	for _, e := range executions {
		r := byKey[e.Key]
		switch {
		case r == nil:
		case e.Outcome == OutcomeFailed, e.Outcome == OutcomeCrashed:
			r.Attempts++
		case e.Outcome == OutcomeComplete && r.CPU == "": // later ones gave the same
			r.CPU, r.KernelSet = e.Environment.CPU, e.Environment.KernelSet
		case e.Outcome == OutcomeDiffers:
			r.Others = append(r.Others, e)
		}
	}
}

// row is a result as a row of its table.
func (r Result) row(key, curve string) []any {
	return []any{key, r.Top1, r.Top5, r.Loss, r.Examples, append([]byte{}, r.Correct...), curve,
		r.Steps, r.Predictions}
}

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
	err = s.within(func(tx *sql.Tx) error {
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
		if gone, err := isDropped(tx, e.Key); err != nil || gone {
			return err // a result that comes too late would make the table one of chance
		}
		err = resultsTable.insert(tx, "INSERT", "ON CONFLICT DO NOTHING",
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
	return executionsTable.insert(tx, "INSERT", "", e.row(
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
	return s.within(func(tx *sql.Tx) error {
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
	return s.within(func(tx *sql.Tx) error { return giveUp(tx, key, reason) })
}

func giveUp(tx *sql.Tx, key, reason string) error {
	if gone, err := isDropped(tx, key); err != nil || gone {
		return err
	}
	return failuresTable.insert(tx, "INSERT", "ON CONFLICT (key) DO UPDATE SET error = "+
		"excluded.error, checksum = excluded.checksum", key, reason)
}

// Retry lets every failed run wait again, with all its tries, and says how many there were.
func (s *Store) Retry() (n int, err error) {
	err = s.within(func(tx *sql.Tx) error {
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
	err = s.db.QueryRow("SELECT EXISTS (SELECT 1 FROM executions WHERE outcome = ? AND host = ?)",
		OutcomeComplete, host).Scan(&found)
	return found, err
}

// Executions lists every attempt, in the order of their ends. The error of a row that is not as it
// was written is a *FileError.
func (s *Store) Executions() ([]Execution, error) {
	checksum, err := s.checksumOf(executionsTable, executionsTable.name)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query("SELECT " + executionsTable.columns + ", " + checksum +
		" FROM executions ORDER BY id")
	if err != nil {
		return nil, s.unread(err)
	}
	defer rows.Close()
	var list []Execution
	for rows.Next() {
		e, err := scanExecution(rows)
		if err != nil {
			return nil, &FileError{s.path, err}
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
		return e, Damaged(err)
	}
	if err := executionsTable.verify(checksum, e.row(started, ended, environment)...); err != nil {
		return e, err
	}
	var err1, err2 error
	e.Started, err1 = time.Parse(time.RFC3339Nano, started)
	e.Ended, err2 = time.Parse(time.RFC3339Nano, ended)
	return e, errors.Join(err1, err2, json.Unmarshal([]byte(environment), &e.Environment))
}
