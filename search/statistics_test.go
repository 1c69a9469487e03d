package search

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/internal/random"
)

// TestConfidenceSetAgainstReference compares with testdata/confidence_set.py, another implementation.
func TestConfidenceSetAgainstReference(t *testing.T) {
	text, err := os.ReadFile("testdata/confidence_set.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Scores    [][]float64
		Variances []float64
		Nu        int
		Tied      []int
		Steps     [][3]float64 // trials left, largest t, its quantile
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		means, variances, nu := shrunk(c.Scores)
		if nu != c.Nu {
			t.Errorf("case %d: %d degrees of freedom, want %d", i, nu, c.Nu)
		}
		for j, v := range variances {
			if math.Abs(v/c.Variances[j]-1) > 1e-6 {
				t.Errorf("case %d: variance %d is %v, want %v", i, j, v, c.Variances[j])
			}
		}
		for _, s := range c.Steps {
			// Four standard errors of a 95 % quantile from 10,000 draws are about 4 % where variances have few degrees of freedom.
			if q := rangeQuantile(int(s[0]), c.Nu, .95); math.Abs(q/s[2]-1) > .04 {
				t.Errorf("case %d: the quantile for %v trials is %.3f, want %.3f", i, s[0], q, s[2])
			}
		}
		checkSteps(t, i, c.Steps, means, variances, len(c.Scores[0]))
		var tied []int
		for j, in := range confidenceSet(c.Scores, .95) {
			if in {
				tied = append(tied, j)
			}
		}
		if !slices.Equal(tied, c.Tied) {
			t.Errorf("case %d: tied are %v, want %v", i, tied, c.Tied)
		}
	}
}

// checkSteps repeats the elimination with the reference's quantiles and compares the largest t of every step.
func checkSteps(t *testing.T, table int, steps [][3]float64, means, variances []float64, seeds int) {
	var left []int
	for i := range means {
		left = append(left, i)
	}
	for _, s := range steps {
		worst, largest := mostSignificant(left, means, variances, seeds)
		if len(left) != int(s[0]) || math.Abs(largest/s[1]-1) > 1e-6 {
			t.Errorf("case %d: among %d trials the largest t is %v, want %v among %v", table, len(left), largest, s[1], s[0])
		}
		if largest > s[2] {
			left = slices.Delete(left, worst, worst+1)
		}
	}
}

// TestTrigamma compares with exact values (Abramowitz and Stegun 6.4.5) and turns the function back.
func TestTrigamma(t *testing.T) {
	for x, want := range map[float64]float64{1: math.Pi * math.Pi / 6, .5: math.Pi * math.Pi / 2, 2: math.Pi*math.Pi/6 - 1} {
		if got := trigamma(x); math.Abs(got-want) > 1e-12 {
			t.Errorf("trigamma(%v) is %v, want %v", x, got, want)
		}
		if got := trigammaInverse(want); math.Abs(got-x) > 1e-7 {
			t.Errorf("the inverse of trigamma at %v is %v, want %v", want, got, x)
		}
	}
}

// TestStudentizedRange: with equal variances of many degrees of freedom the largest pairwise t is the range of normal numbers by the root of 2, whose
// 95 % points for 2, 3 and 10 numbers are 2.772, 3.314 and 4.474 (tables of the studentized range, infinite degrees of freedom).
func TestStudentizedRange(t *testing.T) {
	for k, q := range map[int]float64{2: 2.772, 3: 3.314, 10: 4.474} {
		if got := rangeQuantile(k, 1_000_000, .95) * math.Sqrt2; math.Abs(got/q-1) > .03 {
			t.Errorf("%d trials: %.3f, want %.3f", k, got, q)
		}
	}
}

// TestFlatTruth: where all trials are equal, something is dropped in 5 % of searches.
func TestFlatTruth(t *testing.T) {
	const searches, k, n = 400, 12, 3
	dropped := 0
	for search := range searches {
		s := random.New(3, "flat", search)
		x := table(s, k, n, func(int) float64 { return 0 })
		if slices.Contains(confidenceSet(x, .95), false) {
			dropped++
		}
	}
	// Three standard errors of 400 searches are 3.3 points.
	if rate := 100 * float64(dropped) / searches; rate > 9 || rate < 1 {
		t.Errorf("something is dropped in %.1f %% of searches, want about 5", rate)
	}
}

// TestOneAhead: a trial that is far ahead is left alone.
func TestOneAhead(t *testing.T) {
	x := table(random.New(4, "ahead"), 12, 5, func(i int) float64 { return map[bool]float64{true: 8}[i == 4] })
	for i, in := range confidenceSet(x, .95) {
		if in != (i == 4) {
			t.Errorf("trial %d: tied %v", i, in)
		}
	}
}

func table(s *random.Stream, k, n int, truth func(int) float64) [][]float64 {
	x := make([][]float64, k)
	seeds := make([]float64, n)
	for j := range seeds {
		seeds[j] = s.Norm()
	}
	for i := range x {
		for j := range n {
			x[i] = append(x[i], truth(i)+seeds[j]+s.Norm())
		}
	}
	return x
}

// TestCompareDoesNotDependOnOrder: the tied set is the same whatever the order of the trials, and adding a constant to a seed changes nothing.
func TestCompareDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, n := rapid.IntRange(2, 8).Draw(t, "k"), rapid.IntRange(2, 5).Draw(t, "n")
		x := table(random.New(rapid.Uint64().Draw(t, "seed"), "x"), k, n, func(i int) float64 { return float64(i) })
		var a, b []Sample
		for i, row := range x {
			shifted := slices.Clone(row)
			shifted[0] += 3
			a, b = append(a, Sample{fmt.Sprint(i), row}), append([]Sample{{fmt.Sprint(i), shifted}}, b...)
		}
		one, other := Compare(a, .95), Compare(b, .95)
		sum := 0.
		for i := range k {
			if one.Estimates[i].Tied != other.Estimates[k-1-i].Tied {
				t.Fatalf("trial %d is tied %v, and %v in another order", i, one.Estimates[i].Tied, other.Estimates[k-1-i].Tied)
			}
			sum += one.Estimates[i].Best
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("the probabilities of being best add up to %v", sum)
		}
	})
}

// TestCompareLeavesOutTheTrialThatFailed: a trial without a seed in common with the others costs them nothing, one with a gap costs one seed.
func TestCompareLeavesOutTheTrialThatFailed(t *testing.T) {
	nan := math.NaN()
	a, b := []float64{.50, .51, .52, nan, nan}, []float64{.70, .72, .71}
	for _, c := range []struct {
		third           []float64
		compared, seeds int
		warning         string
	}{
		{[]float64{.1, .2, .3}, 3, 3, ""},
		{[]float64{nan, nan, nan, .1, .2}, 2, 3, "too few runs to be compared: 1"},
		{[]float64{.1, .2, .3, .4, .5}, 3, 3, "left out: 2 of 5"},
		{[]float64{.1, nan, .3}, 3, 2, "rests on 2 seeds"},
	} {
		got := Compare([]Sample{{"a", a}, {"b", b}, {"c", c.third}}, .95)
		if got.Compared != c.compared || got.Seeds != c.seeds || !strings.Contains(strings.Join(got.Warnings, "\n"), c.warning) || (c.warning == "") != (len(got.Warnings) == 0) {
			t.Errorf("third %v: %d compared on %d seeds, warnings %q", c.third, got.Compared, got.Seeds, got.Warnings)
		}
	}
}

// TestCompareWithoutNoise: scores that differ by the same amount for every seed leave nothing to chance.
func TestCompareWithoutNoise(t *testing.T) {
	c := Compare([]Sample{{"a", []float64{.5, .75, .5}}, {"b", []float64{.25, .5, .25}}, {"c", []float64{.5, .75, .5}}}, .95)
	if !c.Estimates[0].Tied || c.Estimates[1].Tied || !c.Estimates[2].Tied {
		t.Errorf("%+v", c.Estimates)
	}
	if a, b := c.Estimates[0].Best, c.Estimates[1].Best; math.Abs(a-.5) > 1e-9 || b != 0 {
		t.Errorf("probabilities of being best are %v and %v", a, b)
	}
}

// TestIntervalOfAccuracies: two scores make wide intervals, but no accuracy is below 0 or above 1.
func TestIntervalOfAccuracies(t *testing.T) {
	c := Compare([]Sample{{"low", []float64{.02, .06}}, {"high", []float64{.94, .98}}, {"middle", []float64{.4, .41}}}, .95)
	low, high, middle := c.Estimates[0], c.Estimates[1], c.Estimates[2]
	half := 12.706205 * middle.SD / math.Sqrt2
	if low.Low != 0 || !(low.High > .06) || high.High != 1 || !(high.Low < .94) || math.Abs(middle.Low-middle.Mean+half) > 1e-8 || math.Abs(middle.High-middle.Mean-half) > 1e-8 {
		t.Errorf("intervals are %+v", c.Estimates)
	}
}

func TestCompareWithMissingRuns(t *testing.T) {
	nan := math.NaN()
	c := Compare([]Sample{{"a", []float64{.5, .52, nan}}, {"b", []float64{.3, .31, .32}}, {"c", []float64{nan, .9, nan}}, {"d", []float64{nan, nan, nan}}}, .95)
	if !c.Verdict() || c.Compared != 2 || c.Seeds != 2 || !c.Estimates[0].Tied || c.Estimates[2].Tied {
		t.Errorf("%+v", c)
	}
	if got := strings.Join(c.Warnings, "\n"); !strings.Contains(got, "rests on 2 seeds") || !strings.Contains(got, "too few runs to be compared: 2") {
		t.Errorf("warnings %q", got)
	}
	b, d := c.Estimates[1], c.Estimates[3]
	// t quantile .975 with 2 degrees of freedom is 4.302653; sd .01.
	if math.Abs(b.Mean-.31) > 1e-12 || math.Abs(b.SD-.01) > 1e-12 || math.Abs(b.High-b.Mean-4.302653*.01/math.Sqrt(3)) > 1e-8 || d.N != 0 || !math.IsNaN(d.Mean) {
		t.Errorf("%+v, %+v", b, d)
	}
	if none := Compare([]Sample{{"a", []float64{.5}}}, .95); none.Verdict() || len(none.Warnings) != 1 {
		t.Errorf("%+v", none)
	}
}
