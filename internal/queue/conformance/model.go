package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"gridsearch/internal/queue"

	"pgregory.net/rapid"
)

// model is a queue in its simplest form, beside the one that is tested: a slice of what waits, and
// every lease that was ever given.
type model struct {
	queue    queue.Queue
	lasts    time.Duration
	waiting  []string
	tried    map[string]int
	payloads map[string][]byte
	leases   []*modelLease
}

type modelLease struct {
	queue.Lease
	key   string
	until time.Time
	over  error
}

// againstModel does anything in any order, and holds every answer against the model's.
func againstModel(t rapid.TB, open Open) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{lasts: rapid.SampledFrom([]time.Duration{0, lasts}).Draw(t, "lease"),
			tried: map[string]int{}, payloads: map[string][]byte{}}
		m.queue = open(m.lasts)
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) { m.step() }, "push": m.push, "lease": m.lease, "drop": m.drop,
			"done": m.done, "retry": m.retry, "release": m.release, "extend": m.extend,
			"time":      func(t *rapid.T) { pass(m.seconds(t)) },
			"cancelled": m.cancelled,
		})
	})
}

// step comes before every action. Its moment keeps any two leases from ending at the same time,
// since all other times are whole seconds.
func (m *model) step() {
	pass(moment)
	for {
		var first *modelLease
		for _, l := range m.leases {
			if l.over == nil && !l.until.IsZero() && l.until.Before(time.Now()) &&
				(first == nil || l.until.Before(first.until)) {
				first = l
			}
		}
		if first == nil {
			return
		}
		first.over = queue.ErrLost
		m.waiting = slices.Insert(m.waiting, 0, first.key)
	}
}

func (m *model) seconds(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second
}

func (m *model) key(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "key")
}

// holder is who holds a run.
func (m *model) holder(key string) *modelLease {
	for _, l := range m.leases {
		if l.key == key && l.over == nil {
			return l
		}
	}
	return nil
}

func (m *model) push(t *rapid.T) {
	var list []queue.Item
	for range rapid.IntRange(1, 3).Draw(t, "runs") {
		i := queue.Item{Key: m.key(t), Payload: rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "payload")}
		list = append(list, i)
		if !slices.Contains(m.waiting, i.Key) && m.holder(i.Key) == nil {
			m.waiting = append(m.waiting, i.Key)
			m.tried[i.Key], m.payloads[i.Key] = 0, i.Payload
		}
	}
	must(t, m.queue.Push(ctx, list...))
}

func (m *model) lease(t *rapid.T) {
	ctx, cancel := context.WithTimeout(ctx, instant)
	defer cancel()
	l, err := m.queue.Lease(ctx)
	if len(m.waiting) == 0 {
		want := queue.ErrEmpty
		if slices.ContainsFunc(m.leases, func(l *modelLease) bool { return l.over == nil }) {
			want = context.DeadlineExceeded
		}
		if !errors.Is(err, want) {
			t.Fatalf("a lease where none waits: %v, want %v", err, want)
		}
		return
	}
	must(t, err)
	key := m.waiting[0]
	m.waiting = m.waiting[1:]
	m.tried[key]++
	if l.Key() != key || l.Attempt() != m.tried[key] || !bytes.Equal(l.Payload(), m.payloads[key]) {
		t.Fatalf("leased %s, attempt %d, with %x; want %s, attempt %d, with %x", l.Key(), l.Attempt(),
			l.Payload(), key, m.tried[key], m.payloads[key])
	}
	given := &modelLease{Lease: l, key: key}
	if m.lasts > 0 {
		given.until = time.Now().Add(m.lasts)
	}
	m.leases = append(m.leases, given)
}

func (m *model) drop(t *rapid.T) {
	key := m.key(t)
	must(t, m.queue.Drop(ctx, key))
	m.waiting = slices.DeleteFunc(m.waiting, func(k string) bool { return k == key })
	if l := m.holder(key); l != nil {
		l.over = queue.ErrLost
	}
}

// any is one of the leases, held or not, whose answer is held against the model.
func (m *model) any(t *rapid.T, do func(*modelLease) error) (l *modelLease, held bool) {
	if len(m.leases) == 0 {
		t.Skip("no lease")
	}
	l = rapid.SampledFrom(m.leases).Draw(t, "lease")
	if err := do(l); !errors.Is(err, l.over) {
		t.Fatalf("lease of %s: %v, want %v", l.key, err, l.over)
	}
	return l, l.over == nil
}

func (m *model) done(t *rapid.T) {
	if l, held := m.any(t, func(l *modelLease) error { return l.Done(ctx) }); held {
		l.over = queue.ErrEnded
	}
}

func (m *model) retry(t *rapid.T) {
	if l, held := m.any(t, func(l *modelLease) error { return l.Retry(ctx) }); held {
		l.over = queue.ErrEnded
		m.waiting = slices.Insert(m.waiting, 0, l.key)
	}
}

func (m *model) release(t *rapid.T) {
	if l, held := m.any(t, func(l *modelLease) error { return l.Release(ctx) }); held {
		l.over = queue.ErrEnded
		m.waiting = slices.Insert(m.waiting, 0, l.key)
		m.tried[l.key]--
	}
}

func (m *model) extend(t *rapid.T) {
	d := m.seconds(t)
	l, held := m.any(t, func(l *modelLease) error { return l.Extend(ctx, d) })
	if until := time.Now().Add(d); held && !l.until.IsZero() && until.After(l.until) {
		l.until = until
	}
}

// cancelled calls change nothing.
func (m *model) cancelled(t *rapid.T) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	is(t, "push", m.queue.Push(ctx, items(m.key(t))...), context.Canceled)
	is(t, "drop", m.queue.Drop(ctx, m.key(t)), context.Canceled)
	for _, l := range m.leases {
		refuses(t, "a lease", l, ctx, context.Canceled)
	}
}

// crowd is what workers of one queue have done, all at once.
type crowd struct {
	rapid.TB
	queue queue.Queue
	mutex sync.Mutex
	turns map[string]int // leases of each run
	held  map[string]int // of those, by a worker who is on time
	done  map[string]int
}

// manyWorkers has workers end runs in every way, and some stop until their leases are lost. Every
// run is done once, nobody shares one, and all leave at the end.
func manyWorkers(t rapid.TB, open Open) {
	const runs, workers = 60, 8
	c := &crowd{TB: t, queue: open(lasts), turns: map[string]int{}, held: map[string]int{},
		done: map[string]int{}}
	for i := range runs {
		must(t, c.queue.Push(ctx, items(fmt.Sprint("run ", i))...))
	}
	var wait sync.WaitGroup
	for range workers {
		wait.Go(c.work)
	}
	wait.Wait()
	synctest.Wait()
	for i := range runs {
		if key := fmt.Sprint("run ", i); c.done[key] != 1 {
			t.Errorf("%s is done %d times", key, c.done[key])
		}
	}
}

func (c *crowd) work() {
	ctx, cancel := soon()
	defer cancel()
	for {
		l, err := c.queue.Lease(ctx)
		if errors.Is(err, queue.ErrEmpty) {
			return
		}
		if err != nil {
			c.Errorf("a worker ends with %v", err)
			return
		}
		c.turn(l)
	}
}

// turn ends a lease in a way that the run and its turn decide.
func (c *crowd) turn(l queue.Lease) {
	turn := c.begin(l.Key())
	way := (turn + len(l.Key())) % 5
	switch {
	case turn > 8 || way == 0:
		time.Sleep(lasts / 2)
		is(c, "extend", l.Extend(ctx, lasts), nil)
		time.Sleep(lasts / 2)
		c.end(l.Key(), true)
		is(c, "done", l.Done(ctx), nil)
	case way == 1:
		c.end(l.Key(), false)
		is(c, "retry", l.Retry(ctx), nil)
	case way == 2:
		time.Sleep(lasts / 3)
		c.end(l.Key(), false)
		is(c, "release", l.Release(ctx), nil)
	default: // its holder stops for too long
		c.end(l.Key(), false)
		time.Sleep(lasts + moment)
		is(c, "done, too late", l.Done(ctx), queue.ErrLost)
	}
}

func (c *crowd) begin(key string) (turn int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.held[key]++; c.held[key] > 1 {
		c.Errorf("%s is leased to two", key)
	}
	c.turns[key]++
	return c.turns[key]
}

func (c *crowd) end(key string, done bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.held[key]--
	if done {
		c.done[key]++
	}
}
