// Package queue is where runs wait until a worker takes them.
//
// The queue is told of runs by their keys, each with bytes that say what is to be trained and that
// it does not look into. It gives each out under a lease, to one holder at a time. A lease ends in
// one of three ways, run done, run to be tried again, or run put back untouched; or it is lost: its
// time is over, or the run was dropped. How often a run is tried is its taker's decision. Nothing
// is kept here that cannot be rebuilt from the plan and the record, and nothing here is proof that
// a run is done: the record is.
//
// A queue may be at the other end of a network, so every method takes a context and may fail. After
// an error that is not one of this package's it is not known whether the call took effect. Calling
// again is harmless then: what is pushed twice waits once, and a lease that has ended already says
// so. Who gives up instead loses nothing either: the lease expires, and the run waits again.
//
// Whatever implements Queue passes the tests of package conformance.
package queue

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrEmpty ends the work: no run waits and none is leased that could come back. It is a definite
	// answer and never means that a queue could not be asked.
	ErrEmpty = errors.New("no run is left")
	// ErrLost says that a lease is no longer its holder's: it has expired or its run was dropped.
	// Somebody else may hold the run by now.
	ErrLost = errors.New("the lease of the run is lost")
	// ErrEnded says that its holder has ended a lease before.
	ErrEnded = errors.New("the lease of the run has ended already")
	// ErrClosed says that the queue is closed.
	ErrClosed = errors.New("the queue is closed")
)

// Item is a run that waits.
type Item struct {
	Key     string
	Payload []byte // what is to be trained; may be empty where takers know it by the key
}

// Queue gives out runs. Its methods may be called by several goroutines at once. All return the
// context's error when that ends, and nothing has changed if it had ended before the call.
type Queue interface {
	// Push adds runs behind those that wait, in their order. One whose key waits or is leased
	// already stays as it is, in its place and with its payload: keys name contents. One that is
	// done or dropped may be pushed again, and begins with attempt 1.
	Push(ctx context.Context, items ...Item) error

	// Lease takes the next run. While none waits but some are leased, it blocks, as one may come
	// back. It returns ErrEmpty at the end of the work.
	Lease(ctx context.Context) (Lease, error)

	// Drop takes runs off the queue that are no longer wanted. Whoever holds one learns it from
	// ErrLost. Keys that the queue does not have are none to drop.
	Drop(ctx context.Context, keys ...string) error

	// Close gives up what the queue holds in this process. Afterwards, and where they block at the
	// time, all methods of the queue and of its leases return ErrClosed; Close itself does nothing
	// more.
	Close() error
}

// Lease is the right to work on a run. It lasts as long as whoever opened the queue has said, and
// is lost after that unless it is extended: the run then is the next one, and the attempt counts.
// Done, Retry and Release end it. Methods return ErrLost once it is lost and ErrEnded once it has
// ended, and do nothing.
type Lease interface {
	Key() string
	// Payload is the caller's own copy.
	Payload() []byte
	// Attempt counts from 1.
	Attempt() int
	// Done takes the run off the queue. It comes after the record of how the run ended.
	Done(ctx context.Context) error
	// Retry puts the run back as the next one; its next attempt has the next number.
	Retry(ctx context.Context) error
	// Release puts the run back as the next one without counting the attempt.
	Release(ctx context.Context) error
	// Extend lets the lease last for at least d from now. It never shortens one, so 0 asks whether
	// it is still held.
	Extend(ctx context.Context, d time.Duration) error
}
