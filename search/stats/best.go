package stats

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"gridsearch/internal/random"
	"gridsearch/search/stats/null"
)

// Of the hierarchical posterior: the number of grid values of the trials' spread, the largest as a
// multiple of the observed spread, and the number of draws.
const (
	spreads      = 161
	widestSpread = 4
	bestDraws    = 4000
)

// bestChance is the posterior probability of each trial to have the highest true mean, where the
// true means have a normal distribution ([gelman] section 5.4). Its standard deviation has a flat
// prior and is integrated out on a grid; the noise is as uncertain as its degrees of freedom imply.
// Ties are shared.
func bestChance(t *table) []float64 {
	noise := make([]float64, t.k()) // variance of the means
	for i, v := range t.variances {
		noise[i] = v / float64(t.n[i])
	}
	nu := max(1, min(t.prior+t.seeds()-1, t.freedom))
	widest := widestSpread * math.Sqrt(stat.Mean(noise, nil)+stat.PopVariance(t.means, nil))
	chances := floats.CumSum(make([]float64, spreads), spreadChances(t.means, noise, widest))
	s := random.New(1, "best chance", t.k(), t.seeds())
	best, truth := make([]float64, t.k()), make([]float64, t.k())
	for range bestDraws {
		spread := widest * float64(pickOne(s, chances)) / (spreads - 1)
		drawTruth(s, t.means, noise, spread*spread, float64(nu)/null.ChiSquared(s, nu), truth)
		best[floats.MaxIdx(truth)]++
	}
	floats.Scale(1./bestDraws, best)
	return best
}

// spreadChances is the posterior of the trials' spread on 0 .. widest, unnormalised.
func spreadChances(means, noise []float64, widest float64) []float64 {
	logs, chances := make([]float64, spreads), make([]float64, spreads)
	for i := range logs {
		spread := widest * float64(i) / (spreads - 1)
		center, weight := weighted(means, noise, spread*spread)
		logs[i] = -.5 * math.Log(weight)
		for j, m := range means {
			w := 1 / (spread*spread + noise[j])
			logs[i] += .5*math.Log(w) - .5*w*(m-center)*(m-center)
		}
	}
	largest := floats.Max(logs)
	for i, v := range logs {
		chances[i] = math.Exp(v - largest)
	}
	return chances
}

// weighted is the precision-weighted mean, and the sum of the weights.
func weighted(means, noise []float64, spread2 float64) (center, weight float64) {
	for i, m := range means {
		w := 1 / (spread2 + noise[i])
		center, weight = center+w*m, weight+w
	}
	return center / weight, weight
}

// drawTruth draws true means, given the variance of their spread and the factor of the noise.
func drawTruth(s *random.Stream, means, noise []float64, spread2, factor float64, truth []float64) {
	spread2 += 1e-18 // where it is 0 the trials are equal, and chance shares among them
	sum, weight := 0., 0.
	for i, m := range means {
		w := 1 / (spread2 + noise[i]*factor)
		sum, weight = sum+w*m, weight+w
	}
	center := sum/weight + s.Norm()/math.Sqrt(weight)
	for i, m := range means {
		n := noise[i] * factor
		at := (spread2*m + n*center) / (spread2 + n)
		truth[i] = at + math.Sqrt(spread2*n/(spread2+n))*s.Norm()
	}
}

// pickOne draws an index with probability proportional to its weight, given the cumulative sums.
func pickOne(s *random.Stream, sums []float64) int {
	at := s.Float64() * sums[len(sums)-1]
	return min(sort.Search(len(sums), func(i int) bool { return sums[i] > at }), len(sums)-1)
}
