package queue

import (
	"bytes"
	"container/list"
	"context"
	"sync"
	"time"
)

// Memory is a queue inside a process. What one run costs does not grow with those that wait.
type Memory struct {
	lasts   time.Duration // of a lease; 0: for ever
	mutex   sync.Mutex
	items   map[string]*item // that wait or are leased, by their keys
	waiting list.List        // of *item, the next one first
	changed chan struct{}    // closed and replaced when a run comes back or the work ends
	closed  bool
}

// item is a run of the queue. It waits or has a holder.
type item struct {
	Item
	tried  int
	place  *list.Element
	holder *lease
}

// NewMemory makes an empty queue whose leases last for that long, or for ever with 0, where holders
// cannot be lost without the queue.
func NewMemory(lease time.Duration) *Memory {
	return &Memory{lasts: lease, items: map[string]*item{}, changed: make(chan struct{})}
}

// locked does something under the mutex, unless the context has ended or the queue is closed.
func (q *Memory) locked(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.closed {
		return ErrClosed
	}
	return do()
}

// Push adds runs.
func (q *Memory) Push(ctx context.Context, items ...Item) error {
	return q.locked(ctx, func() error {
		for _, i := range items {
			if q.items[i.Key] != nil {
				continue
			}
			i.Payload = bytes.Clone(i.Payload)
			added := &item{Item: i}
			added.place = q.waiting.PushBack(added)
			q.items[i.Key] = added
		}
		q.wake()
		return nil
	})
}

// wake lets everybody who waits look again. The mutex is held.
func (q *Memory) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Lease takes the next run.
func (q *Memory) Lease(ctx context.Context) (Lease, error) {
	for {
		var taken *lease
		var changed <-chan struct{}
		if err := q.locked(ctx, func() (err error) {
			taken, err = q.next()
			changed = q.changed
			return err
		}); err != nil {
			return nil, err
		}
		if taken != nil {
			return taken, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// next takes the next run, or none while all are leased. The mutex is held.
func (q *Memory) next() (*lease, error) {
	first := q.waiting.Front()
	switch {
	case first != nil:
		i := q.waiting.Remove(first).(*item)
		i.tried++
		i.place = nil
		i.holder = &lease{queue: q, item: i, payload: bytes.Clone(i.Payload), attempt: i.tried}
		i.holder.last(q.lasts)
		return i.holder, nil
	case len(q.items) == 0:
		return nil, ErrEmpty
	}
	return nil, nil
}

// Drop takes runs off the queue.
func (q *Memory) Drop(ctx context.Context, keys ...string) error {
	return q.locked(ctx, func() error {
		for _, key := range keys {
			i := q.items[key]
			switch {
			case i == nil:
				continue
			case i.holder != nil:
				i.holder.leave(ErrLost)
			default:
				q.waiting.Remove(i.place)
			}
			delete(q.items, key)
		}
		q.wake()
		return nil
	})
}

// Close ends the queue. Its runs are forgotten.
func (q *Memory) Close() error {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.closed {
		return nil
	}
	for _, i := range q.items {
		if i.holder != nil {
			i.holder.leave(ErrClosed)
		}
	}
	q.items = nil
	q.waiting.Init()
	q.closed = true
	q.wake()
	return nil
}

// back makes a run the next one. The mutex is held.
func (q *Memory) back(i *item) { i.place = q.waiting.PushFront(i) }

// lease is one of a Memory, whose mutex guards what may change.
type lease struct {
	queue   *Memory
	item    *item
	payload []byte
	attempt int
	over    error       // why it is no longer held
	until   time.Time   // zero: for ever
	timer   *time.Timer // that ends it then
}

func (l *lease) Key() string     { return l.item.Key }
func (l *lease) Payload() []byte { return l.payload }
func (l *lease) Attempt() int    { return l.attempt }

// last begins the lease's time. The mutex is held.
func (l *lease) last(d time.Duration) {
	if d == 0 {
		return
	}
	l.until = time.Now().Add(d)
	l.timer = time.AfterFunc(d, func() {
		l.queue.mutex.Lock()
		defer l.queue.mutex.Unlock()
		l.expire()
	})
}

// expire gives the run back if the lease's time is over. The mutex is held.
func (l *lease) expire() {
	if l.over != nil || l.until.IsZero() || time.Now().Before(l.until) {
		return // it was ended or extended meanwhile
	}
	l.leave(ErrLost)
	l.queue.back(l.item)
	l.queue.wake()
}

// leave takes the run from its holder. The mutex is held.
func (l *lease) leave(why error) {
	l.over, l.item.holder = why, nil
	if l.timer != nil {
		l.timer.Stop()
	}
}

// held does something under the mutex if the lease is still held.
func (l *lease) held(ctx context.Context, do func(*Memory)) error {
	return l.queue.locked(ctx, func() error {
		l.expire()
		if l.over == nil {
			do(l.queue)
			return nil
		}
		return l.over
	})
}

// end leaves the run to what the function does with it.
func (l *lease) end(ctx context.Context, do func(*Memory)) error {
	return l.held(ctx, func(q *Memory) {
		l.leave(ErrEnded)
		do(q)
		q.wake()
	})
}

func (l *lease) Done(ctx context.Context) error {
	return l.end(ctx, func(q *Memory) { delete(q.items, l.item.Key) })
}

func (l *lease) Retry(ctx context.Context) error {
	return l.end(ctx, func(q *Memory) { q.back(l.item) })
}

func (l *lease) Release(ctx context.Context) error {
	return l.end(ctx, func(q *Memory) {
		l.item.tried--
		q.back(l.item)
	})
}

func (l *lease) Extend(ctx context.Context, d time.Duration) error {
	return l.held(ctx, func(*Memory) {
		until := time.Now().Add(d)
		if l.timer != nil && until.After(l.until) {
			l.until = until
			l.timer.Reset(d)
		}
	})
}
