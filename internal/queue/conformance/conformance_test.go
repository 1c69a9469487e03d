package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gridsearch/internal/queue"

	"pgregory.net/rapid"
)

// broken is a sound queue with one fault. What is nil is sound.
type broken struct {
	queue.Queue
	push     func(q queue.Queue, ctx context.Context, items []queue.Item) error
	take     func(q queue.Queue, ctx context.Context) (queue.Lease, error)
	drop     func(q queue.Queue, ctx context.Context, keys []string) error
	close    func(q queue.Queue) error
	given    func(q queue.Queue, l queue.Lease) brokenLease
	eternity bool // leases last for ever
}

func (b broken) Push(ctx context.Context, items ...queue.Item) error {
	if b.push != nil {
		return b.push(b.Queue, ctx, items)
	}
	return b.Queue.Push(ctx, items...)
}

func (b broken) Lease(ctx context.Context) (l queue.Lease, err error) {
	if b.take != nil {
		l, err = b.take(b.Queue, ctx)
	} else {
		l, err = b.Queue.Lease(ctx)
	}
	if err != nil || b.given == nil {
		return l, err
	}
	given := b.given(b.Queue, l)
	given.Lease = l
	return given, nil
}

func (b broken) Drop(ctx context.Context, keys ...string) error {
	if b.drop != nil {
		return b.drop(b.Queue, ctx, keys)
	}
	return b.Queue.Drop(ctx, keys...)
}

func (b broken) Close() error {
	if b.close != nil {
		return b.close(b.Queue)
	}
	return b.Queue.Close()
}

// brokenLease has other ends for those that are not nil.
type brokenLease struct {
	queue.Lease
	payload              []byte
	done, retry, release func(context.Context) error
	extend               func(context.Context, time.Duration) error
}

func (l brokenLease) Payload() []byte {
	if l.payload != nil {
		return l.payload
	}
	return l.Lease.Payload()
}

func either(ctx context.Context, one, other func(context.Context) error) error {
	if one != nil {
		return one(ctx)
	}
	return other(ctx)
}

func (l brokenLease) Done(ctx context.Context) error {
	return either(ctx, l.done, l.Lease.Done)
}
func (l brokenLease) Retry(ctx context.Context) error {
	return either(ctx, l.retry, l.Lease.Retry)
}
func (l brokenLease) Release(ctx context.Context) error {
	return either(ctx, l.release, l.Lease.Release)
}
func (l brokenLease) Extend(ctx context.Context, d time.Duration) error {
	if l.extend != nil {
		return l.extend(ctx, d)
	}
	return l.Lease.Extend(ctx, d)
}

// unless ends a lease and takes some error for none.
func unless(end func(context.Context) error, not error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := end(ctx); !errors.Is(err, not) {
			return err
		}
		return nil
	}
}

// now is a lease, or context.DeadlineExceeded where it would block.
func now(q queue.Queue) (queue.Lease, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 1)
	defer cancel()
	return q.Lease(ctx)
}

// twice gives every run to two, one after the other.
func twice() func(queue.Queue, context.Context) (queue.Lease, error) {
	var mutex sync.Mutex
	var last queue.Lease
	return func(q queue.Queue, ctx context.Context) (queue.Lease, error) {
		mutex.Lock()
		l := last
		last = nil
		mutex.Unlock()
		if l != nil {
			return l, nil
		}
		l, err := q.Lease(ctx)
		mutex.Lock()
		last = l
		mutex.Unlock()
		return l, err
	}
}

// sleepy looks once and then sleeps until the context ends.
func sleepy(q queue.Queue, ctx context.Context) (queue.Lease, error) {
	l, err := now(q)
	if errors.Is(err, context.DeadlineExceeded) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return l, err
}

// hasty takes a queue whose runs are all leased for an empty one.
func hasty(q queue.Queue, ctx context.Context) (queue.Lease, error) {
	l, err := now(q)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, queue.ErrEmpty
	}
	return l, err
}

// orphans goes on waiting for a caller that has gone, and keeps what comes.
func orphans(q queue.Queue, ctx context.Context) (queue.Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	got := make(chan taken, 1)
	go func() {
		l, err := q.Lease(context.Background())
		got <- taken{l, err}
	}()
	select {
	case r := <-got:
		return r.lease, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// shared gives the pushed bytes themselves to whoever leases.
func shared() broken {
	var mutex sync.Mutex
	payloads := map[string][]byte{}
	return broken{push: func(q queue.Queue, ctx context.Context, items []queue.Item) error {
		mutex.Lock()
		defer mutex.Unlock()
		for _, i := range items {
			if payloads[i.Key] == nil {
				payloads[i.Key] = i.Payload
			}
		}
		return q.Push(ctx, items...)
	}, given: func(_ queue.Queue, l queue.Lease) brokenLease {
		mutex.Lock()
		defer mutex.Unlock()
		return brokenLease{payload: payloads[l.Key()]}
	}}
}

// ofLease has one fault of its leases.
func ofLease(given func(q queue.Queue, l queue.Lease) brokenLease) func() broken {
	return func() broken { return broken{given: given} }
}

// faults are queues by what is wrong with them, and a check that finds it.
var faults = []struct {
	name   string
	broken func() broken
	found  string
}{
	{"loses a run that is tried again", ofLease(func(_ queue.Queue, l queue.Lease) brokenLease {
		return brokenLease{retry: l.Done}
	}), "order"},
	{"puts a run that is tried again behind", ofLease(func(q queue.Queue,
		l queue.Lease) brokenLease {
		return brokenLease{retry: func(ctx context.Context) error {
			return errors.Join(l.Done(ctx), q.Push(ctx, items(l.Key())...))
		}}
	}), "order"},
	{"does not count a try", ofLease(func(_ queue.Queue, l queue.Lease) brokenLease {
		return brokenLease{retry: l.Release}
	}), "attempts"},
	{"counts what was put back", ofLease(func(_ queue.Queue, l queue.Lease) brokenLease {
		return brokenLease{release: l.Retry}
	}), "attempts"},
	{"gives a run twice", func() broken { return broken{take: twice()} }, "many workers"},
	{"wakes nobody", func() broken { return broken{take: sleepy} }, "wakes whoever waits"},
	{"is empty too early", func() broken { return broken{take: hasty} },
		"waits for what may come back"},
	{"takes runs for whoever has gone", func() broken { return broken{take: orphans} }, "contexts"},
	{"shares payloads", shared, "payloads"},
	{"forgets holders that are gone", func() broken { return broken{eternity: true} }, "expiry"},
	{"does not extend", ofLease(func(_ queue.Queue, l queue.Lease) brokenLease {
		return brokenLease{extend: func(ctx context.Context, _ time.Duration) error {
			return l.Extend(ctx, 0)
		}}
	}), "extension"},
	{"hides that a lease is lost", ofLease(func(_ queue.Queue, l queue.Lease) brokenLease {
		return brokenLease{done: unless(l.Done, queue.ErrLost)}
	}), "expiry"},
	{"lets a lost lease end another's", ofLease(func(q queue.Queue, l queue.Lease) brokenLease {
		return brokenLease{done: func(ctx context.Context) error {
			err := l.Done(ctx)
			if errors.Is(err, queue.ErrLost) {
				_ = q.Drop(ctx, l.Key())
			}
			return err
		}}
	}), "expiry"},
	{"lets a lease end twice", ofLease(func(_ queue.Queue, l queue.Lease) brokenLease {
		return brokenLease{release: unless(l.Release, queue.ErrEnded)}
	}), "leases end once"},
	{"takes a known run for a new one", func() broken {
		return broken{push: func(q queue.Queue, ctx context.Context, items []queue.Item) error {
			for _, i := range items {
				if err := errors.Join(q.Drop(ctx, i.Key), q.Push(ctx, i)); err != nil {
					return err
				}
			}
			return nil
		}}
	}, "keys that are there already"},
	{"pushes for whoever has gone", func() broken {
		return broken{push: func(q queue.Queue, ctx context.Context, items []queue.Item) error {
			return errors.Join(q.Push(context.WithoutCancel(ctx), items...), ctx.Err())
		}}
	}, "contexts"},
	{"drops one run alone", func() broken {
		return broken{drop: func(q queue.Queue, ctx context.Context, keys []string) error {
			return q.Drop(ctx, keys[0])
		}}
	}, "dropped runs"},
	{"does not close", func() broken {
		return broken{close: func(queue.Queue) error { return nil }}
	}, "closed"},
}

// recorder takes what a check says and lets the test go on.
type recorder struct {
	mutex sync.Mutex
	said  []string
}

func (r *recorder) Helper()                        {}
func (r *recorder) Name() string                   { return "recorder" }
func (r *recorder) Logf(string, ...any)            {}
func (r *recorder) Log(...any)                     {}
func (r *recorder) Skipf(string, ...any)           { runtime.Goexit() }
func (r *recorder) Skip(...any)                    { runtime.Goexit() }
func (r *recorder) SkipNow()                       { runtime.Goexit() }
func (r *recorder) Errorf(form string, a ...any)   { r.say(fmt.Sprintf(form, a...)) }
func (r *recorder) Error(a ...any)                 { r.say(fmt.Sprint(a...)) }
func (r *recorder) Fatalf(format string, a ...any) { r.Errorf(format, a...); runtime.Goexit() }
func (r *recorder) Fatal(a ...any)                 { r.Error(a...); runtime.Goexit() }
func (r *recorder) FailNow()                       { r.Fail(); runtime.Goexit() }
func (r *recorder) Fail()                          { r.say("failed") }
func (r *recorder) Failed() bool                   { return len(r.all()) > 0 }

func (r *recorder) say(text string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.said = append(r.said, text)
}

func (r *recorder) all() []string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.said)
}

// TestFaults: the suite rejects a queue with any of the faults, by the check that is made for it,
// and finds nothing in the same wrapper without one. The model alone finds most of them.
func TestFaults(t *testing.T) {
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		t.Fatal(err)
	}
	byModel := 0
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			found := found(t, f.broken)
			if found[f.found] == "" {
				t.Errorf("the check %q does not find it; found is %v", f.found, found)
			}
			if found["against a model"] != "" {
				byModel++
			}
		})
	}
	if byModel < len(faults)/2 {
		t.Errorf("the model finds %d of %d faults", byModel, len(faults))
	}
	if found := found(t, func() broken { return broken{} }); len(found) > 0 {
		t.Errorf("in a sound queue the suite finds %v", found)
	}
}

// found is what each check that rejects a queue says first.
func found(t *testing.T, new func() broken) map[string]string {
	found := map[string]string{}
	for _, c := range checks {
		synctest.Test(t, func(*testing.T) {
			var r recorder
			var wait sync.WaitGroup
			wait.Go(func() { // which a fatal error ends
				c.run(&r, func(lease time.Duration) queue.Queue {
					b := new()
					if b.eternity {
						lease = 0
					}
					b.Queue = queue.NewMemory(lease)
					return b
				})
			})
			wait.Wait()
			if said := r.all(); len(said) > 0 {
				found[c.name] = said[0]
			}
		})
	}
	return found
}

var _ rapid.TB = (*recorder)(nil)
