package check

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"gridsearch/internal/random"
)

// Up to mostExact seeds all patterns of signs are enumerated; beyond that, signDraws random ones.
const (
	mostExact = 16
	signDraws = 1 << 16
)

// SignFlips tests every trial against the one with the highest mean, with p values of the paired
// sign-flip test: if two trials were equal, each difference between their scores of a seed would be
// as likely to have the opposite sign. It assumes nothing about the noise, but assumes that the
// best was chosen beforehand: as it was not, some trial is rejected in 12 to 15 % of searches among
// equals. The p values are adjusted for the number of trials ([holm]); that of the best is NaN, and
// so are all where there are too few seeds to reject anything: p is never below 2 / 2^seeds.
func SignFlips(x [][]float64, means []float64, confidence float64) []float64 {
	p, best := unknown(len(x)), 0
	for i, mean := range means {
		if mean > means[best] {
			best = i
		}
	}
	for i := range p {
		differences := paired(x[best], x[i])
		if float64(len(x)-1)*math.Ldexp(2, -len(differences)) > 1-confidence+1e-12 {
			return unknown(len(x))
		}
		if i != best {
			p[i] = signFlip(differences)
		}
	}
	return holm(p)
}

// paired lists the differences between two trials' scores of the seeds that both have.
func paired(a, b []float64) []float64 {
	var list []float64
	for seed, v := range a {
		if d := v - b[seed]; !math.IsNaN(d) {
			list = append(list, d)
		}
	}
	return list
}

// signFlip is the share of sign patterns whose sum of differences is at least as far from 0 as the
// observed one.
func signFlip(differences []float64) float64 {
	// Sums of one pattern in another order may differ by rounding.
	observed := math.Abs(floats.Sum(differences)) - same*float64(len(differences))
	extreme := func(flip func(seed int) bool) int {
		sum := 0.
		for seed, d := range differences {
			if flip(seed) {
				d = -d
			}
			sum += d
		}
		if math.Abs(sum) >= observed {
			return 1
		}
		return 0
	}
	n, count := len(differences), 0
	if n <= mostExact {
		for pattern := range 1 << (n - 1) { // the other half mirrors this one
			count += extreme(func(seed int) bool { return pattern>>seed&1 == 1 })
		}
		return math.Ldexp(float64(count), 1-n)
	}
	s := random.New(1, "sign flips", n)
	for range signDraws {
		count += extreme(func(int) bool { return s.Float64() < .5 })
	}
	return float64(count+1) / (signDraws + 1)
}

// holm adjusts p values for their number, ignoring NaN ([holm]): the smallest is multiplied by
// their number, the next by one less, and the result is made monotonic.
func holm(p []float64) []float64 {
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted, largest := slices.Clone(p), 0.
	for place, i := range order {
		largest = min(1, max(largest, float64(len(order)-place)*p[i]))
		adjusted[i] = largest
	}
	return adjusted
}

// unknown is a list of n NaN.
func unknown(n int) []float64 { return slices.Repeat([]float64{math.NaN()}, n) }
