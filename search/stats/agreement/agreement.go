// Package agreement says whether a ranking of trials survives another condition, such as a longer
// training, other data, or another phi.
//
// Scores have noise, which weakens the correlation of means even where the ranking is the same: the
// correlation here is that of the true means, with the noise taken out ([spearman]). What a search
// wants to know is the regret: how far the winner under the first condition is behind under the
// second ([hsu], as package stats has it).
//
// Arguments and results are plain values; unknown numbers are NaN.
//
// References:
//
//	[fisher]   R. Fisher, On the Probable Error of a Coefficient of Correlation Deduced from a Small
//	           Sample, Metron 1, 1921.
//	[hsu]      J. Hsu, Multiple Comparisons, 1996.
//	[spearman] C. Spearman, The Proof and Measurement of Association between Two Things, American
//	           Journal of Psychology 15, 1904.
package agreement

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/search/stats"
	"gridsearch/search/stats/components"
	"gridsearch/search/stats/null"
)

// Scores are those of the same trials under two conditions, [trials][seeds] each: NaN, or past the
// end, where a run is missing. Conditions may have unlike numbers of seeds.
type Scores struct{ First, Second [][]float64 }

// Options say how to compare.
type Options struct {
	Confidence float64    // of intervals and the tied set, below 1
	Images     int        // of every score; 0: not known
	Cache      null.Cache // nil: none
}

// Agreement is what scores under two conditions say.
type Agreement struct {
	Trials int // that have all seeds under both: the correlation is theirs

	// Correlation is that of the true means, with its interval, where both reliabilities reach
	// LeastReliability: those are the shares of the variance of means that is no noise.
	Correlation, Low, High              float64
	FirstReliability, SecondReliability float64

	P float64 // of trials that change as unlike as these, where all change alike

	Winner int  // index of the highest mean under the first condition; -1 for none
	Judged bool // the rest is known

	Tied    bool // the winner is in the second condition's tied set
	WinnerP float64
	Regret  float64 // by which the winner is behind the best under the second condition
	Bound   float64 // that the regret is at most, with confidence
}

// LeastReliability is what a mean's reliability must be for a correlation to be known.
const LeastReliability = .3

// fewest is the number of trials that the interval of a correlation needs.
const fewest = 4

// Of compares conditions.
func Of(s Scores, o Options) Agreement {
	nan := math.NaN()
	a := Agreement{Correlation: nan, Low: nan, High: nan, FirstReliability: nan,
		SecondReliability: nan, P: nan, Winner: -1, WinnerP: nan, Regret: nan, Bound: nan}
	a.correlate(s, o.Confidence)
	a.judge(s, o)
	return a
}

// correlate compares the means of the trials that have all seeds.
func (a *Agreement) correlate(s Scores, confidence float64) {
	first, second := complete(s)
	a.Trials = len(first)
	if a.Trials < 2 || len(first[0]) < 2 || len(second[0]) < 2 {
		return
	}
	m := newMoments(newCondition(first), newCondition(second))
	a.FirstReliability, a.SecondReliability = m.x.reliability(), m.y.reliability()
	a.P = m.test()
	if a.Trials >= fewest && a.FirstReliability >= LeastReliability &&
		a.SecondReliability >= LeastReliability {
		a.Correlation = m.correlation()
		a.Low, a.High = m.interval(confidence)
	}
}

// complete are the rows of the trials that have, under both conditions, every seed of the trial
// with the most of them.
func complete(s Scores) (first, second [][]float64) {
	x, here := components.Complete(s.First)
	y, there := components.Complete(s.Second)
	for i, trial := range here {
		if j := slices.Index(there, trial); j >= 0 {
			first, second = append(first, x[i]), append(second, y[j])
		}
	}
	return first, second
}

// condition is the means of trials, and the noise in them.
type condition struct {
	means    []float64
	variance float64 // of the means
	noise    float64 // variance of a mean around its truth, seeds allowed for
	freedom  float64 // of the noise
}

func newCondition(rows [][]float64) condition {
	c := condition{}
	n := len(rows[0])
	columns := make([]float64, n)
	for _, row := range rows {
		c.means = append(c.means, stat.Mean(row, nil))
		for j, v := range row {
			columns[j] += v / float64(len(rows))
		}
	}
	grand, sum := stat.Mean(columns, nil), 0.
	for i, row := range rows {
		for j, v := range row {
			d := v - c.means[i] - columns[j] + grand
			sum += d * d
		}
	}
	c.variance, c.freedom = stat.Variance(c.means, nil), float64((len(rows)-1)*(n-1))
	c.noise = sum / c.freedom / float64(n)
	return c
}

// reliability is the share of the variance of means that is no noise.
func (c condition) reliability() float64 {
	if c.variance == 0 {
		return 0
	}
	return max(0, 1-c.noise/c.variance)
}

// moments are those of means under two conditions.
type moments struct {
	x, y       condition
	covariance float64
	apart      float64 // variance of differences
}

func newMoments(x, y condition) moments {
	var d []float64
	for i, v := range x.means {
		d = append(d, y.means[i]-v)
	}
	return moments{x, y, stat.Covariance(x.means, y.means, nil), stat.Variance(d, nil)}
}

// correlation is that of the true means, cut to -1..1.
func (m moments) correlation() float64 { return limited(m.ofMeans() / m.weaker()) }

// ofMeans is the correlation of the means.
func (m moments) ofMeans() float64 {
	return limited(m.covariance / math.Sqrt(m.x.variance*m.y.variance))
}

// weaker is the factor by which noise weakens a correlation.
func (m moments) weaker() float64 { return math.Sqrt(m.x.reliability() * m.y.reliability()) }

// interval is that of the correlation: the one of the means' own correlation by [fisher], with the
// noise taken out of its ends. The percentile bootstrap over trials covers less: of 12 trials of 3
// seeds whose spread is the noise of a run, and whose true correlation is .9, in 81 % instead of 95.
func (m moments) interval(confidence float64) (low, high float64) {
	z := math.Atanh(m.ofMeans())
	half := distuv.UnitNormal.Quantile((1+confidence)/2) / math.Sqrt(float64(len(m.x.means)-3))
	return limited(math.Tanh(z-half) / m.weaker()), limited(math.Tanh(z+half) / m.weaker())
}

func limited(correlation float64) float64 { return max(-1, min(correlation, 1)) }

// test is the F test of no interaction of trials and conditions.
func (m moments) test() float64 {
	noise := m.x.noise + m.y.noise
	switch {
	case noise > 0:
		f := distuv.F{D1: float64(len(m.x.means) - 1), D2: m.x.freedom + m.y.freedom}
		return f.Survival(m.apart / noise)
	case m.apart > 0:
		return 0
	}
	return 1
}

// judge judges the first condition's winner by the second condition, among the trials that have
// scores under both.
func (a *Agreement) judge(s Scores, o Options) {
	var samples []stats.Sample
	var trials []int
	best := math.Inf(-1)
	for i := range s.First {
		mean, here := meanOf(s.First[i])
		if _, there := meanOf(s.Second[i]); !here || !there {
			continue
		}
		if mean > best {
			a.Winner, best = i, mean
		}
		trials = append(trials, i)
		samples = append(samples, stats.Sample{Scores: s.Second[i]})
	}
	if len(samples) < 2 {
		return
	}
	c := stats.Compare(samples, stats.Options{Confidence: o.Confidence, Images: o.Images,
		Check: stats.CheckNone, Cache: o.Cache, SkipBest: true})
	if w := c.Summaries[slices.Index(trials, a.Winner)]; w.Compared {
		a.Judged, a.Tied, a.WinnerP = true, w.Tied, w.P
		a.Regret, a.Bound = max(0, -w.Behind), -w.BehindLow
	}
}

// meanOf is the mean of the scores that are there.
func meanOf(scores []float64) (mean float64, ok bool) {
	there := slices.DeleteFunc(slices.Clone(scores), math.IsNaN)
	return stat.Mean(there, nil), len(there) > 0
}
