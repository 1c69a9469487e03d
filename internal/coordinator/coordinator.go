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
	"gridsearch/internal/program"
	"gridsearch/internal/queue"
	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
	"gridsearch/internal/study"
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
	Left  int // runs without a result
	Cause error
}

func (e *InterruptedError) Error() string { return fmt.Sprintf("%v: %s", e.Cause, left(e.Left)) }

func (e *InterruptedError) Unwrap() error { return e.Cause }

// LimitError says that the call has trained as many runs as it was asked to, and that the study has
// more.
type LimitError struct{ Left int }

func (e *LimitError) Error() string { return "the limit of this call is reached: " + left(e.Left) }

// StoppedError says that failed runs have stopped the study before its end, as the experiment file
// or the call asks for, or that nothing can be trained here.
type StoppedError struct {
	Left   int
	Reason string
	Advice string // what to try; may be empty
}

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

func (e *FailedRunsError) Error() string {
	return fmt.Sprintf("%d of %s failed: see gridsearch results for why, and gridsearch retry to "+
		"train %s again", e.Failed,
		plural.Of(e.Total, "run"), plural.Verb(e.Failed, "it", "them"))
}

// Run trains what a study lacks. The folder is made once nothing of the input is refused, or
// continued if its runs are those of the plan. When ctx ends, workers write checkpoints and the
// error is an *InterruptedError; other errors are *InputError, *database.FileError,
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
	specs, err := p.Specs()
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
	if err := errors.Join(folder.WritePlan(p, specs), o.patiently(ctx, func() error {
		return record.Withdraw(study.Stages(specs))
	}), folder.MakeRuns()); err != nil {
		return err
	}
	o.Command = withPlaces(folder, o.Command, p.Experiment.Data.Path)
	s, err := newSupervisor(folder, record, specs, p.Experiment.Execution, o)
	if err != nil {
		return err
	}
	defer s.queue.Close()
	defer s.board.flush()
	err = s.run(ctx)
	if failed := (*FailedRunsError)(nil); p.Experiment.Execution.Latency &&
		(err == nil || errors.As(err, &failed)) {
		err = errors.Join(err, s.latencies(ctx, specs))
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

// supervisor hands runs to workers and writes down what comes back.
type supervisor struct {
	folder      study.Folder
	record      *store.Store
	specs       map[string]job.Spec
	queue       queue.Queue
	execution   experiments.Execution
	options     Options
	host        string
	greetWithin time.Duration // of a worker that starts
	place       string        // where workers die, if they do

	locked      atomic.Bool // the record, by another program, which has been told
	board       board
	stop        context.CancelCauseFunc
	mutex       sync.Mutex // of what follows; not held while anything is written to the disk
	tracker     *tracker
	consecutive int             // failed runs in a row
	given       int             // runs of this call that have ended or are being trained
	opening     opening         // the first attempts of this call
	usedUp      map[string]bool // runs that wait although all their tries here have crashed
	notes       []Event         // to be told when the study goes on
	told        time.Time       // when the status was last put on the board
}

func newSupervisor(folder study.Folder, record *store.Store, specs []job.Spec, e experiments.Execution,
	o Options) (*supervisor, error) {
	if o.Workers == 0 {
		o.Workers = e.Workers
	}
	if o.Workers == 0 {
		o.Workers = max(1, runtime.GOMAXPROCS(0)/e.ThreadsPerRun)
	}
	s := &supervisor{folder: folder, board: board{path: folder.Status()}, record: record,
		specs: map[string]job.Spec{}, execution: e, options: o, usedUp: map[string]bool{},
		queue:       queue.NewMemory(0), // its holders end with this process
		greetWithin: greeting(e.Silence),
		tracker:     newTracker(time.Now(), o.Workers, len(specs))}
	s.host, _ = os.Hostname()
	s.place = environment.Place(s.host)
	for _, spec := range specs {
		s.specs[spec.Key] = spec
	}
	var err error
	if s.opening.settled, err = record.CompletedOn(s.host); err != nil {
		return nil, err
	}
	var again int
	if err = s.write(func() error { again, err = record.Forgive(s.place); return err }); err != nil {
		return nil, err
	}
	if again > 0 {
		s.notes = append(s.notes, Event{Kind: TriedAgain, Count: again})
	}
	return s, s.fill()
}

// fill sorts the runs by what the record says of them.
func (s *supervisor) fill() error {
	records, err := s.record.Records()
	if err != nil {
		return err
	}
	crashes, err := s.record.Crashes(s.place)
	if err != nil {
		return err
	}
	var keys, last []string
	for _, r := range records {
		spec := s.specs[r.Key]
		switch r.State {
		case store.Complete:
			s.tracker.had(spec.Trial, r.Result.Top1)
			continue
		case store.Failed:
			s.tracker.failed++
			continue
		case store.Dropped:
			s.tracker.dropped++
			continue
		}
		s.tracker.wait(spec)
		if s.usedUp[spec.Key] = crashes[r.Key] > s.execution.MaxRetries; s.usedUp[spec.Key] {
			last = append(last, spec.Key)
		} else {
			keys = append(keys, spec.Key)
		}
	}
	s.tracker.leader = s.tracker.best()
	// Another run may show that the machine is not at fault.
	if err := s.wait(append(keys, last...)); err != nil {
		return err
	}
	if keys := s.folder.Unrecorded(records); len(keys) > 0 {
		s.notes = append(s.notes, Event{Kind: Unrecorded, Runs: keys})
	}
	return nil
}

// run keeps the workers busy until nothing is left or the context ends.
func (s *supervisor) run(ctx context.Context) error {
	ctx, s.stop = context.WithCancelCause(ctx)
	defer s.stop(nil)
	defer s.board.flush()
	s.tell(Event{Kind: Started})
	for _, note := range s.notes {
		s.tell(note)
	}
	errs := make([]error, min(s.options.Workers, max(1, s.tracker.waiting)))
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() {
			errs[i] = crash.Guard(func() error { return s.work(ctx) })
			if faulted := (*FaultError)(nil); errors.As(ByMachine(errs[i]), &faulted) {
				s.stop(faulted)
				errs[i] = nil
			} else if errs[i] != nil {
				s.stop(errs[i])
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.end(context.Cause(ctx))
}

// end says how the study stands when all workers have left; the cause is what has stopped them, nil
// for nothing.
func (s *supervisor) end(cause error) error {
	t := s.tracker
	if cause == nil {
		if hopeless := s.opening.last(); hopeless != nil {
			cause = hopeless
		}
	}
	var stopped *StoppedError
	var faulted *FaultError
	switch left := t.total - t.complete - t.failed - t.dropped; {
	case left > 0 && errors.As(cause, &faulted):
		return &FaultError{left, faulted.Fault}
	case left > 0 && errors.As(cause, &stopped):
		return &StoppedError{left, stopped.Reason, stopped.Advice}
	case left > 0 && cause != nil:
		return &InterruptedError{left, cause}
	case left > 0:
		return &LimitError{left}
	case t.failed > 0:
		return &FailedRunsError{t.failed, t.total}
	}
	return nil
}

// work drives one worker process at a time, and starts another when it dies.
func (s *supervisor) work(ctx context.Context) error {
	var p *process
	defer func() {
		if p != nil {
			p.stop()
		}
	}()
	for {
		lease, err := s.lease(ctx)
		if errors.Is(err, queue.ErrEmpty) || ctx.Err() != nil && err != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if gone, err := s.giveUp(lease); err != nil {
			return err
		} else if gone {
			continue
		}
		if p == nil {
			if p, err = s.start(ctx, lease.Key()); err != nil {
				left := s.leave(lease.Release, nil)
				if ctx.Err() != nil { // stopped together with the worker
					return left
				}
				return errors.Join(err, left)
			}
		}
		if alive, err := s.train(ctx, p, lease); err != nil {
			return err
		} else if !alive {
			p = nil
		}
	}
}

// lease takes a run from the queue, as long as the limit of the call allows.
func (s *supervisor) lease(ctx context.Context) (queue.Lease, error) {
	lease, err := s.queue.Lease(ctx)
	if errors.Is(err, queue.ErrEmpty) {
		return nil, err
	}
	if err != nil {
		return nil, ofQueue(err)
	}
	if ctx.Err() != nil || !s.give() {
		return nil, cmp.Or(s.leave(lease.Release, nil), queue.ErrEmpty) // for this call
	}
	return lease, nil
}

// give counts a run of this call, as long as its limit allows.
func (s *supervisor) give() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.options.Limit > 0 && s.given >= s.options.Limit {
		return false
	}
	s.given++
	return true
}

// train has a worker train one run, and records the end. It says whether the worker is still alive;
// its error ends the study.
func (s *supervisor) train(ctx context.Context, p *process,
	lease queue.Lease) (alive bool, err error) {
	spec := s.specs[lease.Key()]
	e := store.Execution{Key: spec.Key, Attempt: lease.Attempt(), Started: time.Now(),
		Host:        p.hello.Host,
		CommandLine: p.hello.CommandLine, Environment: p.hello.Environment}
	first := s.began(spec)
	release := s.watch(ctx, p, s.execution.Timeout)
	order := job.Training{Spec: spec, KeepWeights: s.execution.KeepWeights,
		KeepPredictions: s.execution.KeepPredictions}
	done, err := p.train(order, func(r job.Reply) { s.heard(spec, r) })
	timedOut := release()
	if err == nil {
		err = s.hold(p, spec.Key, &done)
	}
	e.Ended = time.Now()
	e.TrainSeconds, e.EvalSeconds, e.WaitSeconds, e.PeakRSSBytes = done.TrainSeconds,
		done.EvalSeconds, done.WaitSeconds, done.PeakRSSBytes
	switch {
	case timedOut:
		e.Outcome, e.Error = store.OutcomeFailed,
			fmt.Sprintf("it took longer than the timeout of %v", s.execution.Timeout)
		return false, s.leave(lease.Done, s.failed(spec, e))
	case err != nil && ctx.Err() != nil:
		// Killed by the second signal, or with the rest of the process group: nobody's fault.
		e.Outcome, e.Error = store.OutcomeInterrupted, err.Error()
		return false, s.interrupted(spec, e, lease, CheckpointNone)
	case err != nil:
		var died *crashError
		if errors.As(err, &died) {
			s.keep(spec.Key, died)
		}
		e.Outcome, e.Error = store.OutcomeCrashed, err.Error()
		return false, s.crashed(spec, e, lease, first)
	case done.Interrupted && done.Fault == nil:
		e.Outcome = store.OutcomeInterrupted
		return true, s.interrupted(spec, e, lease, CheckpointWritten)
	case done.Fault != nil:
		e.Outcome, e.Error = store.OutcomeInterrupted, done.Fault.Error()
		// what it says of the record may be another word for the fault
		_ = s.interrupted(spec, e, lease, CheckpointNone)
		return true, done.Fault
	case done.Error != "":
		e.Outcome, e.Error = store.OutcomeFailed, done.Error
		return true, s.leave(lease.Done, s.failed(spec, e))
	}
	return true, s.leave(lease.Done, s.completed(spec, store.Result(*done.Result), e))
}

// tell reports an event with the state after it.
func (s *supervisor) tell(e Event) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.tellLocked(e)
}

func (s *supervisor) tellLocked(e Event) {
	e.Time = time.Now()
	e.Status = s.tracker.status(e.Time)
	if e.Kind != RunProgress || e.Time.Sub(s.told) >= tellEvery {
		s.told = e.Time
		s.board.put(e.Status)
	}
	if s.options.Observe != nil {
		s.options.Observe(e)
	}
}

// tellEvery is how old the status on disk may get while runs train.
const tellEvery = time.Second

func about(kind EventKind, spec job.Spec) Event {
	return Event{Kind: kind, Key: spec.Key, Trial: spec.Trial, Seed: spec.SeedIndex}
}

// began says whether this is one of the first attempts of the call.
func (s *supervisor) began(spec job.Spec) (first bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.tracker.start(spec, time.Now())
	s.tellLocked(about(RunStarted, spec))
	return s.opening.begin()
}

// heard takes what a worker says of the run that it trains.
func (s *supervisor) heard(spec job.Spec, r job.Reply) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	run, ok := s.tracker.running[spec.Key]
	if !ok {
		return
	}
	run.heard = time.Now()
	event := about(RunProgress, run.spec)
	switch {
	case r.Progress != nil && r.Progress.StartsOver != "":
		event.Kind, event.Error = StartsOver, r.Progress.StartsOver
	case r.Progress != nil:
		run.progress = *r.Progress
	case r.Unsaved != nil:
		event.Kind, event.Error = Unsaved, r.Unsaved.Error()
	}
	s.tellLocked(event)
}

func (s *supervisor) completed(spec job.Spec, result store.Result, e store.Execution) error {
	err := s.write(func() error { return s.record.Complete(result, e) })
	if second := (*store.DiffersError)(nil); errors.As(err, &second) {
		s.differs(spec, second)
		result, err = second.First.Result, nil // the run is complete all the same
	}
	if err != nil {
		s.back(spec, e)
		return err
	}
	folded := s.record.Fold()
	// The record has the result: the checkpoint is of no more use.
	_ = os.Remove(filepath.Join(s.folder.Run(spec.Key), job.CheckpointFile))
	s.mutex.Lock()
	s.consecutive = 0
	event := about(RunComplete, spec)
	event.Top1, event.Seconds = &result.Top1, s.tracker.finish(spec, result.Top1, e.Ended)
	s.tellLocked(event)
	s.mutex.Unlock()
	return errors.Join(folded, s.settle())
}

// differs tells of a second result of a run, which is recorded beside the first.
func (s *supervisor) differs(spec job.Spec, second *store.DiffersError) {
	event := about(Differs, spec)
	event.Error = second.What()
	for _, g := range []store.Given{second.First, second.Second} {
		event.Results = append(event.Results, Given{g.Result.Top1, g.Result.Loss,
			g.Environment.KernelSet, g.Environment.CPU, g.Host})
	}
	s.tell(event)
}

func (s *supervisor) failed(spec job.Spec, e store.Execution) error {
	if err := s.write(func() error { return s.record.Note(e, true) }); err != nil {
		s.back(spec, e)
		return err
	}
	s.mutex.Lock()
	s.gone(spec, e)
	s.mutex.Unlock()
	return errors.Join(s.record.Fold(), s.settle())
}

// back lets a run wait again whose end could not be recorded.
func (s *supervisor) back(spec job.Spec, e store.Execution) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.tracker.putBack(spec, e.Ended)
}

// gone tells of a run that is recorded as failed. The mutex is held.
func (s *supervisor) gone(spec job.Spec, e store.Execution) {
	s.tracker.fail(spec, e.Ended)
	event := about(RunFailed, spec)
	event.Error = e.Error
	s.tellLocked(event)
	s.consecutive++
	limit := s.execution.MaxConsecutiveFailures
	if s.options.FailFast || s.execution.OnFailure == experiments.OnFailureStop {
		s.stop(&StoppedError{Reason: "stopped at the first failed run"})
	} else if limit > 0 && s.consecutive >= limit {
		s.stop(&StoppedError{Reason: fmt.Sprintf("stopped because %s failed one after the other",
			plural.Of(s.consecutive, "run"))})
	}
}

// interrupted puts a run back that was stopped, and says what it goes on from.
func (s *supervisor) interrupted(spec job.Spec, e store.Execution, lease queue.Lease,
	from Checkpoint) error {
	err := s.record.Note(e, false)
	if database.Busy(err) {
		err = nil // a note more or less
	}
	if _, missing := os.Stat(filepath.Join(s.folder.Run(spec.Key),
		job.CheckpointFile)); from == CheckpointNone && missing == nil {
		from = CheckpointEarlier
	}
	s.mutex.Lock()
	s.tracker.putBack(spec, e.Ended)
	event := about(Interrupted, spec)
	event.Error, event.Checkpoint = e.Error, from
	s.tellLocked(event)
	s.given--
	s.mutex.Unlock()
	return errors.Join(err, s.leave(lease.Release, nil))
}
