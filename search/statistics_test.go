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
		_, variances, nu := shrunk(c.Scores)
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
