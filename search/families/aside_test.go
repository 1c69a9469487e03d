package families

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/internal/random"
)

// TestLoudest holds the F test against its plain form for a table without holes: the trial's
// residuals from the seeds' means over the others, against the others' own residuals.
func TestLoudest(t *testing.T) {
	s := random.New(1, "loudest")
	for _, size := range [][2]int{{4, 2}, {9, 3}, {13, 5}} {
		k, n := size[0], size[1]
		m := measured{trials: make([]string, k), x: make([]float64, k), member: make([][]int, k)}
		for range k {
			row := make([]float64, n)
			for j := range row {
				row[j] = s.Norm() + float64(j)
			}
			m.scores = append(m.scores, row)
		}
		least, place := 1., 0
		for i := range k {
			if p := plainP(m.scores, i); p < least {
				least, place = p, i
			}
		}
		if i, p := m.loudest(); i != place || math.Abs(p-least) > 1e-9 {
			t.Errorf("%d x %d: trial %d with p = %g, want %d with %g", k, n, i, p, place, least)
		}
	}
}

// plainP is the p value of a row's residuals.
func plainP(scores [][]float64, i int) float64 {
	others := slices.Delete(slices.Clone(scores), i, i+1)
	m, n := float64(len(others)), float64(len(scores[0]))
	mean := func(row []float64) (sum float64) {
		for _, v := range row {
			sum += v / n
		}
		return sum
	}
	column := func(j int) (sum float64) {
		for _, row := range others {
			sum += (row[j] - mean(row)) / m
		}
		return sum
	}
	w, pooled := 0., 0.
	for j := range scores[i] {
		w += math.Pow(scores[i][j]-mean(scores[i])-column(j), 2) / (n - 1) / (1 + 1/m)
		for _, row := range others {
			pooled += math.Pow(row[j]-mean(row)-column(j), 2) / (m - 1) / (n - 1)
		}
	}
	return distuv.F{D1: n - 1, D2: (m - 1) * (n - 1)}.Survival(w / pooled)
}

// TestSetAside: a trial with a diverged run is named and left out, holes or not; so is a second
// one, and without the base there is no comparison.
func TestSetAside(t *testing.T) {
	plain := Compare(example())
	if len(plain.Aside) > 0 {
		t.Fatalf("%v are set aside", plain.Aside)
	}
	s := example()
	for i := range s.Trials {
		s.Trials[i].Name = fmt.Sprint("trial ", i)
	}
	s.Trials[7].Scores[2] -= .1 // of width
	s.Trials[11].Scores[1] = .1 // of depth, with a hole
	c := Compare(s)
	want := []string{"trial 11", "trial 7"}
	if !slices.Equal(c.Aside, want) || c.Networks != 19 || c.Claim != Better {
		t.Errorf("got %+v", c)
	}
	for i, d := range c.Contrasts {
		if far := d.Difference - plain.Contrasts[i].Difference; math.Abs(far) > .01 {
			t.Errorf("over %s: %g, %g more than without the runs", d.Against, d.Difference, far)
		}
	}
	s.Base.Scores[2] = .1
	const why = "the runs of the base network, where the curves begin, disagree"
	if c := Compare(s); c.Claim != None || c.Why != why || !slices.Contains(c.Aside, "base") {
		t.Errorf("got %+v", c)
	}
}

// TestDivergedRun: a run far off bends the curve of the best single dimension, and 39 % of studies
// would find a lead that is not there; and hardly a study without one loses a trial.
func TestDivergedRun(t *testing.T) {
	d, truth := designs()[2], null(0, 0)
	s := random.New(1, "whole")
	aside := 0
	for range 1500 {
		aside += len(Compare(d.draw(truth, s)).Aside)
	}
	if aside > 6 {
		t.Errorf("%d of 1500 studies without a diverged run lose a trial", aside)
	}
	truth.off = 10
	if share := d.simulate(truth, 1500); share.scatter > 7 {
		t.Errorf("%.1f %% of claims are wrong where a run has diverged", share.scatter)
	}
}
