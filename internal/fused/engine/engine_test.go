package engine

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"gridsearch/internal/kernel"

	"pgregory.net/rapid"
)

// TestRun: every unit is visited once and by the worker whose share it is, in phases that follow
// each other at once or after a rest in which threads fall asleep.
func TestRun(t *testing.T) {
	for threads := 1; threads <= 4; threads++ {
		e := New(&kernel.Sets()[0].Set, threads, true)
		defer e.Close()
		for phase := range 500 {
			n := phase % 11
			visits := make([]int, n)
			e.Run(n, func(w *Worker, from, to int) {
				if phase%100 == 7 && w.ID == phase/100%threads {
					time.Sleep(300 * time.Microsecond)
				}
				for u := from; u < to; u++ {
					visits[u] += w.ID + 1
				}
			})
			var want []int
			for id := range threads {
				for u := id * n / threads; u < (id+1)*n/threads; u++ {
					want = append(want, id+1)
				}
			}
			if !slices.Equal(visits, want) {
				t.Fatalf("%d threads, phase %d: units went to workers %v, want %v", threads, phase,
					visits, want)
			}
			if phase%100 == 50 {
				time.Sleep(300 * time.Microsecond)
			}
		}
	}
}

// TestClose: the threads of an engine end when it is closed, once or twice; it computes no more.
func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		e := New(&kernel.Sets()[0].Set, 3, false)
		e.Run(3, func(*Worker, int, int) {})
		e.Close()
		e.Close()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a closed engine computes")
				}
			}()
			e.Run(3, func(*Worker, int, int) {})
		}()
	}
	for began := time.Now(); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// TestGroup: units are as large as asked, and smaller only where that makes the largest share
// smaller.
func TestGroup(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		e := New(&kernel.Sets()[0].Set, rapid.IntRange(1, 4).Draw(r, "threads"), true)
		defer e.Close()
		n, most := rapid.IntRange(1, 70).Draw(r, "images"), rapid.IntRange(0, 40).Draw(r, "most")
		share := func(size int) (largest int) {
			images := make([]int, len(e.Workers))
			for u := range Pieces(n, size) {
				for id := range e.Workers {
					if u >= e.share(id, Pieces(n, size)) && u < e.share(id+1, Pieces(n, size)) {
						images[id] += min(size, n-u*size)
					}
				}
			}
			return slices.Max(images)
		}
		got := e.Group(n, most)
		if got < 1 || got > max(1, min(n, most)) {
			r.Fatalf("%d images of a unit", got)
		}
		for size := 1; size <= min(n, most); size++ {
			if share(size) < share(got) || share(size) == share(got) && size > got {
				r.Fatalf("%d images of a unit: the largest share is %d; of %d it is %d", got,
					share(got), size, share(size))
			}
		}
	})
}
