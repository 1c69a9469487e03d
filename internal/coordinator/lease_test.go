package coordinator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/fault"
	"gridsearch/internal/queue"
	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
	"gridsearch/search/decide"
)

// outage is a queue whose network is cut when a method is called for the nth time, and stays cut.
type outage struct {
	queue.Queue
	method string
	left   *atomic.Int32 // calls of it that still arrive
}

func cut(q queue.Queue, method string, after int32) queue.Queue {
	left := new(atomic.Int32)
	left.Store(after)
	return outage{q, method, left}
}

var errCut = errors.New("connection reset by peer")

// pass says whether a call arrives.
func (o outage) pass(method string) error {
	if o.left.Load() < 0 || method == o.method && o.left.Add(-1) < 0 {
		return errCut
	}
	return nil
}

func (o outage) Push(ctx context.Context, items ...queue.Item) error {
	if err := o.pass("push"); err != nil {
		return err
	}
	return o.Queue.Push(ctx, items...)
}

func (o outage) Lease(ctx context.Context) (queue.Lease, error) {
	if err := o.pass("lease"); err != nil {
		return nil, err
	}
	l, err := o.Queue.Lease(ctx)
	return outageLease{l, o}, err
}

type outageLease struct {
	queue.Lease
	outage
}

func (l outageLease) Done(ctx context.Context) error {
	return errors.Join(l.pass("done"), l.Lease.Done(ctx)) // it has arrived, but who knows
}

func (l outageLease) Retry(ctx context.Context) error {
	if err := l.pass("retry"); err != nil {
		return err
	}
	return l.Lease.Retry(ctx)
}

func (l outageLease) Release(ctx context.Context) error {
	if err := l.pass("release"); err != nil {
		return err
	}
	return l.Lease.Release(ctx)
}

// through is a call with one worker that has its runs from the queue that change makes of its own.
func (b *bench) through(ctx context.Context, change func(queue.Queue) queue.Queue) error {
	b.t.Helper()
	b.events = nil
	s, err := newCoordinator(b.folder, b.record, b.specs, experiments.Execution{MaxRetries: 2,
		ThreadsPerRun: 1}, Options{Workers: 1,
		Command: []string{"sh", "-c", b.script},
		Observe: func(e Event) { b.events = append(b.events, e) }}, decide.All{})
	if err != nil {
		b.t.Fatal(err)
	}
	s.queue = change(s.queue)
	return s.run(ctx)
}

// outcomes counts the executions on the record by key and outcome.
func (b *bench) outcomes() string {
	b.t.Helper()
	executions, err := b.record.Executions()
	if err != nil {
		b.t.Fatal(err)
	}
	var list []string
	for _, e := range executions {
		list = append(list, fmt.Sprintf("%d %s", e.Key[len(e.Key)-1]-'0', e.Outcome))
	}
	return strings.Join(list, ", ")
}

// TestQueueThatFails: the study stops as for a fault of the machine. What is recorded stays, no run
// is failed, and the next call trains what is left and nothing again.
func TestQueueThatFails(t *testing.T) {
	const bad = `if mkdir "$FIRST" 2>/dev/null; then echo "$HELLO"; read request; exit 1; fi; ` +
		answers
	for _, c := range []struct {
		method   string
		after    int32
		script   string
		left     int
		recorded string
	}{
		{"lease", 0, answers, 3, ""},
		{"lease", 1, answers, 2, "0 complete"},
		{"done", 0, answers, 2, "0 complete"},
		{"done", 1, answers, 1, "0 complete, 1 complete"},
		{"retry", 0, bad, 3, "0 crashed"},
	} {
		t.Run(fmt.Sprint(c.method, " ", c.after), func(t *testing.T) {
			t.Setenv("ANSWER", result)
			t.Setenv("FIRST", t.TempDir()+"/first")
			b := newBench(t, c.script, "a", "b", "c")
			err := b.through(t.Context(), func(q queue.Queue) queue.Queue {
				return cut(q, c.method, c.after)
			})
			want := fmt.Sprintf("stopped by this machine, which is no run's fault: the queue of "+
				"runs: connection reset by peer: runs left to train: %d\nwhat is recorded stays: "+
				"run the same command again when the queue can be reached", c.left)
			if faulted := (*FaultError)(nil); !errors.As(err, &faulted) || err.Error() != want {
				t.Errorf("the study ends with %v", err)
			}
			if got := b.outcomes(); got != c.recorded || b.count(RunFailed) > 0 {
				t.Errorf("on the record are %s, want %s", got, c.recorded)
			}
			if err := b.run(t.Context()); err != nil || b.count(RunComplete) != c.left {
				t.Errorf("afterwards: %v, %d runs were trained, want %d", err, b.count(RunComplete),
					c.left)
			}
		})
	}
}

// TestQueueThatFailsLast: a study whose last run is on the record is at its end, whatever the queue
// says.
func TestQueueThatFailsLast(t *testing.T) {
	t.Setenv("ANSWER", result)
	b := newBench(t, answers, "a")
	if err := b.through(t.Context(), func(q queue.Queue) queue.Queue {
		return cut(q, "done", 0)
	}); err != nil || b.outcomes() != "0 complete" {
		t.Errorf("the study ends with %v, on the record are %s", err, b.outcomes())
	}
}

// lender gives leases that are lost before their runs have ended.
type lender struct{ queue.Queue }

func (q lender) Lease(ctx context.Context) (queue.Lease, error) {
	l, err := q.Queue.Lease(ctx)
	if err == nil {
		err = q.Drop(ctx, l.Key())
	}
	return l, err
}

// TestLostLeases: a result counts whoever holds its run by now.
func TestLostLeases(t *testing.T) {
	t.Setenv("ANSWER", result)
	b := newBench(t, answers, "a", "b")
	if err := b.through(t.Context(), func(q queue.Queue) queue.Queue {
		return lender{q}
	}); err != nil || b.outcomes() != "0 complete, 1 complete" {
		t.Errorf("the study ends with %v, on the record are %s", err, b.outcomes())
	}
}

// TestQueueThatCannotBeFilled: nothing is trained and nothing recorded.
func TestQueueThatCannotBeFilled(t *testing.T) {
	s := &coordinator{queue: cut(queue.NewMemory(0), "push", 0)}
	var fault *fault.Fault
	if err := s.wait([]string{"a"}); !errors.As(err, &fault) {
		t.Errorf("a queue that takes nothing: %v", err)
	}
}

// TestUnrecordedRunsStayLeased: a run whose end could not be recorded is not taken off the queue.
func TestUnrecordedRunsStayLeased(t *testing.T) {
	s := &coordinator{queue: queue.NewMemory(time.Hour)}
	if err := s.wait([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	l, err := s.queue.Lease(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	full := &database.FileError{Path: "study.db", Err: errors.New("x")}
	if err := s.leave(l.Done, full); err != full {
		t.Errorf("the record's error becomes %v", err)
	}
	if err := l.Extend(t.Context(), 0); err != nil {
		t.Errorf("its lease: %v", err)
	}
}

// TestLimitTakesTheFirst: a call with a limit has the first runs that wait, with many workers too.
func TestLimitTakesTheFirst(t *testing.T) {
	t.Setenv("ANSWER", result)
	for range 10 {
		b := newBench(t, answers, "a", "b", "c", "d", "e", "f")
		var limit *LimitError
		if err := b.call(t.Context(), decide.All{}, 3, 4); !errors.As(err, &limit) || limit.Left != 3 {
			t.Fatalf("it ends with %v", err)
		}
		records, err := b.record.Records()
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range records {
			if (r.State == store.Complete) != (i < 3) {
				t.Fatalf("run %d is %s", i, r.State)
			}
		}
	}
}
