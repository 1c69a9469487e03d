package stats

import (
	"math"
	"slices"
)

// has reports whether the sample has a score for a seed.
func (s Sample) has(seed int) bool { return seed < len(s.Scores) && !math.IsNaN(s.Scores[seed]) }

// longest is the largest number of seeds of a sample.
func longest(samples []Sample) int {
	n := 0
	for _, s := range samples {
		n = max(n, len(s.Scores))
	}
	return n
}

// eligible lists the trials that can be compared, and their seeds. A seed of only one trial allows
// no comparison, and a single score of a trial shows no noise: both are removed until none remains.
func eligible(samples []Sample) (trials, seeds []int) {
	for i := range samples {
		trials = append(trials, i)
	}
	for seed := range longest(samples) {
		seeds = append(seeds, seed)
	}
	for before := -1; before != len(trials)+len(seeds); {
		before = len(trials) + len(seeds)
		seeds = slices.DeleteFunc(seeds, func(seed int) bool {
			return count(trials, func(i int) bool { return samples[i].has(seed) }) < 2
		})
		trials = slices.DeleteFunc(trials, func(i int) bool {
			return count(seeds, samples[i].has) < 2
		})
	}
	return component(samples, trials, seeds)
}

// component keeps the largest group of trials connected by common seeds, the first of equal ones.
// Two groups without a common seed cannot be compared.
func component(samples []Sample, trials, seeds []int) (largest, common []int) {
	rest := slices.Clone(trials)
	for len(rest) > len(largest) {
		group := connected(samples, rest, seeds)
		rest = slices.DeleteFunc(rest, func(i int) bool { return slices.Contains(group, i) })
		if len(group) > len(largest) {
			largest = group
		}
	}
	common = slices.DeleteFunc(slices.Clone(seeds), func(seed int) bool {
		return !slices.ContainsFunc(largest, func(i int) bool { return samples[i].has(seed) })
	})
	return largest, common
}

// connected lists the trials that seeds connect with the first one, in order.
func connected(samples []Sample, trials, seeds []int) []int {
	in := map[int]bool{trials[0]: true}
	for before := 0; before != len(in); {
		before = len(in)
		for _, seed := range seeds {
			reached := slices.ContainsFunc(trials, func(i int) bool { return in[i] && samples[i].has(seed) })
			for _, i := range trials {
				if reached && samples[i].has(seed) {
					in[i] = true
				}
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(trials), func(i int) bool { return !in[i] })
}

func count(list []int, holds func(int) bool) int {
	n := 0
	for _, i := range list {
		if holds(i) {
			n++
		}
	}
	return n
}

// pick makes the table of trials and seeds, NaN where a score is missing.
func pick(samples []Sample, trials, seeds []int) [][]float64 {
	rows := make([][]float64, len(trials))
	for i, trial := range trials {
		for _, seed := range seeds {
			score := math.NaN()
			if samples[trial].has(seed) {
				score = samples[trial].Scores[seed]
			}
			rows[i] = append(rows[i], score)
		}
	}
	return rows
}

func pickRows(rows [][]float64, places []int) [][]float64 {
	list := make([][]float64, len(places))
	for i, place := range places {
		list[i] = rows[place]
	}
	return list
}
