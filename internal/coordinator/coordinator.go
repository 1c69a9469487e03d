// Package coordinator hands the runs of a study to workers and writes down what comes back.
//
// Run goes on until every run has a row in the record. Killed at any moment and started again, it
// trains only what is missing. It trains nothing itself: workers are processes that a command
// starts, which speak the protocol of package job.
package coordinator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/crash"
	"gridsearch/internal/environment"
	"gridsearch/internal/job"
	"gridsearch/internal/plural"
	"gridsearch/internal/process"
	"gridsearch/internal/program"
	"gridsearch/internal/progress"
	"gridsearch/internal/queue"
	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
	"gridsearch/internal/study"
	"gridsearch/search/decide"
)

// Options of a call of Run; none of them changes a result.
type Options struct {
	Workers  int             // 0: the experiment's number, or one a core
	Limit    int             // runs that may end in this call, in a result or in failure; 0: all
	FailFast bool            // stop at the first failed run
	Command  []string        // starts a worker
	Kill     context.Context // when it ends, workers are killed instead of stopped
	Observe  func(Event)     // called one event at a time
}

// InterruptedError says that the study was stopped from outside before its end and can be
// continued.
type InterruptedError struct {
	Left  int // runs without a result; -1 where images were still being read
	Cause error
}

// Error says what has stopped the study and what is left.
func (e *InterruptedError) Error() string {
	if e.Left < 0 {
		return fmt.Sprintf("%v while images were read", e.Cause)
	}
	return fmt.Sprintf("%v: %s", e.Cause, left(e.Left))
}

// Unwrap is the cause.
func (e *InterruptedError) Unwrap() error { return e.Cause }

// LimitError says that the call has trained as many runs as it was asked to, and that the study has
// more.
type LimitError struct{ Left int }

// Error says what is left.
func (e *LimitError) Error() string { return "the limit of this call is reached: " + left(e.Left) }

// StoppedError says that failed runs have stopped the study before its end, as the experiment file
// or the call asks for, or that nothing can be trained here.
type StoppedError struct {
	Left   int
	Reason string
	Advice string // what to try; may be empty
}

// Error says why, what is left, and what to try.
func (e *StoppedError) Error() string {
	text := e.Reason + ": " + left(e.Left)
	if e.Advice != "" {
		text += "\n" + e.Advice
	}
	return text
}

func left(runs int) string { return fmt.Sprintf("runs left to train: %d", runs) }

// FailedRunsError says that the study is finished, but some runs have no result.
type FailedRunsError struct{ Failed, Total int }

// Error says how many, and what to do.
func (e *FailedRunsError) Error() string {
	return fmt.Sprintf("%d of %s failed: see gridsearch results for why, and gridsearch retry to "+
		"train %s again", e.Failed,
		plural.Of(e.Total, "run"), plural.Verb(e.Failed, "it", "them"))
}

// Run trains what a study lacks. The folder is made once nothing of the input is refused, or
// continued if its runs are those of the plan. When ctx ends, workers write checkpoints and the
// error is an *InterruptedError; other errors are *InputError, *study.OtherImagesError,
// *database.FileError,
// *stages.MismatchError, *database.LockedError, *LimitError, *StoppedError, *FaultError,
// *FailedRunsError and *UnmeasuredError.
func Run(ctx context.Context, folder study.Folder, p *study.Prepared, o Options) error {
	return ByMachine(run(ctx, folder, p, o))
}

func run(ctx context.Context, folder study.Folder, p *study.Prepared, o Options) error {
	if err := database.CheckPath(folder.Database()); err != nil {
		return err
	}
	if pid := database.Holder(folder.Lock()); pid > 0 { // before the images are read
		return &database.LockedError{Path: folder.Lock(), PID: pid}
	}
	go program.Hash() // wanted when the first worker greets
	var specs []job.Spec
	err := UntilKilled(ctx, o.Kill, func() (err error) {
		specs, err = p.Specs(ctx)
		return err
	})
	if err != nil {
		return err
	}
	moved, err := folder.Moved(p, specs)
	if err != nil {
		return err
	}
	switch err := os.MkdirAll(string(folder), 0o755); {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR),
		errors.Is(err, syscall.ENAMETOOLONG):
		return &study.InputError{Err: err}
	case err != nil:
		return err
	}
	lock, err := database.Lock(folder.Lock())
	if err != nil {
		return err
	}
	defer lock.Release()
	folder.Clean()
	defer folder.Clean()
	record, err := openRecord(ctx, folder, p, specs, o)
	if err != nil {
		return err
	}
	defer record.Close()
	if err := settleOn(ctx, folder, record, p, specs, o); err != nil {
		return err
	}
	o.Command = withPlaces(folder, o.Command, p.Experiment.Data.Path)
	s, err := newCoordinator(folder, record, specs, p.Experiment.Execution, o, decide.All{})
	if err != nil {
		return err
	}
	defer s.queue.Close()
	defer s.board.flush()
	if moved != "" {
		s.notes = append(s.notes, Event{Kind: DataMoved, Reason: moved})
	}
	err = s.run(ctx)
	if failed := (*FailedRunsError)(nil); p.Experiment.Execution.Latency &&
		(err == nil || errors.As(err, &failed)) {
		err = errors.Join(err, s.latencies(ctx, specs))
	}
	return err
}

// UntilKilled does what reads images. What ctx has ended is an *InterruptedError; when kill ends, which
// may be nil, it is left alone, whatever it is busy with: the process is to end.
func UntilKilled(ctx, kill context.Context, read func() error) error {
	if kill == nil {
		kill = context.Background()
	}
	ended := make(chan error, 1)
	go func() { ended <- crash.Guard(read) }()
	var err error
	select {
	case err = <-ended:
	case <-kill.Done():
		err = context.Cause(kill)
	}
	if err != nil && ctx.Err() != nil {
		return &InterruptedError{Left: -1, Cause: context.Cause(ctx)}
	}
	return err
}

// openRecord opens the record and writes the plan into a new one.
func openRecord(ctx context.Context, folder study.Folder, p *study.Prepared, specs []job.Spec,
	o Options) (record *store.Store, err error) {
	if err := o.patiently(ctx, func() error {
		record, err = store.Open(folder.Database())
		return err
	}); err != nil {
		return nil, err
	}
	err = o.patiently(ctx, func() error { return folder.Register(record, p, specs) })
	if err = errors.Join(err, record.Fold()); err != nil {
		record.Close()
		return nil, err
	}
	return record, nil
}

// settleOn writes the plan, and only then takes runs off the record that it does not have any more.
func settleOn(ctx context.Context, folder study.Folder, record *store.Store, p *study.Prepared,
	specs []job.Spec, o Options) error {
	if err := folder.WritePlan(p, specs); err != nil {
		return err
	}
	err := o.patiently(ctx, func() error {
		return record.Withdraw(study.Stages(p.Decision, specs))
	})
	if err != nil {
		return err
	}
	return folder.MakeRuns()
}

// coordinator hands runs to workers and writes down what comes back.
type coordinator struct {
	folder    study.Folder
	record    *store.Store
	trials    map[string]job.Spec // the first run of each
	queue     queue.Queue
	execution experiments.Execution
	options   Options
	host      string
	workers   process.Starter
	place     string // where workers die, if they do

	locked      atomic.Bool // the record, by another program, which has been told
	board       board
	stage       *stage
	stop        context.CancelCauseFunc
	mutex       sync.Mutex // of what follows; not held while anything is written to the disk
	tracker     *progress.Tracker
	specs       map[string]job.Spec // of all runs, by key
	consecutive int                 // failed runs in a row
	given       int                 // runs of this call that have ended or are being trained
	opening     opening             // the first attempts of this call
	usedUp      map[string]bool     // runs that wait although all their tries here have crashed
	notes       []Event             // to be told when the study goes on
	told        time.Time           // when the status was last put on the board
}

func newCoordinator(folder study.Folder, record *store.Store, specs []job.Spec, e experiments.Execution,
	o Options, d decide.Decision) (*coordinator, error) {
	if o.Workers == 0 {
		o.Workers = e.Workers
	}
	if o.Workers == 0 {
		o.Workers = max(1, runtime.GOMAXPROCS(0)/e.ThreadsPerRun)
	}
	c := &coordinator{folder: folder, board: board{path: folder.Status()}, record: record,
		trials: map[string]job.Spec{}, specs: map[string]job.Spec{}, execution: e, options: o,
		usedUp: map[string]bool{}, stage: newStage(d),
		queue:   queue.NewMemory(0), // its holders end with this process
		tracker: progress.New(time.Now(), o.Workers)}
	c.workers = process.Starter{Command: o.Command, Within: process.Greeting(e.Silence),
		Retries: e.MaxRetries, Folder: folder, Rejected: c.rejected}
	c.host, _ = os.Hostname()
	c.place = environment.Place(c.host)
	for _, spec := range specs {
		c.specs[spec.Key] = spec
		if _, ok := c.trials[spec.Trial]; !ok {
			c.trials[spec.Trial] = spec
		}
	}
	var err error
	if c.opening.settled, err = record.CompletedOn(c.host); err != nil {
		return nil, err
	}
	var again int
	if err = c.write(func() error { again, err = record.Forgive(c.place); return err }); err != nil {
		return nil, err
	}
	if again > 0 {
		c.notes = append(c.notes, Event{Kind: TriedAgain, Count: again})
	}
	return c, c.fill()
}

// fill sorts the runs by what the record says of them.
func (c *coordinator) fill() error {
	records, err := c.record.Records()
	if err != nil {
		return err
	}
	crashes, err := c.record.Crashes(c.place)
	if err != nil {
		return err
	}
	for _, r := range records {
		spec, err := c.recorded(r.Run)
		if err != nil {
			return err
		}
		state, score := decide.Open, math.NaN()
		switch r.State {
		case store.Complete:
			state, score = decide.Complete, r.Result.Top1
			c.tracker.Had(spec.Trial, score)
		case store.Failed:
			state = decide.Failed
			c.tracker.HadFailed()
		case store.Dropped:
			state = decide.Dropped
			c.tracker.HadDropped()
		default:
			c.tracker.Wait(spec)
			c.usedUp[r.Key] = crashes[r.Key] > c.execution.MaxRetries
		}
		c.stage.add(r.Key, runOf(r.Run), state, score)
	}
	if keys := c.folder.Unrecorded(records); len(keys) > 0 {
		c.notes = append(c.notes, Event{Kind: Unrecorded, Runs: keys})
	}
	return nil
}

// run keeps the workers busy until nothing is left or the context ends.
func (c *coordinator) run(ctx context.Context) error {
	ctx, c.stop = context.WithCancelCause(ctx)
	defer c.stop(nil)
	defer c.board.flush()
	c.tell(Event{Kind: Started})
	for _, note := range c.notes {
		c.tell(note)
	}
	if err := c.decide(); err != nil {
		if ctx.Err() != nil { // nothing has been begun
			return c.end(context.Cause(ctx))
		}
		if faulted := (*FaultError)(nil); errors.As(ByMachine(err), &faulted) {
			return c.end(faulted)
		}
		return err
	}
	errs := make([]error, c.options.Workers) // who starts no process without a run
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() {
			errs[i] = crash.Guard(func() error { return c.work(ctx) })
			if faulted := (*FaultError)(nil); errors.As(ByMachine(errs[i]), &faulted) {
				c.stop(faulted)
				errs[i] = nil
			} else if errs[i] != nil {
				c.stop(errs[i])
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return c.end(context.Cause(ctx))
}

// end says how the study stands when all workers have left; the cause is what has stopped them, nil
// for nothing.
func (c *coordinator) end(cause error) error {
	t := c.tracker
	if cause == nil {
		if hopeless := c.opening.last(); hopeless != nil {
			cause = hopeless
		}
	}
	var stopped *StoppedError
	var faulted *FaultError
	switch left := t.Left(); {
	case left > 0 && errors.As(cause, &faulted):
		return &FaultError{left, faulted.Fault}
	case left > 0 && errors.As(cause, &stopped):
		return &StoppedError{left, stopped.Reason, stopped.Advice}
	case left > 0 && cause != nil:
		return &InterruptedError{left, cause}
	case left > 0 && c.options.Limit > 0:
		return &LimitError{left}
	case left > 0:
		return fmt.Errorf("the queue of runs is empty, and not all have ended: runs left to train: %d", left)
	case t.Failed() > 0:
		return &FailedRunsError{t.Failed(), t.Total()}
	}
	return nil
}

// work drives one worker process at a time, and starts another when it dies.
func (c *coordinator) work(ctx context.Context) error {
	var p *process.Process
	defer func() {
		if p != nil {
			p.Stop()
		}
	}()
	for {
		lease, err := c.lease(ctx)
		if errors.Is(err, queue.ErrEmpty) || ctx.Err() != nil && err != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if gone, err := c.giveUp(lease); err != nil {
			return err
		} else if gone {
			continue
		}
		if p == nil {
			if p, err = c.start(ctx, lease.Key()); err != nil {
				left := c.leave(lease.Release, nil)
				if ctx.Err() != nil { // stopped together with the worker
					return left
				}
				return errors.Join(err, left)
			}
		}
		if alive, err := c.train(ctx, p, lease); err != nil {
			return err
		} else if !alive {
			p = nil
		}
	}
}

// lease takes a run from the queue, as long as the limit of the call allows. The limit is asked
// first, so that the runs of a call with a limit are the first that wait, however many workers.
func (c *coordinator) lease(ctx context.Context) (queue.Lease, error) {
	if !c.give() {
		return nil, queue.ErrEmpty // for this call
	}
	lease, err := c.queue.Lease(ctx)
	if err == nil && ctx.Err() == nil {
		return lease, nil
	}
	c.mutex.Lock()
	c.given--
	c.mutex.Unlock()
	switch {
	case err == nil:
		return nil, cmp.Or(c.leave(lease.Release, nil), queue.ErrEmpty)
	case errors.Is(err, queue.ErrEmpty):
		return nil, err
	}
	return nil, ofQueue(err)
}

// give counts a run of this call, as long as its limit allows.
func (c *coordinator) give() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.options.Limit > 0 && c.given >= c.options.Limit {
		return false
	}
	c.given++
	return true
}

// train has a worker train one run, and records the end. It says whether the worker is still alive;
// its error ends the study.
func (c *coordinator) train(ctx context.Context, p *process.Process,
	lease queue.Lease) (alive bool, err error) {
	spec := c.spec(lease.Key())
	e := store.Execution{Key: spec.Key, Attempt: lease.Attempt(), Started: time.Now(),
		Host:        p.Hello.Host,
		CommandLine: p.Hello.CommandLine, Environment: p.Hello.Environment}
	first, dropped := c.began(spec)
	if dropped {
		return true, c.leave(lease.Done, nil)
	}
	release := p.Watch(ctx, c.untilKilled(), process.Patience{Time: c.execution.Timeout,
		Silence: c.execution.Silence})
	order := job.Training{Spec: spec, KeepWeights: c.execution.KeepWeights,
		KeepPredictions: c.execution.KeepPredictions}
	done, err := p.Train(order, func(r job.Reply) { c.heard(spec, r) })
	timedOut := release()
	if err == nil {
		err = c.hold(p, spec.Key, &done)
	}
	if err == nil && done.Interrupted && done.Fault == nil && ctx.Err() == nil {
		err = p.Refuse("it was interrupted by nobody")
	}
	e.Ended = time.Now()
	e.TrainSeconds, e.EvalSeconds, e.WaitSeconds, e.PeakRSSBytes = done.TrainSeconds,
		done.EvalSeconds, done.WaitSeconds, done.PeakRSSBytes
	switch {
	case timedOut:
		e.Outcome, e.Error = store.OutcomeFailed,
			fmt.Sprintf("it took longer than the timeout of %v", c.execution.Timeout)
		return false, c.leave(lease.Done, c.failed(spec, e))
	case err != nil && ctx.Err() != nil:
		// Killed by the second signal, or with the rest of the process group: nobody's fault.
		e.Outcome, e.Error = store.OutcomeInterrupted, err.Error()
		return false, c.interrupted(spec, e, lease, CheckpointNone)
	case err != nil:
		var died *process.Died
		if errors.As(err, &died) {
			c.workers.Keep(spec.Key, died)
		}
		e.Outcome, e.Error = store.OutcomeCrashed, err.Error()
		return false, c.crashed(spec, e, lease, first)
	case done.Interrupted && done.Fault == nil:
		e.Outcome = store.OutcomeInterrupted
		return true, c.interrupted(spec, e, lease, CheckpointWritten)
	case done.Fault != nil:
		e.Outcome, e.Error = store.OutcomeInterrupted, done.Fault.Error()
		// what it says of the record may be another word for the fault
		_ = c.interrupted(spec, e, lease, CheckpointNone)
		return true, done.Fault
	case done.Error != "":
		e.Outcome, e.Error = store.OutcomeFailed, done.Error
		return true, c.leave(lease.Done, c.failed(spec, e))
	}
	return true, c.leave(lease.Done, c.completed(spec, store.Result(*done.Result), e))
}

// tell reports an event with the state after it.
func (c *coordinator) tell(e Event) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.tellLocked(e)
}

func (c *coordinator) tellLocked(e Event) {
	e.Time = time.Now()
	e.Status = c.tracker.Status(e.Time)
	if e.Kind != RunProgress || e.Time.Sub(c.told) >= tellEvery {
		c.told = e.Time
		c.board.put(e.Status)
	}
	if c.options.Observe != nil {
		c.options.Observe(e)
	}
}

// tellEvery is how old the status on disk may get while runs train.
const tellEvery = time.Second

func about(kind EventKind, spec job.Spec) Event {
	return Event{Kind: kind, Key: spec.Key, Trial: spec.Trial, Seed: spec.SeedIndex}
}

// began says whether this is one of the first attempts of the call, and whether the run has been
// dropped since it was leased: it is not begun then.
func (c *coordinator) began(spec job.Spec) (first, dropped bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.stage.dropped(spec.Key) {
		c.given--
		return false, true
	}
	c.tracker.Start(spec, time.Now())
	c.tellLocked(about(RunStarted, spec))
	return c.opening.begin(), false
}

// heard takes what a worker says of the run that it trains.
func (c *coordinator) heard(spec job.Spec, r job.Reply) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	said := r.Progress
	restarts := said != nil && said.StartsOver != ""
	if restarts {
		said = nil
	}
	if !c.tracker.Heard(spec.Key, said, time.Now()) {
		return
	}
	event := about(RunProgress, spec)
	switch {
	case restarts:
		event.Kind, event.Error = StartsOver, r.Progress.StartsOver
	case r.Unsaved != nil:
		event.Kind, event.Error = Unsaved, r.Unsaved.Error()
	}
	c.tellLocked(event)
}

func (c *coordinator) completed(spec job.Spec, result store.Result, e store.Execution) error {
	err := c.write(func() error { return c.record.Complete(result, e) })
	if second := (*store.DiffersError)(nil); errors.As(err, &second) {
		c.differs(spec, second)
		result, err = second.First.Result, nil // the run is complete all the same
	}
	if err != nil {
		c.back(spec, e)
		return err
	}
	folded := c.record.Fold()
	// The record has the result: the checkpoint is of no more use.
	_ = os.Remove(filepath.Join(c.folder.Run(spec.Key), job.CheckpointFile))
	c.mutex.Lock()
	c.consecutive = 0
	c.stage.become(spec.Key, decide.Complete, result.Top1)
	event := about(RunComplete, spec)
	event.Top1, event.Seconds = &result.Top1, c.tracker.Finish(spec, result.Top1, e.Ended)
	c.tellLocked(event)
	c.mutex.Unlock()
	return c.next(errors.Join(folded, c.settle()))
}

// differs tells of a second result of a run, which is recorded beside the first.
func (c *coordinator) differs(spec job.Spec, second *store.DiffersError) {
	event := about(Differs, spec)
	event.Error = second.What()
	for _, g := range []store.Given{second.First, second.Second} {
		event.Results = append(event.Results, Given{g.Result.Top1, g.Result.Loss,
			g.Environment.KernelSet, g.Environment.CPU, g.Host})
	}
	c.tell(event)
}

func (c *coordinator) failed(spec job.Spec, e store.Execution) error {
	if err := c.write(func() error { return c.record.Note(e, true) }); err != nil {
		c.back(spec, e)
		return err
	}
	c.mutex.Lock()
	c.gone(spec, e)
	c.mutex.Unlock()
	return c.next(errors.Join(c.record.Fold(), c.settle()))
}

// back lets a run wait again whose end could not be recorded.
func (c *coordinator) back(spec job.Spec, e store.Execution) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.tracker.PutBack(spec, e.Ended)
}

// gone tells of a run that is recorded as failed. The mutex is held.
func (c *coordinator) gone(spec job.Spec, e store.Execution) {
	c.tracker.Fail(spec, e.Ended)
	c.stage.become(spec.Key, decide.Failed, math.NaN())
	event := about(RunFailed, spec)
	event.Error = e.Error
	c.tellLocked(event)
	c.consecutive++
	limit := c.execution.MaxConsecutiveFailures
	if c.options.FailFast || c.execution.OnFailure == experiments.OnFailureStop ||
		limit == 1 {
		c.stop(&StoppedError{Reason: "stopped at the first failed run"})
	} else if limit > 0 && c.consecutive >= limit {
		c.stop(&StoppedError{Reason: fmt.Sprintf("stopped because %s failed one after the other",
			plural.Of(c.consecutive, "run"))})
	}
}

// interrupted puts a run back that was stopped, and says what it goes on from.
func (c *coordinator) interrupted(spec job.Spec, e store.Execution, lease queue.Lease,
	from Checkpoint) error {
	err := c.record.Note(e, false)
	if database.Busy(err) {
		err = nil // a note more or less
	}
	_, missing := os.Stat(filepath.Join(c.folder.Run(spec.Key), job.CheckpointFile))
	switch {
	case from == CheckpointNone && missing == nil:
		from = CheckpointEarlier
	case from == CheckpointWritten && errors.Is(missing, fs.ErrNotExist):
		from = CheckpointUnneeded
	}
	c.mutex.Lock()
	c.tracker.PutBack(spec, e.Ended)
	event := about(Interrupted, spec)
	event.Error, event.Checkpoint = e.Error, from
	c.tellLocked(event)
	c.given--
	c.mutex.Unlock()
	return errors.Join(err, c.leave(lease.Release, nil))
}
