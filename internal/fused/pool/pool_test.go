package pool

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// counter counts the phases that each thread has had.
type counter [3]int

func (c *counter) Run(thread int) { c[thread]++ }

// TestCrowdedRun: phases end however the threads of many pools interrupt each other.
func TestCrowdedRun(t *testing.T) {
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			p, n := New(3), 0
			defer p.Close()
			var visits counter
			for range 500 {
				p.Run(&visits)
				n++
			}
			if visits != (counter{n, n, n}) {
				t.Errorf("%d phases went to the threads %v times", n, visits)
			}
		})
	}
	wait.Wait()
}

// TestLateWake: a goroutine that waits for an event goes back to sleep after a late wake-up for the
// event before, which it had seen while spinning.
func TestLateWake(t *testing.T) {
	s := newSignal()
	s.count.Add(1) // a raise that is interrupted here
	s.await(1)
	var came atomic.Bool
	done := make(chan struct{})
	go func() {
		s.await(2)
		if !came.Load() {
			t.Error("an event is seen before it came")
		}
		close(done)
	}()
	for !s.asleep.Load() {
		time.Sleep(patience)
	}
	s.wake() // and goes on
	time.Sleep(20 * time.Millisecond)
	came.Store(true)
	s.raise()
	<-done
}
