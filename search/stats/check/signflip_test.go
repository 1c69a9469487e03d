package check

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/internal/random"
)

func TestSignFlip(t *testing.T) {
	for _, c := range []struct {
		differences []float64
		want        float64
	}{
		// all patterns but two bring the sum nearer to 0
		{[]float64{.01, .02, .03, .04, .05, .06}, 2. / 64},
		{[]float64{.01, .02, .03, .04, .05, -.01}, 6. / 64},
		{[]float64{.03, -.03}, 1},
		{[]float64{0, 0, 0}, 1},
		{[]float64{.1, .1, .1}, 2. / 8},
	} {
		if got := signFlip(c.differences); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: p is %v, want %v", c.differences, got, c.want)
		}
	}
}

// TestDrawnSignFlips: beyond the counted patterns, p is near that of the normal distribution which
// sums of many differences have.
func TestDrawnSignFlips(t *testing.T) {
	s := random.New(1, "test")
	for _, shift := range []float64{0, .2, .5} {
		differences, sum, square := make([]float64, 40), 0., 0.
		for i := range differences {
			differences[i] = s.Norm() + shift
			sum, square = sum+differences[i], square+differences[i]*differences[i]
		}
		want := 2 * distuv.UnitNormal.Survival(math.Abs(sum)/math.Sqrt(square))
		if got := signFlip(differences); math.Abs(got-want) > .015 || got <= 0 {
			t.Errorf("shift %v: p is %v, want about %v", shift, got, want)
		}
	}
}

func TestHolm(t *testing.T) {
	got := holm([]float64{.04, math.NaN(), .01, .03, .9})
	for i, want := range []float64{.09, math.NaN(), .04, .09, .9} {
		if math.Abs(got[i]-want) > 1e-12 || math.IsNaN(got[i]) != math.IsNaN(want) {
			t.Errorf("adjusted to %v", got)
		}
	}
}

// TestSignFlipsNeedSeeds: 12 trials need 9 seeds and 65 need 12 before anything can be rejected;
// the trial with the highest mean is not tested.
func TestSignFlipsNeedSeeds(t *testing.T) {
	for _, c := range []struct {
		trials, seeds int
		want          bool
	}{{2, 5, false}, {2, 6, true}, {12, 8, false}, {12, 9, true}, {65, 11, false}, {65, 12, true}} {
		rows := make([][]float64, c.trials)
		for i := range rows {
			for seed := range c.seeds {
				rows[i] = append(rows[i], .5+.01*float64(i)+.001*float64(seed*i%3))
			}
		}
		p := SignFlips(rows, rowMeans(rows), .95)
		known := !math.IsNaN(p[0])
		if known != c.want || !math.IsNaN(p[c.trials-1]) ||
			c.want && slices.Max(p[:c.trials-1]) > .05 {
			t.Errorf("%d trials, %d seeds: p are %v", c.trials, c.seeds, p)
		}
	}
}

func rowMeans(rows [][]float64) []float64 {
	var list []float64
	for _, row := range rows {
		list = append(list, stat.Mean(row, nil))
	}
	return list
}
