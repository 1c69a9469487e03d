package coordinator

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"gridsearch/internal/job"
	"gridsearch/internal/progress"
	"gridsearch/internal/study"
	"gridsearch/model"
	"gridsearch/model/recipe"
)

// waiting is a study of so many runs that wait, each a trial of its own, and of one that trains.
func waiting(tb testing.TB, n int) (*coordinator, job.Spec) {
	tb.Helper()
	base := spec(tb)
	folder := study.Folder(tb.TempDir())
	s := &coordinator{folder: folder, board: board{path: folder.Status()}, specs: map[string]job.Spec{},
		tracker: progress.New(time.Unix(0, 0), 1)}
	tb.Cleanup(s.board.flush)
	for i := range n + 1 {
		one := base
		one.Key, one.Trial = fmt.Sprintf("%016d", i), fmt.Sprintf("trial %d", i)
		one.Architecture = base.Architecture.Scale(1, 1, 1, model.Rounding{})
		s.specs[one.Key] = one
		s.tracker.Wait(one)
	}
	first := s.specs[fmt.Sprintf("%016d", 0)]
	s.tracker.Start(first, time.Unix(0, 0))
	return s, first
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
