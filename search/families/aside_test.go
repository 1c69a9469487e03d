package families

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/internal/random"
)

// TestLoudest compares the F test with its plain form for a table without holes: the trial's
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

// of makes a table of scores alone.
func of(scores ...[]float64) measured {
	m := measured{x: make([]float64, len(scores)), member: make([][]int, len(scores)), scores: scores}
	for i := range scores {
		m.trials = append(m.trials, fmt.Sprint(i))
	}
	return m
}

// TestSetAsideWithHoles: variances are compared, not sums; a seed that only one trial has does not
// hide it; and where the others are not connected without it, none is set aside.
func TestSetAsideWithHoles(t *testing.T) {
	few := of([]float64{1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, []float64{5, 5, 5, 5, 5, 5, 5, 5, 5, 5.1},
		[]float64{7, 7, 7, 7, 7, 7, 7, 7, 7.1, 7},
		[]float64{0, 2, nan, nan, nan, nan, nan, nan, nan, nan})
	if i, _ := few.loudest(); i != 3 {
		t.Errorf("trial %d is the loudest, want the one with few runs", i)
	}
	own := of([]float64{1, 1.01, nan}, []float64{2, 2.01, nan}, []float64{3, 2.98, nan},
		[]float64{4, 4.02, nan}, []float64{9, 5, 5}, []float64{6, 6.01, nan})
	if names := own.setAside(); !slices.Equal(names, []string{"4"}) || len(own.scores[0]) != 2 {
		t.Errorf("%v are set aside of a trial with a seed of its own", names)
	}
	bridge := of([]float64{1, 1.01, nan, nan}, []float64{2, 2.01, nan, nan},
		[]float64{3, 2.98, nan, nan}, []float64{4, 9, 1, 5}, []float64{nan, nan, 2, 2.01},
		[]float64{nan, nan, 3, 2.99})
	if i, p := bridge.loudest(); i != 3 || p != 1 {
		t.Errorf("the bridge of two groups: trial %d with p = %g", i, p)
	}
	exact := of([]float64{1, nan}, []float64{2, 2.3}, []float64{nan, 3}, []float64{4, 9})
	if _, p := exact.loudest(); p != 1 {
		t.Errorf("beside trials that show no noise: p = %g", p)
	}
}

// TestSetAsideNeedsThreeOthers: two trials do not show the noise that a third is judged by, however
// far off its run is; three do.
func TestSetAsideNeedsThreeOthers(t *testing.T) {
	scores := [][]float64{{1, 1.01, 1, 1.02, .99, 1}, {2, 2.02, 2.01, 2, 2, 1.99},
		{3, 9, 3.01, 3, 3.01, 3}, {4, 4, 4.01, 4.01, 4, 3.99}}
	for n, want := range map[int]int{3: 0, 4: 1} {
		m := of(scores[:n]...)
		if i, p := m.loudest(); i != 2 || p*float64(n) > asideLevel {
			t.Fatalf("of %d trials %d is the loudest with p = %g", n, i, p)
		}
		if names := m.setAside(); len(names) != want {
			t.Errorf("of %d trials %v are set aside, want %d", n, names, want)
		}
	}
}

// TestLargest: the variance of two runs is that of one degree of freedom, here 2 against 1.34.
func TestLargest(t *testing.T) {
	m := of([]float64{0, 0}, []float64{0, 0, 0})
	if i := m.largest([]float64{1, -1, 1.1, -1.1, .5}); i != 0 {
		t.Errorf("trial %d has the largest variance, want the one of two runs", i)
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
