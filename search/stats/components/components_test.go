package components

import (
	"math"
	"slices"
	"testing"

	"gridsearch/internal/random"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// TestByHand: a table whose sums of squares are computed by hand.
func TestByHand(t *testing.T) {
	// Means of the trials 2, 5; of the seeds 2, 3, 5.5; residuals 0.5, -0.5, 0 and their opposites.
	got, ok := Of([][]float64{{1, 1, 4}, {3, 5, 7}}, .95)
	if !ok || got.Trials != 2 || got.Seeds != 3 || !slices.Equal(got.Means, []float64{2, 5}) {
		t.Fatalf("got %+v, %v", got, ok)
	}
	// Residual sum of squares 1 on 2; between trials 3 * 4.5 = 13.5 on 1.
	if !near(got.Run.SD, math.Sqrt(.5)) || !near(got.Trial.SD, math.Sqrt((13.5-.5)/3)) {
		t.Errorf("run %v, trial %v", got.Run, got.Trial)
	}
	// Variance of 2, 3, 5.5 is 3.25, less .5 / 2.
	if !near(got.Seed.SD, math.Sqrt(3.25-.25)) {
		t.Errorf("seed %v", got.Seed)
	}
	// Quantiles of chi-square with 2 degrees of freedom are -2 log(1 - p).
	low, high := math.Sqrt(1/(-2*math.Log(.025))), math.Sqrt(1/(-2*math.Log(.975)))
	if !near(got.Run.Low, low) || !near(got.Run.High, high) {
		t.Errorf("interval of the noise is %v, want %v to %v", got.Run, low, high)
	}
	// F of 27 on 1 and 2 is t of sqrt(27) on 2: two-sided p is 1 - t / sqrt(2 + t^2).
	if want := 1 - math.Sqrt(27./29); !near(got.P, want) {
		t.Errorf("p is %v, want %v", got.P, want)
	}
}

// TestTooLittle: one trial or one seed say nothing.
func TestTooLittle(t *testing.T) {
	for _, scores := range [][][]float64{nil, {{1, 2}}, {{1}, {2}}} {
		if got, ok := Of(scores, .95); ok {
			t.Errorf("%v gives %+v", scores, got)
		}
	}
	if e := Noise(1, 0, .95); e.SD != 1 || !math.IsNaN(e.Low) {
		t.Errorf("without freedom: %+v", e)
	}
}

// TestEqualScores: what does not vary has no component, and is no division by zero.
func TestEqualScores(t *testing.T) {
	got, _ := Of([][]float64{{.5, .5}, {.5, .5}}, .95)
	if got.P != 1 || got.Run.SD != 0 || got.Trial.SD != 0 || got.Trial.High != 0 {
		t.Errorf("got %+v", got)
	}
	if got, _ := Of([][]float64{{.5, .5}, {.7, .7}}, .95); got.P != 0 || !(got.Trial.Low > 0) {
		t.Errorf("without noise: %+v", got)
	}
}

// TestCoverage: intervals contain the truth as often as they say, and equal trials are rejected as
// seldom.
func TestCoverage(t *testing.T) {
	const tables, trials, seeds, run, seed = 4000, 8, 3, 1., .7
	for _, spread := range []float64{0, .5, 2} {
		s := random.New(7, "components", int(10*spread))
		runs, between, rejected, mean := 0, 0, 0, 0.
		for range tables {
			scores, common := make([][]float64, trials), make([]float64, seeds)
			for j := range common {
				common[j] = seed * s.Norm()
			}
			for i := range scores {
				truth := spread * s.Norm()
				for j := range seeds {
					scores[i] = append(scores[i], truth+common[j]+run*s.Norm())
				}
			}
			got, _ := Of(scores, .95)
			runs += within(got.Run, run)
			between += within(got.Trial, spread)
			mean += got.Seed.SD * got.Seed.SD / tables
			if got.P < .05 {
				rejected++
			}
		}
		share := func(n int) float64 { return 100 * float64(n) / tables }
		if v := share(runs); v < 94 || v > 96 {
			t.Errorf("spread %g: the noise is covered in %.1f %%", spread, v)
		}
		if v := share(between); v < 94 || v > 98.5 {
			t.Errorf("spread %g: the spread is covered in %.1f %%", spread, v)
		}
		if v := share(rejected); spread == 0 && (v < 4 || v > 6) {
			t.Errorf("equal trials are rejected in %.1f %%", v)
		}
		if mean < .45 || mean > .6 { // cut at 0: above .49
			t.Errorf("the variance of seeds is %.2f in the mean", mean)
		}
	}
}

func within(e Estimate, truth float64) int {
	if e.Low <= truth && truth <= e.High {
		return 1
	}
	return 0
}

// TestComplete: trials that lack a seed are left out, whatever way they lack it.
func TestComplete(t *testing.T) {
	nan := math.NaN()
	table, kept := Complete([][]float64{{1, nan, 3}, {4, nan, 6, nan}, {7, 8}, {9, 10, 11}, {12}})
	if len(table) != 1 || !slices.Equal(kept, []int{3}) {
		t.Errorf("got %v of %v", table, kept)
	}
	table, kept = Complete([][]float64{{1, nan, 3}, {4, 5, nan}, {6, nan, 7, nan}})
	if !slices.Equal(kept, []int{0, 2}) || !slices.Equal(table[1], []float64{6, 7}) {
		t.Errorf("got %v of %v", table, kept)
	}
	if table, _ := Complete([][]float64{{nan}, nil}); table != nil {
		t.Errorf("of nothing: %v", table)
	}
}

// TestHolm: the smallest counts for all, none falls below the one before.
func TestHolm(t *testing.T) {
	nan := math.NaN()
	got := Holm([]float64{.04, nan, .01, .03, .9})
	for i, want := range []float64{.09, nan, .04, .09, .9} {
		if !near(got[i], want) && !(math.IsNaN(want) && math.IsNaN(got[i])) {
			t.Errorf("got %v", got)
		}
	}
}
