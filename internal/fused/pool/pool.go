// Package pool is a thread pool for phases of work that follow each other within microseconds: its
// threads spin for a while before they sleep, as a sleeping goroutine takes a hundred microseconds
// to wake.
package pool

import (
	"sync/atomic"
	"time"

	"gridsearch/internal/kernel/thread"
)

// Task is a phase of work that is divided among the threads of a pool.
type Task interface {
	// Run does the part of a thread; thread 0 is the caller of Pool.Run.
	Run(thread int)
}

// Pool is a number of threads besides their caller's. It is not safe for concurrent use.
type Pool struct {
	workers []*worker
	phase   uint32 // its number, from 1
	closed  bool
}

// New starts a pool of a number of threads, the caller's included: a pool of one starts none.
func New(threads int) *Pool {
	p := &Pool{}
	for i := range threads - 1 {
		w := &worker{number: i + 1, begin: newSignal(), done: newSignal()}
		p.workers = append(p.workers, w)
		go w.work()
	}
	return p
}

// Close ends the threads, between two phases; a pool may be closed again.
func (p *Pool) Close() {
	if p.closed {
		return
	}
	p.closed = true
	for _, w := range p.workers {
		w.begin.raise()
	}
}

// Run has every thread do its part of a task, and returns when all are done.
func (p *Pool) Run(task Task) {
	if p.closed {
		panic("pool: it is closed")
	}
	p.phase++
	for _, w := range p.workers {
		w.task = task
		w.begin.raise()
	}
	task.Run(0)
	for _, w := range p.workers {
		w.done.await(p.phase)
	}
}

// worker is a thread of a pool.
type worker struct {
	number      int
	begin, done *signal
	task        Task // nil: the end
}

func (w *worker) work() {
	for phase := uint32(1); ; phase++ {
		w.begin.await(phase)
		if w.task == nil {
			return
		}
		w.run()
		w.task = nil
		w.done.raise()
	}
}

func (w *worker) run() {
	defer thread.FlushDenormals()()
	w.task.Run(w.number)
}

// patience is how long a thread spins before it sleeps.
const patience = 100 * time.Microsecond

// signal counts events for one goroutine, which waits for them spinning at first, then asleep.
type signal struct {
	count  atomic.Uint32
	asleep atomic.Bool
	wakeUp chan struct{} // holds one
}

func newSignal() *signal { return &signal{wakeUp: make(chan struct{}, 1)} }

// raise counts one event and wakes the waiting goroutine.
func (s *signal) raise() {
	s.count.Add(1)
	s.wake()
}

// wake wakes the goroutine if it sleeps.
func (s *signal) wake() {
	if s.asleep.Swap(false) {
		s.wakeUp <- struct{}{}
	}
}

// await waits for event number n, the one after those that it has returned from.
func (s *signal) await(n uint32) {
	for began := time.Now(); time.Since(began) < patience; thread.Pause() {
		if s.count.Load() == n {
			return
		}
	}
	for {
		s.asleep.Store(true)
		if s.count.Load() == n && s.asleep.Swap(false) {
			return // the event came in between, without a wake-up
		}
		<-s.wakeUp
		// A wake-up may be stale: that of an event whose number the spinning goroutine had already
		// seen.
		if s.count.Load() == n {
			return
		}
	}
}
