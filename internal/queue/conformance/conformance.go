// Package conformance is what every queue.Queue must do, as tests.
//
// Each test runs in a bubble of testing/synctest, so time is what the test says it is, and that a
// call blocks is known and not guessed. A queue with a server has it in the bubble too, behind
// net.Pipe or a connection inside the process: real sockets do not block durably there.
package conformance

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"gridsearch/internal/queue"

	"pgregory.net/rapid"
)

// Open makes an empty queue whose leases last for that long, 0 for ever.
type Open func(lease time.Duration) queue.Queue

// Run holds an implementation against every check, each with queues of its own, which it closes.
func Run(t *testing.T, open func(t testing.TB, lease time.Duration) queue.Queue) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// without the rest of t, such as a deadline that is not the bubble's
				c.run(struct{ rapid.TB }{t}, func(d time.Duration) queue.Queue { return open(t, d) })
			})
		})
	}
}

// check is one test of a queue.
type check struct {
	name string
	do   func(rapid.TB, Open)
}

func (c check) run(t rapid.TB, open Open) {
	var opened []queue.Queue
	defer func() {
		for _, q := range opened {
			if err := q.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		pass(2 * patient) // calls that a failed check has left behind end too
	}()
	c.do(t, func(d time.Duration) queue.Queue {
		opened = append(opened, open(d))
		return opened[len(opened)-1]
	})
}

// checks are in the order of what they need.
var checks = []check{
	{"order", order},
	{"attempts", attempts},
	{"payloads", payloads},
	{"keys that are there already", again},
	{"waits for what may come back", blocks},
	{"wakes whoever waits", wakes},
	{"ends for all at once", ends},
	{"leases end once", once},
	{"expiry", expires},
	{"extension", extends},
	{"no end of a lease", forever},
	{"dropped runs", drops},
	{"contexts", contexts},
	{"closed", closes},
	{"against a model", againstModel},
	{"many workers", manyWorkers},
}

// Times of the bubble.
const (
	lasts   = time.Minute // a lease that ends
	moment  = time.Millisecond
	instant = time.Microsecond // until a call counts as one that blocks
	patient = 24 * time.Hour   // whoever waits for longer was forgotten
)

// soon is a context that ends a lease which is not to block, or has been forgotten.
func soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patient)
}

// pass lets time go by, and what it brings happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// items are runs without payload.
func items(keys ...string) []queue.Item {
	list := make([]queue.Item, len(keys))
	for i, key := range keys {
		list[i].Key = key
	}
	return list
}

// filled is a queue with runs.
func filled(t rapid.TB, open Open, lease time.Duration, keys ...string) queue.Queue {
	t.Helper()
	q := open(lease)
	must(t, q.Push(context.Background(), items(keys...)...))
	return q
}

func must(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// take leases a run that must be the next.
func take(t rapid.TB, q queue.Queue, key string, attempt int) queue.Lease {
	t.Helper()
	ctx, cancel := soon()
	defer cancel()
	l, err := q.Lease(ctx)
	if err != nil {
		t.Fatalf("leased nothing (%v), want %s, attempt %d", err, key, attempt)
	}
	if l.Key() != key || l.Attempt() != attempt {
		t.Fatalf("leased %s, attempt %d, want %s, attempt %d", l.Key(), l.Attempt(), key, attempt)
	}
	return l
}

// taken is what a call of Lease has given.
type taken struct {
	lease queue.Lease
	err   error
}

// starts calls Lease and returns once it blocks or has given something.
func starts(ctx context.Context, q queue.Queue) <-chan taken {
	got := make(chan taken, 1)
	ctx, cancel := context.WithTimeout(ctx, patient)
	go func() {
		defer cancel()
		l, err := q.Lease(ctx)
		got <- taken{l, err}
	}()
	pass(instant)
	return got
}

// waits is a call of Lease that must block.
func waits(t rapid.TB, ctx context.Context, q queue.Queue) <-chan taken {
	t.Helper()
	got := starts(ctx, q)
	select {
	case r := <-got:
		t.Fatalf("a lease does not wait while a run may come back: %v", r.err)
	default:
	}
	return got
}
