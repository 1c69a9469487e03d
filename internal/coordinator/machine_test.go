package coordinator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/environment"
	"gridsearch/internal/fault"
	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
	"gridsearch/internal/process"
	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/search/decide"
)

// TestWorkersThatSayNothing: one that never greets is given up in time, and at once when the study
// is stopped, even where a child keeps its output open; one that falls silent while it trains has
// crashed.
func TestWorkersThatSayNothing(t *testing.T) {
	s, _ := shell(t, "sleep 30; true")
	s.workers.Retries, s.workers.Within = 1, time.Millisecond
	var died *process.Died
	if _, err := s.start(t.Context(), "key"); !errors.As(err, &died) ||
		died.Error() != "worker died: no greeting within 1ms, so it was killed (runs/key/crash-2.txt)" {
		t.Errorf("a worker that never greets: %v", err)
	}
	s.workers.Within = time.Hour
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.start(ctx, "key"); err == nil {
		t.Error("a stopped study has a worker")
	}
	s.workers.Command[2] = `echo "$HELLO"; read request; kill -STOP $$`
	s.execution.Silence = time.Millisecond
	p, err := s.start(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	release := p.Watch(t.Context(), t.Context(), process.Patience{Silence: s.execution.Silence})
	if _, err := p.Train(job.Training{}, func(job.Reply) {}); !errors.As(err, &died) ||
		died.Cause != "no word of it for 1ms, so it was killed" {
		t.Errorf("a worker that falls silent: %v", err)
	}
	if release() {
		t.Error("its time is up")
	}
}

// locked is an error of a record that another program has locked.
func locked(t *testing.T) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	var dbs [2]*sql.DB
	for i := range dbs {
		var err error
		if dbs[i], err = sql.Open("sqlite", "file:"+path+"?_txlock=immediate"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { dbs[i].Close() })
	}
	tx, err := dbs[0].Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err = dbs[1].Begin(); err == nil {
		t.Fatal("the file is not locked")
	}
	return err
}

// TestPatience: a locked record is waited for, which is told once, until the context ends; other
// errors are none to wait for.
func TestPatience(t *testing.T) {
	busy, told, tries := locked(t), 0, 0
	ctx, stop := context.WithCancel(t.Context())
	do := func() error {
		if tries++; tries < 4 {
			return fmt.Errorf("record: %w", busy)
		}
		return nil
	}
	if err := patiently(ctx, func() { told++ }, do); err != nil || told != 1 || tries != 4 {
		t.Errorf("%v after %d tries, told %d times", err, tries, told)
	}
	tries, stopped := 0, func() error { tries++; stop(); return busy }
	if err := patiently(ctx, func() {}, stopped); !database.Busy(err) || tries != 1 {
		t.Errorf("%v after %d tries, when stopped", err, tries)
	}
	if err := patiently(t.Context(), func() { t.Error("told") },
		func() error { return fs.ErrExist }); err != fs.ErrExist {
		t.Error(err)
	}
}

// TestToldOfEachLock: that a record is waited for is told once while it is locked, and again when it
// was free in between; what fails otherwise leaves it free too.
func TestToldOfEachLock(t *testing.T) {
	s, _ := shell(t, "")
	busy, told := locked(t), 0
	s.options.Observe = func(e Event) {
		if told++; e.Kind != Waiting {
			t.Errorf("told of %+v", e)
		}
	}
	for i, end := range []error{nil, fs.ErrExist, nil} {
		tries := 0
		if err := s.write(func() error {
			if tries++; tries < 4 {
				return busy
			}
			return end
		}); err != end || told != i+1 {
			t.Errorf("lock %d ends with %v, told %d times", i, err, told)
		}
	}
}

// TestByMachine: what the system refuses is told from what the input is at fault for.
func TestByMachine(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "p", Err: syscall.ENOSPC}
	var machine *FaultError
	if err := ByMachine(full); !errors.As(err, &machine) || machine.Left >= 0 ||
		!strings.Contains(err.Error(), "p: ") {
		t.Errorf("a full disk: %v", err)
	}
	for _, err := range []error{nil, errors.New("x"), &study.InputError{Err: full},
		&database.FileError{Path: "p", Err: full}, &FaultError{3, fault.Of(full)}} {
		if got := ByMachine(err); got != err {
			t.Errorf("%v becomes %v", err, got)
		}
	}
	for n, said := range map[int]bool{-1: false, 0: true, 1: true} {
		text := (&FaultError{n, fault.Of(full)}).Error()
		if strings.Contains(text, fmt.Sprint(": runs left to train: ", n, "\n")) != said {
			t.Errorf("with %d runs left it says %q", n, text)
		}
	}
}

// bench is a study of runs by the names of their trials, whose workers are a shell script.
type bench struct {
	t      *testing.T
	folder study.Folder
	record *store.Store
	specs  []job.Spec
	script string
	events []Event
	seen   func(Event) // may be nil
}

func newBench(t *testing.T, script string, trials ...string) *bench {
	t.Helper()
	var specs []job.Spec
	for i, trial := range trials {
		s := spec(t)
		s.Trial, s.Key = trial, fmt.Sprintf("%016d", i)
		specs = append(specs, s)
	}
	return benchOf(t, script, specs)
}

// benchOf is a study of runs.
func benchOf(t *testing.T, script string, specs []job.Spec) *bench {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	greet(t)
	b := &bench{t: t, folder: study.Folder(t.TempDir()), script: script, specs: specs}
	var err error
	if b.record, err = store.Open(b.folder.Database()); err == nil {
		err = errors.Join(b.record.Plan(study.Stages(stages.DecideAll, b.specs)), b.folder.MakeRuns())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.record.Close() })
	return b
}

// run is a call with one worker; its events are those of this call.
func (b *bench) run(ctx context.Context) error {
	b.t.Helper()
	b.events = nil
	s, err := newCoordinator(b.folder, b.record, b.specs, experiments.Execution{MaxRetries: 2,
		ThreadsPerRun: 1},
		Options{Workers: 1, Command: []string{"sh", "-c", b.script},
			Observe: func(e Event) { b.events = append(b.events, e) }}, decide.All{})
	if err != nil {
		b.t.Fatal(err)
	}
	return s.run(ctx)
}

// count gives how many events of a kind there were.
func (b *bench) count(kind EventKind) int {
	return len(slices.DeleteFunc(slices.Clone(b.events), func(e Event) bool { return e.Kind != kind }))
}

// answers is a worker that is killed by a run of the trial bad, and ends others as the variable
// says.
const answers = `echo "$HELLO"; while read request; do case "$request" in *'"trial":"bad"'*) kill -9 $$;; esac
	key=${request#*'"key":"'}; key=${key%%'"'*}; echo '{"done":{"key":"'$key'",'"${ANSWER#?}"'}'; done`

const result = `{"result":{"top1":0.5,"top5":1,"loss":1,"examples":8,"correct":"Dw==","curve":[{"epoch":1,"step":1,"loss":1,"top1":0.5}],"steps":1}}`

// TestSecondResult: a run that another worker has completed while it waited gives a second result,
// as when a lease has run out. One that differs is recorded beside the first, told and warned of;
// the same one, and one of another processor, are not. The study goes on and ends well.
func TestSecondResult(t *testing.T) {
	t.Setenv("ANSWER", result)
	same := store.Result{Top1: .5, Top5: 1, Loss: 1, Examples: 8, Correct: []byte{15}, Steps: 1,
		Curve: []store.CurvePoint{{Epoch: 1, Step: 1, Loss: 1, Top1: .5}}}
	other := same
	other.Top1, other.Loss, other.Correct = .75, 2, []byte{63}
	for name, c := range map[string]struct {
		first   store.Result
		cpu     string
		differs int
		outcome string
	}{
		"the same":          {same, "", 0, store.OutcomeComplete},
		"another":           {other, "", 1, store.OutcomeDiffers},
		"another processor": {other, "of another make", 0, store.OutcomeComplete},
	} {
		b := newBench(t, answers, "a", "b")
		s, err := newCoordinator(b.folder, b.record, b.specs, experiments.Execution{ThreadsPerRun: 1},
			Options{Workers: 1, Command: []string{"sh", "-c", b.script},
				Observe: func(e Event) { b.events = append(b.events, e) }}, decide.All{})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.record.Complete(c.first, store.Execution{Key: b.specs[0].Key, Host: "elsewhere",
			Environment: job.Environment{CPU: c.cpu}}); err != nil {
			t.Fatal(err)
		}
		if err := s.run(t.Context()); err != nil || b.count(RunComplete) != 2 ||
			b.count(Differs) != c.differs {
			t.Errorf("%s: the study ends with %v: %+v", name, err, b.events)
		}
		records, err1 := b.record.Records()
		executions, err2 := b.record.Executions()
		if err := errors.Join(err1, err2); err != nil || len(executions) != 3 ||
			records[0].Result.Top1 != c.first.Top1 || executions[1].Outcome != c.outcome {
			t.Errorf("%s: the record has %+v, %+v (%v)", name, records, executions, err)
		}
		warnings := (&study.Study{Records: records}).Warnings()
		if c.differs == 0 {
			if strings.Contains(strings.Join(warnings, "\n"), " results: ") {
				t.Errorf("%s: %q", name, warnings)
			}
			continue
		}
		host, _ := os.Hostname()
		what := "top1 0.75 and then 0.5, loss 2 and then 1, correct, on elsewhere and then on " + host
		i := slices.IndexFunc(b.events, func(e Event) bool { return e.Kind == Differs })
		e, next := b.events[i], b.events[i+1]
		if want := []Given{{.75, 2, "", "", "elsewhere"}, {.5, 1, "", "", host}}; e.Trial != "a" ||
			!slices.Equal(e.Results, want) || !strings.HasPrefix(e.Error, what) ||
			executions[1].Error != e.Error || executions[1].Host != host {
			t.Errorf("it is told as %+v, recorded as %+v", e, executions[1])
		}
		if next.Kind != RunComplete || *next.Top1 != .75 || next.Status.Best.Top1 != .75 {
			t.Errorf("then %+v is told", next)
		}
		if want := "run 0000000000000000 (a seed=0) has given 2 results: " + what; len(warnings) != 1 ||
			!strings.HasPrefix(warnings[0], want) ||
			!strings.HasSuffix(warnings[0], "; the record keeps the first") {
			t.Errorf("it is warned of by %q, want %s", warnings, want)
		}
	}
}

// TestTries: a run that kills its worker has its tries once, whatever the number of calls; it is
// given up when the machine is known to complete runs, and tried again where program or machine is
// another.
func TestTries(t *testing.T) {
	t.Setenv("ANSWER", result)
	t.Setenv(kernel.Variable, "")
	b := newBench(t, answers, "bad", "good")
	for i, c := range []struct {
		kernels         string
		crashes, failed int // of all calls
		again           int
	}{{"", 3, 0, 0}, {"", 3, 1, 0}, {"", 3, 1, 0}, {kernel.Generic, 6, 1, 1},
		{kernel.Generic, 6, 1, 0}, {"", 6, 1, 0}} {
		t.Setenv(kernel.Variable, c.kernels)
		err := b.run(t.Context())
		var stopped *StoppedError
		var failed *FailedRunsError
		if first := i == 0; first != errors.As(err, &stopped) || first == errors.As(err, &failed) {
			t.Errorf("call %d ends with %v", i, err)
		}
		executions, err := b.record.Executions()
		if err != nil {
			t.Fatal(err)
		}
		crashes := len(slices.DeleteFunc(executions,
			func(e store.Execution) bool { return e.Outcome != store.OutcomeCrashed }))
		records, err := b.record.Records()
		if err != nil {
			t.Fatal(err)
		}
		gone := len(slices.DeleteFunc(slices.Clone(records),
			func(r store.Record) bool { return r.State != store.Failed }))
		if crashes != c.crashes || gone != c.failed || b.count(TriedAgain) != c.again {
			t.Errorf("after call %d there are %d crashes, %d failed runs and %d notes of new "+
				"tries, want %+v", i, crashes, gone, b.count(TriedAgain), c)
		}
		if gone == 1 && !strings.HasPrefix(records[0].Error, "worker died: signal: killed") {
			t.Errorf("the run is failed by %q", records[0].Error)
		}
	}
}

// TestTriesOfAKilledCall: a call that is killed between two tries does not give the run new ones.
func TestTriesOfAKilledCall(t *testing.T) {
	t.Setenv("ANSWER", result)
	b := newBench(t, answers, "good", "bad")
	host, _ := os.Hostname()
	for range 2 {
		e := store.Execution{Key: b.specs[1].Key, Error: "worker died"}
		if _, err := b.record.Crash(e, environment.Place(host)); err != nil {
			t.Fatal(err)
		}
	}
	var failed *FailedRunsError
	if err := b.run(t.Context()); !errors.As(err, &failed) || b.count(RunStarted) != 2 ||
		b.count(RunRetried) != 0 {
		t.Errorf("the study ends with %v after %d starts", err, b.count(RunStarted))
	}
}

// TestFaultsOfTheMachine: a worker that meets one stops the study; no run is failed and no try used
// up.
func TestFaultsOfTheMachine(t *testing.T) {
	t.Setenv("ANSWER", `{"fault":{"path":"runs/x/weights","cause":"no space left on device, 0 kB free","advice":"make room"}}`)
	b := newBench(t, answers, "a", "b")
	var machine *FaultError
	err := b.run(t.Context())
	const want = "stopped by this machine, which is no run's fault: runs/x/weights: no space " +
		"left on device, 0 kB free: runs left to train: 2\nmake room"
	if !errors.As(err, &machine) || err.Error() != want {
		t.Errorf("the study ends with %v", err)
	}
	if b.count(RunFailed) != 0 || b.count(RunRetried) != 0 || b.count(Interrupted) != 1 ||
		b.events[len(b.events)-1].Checkpoint != CheckpointNone {
		t.Errorf("the events are %+v", b.events)
	}
	t.Setenv("ANSWER", result)
	if err := b.run(t.Context()); err != nil || b.count(RunComplete) != 2 {
		t.Errorf("afterwards: %v, %+v", err, b.events)
	}
	if e, err := b.record.Executions(); err != nil || len(e) != 3 ||
		e[0].Outcome != store.OutcomeInterrupted || e[0].Error == "" {
		t.Errorf("the executions are %+v (%v)", e, err)
	}
}

// TestStoppedRuns: what a stopped run goes on from is said as it is.
func TestStoppedRuns(t *testing.T) {
	const interrupted = `{"interrupted":true}`
	const unwritten = `{"interrupted":true,"fault":{"path":"p","cause":"no space left on device","advice":"make room"}}`
	for name, c := range map[string]struct {
		answer string
		there  bool // a checkpoint
		want   Checkpoint
	}{
		"written":  {interrupted, true, CheckpointWritten},
		"unneeded": {interrupted, false, CheckpointUnneeded},
		"earlier":  {unwritten, true, CheckpointEarlier},
		"none":     {unwritten, false, CheckpointNone},
	} {
		t.Setenv("ANSWER", c.answer)
		b := newBench(t,
			`echo "$HELLO"; read request; echo '{"alive":true}'; cat >/dev/null; echo '{"done":{"key":"0000000000000000",'"${ANSWER#?}"'}'`, "a")
		if c.there {
			if err := errors.Join(os.Mkdir(b.folder.Run(b.specs[0].Key), 0o755),
				os.WriteFile(filepath.Join(b.folder.Run(b.specs[0].Key), job.CheckpointFile), nil,
					0o644)); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancelCause(t.Context())
		s, err := newCoordinator(b.folder, b.record, b.specs, experiments.Execution{ThreadsPerRun: 1},
			Options{Workers: 1, Command: []string{"sh", "-c", b.script}, Observe: func(e Event) {
				b.events = append(b.events, e)
				if e.Kind == RunProgress { // it says that it is alive
					stop(errors.New("enough"))
				}
			}}, decide.All{})
		if err != nil {
			t.Fatal(err)
		}
		err = s.run(ctx)
		last := b.events[len(b.events)-1]
		if last.Kind != Interrupted || last.Checkpoint != c.want ||
			(last.Error == "") != (c.answer == interrupted) {
			t.Errorf("%s: %+v", name, last)
		}
		if len(last.Status.Running) != 0 {
			t.Errorf("%s: %+v are said to train", name, last.Status.Running)
		}
		if left := (*InterruptedError)(nil); c.answer == interrupted && !errors.As(err, &left) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnrecorded: runs that lie finished in the folder while the record calls them waiting are
// told.
func TestUnrecorded(t *testing.T) {
	t.Setenv("ANSWER", result)
	b := newBench(t, answers, "weights", "log", "stopped", "nothing")
	for i, name := range []string{job.WeightsFile, job.LogFile, job.LogFile} {
		text := []string{"", "x run\ny " + job.CompleteNote + " 0.5 of\n", job.CompleteNote +
			"\nz ended: context canceled\n"}[i]
		folder := b.folder.Run(b.specs[i].Key)
		if err := errors.Join(os.Mkdir(folder, 0o755), os.WriteFile(filepath.Join(folder, name),
			[]byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := b.events[1]; e.Kind != Unrecorded ||
		!slices.Equal(e.Runs, []string{b.specs[0].Key, b.specs[1].Key}) {
		t.Errorf("the second event is %+v", e)
	}
	if err := b.run(t.Context()); err != nil || b.count(Unrecorded) != 0 {
		t.Errorf("when all is recorded: %v, %+v", err, b.events)
	}
}
