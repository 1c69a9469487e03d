package engine

import (
	"sync/atomic"
	"time"

	"gridsearch/internal/kernel"
)

// crew is the threads of an engine beside the first. They live as long as the engine, as the phases
// of a step follow each other within microseconds and a goroutine that sleeps takes a hundred to
// wake up.
type crew struct {
	mates []*mate
	turn  uint32 // number of the phase
}

func newCrew(mates int) *crew {
	c := &crew{}
	for range mates {
		m := &mate{begin: newSignal(), done: newSignal()}
		c.mates = append(c.mates, m)
		go m.work()
	}
	return c
}

// dismiss ends the threads, which wait for a phase.
func (c *crew) dismiss() {
	for _, m := range c.mates {
		m.begin.raise()
	}
}

// mate is one of the crew.
type mate struct {
	begin, done *signal
	task        task // none: the end. A mate that waits has none, so that it keeps no engine alive.
}

// task is a worker's part of a phase.
type task struct {
	phase    func(w *Worker, from, to int)
	worker   *Worker
	from, to int
}

func (t task) run() {
	defer kernel.FlushDenormals()()
	t.phase(t.worker, t.from, t.to)
}

func (m *mate) work() {
	for turn := uint32(1); ; turn++ {
		m.begin.await(turn)
		if m.task.phase == nil {
			return
		}
		m.task.run()
		m.task = task{}
		m.done.raise()
	}
}

// patience is how long a thread waits awake.
const patience = 100 * time.Microsecond

// signal counts events for one goroutine, which waits for them awake at first, then asleep.
type signal struct {
	count  atomic.Uint32
	asleep atomic.Bool
	wake   chan struct{} // holds one
}

func newSignal() *signal { return &signal{wake: make(chan struct{}, 1)} }

// raise is an event.
func (s *signal) raise() {
	s.count.Add(1)
	s.rouse()
}

// rouse wakes the goroutine that sleeps, if there is one.
func (s *signal) rouse() {
	if s.asleep.Swap(false) {
		s.wake <- struct{}{}
	}
}

// await waits for event number n, the one behind those that it has returned from.
func (s *signal) await(n uint32) {
	for began := time.Now(); time.Since(began) < patience; kernel.Pause() {
		if s.count.Load() == n {
			return
		}
	}
	for {
		s.asleep.Store(true)
		if s.count.Load() == n && s.asleep.Swap(false) {
			return // it came meanwhile, and has roused nobody
		}
		<-s.wake
		// What rouses may be late: that of an event whose number had been seen by somebody awake.
		if s.count.Load() == n {
			return
		}
	}
}
