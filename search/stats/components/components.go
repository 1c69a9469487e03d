// Package components says what scores vary by: trials, seeds, and the noise of a run that is left.
//
// Scores are a table of trials by seeds without holes, and vary as trial + seed + noise. Arguments
// and results are plain values; unknown numbers are NaN.
//
// References:
//
//	[searle]   S. Searle, G. Casella, C. McCulloch, Variance Components, 1992: chapter 4.
//	[williams] J. Williams, A Confidence Interval for Variance Components, Biometrika 49, 1962.
package components

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Table is the analysis of variance of a table of scores.
type Table struct {
	Trials, Seeds int
	Means         []float64 // of the trials [Trials]
	Run           Estimate  // the noise of a run, paired by seed
	Seed          Estimate  // what a seed does to all trials alike; without an interval
	Trial         Estimate  // the spread of the trials' true means
	P             float64   // of trials as unlike as these, where all are equal
}

// Estimate is a standard deviation with the ends of its interval.
type Estimate struct{ SD, Low, High float64 }

// Of analyses scores [trials][seeds], without NaN. It needs two trials and two seeds: ok is false
// otherwise.
func Of(scores [][]float64, confidence float64) (t Table, ok bool) {
	if len(scores) < 2 || len(scores[0]) < 2 {
		return t, false
	}
	t.Trials, t.Seeds = len(scores), len(scores[0])
	k, n := float64(t.Trials), float64(t.Seeds)
	columns := make([]float64, t.Seeds)
	for _, row := range scores {
		t.Means = append(t.Means, stat.Mean(row, nil))
		for j, v := range row {
			columns[j] += v / k
		}
	}
	grand, rest := stat.Mean(t.Means, nil), 0.
	for i, row := range scores {
		for j, v := range row {
			d := v - t.Means[i] - columns[j] + grand
			rest += d * d
		}
	}
	between, within := n*stat.Variance(t.Means, nil), rest/((k-1)*(n-1))
	t.Run = Noise(math.Sqrt(within), t.freedom(), confidence)
	t.Seed = Estimate{math.Sqrt(max(0, stat.Variance(columns, nil)-within/k)), math.NaN(),
		math.NaN()}
	t.Trial = t.trial(between, within, confidence)
	t.P = t.test(between, within)
	return t, true
}

// freedom is that of the noise of a run.
func (t Table) freedom() int { return (t.Trials - 1) * (t.Seeds - 1) }

// Noise is a standard deviation of so many degrees of freedom with its interval, from the
// distribution of variances of normal scores; of none the interval is not known.
func Noise(sd float64, freedom int, confidence float64) Estimate {
	if freedom < 1 {
		return Estimate{sd, math.NaN(), math.NaN()}
	}
	chi2 := distuv.ChiSquared{K: float64(freedom)}
	sum := sd * sd * float64(freedom)
	return Estimate{sd, math.Sqrt(sum / chi2.Quantile((1+confidence)/2)),
		math.Sqrt(sum / chi2.Quantile((1-confidence)/2))}
}

// trial is the spread between trials beyond what the noise of runs makes of equal ones, with the
// interval of [williams], which covers at least as often as it says.
func (t Table) trial(between, within, confidence float64) Estimate {
	n, d := float64(t.Seeds), float64(t.Trials-1)
	f := distuv.F{D1: d, D2: float64(t.freedom())}
	chi2 := distuv.ChiSquared{K: d}
	side := (1 - confidence) / 2
	end := func(share float64) float64 {
		v := (between - within*f.Quantile(share)) * d / (n * chi2.Quantile(share))
		return math.Sqrt(max(0, v))
	}
	return Estimate{math.Sqrt(max(0, (between-within)/n)), end(1 - side), end(side)}
}

// test is the F test of equal trials.
func (t Table) test(between, within float64) float64 {
	switch {
	case within > 0:
		return distuv.F{D1: float64(t.Trials - 1), D2: float64(t.freedom())}.Survival(
			between / within)
	case between > 0:
		return 0
	}
	return 1
}

// Complete picks from scores [trials][seeds], which may be NaN or shorter where a run is missing,
// the table of the trials that have all the seeds of the trial with the most of them, the first of
// such; kept says which rows those are.
func Complete(scores [][]float64) (table [][]float64, kept []int) {
	var seeds []int
	for _, row := range scores {
		var has []int
		for j, v := range row {
			if !math.IsNaN(v) {
				has = append(has, j)
			}
		}
		if len(has) > len(seeds) {
			seeds = has
		}
	}
	for i, row := range scores {
		lacks := func(j int) bool { return j >= len(row) || math.IsNaN(row[j]) }
		if len(seeds) == 0 || slices.ContainsFunc(seeds, lacks) {
			continue
		}
		var picked []float64
		for _, j := range seeds {
			picked = append(picked, row[j])
		}
		table, kept = append(table, picked), append(kept, i)
	}
	return table, kept
}

// Holm adjusts p values for their number (Holm 1979); NaN stay and do not count.
func Holm(p []float64) []float64 {
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted, largest := slices.Clone(p), 0.
	for rank, i := range order {
		largest = max(largest, min(1, p[i]*float64(len(order)-rank)))
		adjusted[i] = largest
	}
	return adjusted
}
