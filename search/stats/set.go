package stats

import (
	"math"
	"slices"

	"gridsearch/search/stats/null"
)

// confidenceSet returns the p value of every trial by the model confidence set procedure ([mcs]):
// the trial with the most significant deficit is eliminated, and its p value is the largest so far
// of the probabilities of so large a t among equals. The last trial's is 1. The set at a confidence
// is the trials with p above 1 - confidence.
func confidenceSet(t *table, u *null.Null) []float64 {
	p, largest := make([]float64, t.k()), 0.
	left := sequence(t.k())
	for len(left) > 1 {
		worst, statistic := mostSignificant(t, left)
		largest = max(largest, u.P(len(left), statistic))
		p[left[worst]] = largest
		left = slices.Delete(left, worst, worst+1)
	}
	p[left[0]] = 1
	return p
}

// mostSignificant finds the largest pairwise t among the remaining trials, and the trial that is
// behind in it; of equals the last one.
func mostSignificant(t *table, left []int) (worst int, statistic float64) {
	worst = len(left) - 1
	for _, i := range left {
		for place, j := range left {
			if d := t.means[i] - t.means[j]; d > same {
				if v := d / math.Max(t.error(i, j), 1e-300); v > statistic {
					worst, statistic = place, v
				}
			}
		}
	}
	return worst, statistic
}

// interval is an estimate with its confidence interval, and the trial that determines the lower
// end, -1 for none.
type interval struct {
	value, low, high float64
	rival            int
}

// behindBest returns every trial's mean minus the highest of the others, with simultaneous
// confidence intervals that are constrained to contain 0 ([hsu]). Only trials that may be the best
// count for the lower ends ([edwards]); the critical value is that of many comparisons with one
// ([dunnett]).
func behindBest(t *table, q float64) []interval {
	k := t.k()
	list := make([]interval, k)
	for i := range list {
		value, high := math.Inf(1), math.Inf(1)
		for j := range k {
			if d := t.means[i] - t.means[j]; j != i {
				value, high = min(value, d), min(high, d+q*t.error(i, j))
			}
		}
		list[i] = interval{value, 0, max(0, high), -1}
	}
	for i := range list {
		for j := range k {
			low := t.means[i] - t.means[j] - q*t.error(i, j)
			if j != i && list[j].high > 0 && low < list[i].low {
				list[i].low, list[i].rival = low, j
			}
		}
	}
	return list
}

func sequence(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
