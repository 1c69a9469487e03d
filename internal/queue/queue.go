// Package queue is where runs wait until a worker takes them.
//
// The queue is told of runs by their keys and gives each out under a lease. A lease ends in one of
// three ways: the run is done, it is to be tried again, or it goes back untouched. How often a run
// is tried is its taker's decision. Nothing is kept here that cannot be rebuilt from the plan and
// the record.
package queue

import (
	"context"
	"errors"
	"sync"
)

// ErrEmpty ends the work: no run waits and none is leased that could come back.
var ErrEmpty = errors.New("no run is left")

// Queue gives out runs.
type Queue interface {
	// Push adds runs behind those that wait.
	Push(keys ...string)
	// Lease takes the next run. While none waits but some are leased, it blocks, as one may come
	// back. It returns ErrEmpty at the end of the work and the context's error when that ends.
	Lease(ctx context.Context) (Lease, error)
}

// Lease is the right to work on a run. Exactly one of its methods is called, once.
type Lease interface {
	Key() string
	// Attempt counts from 1.
	Attempt() int
	// Done takes the run off the queue.
	Done()
	// Retry puts the run back as the next one; its next attempt has the next number.
	Retry()
	// Release puts the run back as the next one without counting the attempt.
	Release()
}

// Memory is a queue inside a process.
type Memory struct {
	mutex   sync.Mutex
	waiting []string
	leased  int
	tried   map[string]int
	changed chan struct{} // closed and replaced when a run comes back or the work ends
}

// NewMemory makes an empty queue.
func NewMemory() *Memory { return &Memory{tried: map[string]int{}, changed: make(chan struct{})} }

// Push adds runs.
func (q *Memory) Push(keys ...string) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.waiting = append(q.waiting, keys...)
	q.wake()
}

// wake lets everybody who waits look again. The mutex is held.
func (q *Memory) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Lease takes the next run.
func (q *Memory) Lease(ctx context.Context) (Lease, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lease, changed, err := q.next()
		if lease != nil || err != nil {
			return lease, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (q *Memory) next() (Lease, <-chan struct{}, error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if len(q.waiting) == 0 {
		if q.leased == 0 {
			return nil, nil, ErrEmpty
		}
		return nil, q.changed, nil
	}
	key := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.leased++
	q.tried[key]++
	return &lease{q, key, q.tried[key]}, nil, nil
}

type lease struct {
	queue   *Memory
	key     string
	attempt int
}

func (l *lease) Key() string  { return l.key }
func (l *lease) Attempt() int { return l.attempt }

func (l *lease) Done() { l.end(func(*Memory) {}) }

func (l *lease) Retry() {
	l.end(func(q *Memory) { q.waiting = append([]string{l.key}, q.waiting...) })
}

func (l *lease) Release() {
	l.end(func(q *Memory) {
		q.tried[l.key]--
		q.waiting = append([]string{l.key}, q.waiting...)
	})
}

func (l *lease) end(do func(*Memory)) {
	l.queue.mutex.Lock()
	defer l.queue.mutex.Unlock()
	l.queue.leased--
	do(l.queue)
	l.queue.wake()
}
