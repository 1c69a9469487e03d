package search

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"gridsearch/internal/random"
)

// Up to mostExact seeds all patterns of signs are counted; beyond it, signDraws random ones.
const (
	mostExact = 16
	signDraws = 1 << 16
)

// signFlips tests every trial against the one with the highest mean, by p values of the paired sign-flip test: if two trials were equal, each difference
// between their scores of a seed would be as likely to have the other sign. It assumes nothing about the noise. The p values are adjusted for the number
// of trials ([holm]); that of the best is NaN. Rows are trials, columns seeds. Nil where so few seeds could reject nothing: p is never below 2 / 2^seeds.
func signFlips(x [][]float64, confidence float64) []float64 {
	k, n := len(x), len(x[0])
	if float64(k-1)*math.Ldexp(2, -n) > 1-confidence+1e-12 {
		return nil
	}
	best := 0
	for i := range x {
		if stat.Mean(x[i], nil) > stat.Mean(x[best], nil) {
			best = i
		}
	}
	p := make([]float64, k)
	for i, row := range x {
		differences := make([]float64, n)
		for j := range row {
			differences[j] = x[best][j] - row[j]
		}
		p[i] = signFlip(differences)
	}
	p[best] = math.NaN()
	return holm(p)
}

// signFlip is the share of sign patterns that bring the sum of the differences at least as far from 0 as it is.
func signFlip(differences []float64) float64 {
	observed := math.Abs(floats.Sum(differences)) - 1e-9 // sums of one pattern in another order may differ by rounding
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

// holm adjusts p values for their number, NaN left out ([holm]): the smallest is multiplied by all of them, the next by one less, and none is below
// a smaller one's.
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
