package nn

import (
	"runtime"
	"testing"
	"time"
)

// TestCloseEndsThreads: a network that is closed, or that could not be built, leaves no thread.
func TestCloseEndsThreads(t *testing.T) {
	arch, other := small(), small()
	other.Classes++
	p, foreign := parameters(t, arch, 1, false), parameters(t, other, 1, false)
	before := runtime.NumGoroutine()
	for range 5 {
		n, err := NewEvaluator(arch, p, Options{Batch: 2, Threads: 3})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Step(0); err != nil {
			t.Fatal(err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := NewEvaluator(arch, foreign, Options{Batch: 2, Threads: 3}); err == nil {
			t.Fatal("a network is built on the parameters of another")
		}
	}
	for began := time.Now(); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
