package coordinator

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"gridsearch/internal/job"
	"gridsearch/internal/study"
	"gridsearch/model"
	"gridsearch/model/recipe"
)

// waiting is a study of so many runs that wait, each a trial of its own, and of one that trains.
func waiting(tb testing.TB, n int) (*supervisor, job.Spec) {
	tb.Helper()
	base := spec(tb)
	folder := study.Folder(tb.TempDir())
	s := &supervisor{folder: folder, board: board{path: folder.Status()}, specs: map[string]job.Spec{},
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
	at := func(d time.Duration) *study.Estimate {
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

func spec(t testing.TB) job.Spec {
	t.Helper()
	a, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := job.Spec{Trial: "base", StudySeed: 1, Architecture: a, Recipe: recipe.DefaultRecipe(),
		Data: job.Data{Checksum: "ab", TrainExamples: 100}, Threads: 1}.WithKey()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTracker follows a small study by a clock of its own.
func TestTracker(t *testing.T) {
	now := time.Unix(0, 0)
	at := func(seconds float64) time.Time { return now.Add(time.Duration(seconds * 1e9)) }
	one := spec(t)
	tr := newTracker(now, 2, 6)
	var specs []job.Spec
	for i := range 6 {
		s := one
		s.Key, s.Trial, s.SeedIndex = string(rune('a'+i)), []string{"x", "y", "z"}[i%3], i/3
		specs = append(specs, s)
		tr.wait(s)
	}
	if s := tr.status(now); s.Remaining != nil || s.Best != nil || s.Total != 6 {
		t.Errorf("before anything: %+v", s)
	}
	tr.start(specs[0], at(0))
	tr.start(specs[1], at(0))
	tr.running["a"].progress = job.Progress{Key: "a", Step: 50, Steps: 100}
	// Half of a run in 10 s: 20 s a run, 4 waiting and one and a half running on two workers.
	if r := tr.status(at(10)).Remaining; r == nil || math.Abs(r.Mid-(4*20+10+10)/2.) > 1e-6 ||
		r.Low > r.Mid || r.High < r.Mid {
		t.Errorf("after half a run: %+v", r)
	}
	if seconds := tr.finish(specs[0], .5, at(20)); seconds != 20 {
		t.Errorf("the run took %v s", seconds)
	}
	tr.fail(specs[1], at(25))
	tr.start(specs[2], at(25))
	tr.putBack(specs[2], at(26))
	s := tr.status(at(26))
	if s.Complete != 1 || s.Failed != 1 || len(s.Running) != 0 || s.Best.Trial != "x" ||
		s.Best.Top1 != .5 || math.Abs(s.Remaining.Mid-40) > 1e-6 {
		t.Errorf("%+v, %+v", s, s.Remaining)
	}
	tr.start(specs[3], at(26))
	tr.finish(specs[3], .7, at(56)) // trial x takes 25 s on average now
	tr.start(specs[4], at(56))
	if s := tr.status(at(56)); s.Best.Runs != 2 || math.Abs(s.Best.Top1-.6) > 1e-12 ||
		len(s.Running) != 1 {
		t.Errorf("%+v", s)
	}
}
