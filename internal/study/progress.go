package study

import (
	"maps"
	"slices"
	"time"
)

// EventKind says what happened in a study.
type EventKind string

// The events of a study, in the order of a run's life.
const (
	Started     EventKind = "started"     // the study goes on; nothing has been trained yet
	RunStarted  EventKind = "run"         // a worker begins with a run
	RunProgress EventKind = "progress"    // a running run has come further
	StartsOver  EventKind = "restart"     // a run begins again: its checkpoint is no good, or of other kernels
	RunComplete EventKind = "complete"    // a run's result is on the record
	RunFailed   EventKind = "failed"      // a run is recorded as failed
	RunRetried  EventKind = "retry"       // a worker died; the run waits for another attempt
	KernelsOut  EventKind = "kernels"     // workers go on without a set of kernels, which failed its check
	Interrupted EventKind = "interrupted" // a run was stopped: Checkpoint says what it goes on from, and an error what it was stopped by
	Unsaved     EventKind = "unsaved"     // a run goes on training, but its checkpoints cannot be written
	Unrecorded  EventKind = "unrecorded"  // finished runs lie in the folder that the record has not: Runs says which
	TriedAgain  EventKind = "tried again" // so many runs wait again (Count) whose workers have died, as program or machine is another
	Waiting     EventKind = "waiting"     // another program has the record locked

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
	// Seconds is how long the run took in this attempt, or the shortest pass of a network over a batch.
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
	Running  []Active `json:"running"`
	Best     *Best    `json:"best,omitempty"`
	Elapsed  float64  `json:"elapsed_seconds"` // of this call
	// Remaining is nil until a run has shown how fast this machine is.
	Remaining *Estimate `json:"remaining,omitempty"`
}

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

// tracker keeps the state of a study from its events. Time comes from outside.
type tracker struct {
	began    time.Time
	workers  int
	total    int
	waiting  map[string]Spec
	running  map[string]*activeRun
	scores   map[string][]float64 // top-1 of each trial's complete runs
	failed   int
	complete int
	rates    []float64            // seconds per multiply-add of each run finished in this call
	seconds  map[string][]float64 // of each trial's runs finished in this call
}

type activeRun struct {
	spec     Spec
	began    time.Time
	heard    time.Time
	progress Progress
}

func newTracker(now time.Time, workers, total int) *tracker {
	return &tracker{began: now, workers: workers, total: total, waiting: map[string]Spec{}, running: map[string]*activeRun{},
		scores: map[string][]float64{}, seconds: map[string][]float64{}}
}

func (t *tracker) start(spec Spec, now time.Time) {
	delete(t.waiting, spec.Key)
	t.running[spec.Key] = &activeRun{spec: spec, began: now, heard: now}
}

// finish takes a complete run; it returns the seconds that the run took.
func (t *tracker) finish(spec Spec, top1 float64, now time.Time) float64 {
	seconds := t.leave(spec, now)
	t.complete++
	t.scores[spec.Trial] = append(t.scores[spec.Trial], top1)
	t.rates = append(t.rates, seconds/spec.Work())
	t.seconds[spec.Trial] = append(t.seconds[spec.Trial], seconds)
	return seconds
}

func (t *tracker) fail(spec Spec, now time.Time) {
	t.leave(spec, now)
	t.failed++
}

// putBack returns a run to those that wait.
func (t *tracker) putBack(spec Spec, now time.Time) {
	t.leave(spec, now)
	t.waiting[spec.Key] = spec
}

// leave takes a run out of those that wait and those that train, and returns how long it has trained.
func (t *tracker) leave(spec Spec, now time.Time) float64 {
	delete(t.waiting, spec.Key)
	run, ok := t.running[spec.Key]
	if !ok {
		return 0
	}
	delete(t.running, spec.Key)
	return now.Sub(run.began).Seconds()
}

func (t *tracker) status(now time.Time) Status {
	s := Status{Total: t.total, Complete: t.complete, Failed: t.failed, Running: []Active{}, Best: t.best(),
		Elapsed: now.Sub(t.began).Seconds(), Remaining: t.remaining(now)}
	for _, key := range slices.Sorted(maps.Keys(t.running)) {
		run := t.running[key]
		s.Running = append(s.Running, Active{Key: key, Trial: run.spec.Trial, Seed: run.spec.SeedIndex,
			Step: run.progress.Step, Steps: run.progress.Steps, Loss: run.progress.Loss, Heard: run.heard})
	}
	return s
}

func (t *tracker) best() *Best {
	var best *Best
	for _, trial := range slices.Sorted(maps.Keys(t.scores)) {
		scores := t.scores[trial]
		if m := mean(scores); best == nil || m > best.Top1 {
			best = &Best{Trial: trial, Top1: m, Runs: len(scores)}
		}
	}
	return best
}

func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// remaining estimates the time to go. A trial that has been trained before takes what it took; others take their multiply-adds at the rate of the
// runs so far, whose spread (first to ninth decile) gives the range.
func (t *tracker) remaining(now time.Time) *Estimate {
	rates := slices.Sorted(slices.Values(t.rates))
	if len(rates) == 0 {
		if rates = t.runningRates(now); len(rates) == 0 {
			return nil
		}
	}
	mid := rates[len(rates)/2]
	low, high := rates[len(rates)/10], rates[len(rates)-1-len(rates)/10]
	// Few runs do not show the spread: allow a quarter to either side until ten have finished.
	if len(t.rates) < 10 {
		low, high = min(low, mid*.8), max(high, mid*1.25)
	}
	var sum, longest float64
	for _, spec := range t.waiting {
		seconds := t.expected(spec, mid)
		sum, longest = sum+seconds, max(longest, seconds)
	}
	for _, run := range t.running {
		seconds := max(0, t.expected(run.spec, mid)-now.Sub(run.began).Seconds())
		sum, longest = sum+seconds, max(longest, seconds)
	}
	seconds := max(sum/float64(t.workers), longest)
	return &Estimate{Low: seconds * low / mid, Mid: seconds, High: seconds * high / mid}
}

func (t *tracker) expected(spec Spec, rate float64) float64 {
	if known := t.seconds[spec.Trial]; len(known) > 0 {
		return mean(known)
	}
	return spec.Work() * rate
}

// runningRates are the rates that the first running runs show, once they are a tenth done.
func (t *tracker) runningRates(now time.Time) []float64 {
	var rates []float64
	for _, run := range t.running {
		if share := float64(run.progress.Step) / float64(max(1, run.progress.Steps)); share >= .1 {
			rates = append(rates, now.Sub(run.began).Seconds()/share/run.spec.Work())
		}
	}
	slices.Sort(rates)
	return rates
}
