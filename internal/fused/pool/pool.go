// Package pool is a thread pool for phases of work that follow each other within microseconds: its
// threads wait awake for a while, as a goroutine that sleeps takes a hundred to wake.
package pool

import (
	"sync/atomic"
	"time"

	"gridsearch/internal/kernel/thread"
)

// Task is a phase of work of which every thread of a pool does its part.
type Task interface {
	// Run does the part of a thread, which is numbered from 0, the caller of Pool.Run.
	Run(thread int)
}

// Pool is threads beside their caller's. It is not safe for concurrent use.
type Pool struct {
	workers []*worker
	phase   uint32 // its number, from 1
	closed  bool
}

// New starts a pool of a number of threads, the caller's among them: of one there is nothing to
// start.
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

// Run has every thread do its part of a task, and returns when all have.
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

// patience is how long a thread waits awake.
const patience = 100 * time.Microsecond

// signal counts events for one goroutine, which waits for them awake at first, then asleep.
type signal struct {
	count  atomic.Uint32
	asleep atomic.Bool
	wakeUp chan struct{} // holds one
}

func newSignal() *signal { return &signal{wakeUp: make(chan struct{}, 1)} }

// raise is an event.
func (s *signal) raise() {
	s.count.Add(1)
	s.wake()
}

// wake wakes the goroutine that sleeps, if there is one.
func (s *signal) wake() {
	if s.asleep.Swap(false) {
		s.wakeUp <- struct{}{}
	}
}

// await waits for event number n, the one behind those that it has returned from.
func (s *signal) await(n uint32) {
	for began := time.Now(); time.Since(began) < patience; thread.Pause() {
		if s.count.Load() == n {
			return
		}
	}
	for {
		s.asleep.Store(true)
		if s.count.Load() == n && s.asleep.Swap(false) {
			return // it came meanwhile, and has woken nobody
		}
		<-s.wakeUp
		// What wakes may be late: that of an event whose number had been seen by somebody awake.
		if s.count.Load() == n {
			return
		}
	}
}
