package conformance

import (
	"bytes"
	"context"
	"errors"
	"time"

	"gridsearch/internal/queue"

	"pgregory.net/rapid"
)

var ctx = context.Background()

// is holds an error against the one that must come.
func is(t rapid.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// empty says that the work is at its end.
func empty(t rapid.TB, q queue.Queue) {
	t.Helper()
	ctx, cancel := soon()
	defer cancel()
	_, err := q.Lease(ctx)
	is(t, "a lease of an empty queue", err, queue.ErrEmpty)
}

func order(t rapid.TB, open Open) {
	q := filled(t, open, 0, "a", "b")
	must(t, q.Push(ctx, items("c", "d")...))
	must(t, take(t, q, "a", 1).Done(ctx))
	b, c := take(t, q, "b", 1), take(t, q, "c", 1)
	must(t, b.Retry(ctx))
	must(t, c.Release(ctx)) // in front of b
	must(t, q.Push(ctx, items("e")...))
	must(t, take(t, q, "c", 1).Done(ctx))
	must(t, take(t, q, "b", 2).Done(ctx))
	must(t, take(t, q, "d", 1).Done(ctx))
	must(t, take(t, q, "e", 1).Done(ctx))
	empty(t, q)
	empty(t, open(0))
}

func attempts(t rapid.TB, open Open) {
	q := filled(t, open, lasts, "a", "b")
	must(t, take(t, q, "a", 1).Retry(ctx))
	must(t, take(t, q, "a", 2).Release(ctx))
	take(t, q, "a", 2)
	pass(lasts + moment)
	must(t, take(t, q, "a", 3).Done(ctx))
	must(t, q.Push(ctx, items("a")...))
	must(t, take(t, q, "b", 1).Done(ctx))
	must(t, take(t, q, "a", 1).Done(ctx))
}

// payloads: they arrive as they were, and nobody alters another's.
func payloads(t rapid.TB, open Open) {
	q := open(0)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	pushed := bytes.Clone(all)
	must(t, q.Push(ctx, queue.Item{Key: "a", Payload: pushed}, queue.Item{Key: "b"}))
	clear(pushed)
	for attempt := 1; attempt <= 2; attempt++ {
		l := take(t, q, "a", attempt)
		if !bytes.Equal(l.Payload(), all) {
			t.Errorf("attempt %d has the payload %x", attempt, l.Payload())
		}
		clear(l.Payload())
		must(t, l.Retry(ctx))
	}
	must(t, take(t, q, "a", 3).Done(ctx))
	if p := take(t, q, "b", 1).Payload(); len(p) > 0 {
		t.Errorf("a run without payload has %x", p)
	}
}

// again: pushing what waits or is leased changes nothing.
func again(t rapid.TB, open Open) {
	q := open(0)
	must(t, q.Push(ctx, queue.Item{Key: "a", Payload: []byte("first")}, queue.Item{Key: "b"}))
	must(t, q.Push(ctx, queue.Item{Key: "b"}, queue.Item{Key: "a", Payload: []byte("second")},
		queue.Item{Key: "c"}, queue.Item{Key: "c"}))
	a := take(t, q, "a", 1)
	if string(a.Payload()) != "first" {
		t.Errorf("a has the payload %s", a.Payload())
	}
	must(t, q.Push(ctx, items("a")...))
	must(t, take(t, q, "b", 1).Done(ctx))
	must(t, take(t, q, "c", 1).Done(ctx))
	got := waits(t, ctx, q)
	must(t, a.Done(ctx))
	is(t, "a lease after that", (<-got).err, queue.ErrEmpty)
}

func blocks(t rapid.TB, open Open) {
	for attempt, back := range map[int]func(queue.Lease) error{
		1: func(l queue.Lease) error { return l.Release(ctx) },
		2: func(l queue.Lease) error { return l.Retry(ctx) },
	} {
		q := filled(t, open, 0, "a")
		l := take(t, q, "a", 1)
		got := waits(t, ctx, q)
		must(t, back(l))
		r := <-got
		must(t, r.err)
		if r.lease.Key() != "a" || r.lease.Attempt() != attempt {
			t.Errorf("got %s, attempt %d, want a, attempt %d", r.lease.Key(), r.lease.Attempt(), attempt)
		}
	}
}

// wakes: whoever waits gets what is pushed, and each of several one of those that come back.
func wakes(t rapid.TB, open Open) {
	q := filled(t, open, 0, "a", "b")
	a, b := take(t, q, "a", 1), take(t, q, "b", 1)
	one, two, three := waits(t, ctx, q), waits(t, ctx, q), waits(t, ctx, q)
	must(t, a.Retry(ctx))
	must(t, q.Push(ctx, items("c")...))
	must(t, b.Retry(ctx))
	found := map[string]bool{}
	for _, got := range []<-chan taken{one, two, three} {
		r := <-got
		must(t, r.err)
		found[r.lease.Key()] = true
	}
	if len(found) != 3 {
		t.Errorf("three who waited have %v", found)
	}
}

func ends(t rapid.TB, open Open) {
	q := filled(t, open, 0, "a")
	l := take(t, q, "a", 1)
	one, two := waits(t, ctx, q), waits(t, ctx, q)
	must(t, l.Done(ctx))
	is(t, "one who waited", (<-one).err, queue.ErrEmpty)
	is(t, "another", (<-two).err, queue.ErrEmpty)
}

// methods are all that a lease may refuse.
var methods = map[string]func(queue.Lease, context.Context) error{
	"done":    queue.Lease.Done,
	"retry":   queue.Lease.Retry,
	"release": queue.Lease.Release,
	"extend": func(l queue.Lease, ctx context.Context) error {
		return l.Extend(ctx, lasts)
	},
}

// refuses has every method of a lease give that error.
func refuses(t rapid.TB, what string, l queue.Lease, ctx context.Context, want error) {
	t.Helper()
	for name, method := range methods {
		is(t, name+" of "+what, method(l, ctx), want)
	}
}

// once: what has ended is ended, whatever becomes of its run.
func once(t rapid.TB, open Open) {
	for name, end := range methods {
		if name == "extend" {
			continue
		}
		q := filled(t, open, lasts, "a", "b")
		l := take(t, q, "a", 1)
		must(t, end(l, ctx))
		refuses(t, "a lease after "+name, l, ctx, queue.ErrEnded)
		if name == "done" {
			must(t, q.Push(ctx, items("a")...))
			must(t, take(t, q, "b", 1).Done(ctx))
		}
		next, err := q.Lease(ctx)
		must(t, err)
		refuses(t, "a lease whose run another holds, after "+name, l, ctx, queue.ErrEnded)
		pass(lasts - moment)
		must(t, next.Done(ctx))
		pass(lasts)
		refuses(t, "a lease whose time is over, after "+name, l, ctx, queue.ErrEnded)
	}
}

// expires: the run of a holder who is gone is given to another, and the first is told.
func expires(t rapid.TB, open Open) {
	q := filled(t, open, lasts, "a", "b")
	first, b := take(t, q, "a", 1), take(t, q, "b", 1)
	must(t, b.Extend(ctx, 10*lasts))
	pass(lasts - moment)
	got := waits(t, ctx, q)
	pass(2 * moment)
	r := <-got
	must(t, r.err)
	if r.lease.Key() != "a" || r.lease.Attempt() != 2 {
		t.Fatalf("after the lease's time there is %s, attempt %d", r.lease.Key(), r.lease.Attempt())
	}
	refuses(t, "a lost lease", first, ctx, queue.ErrLost)
	must(t, r.lease.Done(ctx))
	refuses(t, "a lost lease whose run is done", first, ctx, queue.ErrLost)
	must(t, b.Done(ctx))
	empty(t, q)

	q = filled(t, open, lasts, "a", "b")
	first = take(t, q, "a", 1)
	pass(lasts + moment)
	refuses(t, "a lost lease whose run waits", first, ctx, queue.ErrLost)
	must(t, take(t, q, "a", 2).Done(ctx))
}

// extends: a lease lasts from its extension on, and is not shortened.
func extends(t rapid.TB, open Open) {
	q := filled(t, open, lasts, "a")
	l := take(t, q, "a", 1)
	for range 3 {
		pass(lasts - moment)
		must(t, l.Extend(ctx, lasts))
	}
	must(t, l.Extend(ctx, 0))
	must(t, l.Extend(ctx, moment))
	pass(lasts - moment)
	waiting := waits(t, ctx, q)
	must(t, l.Extend(ctx, 3*lasts))
	pass(2 * lasts)
	must(t, l.Extend(ctx, 0))
	pass(lasts + moment)
	is(t, "extending what is lost", l.Extend(ctx, lasts), queue.ErrLost)
	r := <-waiting
	must(t, r.err)
	if r.lease.Attempt() != 2 {
		t.Errorf("after the extended time there is attempt %d", r.lease.Attempt())
	}
}

func forever(t rapid.TB, open Open) {
	q := filled(t, open, 0, "a")
	l := take(t, q, "a", 1)
	must(t, l.Extend(ctx, moment))
	pass(10 * patient)
	waits(t, ctx, q)
	must(t, l.Done(ctx))
}

func drops(t rapid.TB, open Open) {
	q := filled(t, open, lasts, "a", "b", "c", "d")
	must(t, q.Drop(ctx, "b", "nobody"))
	a, c := take(t, q, "a", 1), take(t, q, "c", 1)
	must(t, q.Drop(ctx, "a", "d"))
	refuses(t, "a lease whose run was dropped", a, ctx, queue.ErrLost)
	got := waits(t, ctx, q)
	must(t, q.Drop(ctx, "c"))
	is(t, "a lease that waits for dropped runs", (<-got).err, queue.ErrEmpty)
	must(t, q.Push(ctx, items("a")...))
	next := take(t, q, "a", 1)
	refuses(t, "a lease of the time before", a, ctx, queue.ErrLost)
	must(t, next.Done(ctx))
	pass(lasts + moment)
	refuses(t, "a lease whose run was dropped long ago", c, ctx, queue.ErrLost)
	empty(t, q)
}

// contexts: one that has ended changes nothing, and one that ends lets go.
func contexts(t rapid.TB, open Open) {
	over, cancel := context.WithCancel(ctx)
	cancel()
	q := filled(t, open, lasts, "a")
	is(t, "push", q.Push(over, items("b")...), context.Canceled)
	is(t, "drop", q.Drop(over, "a"), context.Canceled)
	_, err := q.Lease(over)
	is(t, "lease", err, context.Canceled)
	a := take(t, q, "a", 1)
	refuses(t, "a lease under a cancelled context", a, over, context.Canceled)

	ending, cancel := context.WithCancel(ctx)
	got := waits(t, ending, q)
	cancel()
	is(t, "a lease that waits", (<-got).err, context.Canceled)
	ending, cancel = context.WithTimeout(ctx, moment)
	defer cancel()
	got = waits(t, ending, q)
	pass(moment)
	is(t, "a lease that waits", (<-got).err, context.DeadlineExceeded)
	must(t, a.Retry(ctx))
	pass(instant)
	must(t, take(t, q, "a", 2).Done(ctx)) // whoever has gone has taken nothing along
	empty(t, q)
}

func closes(t rapid.TB, open Open) {
	for _, lease := range []time.Duration{0, lasts} {
		q := filled(t, open, lease, "a", "b")
		a, b := take(t, q, "a", 1), take(t, q, "b", 1)
		must(t, b.Retry(ctx))
		b = take(t, q, "b", 2)
		got := waits(t, ctx, q)
		must(t, q.Close())
		is(t, "a lease that waits", (<-got).err, queue.ErrClosed)
		must(t, q.Close())
		refuses(t, "a closed queue's lease", a, ctx, queue.ErrClosed)
		pass(lasts + moment)
		refuses(t, "a closed queue's lease", b, ctx, queue.ErrClosed)
		is(t, "push", q.Push(ctx, items("c")...), queue.ErrClosed)
		is(t, "drop", q.Drop(ctx, "a"), queue.ErrClosed)
		_, err := q.Lease(ctx)
		is(t, "lease", err, queue.ErrClosed)
	}
}
