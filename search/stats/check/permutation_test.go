package check

import (
	"math"
	"testing"

	"gridsearch/internal/random"
)

// TestStatistic: the range of the means over the root of the residual sum of squares: by hand, the
// scores less the seeds' means are +-1/2, +-3/4 and 0, their squares' sum is 13/8, of which the
// means, +-5/12, leave 7/12.
func TestStatistic(t *testing.T) {
	want := (10. / 12) / math.Sqrt(7./12)
	c := newColumns([][]float64{{1, 2, 4}, {2, 3.5, 4}})
	if got := c.statistic(); !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("the statistic is %v, want %v", got, want)
	}
}

// TestGrainOfPermutations: p values are multiples of one in the number of permutations and the
// table itself: 1000, and at a confidence of 0.99 as many as leave fifty beyond it, 5000.
func TestGrainOfPermutations(t *testing.T) {
	s := random.New(1, "grain")
	x, means := make([][]float64, 4), make([]float64, 4)
	for i := range x {
		for range 5 {
			v := s.Norm()
			x[i], means[i] = append(x[i], v), means[i]+v/5
		}
	}
	for confidence, grain := range map[float64]float64{.9: 1000, .95: 1000, .99: 5000} {
		for i, p := range Permutations(x, means, confidence) {
			if n := p * grain; !(math.Abs(n-math.Round(n)) <= 1e-6) || p <= 0 || p > 1 {
				t.Errorf("confidence %v: p value %d is %v, %v of %v", confidence, i, p, n, grain)
			}
		}
	}
}
