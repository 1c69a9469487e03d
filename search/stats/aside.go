package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// asideLevel is the share of searches without a diverged run in which a trial is set aside.
const asideLevel = .001

// setAside removes, one after the other, trials whose scores vary more than the noise of the others
// allows: a run that diverged makes the noise of all trials look so large that none can be
// distinguished from the best. While more than three are left, the most extreme one is removed if
// its F statistic would be exceeded in less than one of 1,000 tables of equal noise, after
// Bonferroni's correction.
func setAside(x [][]float64) (left, aside []int) {
	for i := range x {
		left = append(left, i)
	}
	for len(left) > 3 {
		place, p := loudest(x, left)
		if p > asideLevel {
			break
		}
		aside = append(aside, left[place])
		left = slices.Delete(left, place, place+1)
	}
	slices.Sort(aside)
	return left, aside
}

// loudest finds the trial whose variance has the smallest p value against the others' residuals,
// multiplied by the number of trials (Bonferroni).
func loudest(x [][]float64, left []int) (place int, p float64) {
	p = math.Inf(1)
	for i, trial := range left {
		others := slices.Delete(slices.Clone(left), i, i+1)
		if v := standsOut(x[trial], pickRows(x, others)) * float64(len(left)); v < p {
			place, p = i, v
		}
	}
	return place, p
}

// standsOut is the p value of the F test of one trial's residuals against those of the others; its
// residuals are taken from the others' seed effects. 1 where either has no residual.
func standsOut(row []float64, others [][]float64) float64 {
	effects, residual, freedom := polish(others)
	var d []float64 // the trial's scores less the others' seed effects, on seeds that they have
	for j, v := range row {
		if !math.IsNaN(v - effects[j]) {
			d = append(d, v-effects[j])
		}
	}
	if len(d) < 2 || freedom < 1 {
		return 1
	}
	mean, squares := stat.Mean(d, nil), 0.
	for _, v := range d {
		squares += (v - mean) * (v - mean)
	}
	if squares < same*same {
		return 1
	}
	numerator, denominator := float64(len(d)-1), float64(freedom)
	pooled := max(residual/denominator, same*same)
	f := squares / numerator / (1 + 1/float64(len(others))) / pooled
	return distuv.F{D1: numerator, D2: denominator}.Survival(f)
}

// polish fits trial + seed effects by alternately subtracting means, which converges at once in a
// table without holes. It returns the seed effects, NaN where no trial has the seed, the residual
// sum of squares and its degrees of freedom.
func polish(x [][]float64) (effects []float64, squares float64, freedom int) {
	const mostSweeps = 100
	effects = make([]float64, len(x[0]))
	means := make([]float64, len(x))
	for range mostSweeps {
		freedom = 1
		for i, row := range x {
			sum, n := 0., 0
			for j, v := range row {
				if !math.IsNaN(v - effects[j]) {
					sum, n = sum+v-effects[j], n+1
				}
			}
			means[i] = sum / float64(n)
			freedom += n - 1
		}
		if moved := sweep(x, means, effects); moved < same {
			break
		}
	}
	for _, c := range effects {
		if !math.IsNaN(c) {
			freedom--
		}
	}
	for i, row := range x {
		for j, v := range row {
			if r := v - means[i] - effects[j]; !math.IsNaN(r) {
				squares += r * r
			}
		}
	}
	return effects, squares, freedom
}

// sweep sets every seed effect to the mean of the trials' residuals, and returns the largest
// change.
func sweep(x [][]float64, means, effects []float64) (moved float64) {
	for j, before := range effects {
		sum, n := 0., 0
		for i, row := range x {
			if v := row[j] - means[i]; !math.IsNaN(v) {
				sum, n = sum+v, n+1
			}
		}
		effects[j] = sum / float64(n)
		moved = max(moved, math.Abs(effects[j]-before))
	}
	return moved
}
