// Package progress keeps the state of a study from its events, and estimates the time to go.
package progress

import (
	"maps"
	"slices"
	"time"

	"gridsearch/internal/job"
	"gridsearch/internal/study"
)

// Tracker keeps the state of a study from its events. Time comes from outside. What an event costs
// does not grow with the runs that wait: they are counted, trial by trial, and the time to go is
// estimated at most once in estimateEvery.
type Tracker struct {
	began    time.Time
	workers  int
	total    int
	waiting  int
	failed   int
	dropped  int
	complete int
	running  map[string]*activeRun
	trials   []trialRuns
	numbers  map[string]int // of the trials, by name
	leader   *study.Best    // as of the last status
	passed   bool           // since then a run has finished
	rates    []float64      // seconds per multiply-add of each run finished in this call, sorted

	estimate  *study.Estimate
	estimated time.Time // when that was
}

// estimateEvery is how old the estimated time to go may get while runs are left.
const estimateEvery = time.Second

// trialRuns sums the runs of a trial.
type trialRuns struct {
	study.Tally
	work    float64 // of one run: multiply-adds
	waiting int
	timed   int     // finished in this call
	seconds float64 // sum of theirs
}

type activeRun struct {
	spec     job.Spec
	trial    int // its number
	began    time.Time
	heard    time.Time
	progress job.Progress
	curve    []job.CurvePoint // as last told
}

// New begins to keep the state of a study, with so many workers at a time. Every run of the study is
// to be told of: Wait, Had, HadFailed or HadDropped.
func New(now time.Time, workers int) *Tracker {
	return &Tracker{began: now, workers: workers, running: map[string]*activeRun{},
		numbers: map[string]int{}}
}

// number gives the number of a trial.
func (t *Tracker) number(name string) int {
	number, ok := t.numbers[name]
	if !ok {
		number = len(t.trials)
		t.numbers[name] = number
		t.trials = append(t.trials, trialRuns{Tally: study.Tally{Trial: name}})
	}
	return number
}

// trial gives the number of a run's trial. The layers of its network are counted once.
func (t *Tracker) trial(spec job.Spec) int {
	number := t.number(spec.Trial)
	if trial := &t.trials[number]; trial.work == 0 {
		trial.work = spec.Work()
	}
	return number
}

// Wait takes a run that waits from the beginning.
func (t *Tracker) Wait(spec job.Spec) {
	t.total++
	t.queue(spec)
}

// queue counts a run among those that wait.
func (t *Tracker) queue(spec job.Spec) {
	t.trials[t.trial(spec)].waiting++
	t.waiting++
}

// Had takes a run that is complete from the beginning.
func (t *Tracker) Had(trial string, top1 float64) {
	t.total++
	t.score(t.number(trial), top1)
}

// HadFailed takes a run that is failed from the beginning.
func (t *Tracker) HadFailed() {
	t.total++
	t.failed++
}

// HadDropped takes a run that is dropped from the beginning.
func (t *Tracker) HadDropped() {
	t.total++
	t.dropped++
}

// Drop takes a waiting run that nobody is to train any more.
func (t *Tracker) Drop(spec job.Spec) {
	t.leave(spec, time.Time{})
	t.dropped++
}

// Running says whether a run trains now.
func (t *Tracker) Running(key string) bool { return t.running[key] != nil }

// Waiting is the number of runs that wait.
func (t *Tracker) Waiting() int { return t.waiting }

// Failed is the number of failed runs.
func (t *Tracker) Failed() int { return t.failed }

// Total is the number of runs of the study.
func (t *Tracker) Total() int { return t.total }

// Left is the number of runs that are not done.
func (t *Tracker) Left() int { return t.total - t.complete - t.failed - t.dropped }

// Heard takes a word of a running run's worker, with its progress where it says it. It is false for
// a run that is not running.
func (t *Tracker) Heard(key string, said *job.Progress, now time.Time) bool {
	run, ok := t.running[key]
	if !ok {
		return false
	}
	run.heard = now
	if said == nil {
		return true
	}
	if len(said.Curve) > 0 {
		run.curve = said.Curve
	}
	run.progress = *said
	return true
}

// Start takes a waiting run that is begun.
func (t *Tracker) Start(spec job.Spec, now time.Time) {
	number := t.trial(spec)
	t.trials[number].waiting--
	t.waiting--
	t.running[spec.Key] = &activeRun{spec: spec, trial: number, began: now, heard: now}
}

// Finish takes a complete run; it returns the seconds that the run took.
func (t *Tracker) Finish(spec job.Spec, top1 float64, now time.Time) float64 {
	seconds := t.leave(spec, now)
	number := t.trial(spec)
	t.score(number, top1)
	trial := &t.trials[number]
	trial.timed++
	trial.seconds += seconds
	rate := seconds / trial.work
	at, _ := slices.BinarySearch(t.rates, rate)
	t.rates = slices.Insert(t.rates, at, rate)
	return seconds
}

// score adds a complete run's top-1.
func (t *Tracker) score(number int, top1 float64) {
	t.complete++
	t.passed = true
	t.trials[number].Add(top1)
}

// Fail takes a run that has no result: one that trained, or one that was held back.
func (t *Tracker) Fail(spec job.Spec, now time.Time) {
	t.leave(spec, now)
	t.failed++
}

// PutBack returns a run to those that wait.
func (t *Tracker) PutBack(spec job.Spec, now time.Time) {
	t.leave(spec, now)
	t.queue(spec)
}

// leave takes a run out of those that train, or else of those that wait, and returns how long it
// has trained.
func (t *Tracker) leave(spec job.Spec, now time.Time) float64 {
	run, ok := t.running[spec.Key]
	if !ok {
		t.trials[t.trial(spec)].waiting--
		t.waiting--
		return 0
	}
	delete(t.running, spec.Key)
	return now.Sub(run.began).Seconds()
}

func (t *Tracker) Status(now time.Time) study.Status {
	if t.passed {
		t.leader, t.passed = t.best(), false
	}
	s := study.Status{Total: t.total, Complete: t.complete, Failed: t.failed, Dropped: t.dropped,
		Running: []study.Active{}, Best: t.leader, Elapsed: now.Sub(t.began).Seconds(),
		Remaining: t.remaining(now)}
	for _, key := range slices.Sorted(maps.Keys(t.running)) {
		run := t.running[key]
		s.Running = append(s.Running, study.Active{Key: key, Trial: run.spec.Trial, Seed: run.spec.SeedIndex,
			Step: run.progress.Step, Steps: run.progress.Steps, Loss: run.progress.Loss, Heard: run.heard,
			Curve: run.curve})
	}
	return s
}

// best is the trial with the highest mean; the first by name of several.
func (t *Tracker) best() (best *study.Best) {
	for _, trial := range t.trials {
		best = trial.Ahead(best)
	}
	return best
}

// remaining is the time to go, estimated anew where the last estimate is too old for the runs left.
func (t *Tracker) remaining(now time.Time) *study.Estimate {
	done := t.waiting == 0 && len(t.running) == 0
	if done || t.estimate == nil || now.Sub(t.estimated) >= estimateEvery {
		t.estimate, t.estimated = t.estimateNow(now), now
	}
	return t.estimate
}

// estimateNow estimates the time to go. A trial that has been trained before takes what it took;
// others take their multiply-adds at the rate of the runs so far, whose spread (first to ninth
// decile) gives the range.
func (t *Tracker) estimateNow(now time.Time) *study.Estimate {
	rates := t.rates
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
	if t.waiting > 0 {
		sum, longest = t.expectedOfWaiting(mid)
	}
	for _, run := range t.running {
		expected := t.trials[run.trial].expected(mid)
		seconds := max(0, expected-now.Sub(run.began).Seconds())
		sum, longest = sum+seconds, max(longest, seconds)
	}
	seconds := max(sum/float64(t.workers), longest)
	return &study.Estimate{Low: seconds * low / mid, Mid: seconds, High: seconds * high / mid}
}

// expectedOfWaiting is the training time of all runs that wait, and of the longest of them.
func (t *Tracker) expectedOfWaiting(rate float64) (sum, longest float64) {
	for i := range t.trials {
		if trial := &t.trials[i]; trial.waiting > 0 {
			seconds := trial.expected(rate)
			sum, longest = sum+seconds*float64(trial.waiting), max(longest, seconds)
		}
	}
	return sum, longest
}

// expected is how long a run of the trial takes.
func (r *trialRuns) expected(rate float64) float64 {
	if r.timed > 0 {
		return r.seconds / float64(r.timed)
	}
	return r.work * rate
}

// runningRates are the rates that the first running runs show, once they are a tenth done.
func (t *Tracker) runningRates(now time.Time) []float64 {
	var rates []float64
	for _, run := range t.running {
		if share := float64(run.progress.Step) / float64(max(1, run.progress.Steps)); share >= .1 {
			work := t.trials[run.trial].work
			rates = append(rates, now.Sub(run.began).Seconds()/share/work)
		}
	}
	slices.Sort(rates)
	return rates
}
