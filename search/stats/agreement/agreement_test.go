package agreement

import (
	"math"
	"testing"

	"gridsearch/internal/random"
)

// truth is what scores are drawn from, in s.d. of a run.
type truth struct {
	trials, seeds int
	spread        float64 // of the true means
	correlation   float64
}

// draw draws scores and the true means under the second condition.
func (t truth) draw(s *random.Stream) (scores Scores, second []float64) {
	x, y := make([]float64, t.seeds), make([]float64, t.seeds)
	for j := range t.seeds {
		x[j], y[j] = s.Norm(), s.Norm()
	}
	for range t.trials {
		a, other := s.Norm(), s.Norm()
		b := t.correlation*a + math.Sqrt(1-t.correlation*t.correlation)*other
		var first, then []float64
		for j := range t.seeds {
			first = append(first, t.spread*a+x[j]+s.Norm())
			then = append(then, 5+t.spread*b+y[j]+s.Norm())
		}
		scores.First, scores.Second = append(scores.First, first), append(scores.Second, then)
		second = append(second, t.spread*b)
	}
	return scores, second
}

// regret is the true one of a trial.
func regret(means []float64, winner int) float64 {
	best := math.Inf(-1)
	for _, v := range means {
		best = max(best, v)
	}
	return best - means[winner]
}

// share is n of so many in percent.
func share(n, of int) float64 { return 100 * float64(n) / float64(of) }

// TestCorrelation: it is that of the true means in the mean, its interval covers it, and it is not
// known where there is hardly any.
func TestCorrelation(t *testing.T) {
	const studies = 1000
	for _, c := range []struct {
		truth
		least, most float64 // of the mean correlation
		known       float64 // least share of studies that have one, %
	}{
		{truth{20, 3, 1.5, .8}, .75, .85, 99},
		{truth{20, 3, 1.5, 0}, -.06, .06, 99},
		{truth{12, 3, 1, .9}, .8, .93, 85},
		{truth{20, 3, 0, 0}, -1, 1, 0},
	} {
		s := random.New(3, "truth", c.trials, int(10*c.spread), int(10*c.correlation))
		known, covered, sum := 0, 0, 0.
		for range studies {
			scores, _ := c.draw(s)
			a := Agreement{Correlation: math.NaN()}
			if a.correlate(scores, .95); math.IsNaN(a.Correlation) {
				continue
			}
			known++
			sum += a.Correlation
			if a.Low <= c.correlation && c.correlation <= a.High {
				covered++
			}
		}
		mean := sum / float64(known)
		t.Logf("%+v: known %.1f %%, covered %.1f %%, mean %.3f", c.truth, share(known, studies),
			share(covered, known), mean)
		if v := share(known, studies); v < c.known || c.spread == 0 && v > 10 {
			t.Errorf("%+v: known in %.1f %%", c.truth, v)
		}
		if mean < c.least || mean > c.most {
			t.Errorf("%+v: the mean correlation is %.2f", c.truth, mean)
		}
		if v := share(covered, known); c.spread > 0 && (v < 93 || v > 98.5) {
			t.Errorf("%+v: the correlation is covered in %.1f %%", c.truth, v)
		}
	}
}

// TestRegret: it is below its bound as often as is said, and the bound is of use.
func TestRegret(t *testing.T) {
	const studies = 200
	c := truth{6, 3, 1, .5}
	s := random.New(4, "regret")
	judged, bounded, sum := 0, 0, 0.
	for range studies {
		scores, second := c.draw(s)
		a := Agreement{}
		a.judge(scores, Options{Confidence: .95})
		if !a.Judged { // it has a run far off
			continue
		}
		judged++
		sum += a.Bound
		if regret(second, a.Winner) <= a.Bound+1e-12 {
			bounded++
		}
	}
	t.Logf("judged %d, bounded %.1f %%, mean bound %.2f", judged, share(bounded, judged),
		sum/float64(judged))
	if judged < 190 || share(bounded, judged) < 97 || sum/float64(judged) > 4 {
		t.Errorf("judged %d, bounded %.1f %%, mean bound %.2f", judged, share(bounded, judged),
			sum/float64(judged))
	}
}

// TestInteractionLevel: where all trials change alike the test of change rejects in 5 %.
func TestInteractionLevel(t *testing.T) {
	const studies = 2000
	s, rejected := random.New(5, "level"), 0
	for range studies {
		scores, _ := truth{12, 3, 1, 1}.draw(s)
		first, second := complete(scores)
		m := newMoments(newCondition(first), newCondition(second))
		if m.test() < .05 {
			rejected++
		}
	}
	if v := 100 * rejected / studies; v < 4 || v > 6 {
		t.Errorf("%d %% are rejected", v)
	}
}

// TestByHand: without noise the correlation is that of the means, the winner's regret its distance.
func TestByHand(t *testing.T) {
	a := Of(Scores{[][]float64{{1, 1}, {2, 2}, {3, 3}, {4, 4}}, [][]float64{{2, 2}, {1, 1}, {4, 4},
		{3, 3}}}, Options{Confidence: .95})
	if math.Abs(a.Correlation-.6) > 1e-12 || a.FirstReliability != 1 || a.P != 0 || a.Winner != 3 ||
		a.Tied || math.Abs(a.Regret-1) > 1e-12 || !(a.Bound >= 1) {
		t.Errorf("got %+v", a)
	}
}

// TestHoles: trials without a seed are no part of the correlation, those without any score under a
// condition no winners.
func TestHoles(t *testing.T) {
	nan := math.NaN()
	a := Of(Scores{[][]float64{{1, 1.1}, {2, 2.1}, {3, 3}, {4, 4.1}, {9, 9}, {5, nan}},
		[][]float64{{1, 1}, {2, 2.1}, {3, 3}, {4, 4.1}, {nan, nan}, {5, 5}}},
		Options{Confidence: .95})
	if a.Trials != 4 || a.Winner != 5 || !(a.Correlation > .99) || !a.Tied {
		t.Errorf("got %+v", a)
	}
}

// TestTooLittle: of one seed, three trials or none, what cannot be known is not said.
func TestTooLittle(t *testing.T) {
	for name, s := range map[string]Scores{
		"nothing":      {},
		"one trial":    {[][]float64{{1, 2}}, [][]float64{{1, 2}}},
		"one seed":     {[][]float64{{1}, {2}, {3}, {4}}, [][]float64{{1}, {2}, {3}, {4}}},
		"three trials": {[][]float64{{1, 1}, {2, 2}, {3, 3}}, [][]float64{{1, 1}, {2, 2}, {3, 3}}},
	} {
		a := Of(s, Options{Confidence: .95})
		if !math.IsNaN(a.Correlation) || !math.IsNaN(a.Low) {
			t.Errorf("%s: got %+v", name, a)
		}
		if known := name == "three trials"; a.Judged != known || math.IsNaN(a.Bound) == known {
			t.Errorf("%s: got %+v", name, a)
		}
	}
}
