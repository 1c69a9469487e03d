package progress

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"gridsearch/internal/job"
	"gridsearch/internal/study"
	"gridsearch/model"
	"gridsearch/model/recipe"
)

// waiting is the state of a study of n runs that wait, each a trial of its own, and of one that
// trains.
func waiting(tb testing.TB, n int) (*Tracker, []job.Spec) {
	tb.Helper()
	base := spec(tb)
	tr := New(time.Unix(0, 0), 1)
	var specs []job.Spec
	for i := range n + 1 {
		one := base
		one.Key, one.Trial = fmt.Sprintf("%016d", i), fmt.Sprintf("trial %d", i)
		one.Architecture = base.Architecture.Scale(1, 1, 1, model.Rounding{})
		specs = append(specs, one)
		tr.Wait(one)
	}
	tr.Start(specs[0], time.Unix(0, 0))
	tr.Heard(specs[0].Key, &job.Progress{Step: 1, Steps: 2}, time.Unix(0, 0))
	return tr, specs
}

// TestEventsDoNotGrow: what an event takes is the same whatever the number of waiting runs, even
// where the time to go is estimated; and it is estimated once a second, and when nothing is left.
func TestEventsDoNotGrow(t *testing.T) {
	work := func(n int) float64 {
		tr, _ := waiting(t, n)
		now := time.Unix(100, 0)
		return testing.AllocsPerRun(100, func() {
			now = now.Add(estimateEvery)
			if tr.Status(now).Remaining == nil {
				t.Error("nothing is estimated")
			}
		})
	}
	if few, many := work(1), work(500); few != many {
		t.Errorf("an event allocates %v times with 1 waiting run and %v times with 500", few, many)
	}
	tr, specs := waiting(t, 1)
	at := func(d time.Duration) *study.Estimate {
		return tr.Status(time.Unix(100, 0).Add(d)).Remaining
	}
	estimate := at(0)
	if at(estimateEvery-1) != estimate {
		t.Error("the time to go is estimated twice in a second")
	}
	if at(estimateEvery) == estimate {
		t.Error("it is not estimated anew after a second")
	}
	now := time.Unix(100, 0).Add(estimateEvery)
	tr.Finish(specs[0], .5, now)
	tr.Start(specs[1], now)
	tr.Finish(specs[1], .5, now)
	if r := at(estimateEvery); r == nil || r.Mid != 0 {
		t.Errorf("when nothing is left to train it is %+v", r)
	}
}

// BenchmarkEstimate is the estimate of the time to go of 20,000 waiting runs, once a second.
func BenchmarkEstimate(b *testing.B) {
	tr, _ := waiting(b, 20_000)
	for b.Loop() {
		tr.estimateNow(time.Unix(100, 0))
	}
}

// spec is a run as far as its work goes.
func spec(t testing.TB) job.Spec {
	t.Helper()
	a, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	return job.Spec{Architecture: a, Recipe: recipe.Recipe{Epochs: 1}, Data: job.Data{TrainExamples: 100}}
}

// TestTracker follows a small study by a clock of its own.
func TestTracker(t *testing.T) {
	now := time.Unix(0, 0)
	at := func(seconds float64) time.Time { return now.Add(time.Duration(seconds * 1e9)) }
	one := spec(t)
	tr := New(now, 2)
	var specs []job.Spec
	for i := range 6 {
		s := one
		s.Key, s.Trial, s.SeedIndex = string(rune('a'+i)), []string{"x", "y", "z"}[i%3], i/3
		specs = append(specs, s)
		tr.Wait(s)
	}
	if s := tr.Status(now); s.Remaining != nil || s.Best != nil || s.Total != 6 {
		t.Errorf("before anything: %+v", s)
	}
	tr.Start(specs[0], at(0))
	tr.Start(specs[1], at(0))
	tr.Heard("a", &job.Progress{Key: "a", Step: 50, Steps: 100}, at(10))
	// Half of a run in 10 s: 20 s a run, 4 waiting and one and a half running on two workers.
	if r := tr.Status(at(10)).Remaining; r == nil || math.Abs(r.Mid-(4*20+10+10)/2.) > 1e-6 ||
		r.Low > r.Mid || r.High < r.Mid {
		t.Errorf("after half a run: %+v", r)
	}
	if seconds := tr.Finish(specs[0], .5, at(20)); seconds != 20 {
		t.Errorf("the run took %v s", seconds)
	}
	tr.Fail(specs[1], at(25))
	tr.Start(specs[2], at(25))
	tr.PutBack(specs[2], at(26))
	s := tr.Status(at(26))
	if s.Complete != 1 || s.Failed != 1 || len(s.Running) != 0 || s.Best.Trial != "x" ||
		s.Best.Top1 != .5 || math.Abs(s.Remaining.Mid-40) > 1e-6 {
		t.Errorf("%+v, %+v", s, s.Remaining)
	}
	tr.Start(specs[3], at(26))
	tr.Finish(specs[3], .7, at(56)) // trial x takes 25 s on average now
	tr.Start(specs[4], at(56))
	if s := tr.Status(at(56)); s.Best.Runs != 2 || math.Abs(s.Best.Top1-.6) > 1e-12 ||
		len(s.Running) != 1 {
		t.Errorf("%+v", s)
	}
}

// TestCurve: a run's curve is what its worker has last told, and a run that is begun again has none.
func TestCurve(t *testing.T) {
	tr, specs := waiting(t, 1)
	now, key := time.Unix(1, 0), specs[0].Key
	curve := func() []job.CurvePoint { return tr.Status(now).Running[0].Curve }
	if curve() != nil {
		t.Errorf("before an epoch has ended the curve is %+v", curve())
	}
	first := []job.CurvePoint{{Epoch: 1, Step: 5, Loss: 2, Top1: .25}}
	tr.Heard(key, &job.Progress{Step: 5, Steps: 10, Curve: first}, now)
	tr.Heard(key, &job.Progress{Step: 6, Steps: 10}, now)
	tr.Heard(key, nil, now)
	if !slices.Equal(curve(), first) {
		t.Errorf("after the first epoch the curve is %+v", curve())
	}
	second := append(slices.Clone(first), job.CurvePoint{Epoch: 2, Step: 10, Loss: 1, Top1: .5})
	tr.Heard(key, &job.Progress{Step: 10, Steps: 10, Curve: second}, now)
	if !slices.Equal(curve(), second) {
		t.Errorf("after the second epoch the curve is %+v", curve())
	}
	tr.PutBack(specs[0], now)
	tr.Start(specs[0], now)
	if curve() != nil {
		t.Errorf("a run that begins again has the curve %+v", curve())
	}
}
