package coordinator

import (
	"time"

	"gridsearch/internal/study"
)

// EventKind says what happened in a study.
type EventKind string

// The events of a study, in the order of a run's life.
const (
	Started     EventKind = "started"  // the study goes on; nothing has been trained yet
	RunStarted  EventKind = "run"      // a worker begins with a run
	RunProgress EventKind = "progress" // a running run has come further
	// a run begins again: its checkpoint is no good, or of other kernels
	StartsOver  EventKind = "restart"
	RunComplete EventKind = "complete" // a run's result is on the record
	// a run has given another result (Results) than the record has, which keeps the first; Error
	// says in what they differ
	Differs    EventKind = "differs"
	RunFailed  EventKind = "failed" // a run is recorded as failed
	RunRetried EventKind = "retry"  // a worker died; the run waits for another attempt
	// workers go on without a set of kernels, which failed its check
	KernelsOut EventKind = "kernels"
	// a run was stopped: Checkpoint says what it goes on from, and an error what it was stopped by
	Interrupted EventKind = "interrupted"
	// a run goes on training, but its checkpoints cannot be written
	Unsaved EventKind = "unsaved"
	// finished runs lie in the folder that the record has not: Runs says which
	Unrecorded EventKind = "unrecorded"
	// so many runs wait again (Count) whose workers have died, as program or machine is another
	TriedAgain EventKind = "tried again"
	// the data are at another place than the study had them: Reason says where
	DataMoved EventKind = "data moved"
	// the decision has added runs to the study or dropped some: Reason says why
	Decided EventKind = "decided"
	Waiting EventKind = "waiting" // another program has the record locked

	LatencyMeasured EventKind = "latency"          // of a trial, after the runs
	LatencyRetried  EventKind = "latency again"    // a worker died; its measurement is tried again
	Unmeasured      EventKind = "latency given up" // for this call; the error says why
)

// Event is one thing that happened, with the state of the whole study after it.
type Event struct {
	Kind  EventKind `json:"event"`
	Time  time.Time `json:"time"`
	Key   string    `json:"key,omitempty"`
	Trial string    `json:"trial,omitempty"`
	Seed  int       `json:"seed"`
	Top1  *float64  `json:"top1,omitempty"` // fraction, of a complete run
	// Seconds is how long the run took in this attempt, or the shortest pass of a network over a
	// batch.
	Seconds float64 `json:"seconds,omitempty"`
	Batch   int     `json:"batch,omitempty"`   // images, of a latency
	Kernels string  `json:"kernels,omitempty"` // the set that workers go on without
	Next    string  `json:"next,omitempty"`    // the set that they go on with
	Error   string  `json:"error,omitempty"`

	Checkpoint Checkpoint `json:"checkpoint,omitempty"` // of an interrupted run
	Runs       []string   `json:"runs,omitempty"`       // keys
	Added      int        `json:"added,omitempty"`      // runs
	Dropped    int        `json:"dropped,omitempty"`    // runs
	Reason     string     `json:"reason,omitempty"`     // of a decision; where data are
	Count      int        `json:"count,omitempty"`      // of runs
	Results    []Given    `json:"results,omitempty"`    // of one run: the recorded one and the second

	Status study.Status `json:"status"`
}

// Given is a result of a run with who gave it.
type Given struct {
	Top1      float64 `json:"top1"` // fraction
	Loss      float64 `json:"loss"`
	KernelSet string  `json:"kernel_set"`
	CPU       string  `json:"cpu"`
	Host      string  `json:"host"`
}

// Checkpoint is what an interrupted run goes on from.
type Checkpoint string

// The checkpoints.
const (
	CheckpointWritten Checkpoint = "written" // now
	CheckpointEarlier Checkpoint = "earlier" // a part of the training is lost
	CheckpointNone    Checkpoint = "none"    // it starts over
	// nothing: it was stopped before it trained, while its images were read
	CheckpointUnneeded Checkpoint = "unneeded"
)
