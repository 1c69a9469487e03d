package study

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"gridsearch/internal/job"
	"gridsearch/model"
)

// waiting is a study of so many runs that wait, each a trial of its own, and of one that trains.
func waiting(tb testing.TB, n int) (*supervisor, job.Spec) {
	tb.Helper()
	base := spec(tb)
	folder := Folder(tb.TempDir())
	s := &supervisor{folder: folder, board: board{path: folder.status()}, specs: map[string]job.Spec{},
		tracker: newTracker(time.Unix(0, 0), 1, n+1)}
	tb.Cleanup(s.board.flush)
	for i := range n + 1 {
		one := base
		one.Key, one.Trial = fmt.Sprintf("%016d", i), fmt.Sprintf("trial %d", i)
		one.Architecture = base.Architecture.Scale(1, 1, 1, model.Rounding{})
		s.specs[one.Key] = one
		s.tracker.wait(one)
	}
	first := s.specs[fmt.Sprintf("%016d", 0)]
	s.tracker.start(first, time.Unix(0, 0))
	return s, first
}

// TestEventsDoNotGrow: what an event takes is the same whatever the number of waiting runs, even
// where the time to go is estimated; and it is estimated once a second, and when nothing is left.
func TestEventsDoNotGrow(t *testing.T) {
	work := func(n int) float64 {
		s, first := waiting(t, n)
		now := time.Unix(100, 0)
		s.tracker.running[first.Key].progress = job.Progress{Step: 1, Steps: 2}
		return testing.AllocsPerRun(100, func() {
			now = now.Add(estimateEvery)
			if s.tracker.status(now).Remaining == nil {
				t.Error("nothing is estimated")
			}
		})
	}
	if few, many := work(1), work(500); few != many {
		t.Errorf("an event allocates %v times with 1 waiting run and %v times with 500", few, many)
	}
	s, first := waiting(t, 1)
	s.tracker.running[first.Key].progress = job.Progress{Step: 1, Steps: 2}
	at := func(d time.Duration) *Estimate {
		return s.tracker.status(time.Unix(100,
			0).Add(d)).Remaining
	}
	estimate := at(0)
	if at(estimateEvery-1) != estimate {
		t.Error("the time to go is estimated twice in a second")
	}
	if at(estimateEvery) == estimate {
		t.Error("it is not estimated anew after a second")
	}
	now := time.Unix(100, 0).Add(estimateEvery)
	s.tracker.finish(first, .5, now)
	second := s.specs[fmt.Sprintf("%016d", 1)]
	s.tracker.start(second, now)
	s.tracker.finish(second, .5, now)
	if r := at(estimateEvery); r == nil || r.Mid != 0 {
		t.Errorf("when nothing is left to train it is %+v", r)
	}
}

// BenchmarkEvent is an event of progress in a study of 20,000 waiting runs, with its memory.
func BenchmarkEvent(b *testing.B) {
	s, first := waiting(b, 20_000)
	said := job.Reply{Progress: &job.Progress{Key: first.Key, Step: 1, Steps: 2}}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	for b.Loop() {
		s.heard(first, said)
	}
	b.ReportMetric(float64(memory.HeapAlloc)/1e6, "MB")
}

// BenchmarkEstimate is the estimate of the time to go of 20,000 waiting runs, once a second.
func BenchmarkEstimate(b *testing.B) {
	s, first := waiting(b, 20_000)
	s.tracker.running[first.Key].progress = job.Progress{Step: 1, Steps: 2}
	for b.Loop() {
		s.tracker.estimateNow(time.Unix(100, 0))
	}
}
