package images

import (
	"math"
	"slices"
	"testing"

	"gridsearch/internal/random"
)

// TestBootstrapIsExact: of three images there are 27 samples; the share of resamples with each mean
// must be that of the samples.
func TestBootstrapIsExact(t *testing.T) {
	row := []float64{0, 1, 4}
	want := map[float64]float64{}
	for _, a := range row {
		for _, b := range row {
			for _, c := range row {
				want[(a+b+c)/3] += 1. / 27
			}
		}
	}
	got := map[float64]float64{}
	for _, m := range resample([][]float64{row})[0] {
		got[m] += 1. / Resamples
	}
	for m, share := range want {
		if math.Abs(got[m]-share) > 4*math.Sqrt(share/Resamples) {
			t.Errorf("mean %v has share %v of the resamples, want %v", m, got[m], share)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the means are %v", got)
	}
}

// TestBootstrapIntervals: intervals are those of the normal distribution where it holds, rows share
// their samples, and the same call gives the same numbers.
func TestBootstrapIntervals(t *testing.T) {
	const n = 1000
	s := random.New(3, "differences")
	row, shifted, constant := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range row {
		row[i] = float64(s.IntN(3) - 1)
		shifted[i], constant[i] = row[i]+.5, .25
	}
	rows := [][]float64{row, shifted, constant}
	got := Bootstrap(rows, .95)
	sd := 0.
	for _, v := range row {
		sd += (v - mean(row)) * (v - mean(row)) / n
	}
	half := 1.959964 * math.Sqrt(sd/n)
	if i := got[0]; i.Mean != mean(row) || math.Abs(i.Low-(i.Mean-half)) > .1*half ||
		math.Abs(i.High-(i.Mean+half)) > .1*half {
		t.Errorf("%+v, want a half width of %v", i, half)
	}
	if a, b := got[0], got[1]; math.Abs(b.Low-a.Low-.5) > 1e-9 ||
		math.Abs(b.High-a.High-.5) > 1e-9 {
		t.Errorf("a shifted row has %+v and not %+v and a half", b, a)
	}
	if got[2] != (Interval{.25, .25, .25}) {
		t.Errorf("a constant row has %+v", got[2])
	}
	if !slices.Equal(got, Bootstrap(rows, .95)) {
		t.Error("another call gives other intervals")
	}
	if narrow := Bootstrap(rows, .5)[0]; narrow.High-narrow.Low >= got[0].High-got[0].Low {
		t.Errorf("less confidence does not narrow: %+v", narrow)
	}
	if Bootstrap(nil, .95) != nil {
		t.Error("no rows have intervals")
	}
}

// TestBootstrapCovers: the interval holds the true difference of two networks about as often as it
// says, over many draws of 200 images.
func TestBootstrapCovers(t *testing.T) {
	const draws, n, truth = 60, 200, .1
	s := random.New(5, "coverage")
	rows := make([][]float64, draws)
	for d := range rows {
		rows[d] = make([]float64, n)
		for i := range rows[d] {
			if s.Float64() < .3 {
				rows[d][i]++
			}
			if s.Float64() < .2 {
				rows[d][i]--
			}
		}
	}
	covered := 0
	for _, i := range Bootstrap(rows, .9) {
		if i.Low <= truth && truth <= i.High {
			covered++
		}
	}
	if covered < 47 || covered > 60 { // 54 expected, s.d. 2.3
		t.Errorf("%d of %d intervals of 90 %% hold the truth", covered, draws)
	}
}

// TestRows: averages over seeds, differences and indicators.
func TestRows(t *testing.T) {
	if got := Average([][]float64{{1, 2, 6}, {3, 0, 0}}); !slices.Equal(got, []float64{2, 1, 3}) {
		t.Errorf("the average is %v", got)
	}
	if got := Subtract([]float64{1, .5}, []float64{.5, 1}); !slices.Equal(got, []float64{.5, -.5}) {
		t.Errorf("the difference is %v", got)
	}
	if got := Indicator([]bool{true, false}); !slices.Equal(got, []float64{1, 0}) {
		t.Errorf("the indicator is %v", got)
	}
}

// TestSignalToNoise: a table by hand, one without noise, one without signal, and simulated ones of
// a known ratio.
func TestSignalToNoise(t *testing.T) {
	// Trial means 2 and 5, seed means 3 and 4: residuals +-.5, mean square 1; trials' variance 4.5.
	s := SignalToNoise([][]float64{{1, 3}, {5, 5}})
	near(t, "noise", s.Noise, 1)
	near(t, "signal", s.Signal, 2)
	near(t, "ratio", s.Ratio(), 2)
	if s := SignalToNoise([][]float64{{1, 2}, {4, 5}}); s.Noise != 0 || !math.IsInf(s.Ratio(), 1) {
		t.Errorf("without noise: %+v", s)
	}
	if s := SignalToNoise([][]float64{{1, 3}, {3, 1}}); s.Signal != 0 || s.Ratio() != 0 {
		t.Errorf("without signal: %+v", s)
	}
	for _, scores := range [][][]float64{nil, {{1, 2}}, {{1}, {2}}} {
		if r := SignalToNoise(scores).Ratio(); !math.IsNaN(r) {
			t.Errorf("%v have the ratio %v", scores, r)
		}
	}
	dice, sum := random.New(9, "spread"), Spread{}
	const tables, trials, seeds = 300, 8, 3
	for range tables {
		scores := make([][]float64, trials)
		shift := [seeds]float64{dice.Norm(), dice.Norm(), dice.Norm()} // of a seed: no noise
		for i := range scores {
			truth := 2 * dice.Norm()
			for j := range seeds {
				scores[i] = append(scores[i], truth+shift[j]+dice.Norm())
			}
		}
		s := SignalToNoise(scores)
		sum.Signal += s.Signal * s.Signal / tables
		sum.Noise += s.Noise * s.Noise / tables
	}
	if math.Abs(sum.Signal-4) > .5 || math.Abs(sum.Noise-1) > .08 {
		t.Errorf("variances of 4 and 1 are estimated as %v and %v", sum.Signal, sum.Noise)
	}
}
