// Package stats says which of a study's trials can be distinguished, from the scores of their runs.
//
// The answer is the tied set: a model confidence set ([mcs]) on scores that are paired by seed,
// with variances shrunk towards the pooled one ([smyth]). It contains every truly best trial in
// 95 % of such searches. In addition there are a p value and a probability of being best for every
// trial, a simultaneous confidence interval for its distance from the best ([hsu], [edwards]), and
// a permutation test that does not assume normality. Package simulate tests these properties by
// passing scores drawn from known truths through Compare.
//
// Arguments and results are plain values: the package depends on no model, study or file. The same
// scores give the same numbers: simulations draw from named random streams.
//
// References:
//
//	[dunnett]  C. Dunnett, A Multiple Comparison Procedure for Comparing Several Treatments with a
//	           Control, Journal of the American Statistical Association 50, 1955.
//	[edwards]  D. Edwards, J. Hsu, Multiple Comparisons with the Best Treatment, Journal of the
//	           American Statistical Association 78, 1983.
//	[gelman]   A. Gelman, J. Carlin, H. Stern, D. Rubin, Bayesian Data Analysis, 1995: section 5.4.
//	[holm]     S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal
//	           of Statistics 6, 1979.
//	[hsu]      J. Hsu, Constrained Simultaneous Confidence Intervals for Multiple Comparisons with
//	           the Best, Annals of Statistics 12, 1984; Multiple Comparisons, 1996.
//	[mcs]      P. Hansen, A. Lunde, J. Nason, The Model Confidence Set, Econometrica 79, 2011.
//	[pitman]   E. Pitman, Significance Tests Which May Be Applied to Samples from Any Populations III,
//	           Biometrika 29, 1938.
//	[searle]   S. Searle, G. Casella, C. McCulloch, Variance Components, 1992: chapter 4.
//	[smyth]    G. Smyth, Linear Models and Empirical Bayes Methods for Assessing Differential
//	           Expression in Microarray Experiments, 2004.
package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/search/stats/check"
	"gridsearch/search/stats/null"
)

// Sample is the scores of a trial by seed index, accuracies in 0..1 or, with Options.Lower, losses;
// NaN, or past the end of the slice, where a run is missing.
type Sample struct {
	Trial  string
	Scores []float64
}

// Tests in addition to the tied set.
const (
	CheckPermutation = "permutation"
	CheckSignFlip    = "sign-flip"
	CheckNone        = "none"
)

// Options say how to compare.
type Options struct {
	Confidence float64    // of the tied set and of intervals, below 1
	Check      string     // CheckPermutation, CheckSignFlip, or no check
	Images     int        // of every score, which is a multiple of 1 / Images; 0: not known
	Cache      null.Cache // nil: none
	SkipBest   bool       // leave Best unknown: most of the time of a simulation
	Lower      bool       // scores are losses: the lower the better, and without bounds
}

// Summary is what the scores say of one trial. Unknown numbers are NaN.
type Summary struct {
	Trial string
	N     int     // scores
	Mean  float64 // of the scores
	SD    float64 // between seeds, with n - 1
	Low   float64 // t interval of the mean alone, what lies in 0..1 of it
	High  float64

	Compared bool    // the rest is known
	Tied     bool    // cannot be distinguished from the best
	P        float64 // that the trial is among the best ones: it is tied where P > 1 - confidence
	Best     float64 // probability of being best, from the hierarchical posterior ([gelman])

	// The mean minus the highest of the other trials' (for losses, the lowest of theirs minus the
	// mean: negative is behind), adjusted for missing seeds, and its simultaneous confidence
	// interval, which covers all trials at once with the confidence asked for ([hsu]).
	Behind     float64
	BehindLow  float64
	BehindHigh float64
	Rival      string // the trial that may be as far ahead as BehindLow says; empty where that is 0

	SignFlip    float64 // p value against the highest mean, adjusted by Holm; NaN for the best
	Permutation float64 // as P, by permutation within seeds
}

// Comparison is what the scores of all trials say.
type Comparison struct {
	Summaries []Summary // in the order of the samples
	Compared  int       // trials with a verdict
	Seeds     int       // that they were compared on
	Noise     float64   // pooled s.d. of one run's score, after pairing; NaN without a verdict
	Freedom   int       // degrees of freedom of Noise
	Saved     float64   // share of the variance between seeds that pairing removes, 0..1
	Warnings  []string
}

// Verdict reports whether there is a tied set: if not, Tied has no meaning.
func (c Comparison) Verdict() bool { return c.Compared >= 2 }

// Compare summarises samples and finds the tied set. Trials with fewer than two scores on seeds
// that others have too get no verdict, nor does one with a run that lies far outside the noise of
// the others. A trial that lacks seeds is compared on those it has.
func Compare(samples []Sample, o Options) Comparison {
	c := Comparison{Noise: math.NaN(), Saved: math.NaN()}
	for _, s := range samples {
		c.Summaries = append(c.Summaries, summarise(s, o))
	}
	trials, seeds := eligible(samples)
	rows := pick(samples, trials, seeds)
	if o.Lower {
		negate(rows)
	}
	left, aside := setAside(rows)
	t := fit(pickRows(rows, left), o.floor())
	if t == nil {
		c.Warnings = append(c.Warnings, noVerdict)
		return c
	}
	for i, place := range left {
		left[i] = trials[place]
	}
	for i, place := range aside {
		aside[i] = trials[place]
	}
	c.Compared, c.Seeds, c.Noise, c.Saved = len(left), len(seeds), math.Sqrt(t.pooled), t.saved()
	c.Freedom = t.freedom
	c.judge(t, left, o)
	c.warn(samples, left, aside, t, o)
	return c
}

// judge fills in the results for the trials that the table compares.
func (c *Comparison) judge(t *table, trials []int, o Options) {
	equals := null.Of(t.n, t.prior, o.Confidence, o.Cache)
	tied, behind := confidenceSet(t, equals), behindBest(t, equals.Deficit(o.Confidence))
	best, signs, permuted := unknown(t.k()), unknown(t.k()), unknown(t.k())
	if !o.SkipBest {
		best = bestChance(t)
	}
	switch o.Check {
	case CheckSignFlip:
		signs = check.SignFlips(t.x, t.means, o.Confidence)
	case CheckPermutation:
		permuted = check.Permutations(t.x, t.means, o.Confidence)
	}
	for i, trial := range trials {
		e := &c.Summaries[trial]
		e.Compared, e.P, e.Tied = true, tied[i], tied[i] > 1-o.Confidence
		e.Best, e.SignFlip, e.Permutation = best[i], signs[i], permuted[i]
		e.Behind, e.BehindLow, e.BehindHigh = behind[i].value, behind[i].low, behind[i].high
		if j := behind[i].rival; j >= 0 {
			e.Rival = c.Summaries[trials[j]].Trial
		}
	}
}

func summarise(s Sample, o Options) Summary {
	nan := math.NaN()
	e := Summary{Trial: s.Trial, Mean: nan, SD: nan, Low: nan, High: nan, P: nan, Best: nan,
		Behind: nan, BehindLow: nan, BehindHigh: nan, SignFlip: nan, Permutation: nan}
	scores := slices.DeleteFunc(slices.Clone(s.Scores), math.IsNaN)
	if e.N = len(scores); e.N == 0 {
		return e
	}
	e.Mean = stat.Mean(scores, nil)
	if e.N < 2 {
		return e
	}
	e.SD = stat.StdDev(scores, nil)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(e.N - 1)}.Quantile((1 + o.Confidence) / 2)
	half := t * e.SD / math.Sqrt(float64(e.N))
	if o.Lower {
		e.Low, e.High = e.Mean-half, e.Mean+half
		return e
	}
	// Intervals from two or three scores reach beyond any possible accuracy. What is cut off is
	// impossible, so the coverage stays the same.
	e.Low, e.High = max(0, e.Mean-half), min(1, e.Mean+half)
	return e
}

// negate changes the sign of all scores, which turns losses into scores and back.
func negate(rows [][]float64) {
	for _, row := range rows {
		for i := range row {
			row[i] = -row[i]
		}
	}
}

// better reports whether one score is better than another; NaN is not.
func (o Options) better(a, b float64) bool {
	if o.Lower {
		return a < b
	}
	return a > b
}

// show prints a score in a warning.
func (o Options) show(v float64) string {
	if o.Lower {
		return fmt.Sprintf("%.4f", v)
	}
	return fmt.Sprintf("%.2f %%", 100*v)
}

// floor is the smallest variance that scores in multiples of 1 / Images can show: that of half a
// step.
func (o Options) floor() float64 {
	if o.Images == 0 {
		return leastVariance
	}
	half := .5 / float64(o.Images)
	return max(leastVariance, half*half)
}

// leastVariance is that of scores that are known to six digits.
const leastVariance = 1e-12

// same is the largest difference between means that is due to rounding.
const same = 1e-12

// unknown is a list of n NaN.
func unknown(n int) []float64 { return slices.Repeat([]float64{math.NaN()}, n) }
