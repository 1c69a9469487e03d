package search

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/internal/random"
)

// Sample is the scores of a trial, accuracies in 0..1, by seed index; NaN, or nothing at the end, where a run is missing.
type Sample struct {
	Trial  string
	Scores []float64
}

// Estimate is what the scores of one trial say.
type Estimate struct {
	Trial string
	N     int     // scores
	Mean  float64 // NaN without a score
	SD    float64 // between seeds, with n - 1; NaN below two scores
	Low   float64 // t interval of the mean, what lies in 0..1 of it; NaN below two scores
	High  float64
	Best  float64 // probability of being best, by bootstrap over seeds; NaN where Tied is not known
	Tied  bool    // cannot be told from the best

	SignFlip float64 // p value of the sign-flip test against the highest mean, adjusted by Holm; NaN for the best, and where seeds are too few to reject anything
}

// Comparison is what the scores of all trials say.
type Comparison struct {
	Estimates []Estimate // in the order of the samples
	Compared  int        // trials with a score for every compared seed; the others have no verdict
	Seeds     int        // compared
	Warnings  []string
}

// Verdict says whether the tied set is known: Tied means nothing otherwise.
func (c Comparison) Verdict() bool { return c.Compared >= 2 && c.Seeds >= 2 }

// Compare summarises samples at a confidence level, and finds the tied set: a model confidence set ([mcs]) on scores that are paired by seed. It
// promises that every trial that is truly best stays in with that confidence. Pairs stay pairs: only seeds that every compared trial has count.
// Trials with fewer than two scores are not compared, nor, where the others would have fewer than two seeds in common, those with the fewest.
func Compare(samples []Sample, confidence float64) Comparison {
	c := Comparison{}
	for _, s := range samples {
		c.Estimates = append(c.Estimates, estimate(s, confidence))
	}
	trials, seeds := complete(samples)
	c.Compared, c.Seeds = len(trials), len(seeds)
	c.warn(samples, trials, seeds)
	if !c.Verdict() {
		return c
	}
	rows := make([][]float64, len(trials))
	for i, trial := range trials {
		for _, seed := range seeds {
			rows[i] = append(rows[i], samples[trial].Scores[seed])
		}
	}
	tied, chance, p := confidenceSet(rows, confidence), bestChance(rows), signFlips(rows, confidence)
	for i, trial := range trials {
		c.Estimates[trial].Tied, c.Estimates[trial].Best = tied[i], chance[i]
		if p != nil {
			c.Estimates[trial].SignFlip = p[i]
		}
	}
	return c
}

// warn says what the comparison rests on where that is less than the samples might suggest.
func (c *Comparison) warn(samples []Sample, trials, seeds []int) {
	warn := func(format string, values ...any) { c.Warnings = append(c.Warnings, fmt.Sprintf(format, values...)) }
	if !c.Verdict() {
		warn("no tied set yet: it needs two trials with two complete seeds in common")
		return
	}
	unused := attempted(samples, trials) - c.Seeds
	switch {
	case c.Seeds < fewestSeeds:
		warn("the tied set rests on %d seeds, which show the noise badly: %d serve a dozen trials", c.Seeds, fewestSeeds)
	case unused > 0:
		warn("seeds that some of the compared trials lack, left out: %d of %d", unused, c.Seeds+unused)
	}
	if out := len(samples) - len(trials); out > 0 {
		warn("trials with too few runs to be compared: %d", out)
	}
}

// attempted counts the seeds that any of the trials has.
func attempted(samples []Sample, trials []int) int {
	n := 0
	for seed := range longest(samples) {
		if slices.ContainsFunc(trials, func(i int) bool { return samples[i].has(seed) }) {
			n++
		}
	}
	return n
}

func estimate(s Sample, confidence float64) Estimate {
	nan := math.NaN()
	e := Estimate{Trial: s.Trial, Mean: nan, SD: nan, Low: nan, High: nan, Best: nan, SignFlip: nan}
	scores := present(s.Scores)
	if e.N = len(scores); e.N == 0 {
		return e
	}
	e.Mean = stat.Mean(scores, nil)
	if e.N < 2 {
		return e
	}
	e.SD = stat.StdDev(scores, nil)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(e.N - 1)}.Quantile((1 + confidence) / 2)
	half := t * e.SD / math.Sqrt(float64(e.N))
	// Two or three scores make intervals that reach beyond any accuracy. What is cut off is impossible, so the interval covers the mean as often.
	e.Low, e.High = max(0, e.Mean-half), min(1, e.Mean+half)
	return e
}

// BinomialError is the standard error of an accuracy that n images show: what another draw of images could change.
func BinomialError(accuracy float64, n int) float64 {
	return math.Sqrt(accuracy * (1 - accuracy) / float64(n))
}

func present(scores []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(scores), math.IsNaN)
}

// has says whether the sample has a score for a seed.
func (s Sample) has(seed int) bool { return seed < len(s.Scores) && !math.IsNaN(s.Scores[seed]) }

// longest is the number of seeds that the samples have places for.
func longest(samples []Sample) int {
	n := 0
	for _, s := range samples {
		n = max(n, len(s.Scores))
	}
	return n
}

// complete picks trials with at least two scores and the seeds that all of them have. While these are fewer than two it leaves out the trial with the
// fewest scores, the last of those, so that one that has failed does not cost the others their verdict.
func complete(samples []Sample) (trials, seeds []int) {
	for i, s := range samples {
		if len(present(s.Scores)) >= 2 {
			trials = append(trials, i)
		}
	}
	seeds = common(samples, trials)
	for len(seeds) < 2 && len(trials) > 2 {
		fewest := 0
		for place, i := range trials {
			if len(present(samples[i].Scores)) <= len(present(samples[trials[fewest]].Scores)) {
				fewest = place
			}
		}
		trials = slices.Delete(trials, fewest, fewest+1)
		seeds = common(samples, trials)
	}
	return trials, seeds
}

// common lists the seeds that all of the trials have.
func common(samples []Sample, trials []int) []int {
	var seeds []int
	for seed := range longest(samples) {
		if len(trials) > 0 && !slices.ContainsFunc(trials, func(i int) bool { return !samples[i].has(seed) }) {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}

// confidenceSet drops the trial that loses most significantly while the largest pairwise t exceeds its quantile under equality. Rows are trials,
// columns seeds.
func confidenceSet(x [][]float64, confidence float64) []bool {
	k, n := len(x), len(x[0])
	means, variances, nu := shrunk(x)
	keep := make([]bool, k)
	left := make([]int, k)
	for i := range left {
		left[i], keep[i] = i, true
	}
	for len(left) > 1 {
		worst, t := mostSignificant(left, means, variances, n)
		if t <= rangeQuantile(len(left), nu, confidence) {
			break
		}
		keep[left[worst]] = false
		left = slices.Delete(left, worst, worst+1)
	}
	return keep
}

// mostSignificant finds the largest pairwise t among the trials left, and who loses by it.
func mostSignificant(left []int, means, variances []float64, n int) (worst int, t float64) {
	for _, i := range left {
		for place, j := range left {
			se := math.Sqrt((variances[i] + variances[j]) / float64(n))
			if d := means[i] - means[j]; d > 0 && (se == 0 || d/se > t) {
				worst, t = place, d/max(se, 1e-300)
			}
		}
	}
	return worst, t
}

// shrunk gives the means, the noise variance of each trial's score and its degrees of freedom. Residuals are those of the two-way table (trial and
// seed); each trial's own variance is drawn towards the pooled one as strongly as the trials' variances resemble each other ([smyth]).
func shrunk(x [][]float64) (means, variances []float64, nu int) {
	k, n := len(x), len(x[0])
	means, variances = make([]float64, k), make([]float64, k)
	columns, grand := make([]float64, n), 0.
	for i, row := range x {
		for j, v := range row {
			means[i] += v / float64(n)
			columns[j] += v / float64(k)
			grand += v / float64(k*n)
		}
	}
	pooled := 0.
	for i, row := range x {
		for j, v := range row {
			r := v - means[i] - columns[j] + grand
			variances[i] += r * r
		}
		pooled += variances[i]
		variances[i] *= float64(k) / float64(k-1) / float64(n-1)
	}
	pooled /= float64((k - 1) * (n - 1))
	prior := priorFreedom(variances, n)
	for i, v := range variances {
		variances[i] = (prior*pooled + float64(n-1)*v) / (prior + float64(n-1))
	}
	return means, variances, int(math.Round(prior)) + n - 1
}

// mostFreedom is the prior degrees of freedom that count as "the variances are equal".
const mostFreedom = 60

// priorFreedom estimates the prior degrees of freedom of the variances from the spread of their logarithms ([smyth] section 6.2): where that is no
// more than sampling makes it, the variances are equal.
func priorFreedom(variances []float64, n int) float64 {
	logs := make([]float64, len(variances))
	for i, v := range variances {
		logs[i] = math.Log(max(v, 1e-12))
	}
	spread := stat.PopVariance(logs, nil) * float64(len(logs)) / float64(len(logs)-1)
	excess := spread - trigamma(float64(n-1)/2)
	if !(excess > 0) {
		return mostFreedom
	}
	return min(2*trigammaInverse(excess), mostFreedom)
}

func trigamma(x float64) float64 { return mathext.Zeta(2, x) }

// trigammaInverse solves trigamma(y) = x by Newton's method on 1/trigamma, which is nearly linear ([smyth] appendix).
func trigammaInverse(x float64) float64 {
	y := .5 + 1/x
	for range 50 {
		t := trigamma(y)
		slope := -2 * mathext.Zeta(3, y) // tetragamma
		d := t * (1 - t/x) / slope
		y += d
		if -d/y < 1e-8 {
			break
		}
	}
	return y
}

// quantileDraws is the number of simulated searches behind a quantile; its own error is then about 1 % of it.
const quantileDraws = 10000

// quantiles remembers rangeQuantile by its arguments.
var quantiles = memo[quantileKey, float64]{values: map[quantileKey]float64{}}

type quantileKey struct {
	k, nu      int
	confidence float64
}

// rangeQuantile is the quantile of the largest pairwise t among k equal trials whose variances have nu degrees of freedom each, by simulation.
func rangeQuantile(k, nu int, confidence float64) float64 {
	return quantiles.get(quantileKey{k, nu, confidence}, func() float64 {
		s := random.New(1, "range quantile", k, nu)
		chi := distuv.ChiSquared{K: float64(nu), Src: s}
		largest := make([]float64, quantileDraws)
		z, v := make([]float64, k), make([]float64, k)
		for draw := range largest {
			for i := range z {
				z[i], v[i] = s.Norm(), chi.Rand()/float64(nu)
			}
			for i := range z {
				for j := range i {
					largest[draw] = max(largest[draw], math.Abs(z[i]-z[j])/math.Sqrt(v[i]+v[j]))
				}
			}
		}
		slices.Sort(largest)
		return stat.Quantile(confidence, stat.LinInterp, largest, nil)
	})
}

// bestResamples is the number of bootstrap samples behind the probability of being best.
const bestResamples = 10000

// bestChance resamples the seeds and counts how often each trial has the highest mean; equal ones share.
func bestChance(x [][]float64) []float64 {
	k, n := len(x), len(x[0])
	s := random.New(1, "best chance", k, n)
	chance, sums := make([]float64, k), make([]float64, k)
	for range bestResamples {
		clear(sums)
		for range n {
			seed := s.IntN(n)
			for i, row := range x {
				sums[i] += row[seed]
			}
		}
		top := slices.MaxFunc(sums, cmp.Compare[float64])
		var winners []int
		for i, v := range sums {
			if v == top {
				winners = append(winners, i)
			}
		}
		for _, i := range winners {
			chance[i] += 1 / float64(len(winners)) / bestResamples
		}
	}
	return chance
}
