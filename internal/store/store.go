// Package store keeps the record of a study: what its runs have given, on the file of package
// database, beside the runs themselves, which package stages keeps.
//
// A result is written once, in one transaction that reaches the disk before it is acknowledged, and
// is never changed or deleted; so is a decision, with the runs that it adds and drops. Everything
// else is derived from these and the plan.
package store

import (
	"time"

	"gridsearch/internal/job"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
)

// State of a run on the record. Whether a run is running is known to its coordinator alone.
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
	stages.Run
	State    State
	Attempts int     // executions that crashed or failed
	Error    string  // of a failed run
	Result   *Result // of a complete run, on the validation images
	Test     *Result // of a complete run on the test images, where it has been tested

	CPU, KernelSet string // that gave the result; empty where the record does not say

	Executions []Execution // every attempt, in the order of their ends
	Others     []Execution // those of the outcome OutcomeDiffers: their errors say in what
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

// Store is an open record.
type Store struct {
	stages.Runs // with what has been decided on them
	file        *database.File
}

// Open opens the record for writing, and makes it if it does not exist. The error of a file that is
// none is a *database.FileError.
func Open(path string) (*Store, error) { return on(database.Open(path)) }

// OpenReadOnly opens an existing record while somebody else may write it, and writes nothing. The
// error of a file that is none, or is not there, is a *database.FileError.
func OpenReadOnly(path string) (*Store, error) { return on(database.OpenReadOnly(path)) }

func on(file *database.File, err error) (*Store, error) {
	if err != nil {
		return nil, err
	}
	return &Store{stages.On(file), file}, nil
}

// Close closes the record.
func (s *Store) Close() error { return s.file.Close() }

// AtOnce reads what the record is at one moment, whoever writes it meanwhile. Until it returns nobody
// else may use the record through s.
func (s *Store) AtOnce(read func() error) error { return s.file.AtOnce(read) }

// CopyTo writes the record as it is at one moment into a file that must not be there yet.
func (s *Store) CopyTo(path string) error { return s.file.CopyTo(path) }

// Fold brings what the write-ahead log has into the file itself, so that a copy of the file alone
// has every result, as far as those who read at this moment let it.
func (s *Store) Fold() error { return s.file.Fold() }
