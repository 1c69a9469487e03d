// Package check tests the trials of a table of scores without assuming a normal distribution, in
// addition to the tied set of package stats, whose list of references it uses. Rows are trials,
// columns seeds; NaN where a run is missing.
package check

import (
	"math"
	"slices"

	"gridsearch/internal/random"
)

// fewestPermutations is their number at a confidence of 0.95; at higher confidence there are more,
// so that fifty exceed it.
const fewestPermutations = 999

// Permutations returns p values like those of the tied set, without assuming a normal distribution:
// if the remaining trials were equal, their labels could be permuted within each seed ([pitman]).
// The statistic is the range of the means over the root of the residual sum of squares of the
// remaining trials; the lowest mean is eliminated. It assumes equal noise of the trials, and with
// few seeds it cannot separate the last two to four: there are too few permutations.
func Permutations(x [][]float64, means []float64, confidence float64) []float64 {
	count := max(fewestPermutations, int(math.Ceil(50/(1-confidence)-1e-6))-1)
	rows := slices.Clone(x)
	left := sequence(len(x))
	p, largest := make([]float64, len(x)), 0.
	for len(left) > 1 {
		largest = permuted(rows, count, largest)
		lowest := 0
		for place, i := range left {
			if means[i] < means[left[lowest]]-same {
				lowest = place
			}
		}
		p[left[lowest]] = largest
		left, rows = slices.Delete(left, lowest, lowest+1), slices.Delete(rows, lowest, lowest+1)
	}
	p[left[0]] = 1
	return p
}

// same is the largest difference between means that is due to rounding.
const same = 1e-12

func sequence(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// permuted is the share of permutations, the table itself included, whose statistic reaches the
// table's; it returns least early if the share is no larger than that, which few draws can show.
func permuted(rows [][]float64, count int, least float64) float64 {
	work := newColumns(rows)
	observed := work.statistic()
	s := random.New(1, "permutations", len(rows), len(rows[0]))
	reached := 1
	for drawn := range count {
		if float64(reached+count-drawn) <= least*float64(count+1) {
			return least
		}
		work.shuffle(s)
		if work.statistic() >= observed-1e-9*math.Abs(observed) {
			reached++
		}
	}
	return max(least, float64(reached)/float64(count+1))
}

// columns is a table by seeds, whose scores are permuted within a seed; missing ones stay missing.
type columns struct {
	scores [][]float64 // [seed][trial that has it]
	trials [][]int
	sums   []float64 // of trials
	n      []float64
	total  float64 // sum of squares within seeds, which no permutation changes
}

func newColumns(rows [][]float64) *columns {
	c := &columns{sums: make([]float64, len(rows)), n: make([]float64, len(rows))}
	for seed := range rows[0] {
		var scores []float64
		var trials []int
		for i, row := range rows {
			if !math.IsNaN(row[seed]) {
				scores, trials = append(scores, row[seed]), append(trials, i)
				c.n[i]++
			}
		}
		mean := 0.
		for _, v := range scores {
			mean += v / float64(len(scores))
		}
		for i, v := range scores {
			scores[i] = v - mean
			c.total += scores[i] * scores[i]
		}
		c.scores, c.trials = append(c.scores, scores), append(c.trials, trials)
	}
	return c
}

func (c *columns) shuffle(s *random.Stream) {
	for _, scores := range c.scores {
		for i := len(scores) - 1; i > 0; i-- {
			j := int(s.Uint64() >> 32 * uint64(i+1) >> 32)
			scores[i], scores[j] = scores[j], scores[i]
		}
	}
}

// statistic is the range of the trials' means over the root of the residual sum of squares.
func (c *columns) statistic() float64 {
	clear(c.sums)
	for seed, scores := range c.scores {
		for i, v := range scores {
			c.sums[c.trials[seed][i]] += v
		}
	}
	low, high, between := math.Inf(1), math.Inf(-1), 0.
	for i, sum := range c.sums {
		if c.n[i] == 0 {
			continue
		}
		mean := sum / c.n[i]
		low, high, between = min(low, mean), max(high, mean), between+mean*sum
	}
	if high-low < same {
		return 0
	}
	return (high - low) / math.Sqrt(max(c.total-between, 0)+1e-30)
}
