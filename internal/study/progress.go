package study

import (
	"time"
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
	RunFailed   EventKind = "failed"   // a run is recorded as failed
	RunRetried  EventKind = "retry"    // a worker died; the run waits for another attempt
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
	Waiting    EventKind = "waiting" // another program has the record locked

	LatencyMeasured EventKind = "latency" // of a trial, after the runs
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
	Batch   int     `json:"batch,omitempty"`   // of a latency
	Kernels string  `json:"kernels,omitempty"` // the set that workers go on without
	Next    string  `json:"next,omitempty"`    // the set that they go on with
	Error   string  `json:"error,omitempty"`

	Checkpoint Checkpoint `json:"checkpoint,omitempty"` // of an interrupted run
	Runs       []string   `json:"runs,omitempty"`       // keys
	Count      int        `json:"count,omitempty"`      // of runs

	Status Status `json:"status"`
}

// Checkpoint is what an interrupted run goes on from.
type Checkpoint string

// The checkpoints.
const (
	CheckpointWritten Checkpoint = "written" // now
	CheckpointEarlier Checkpoint = "earlier" // a part of the training is lost
	CheckpointNone    Checkpoint = "none"    // it starts over
)

// Status is the state of a study at one moment.
type Status struct {
	Total    int      `json:"total"`
	Complete int      `json:"complete"`
	Failed   int      `json:"failed"`
	Dropped  int      `json:"dropped"` // by decisions: they count as done
	Running  []Active `json:"running"`
	Best     *Best    `json:"best,omitempty"`
	Elapsed  float64  `json:"elapsed_seconds"` // of this call
	// Remaining is nil until a run has shown how fast this machine is. It may be a second old.
	Remaining *Estimate `json:"remaining,omitempty"`
}

// Done counts the runs that nothing is left to do for.
func (s Status) Done() int { return s.Complete + s.Failed + s.Dropped }

// Active is a run that trains now.
type Active struct {
	Key   string    `json:"key"`
	Trial string    `json:"trial"`
	Seed  int       `json:"seed"`
	Step  int       `json:"step"`
	Steps int       `json:"steps"`
	Loss  float64   `json:"loss"`
	Heard time.Time `json:"heard"` // when its worker has last said something
}

// Best is the trial with the highest mean top-1 among those with a complete run.
type Best struct {
	Trial string  `json:"trial"`
	Top1  float64 `json:"mean_top1"`
	Runs  int     `json:"runs"`
}

// Estimate is a remaining time with its range, in seconds.
type Estimate struct {
	Low  float64 `json:"low_seconds"`
	Mid  float64 `json:"mid_seconds"`
	High float64 `json:"high_seconds"`
}
