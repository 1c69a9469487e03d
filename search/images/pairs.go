package images

import (
	"math"
	"slices"
)

// Pair counts images by whether two networks classify them correctly.
type Pair struct{ Both, OnlyFirst, OnlySecond, Neither int }

// Count compares two networks on the same images: correct [n] of each.
func Count(first, second []bool) Pair {
	var p Pair
	for i := range first {
		switch {
		case first[i] && second[i]:
			p.Both++
		case first[i]:
			p.OnlyFirst++
		case second[i]:
			p.OnlySecond++
		default:
			p.Neither++
		}
	}
	return p
}

// N is the number of images.
func (p Pair) N() int { return p.Both + p.OnlyFirst + p.OnlySecond + p.Neither }

// Agreement is the share of images that both networks classify correctly or both wrongly.
func (p Pair) Agreement() float64 { return float64(p.Both+p.Neither) / float64(p.N()) }

// Kappa is Cohen's coefficient of agreement on correct and wrong ([cohen]), the error consistency
// of [geirhos]: 0 where two networks agree as often as expected by chance at their accuracies, 1
// where they make errors on the same images. NaN where each is correct on all images or wrong on
// all.
func (p Pair) Kappa() float64 {
	n := float64(p.N())
	a, b := float64(p.Both+p.OnlyFirst)/n, float64(p.Both+p.OnlySecond)/n
	chance := a*b + (1-a)*(1-b)
	return (p.Agreement() - chance) / (1 - chance)
}

// mostExact is the number of discordant images up to which McNemar's test is computed exactly.
// Below 25 the normal approximation is known to be poor ([dietterich] and textbooks since); the
// exact test is cheap far beyond that.
const mostExact = 1000

// McNemar is the two-sided p value of McNemar's test ([mcnemar]): if two networks are equally
// accurate on images like these, each image that only one of them classifies correctly (a
// discordant one) is either's with probability 1/2. Up to mostExact of them it is the exact
// binomial probability of a split at least as uneven; beyond that, the normal approximation with
// Edwards' continuity correction ([edwards]). 1 without such images.
func (p Pair) McNemar() float64 {
	n, few := p.OnlyFirst+p.OnlySecond, min(p.OnlyFirst, p.OnlySecond)
	if n > mostExact {
		z := math.Max(0, math.Abs(float64(p.OnlyFirst-p.OnlySecond))-1) / math.Sqrt(float64(n))
		return math.Erfc(z / math.Sqrt2)
	}
	return min(1, 2*binomialTail(n, few))
}

// binomialTail is the probability of at most k heads in n tosses of a fair coin.
func binomialTail(n, k int) float64 {
	all, _ := math.Lgamma(float64(n + 1))
	sum := 0.
	for i := range k + 1 {
		heads, _ := math.Lgamma(float64(i + 1))
		tails, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(all - heads - tails - float64(n)*math.Ln2)
	}
	return sum
}

// Combine combines p values that may depend on each other in any way, such as those of one pair of
// trials at several seeds on the same images: with the k-th smallest of m, k = m/2 rounded up, it
// is m/k times that, at most 1 ([rueger]). NaN without any.
func Combine(p []float64) float64 {
	if len(p) == 0 {
		return math.NaN()
	}
	m, k := len(p), (len(p)+1)/2
	return min(1, float64(m)/float64(k)*slices.Sorted(slices.Values(p))[k-1])
}
