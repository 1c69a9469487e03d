package images

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"gridsearch/internal/random"
)

// Resamples is the number of bootstrap samples of an interval.
const Resamples = 10000

// Interval is a mean over images and its confidence interval over other draws of that many images.
type Interval struct{ Mean, Low, High float64 }

// Bootstrap returns percentile intervals for the means of differences between trials, by resampling
// images ([efron], chapter 13). Each row [n] has the difference of two trials on every image,
// averaged over seeds, so that pairs stay pairs; the rows are about the same images and share the
// resamples. The confidence is that of each interval alone.
func Bootstrap(rows [][]float64, confidence float64) []Interval {
	if len(rows) == 0 {
		return nil
	}
	drawn := resample(rows)
	intervals := make([]Interval, len(rows))
	for r, row := range rows {
		slices.Sort(drawn[r])
		quantile := func(p float64) float64 {
			return stat.Quantile(p, stat.LinInterp, drawn[r], nil)
		}
		intervals[r] = Interval{mean(row), quantile((1 - confidence) / 2),
			quantile((1 + confidence) / 2)}
	}
	return intervals
}

// resample draws images with replacement, Resamples times, and returns the mean of each row over
// each sample: [rows, Resamples].
func resample(rows [][]float64) [][]float64 {
	n := len(rows[0])
	s := random.New(1, "bootstrap over images", n)
	means := make([][]float64, len(rows))
	for r := range means {
		means[r] = make([]float64, Resamples)
	}
	times := make([]float64, n) // that an image is in the sample
	for draw := range Resamples {
		clear(times)
		for range n {
			times[s.IntN(n)]++
		}
		for r, row := range rows {
			means[r][draw] = dot(times, row) / float64(n)
		}
	}
	return means
}

func dot(a, b []float64) float64 {
	sum := 0.
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// Average is the mean [n] of rows [seeds][n] of values of the same images.
func Average(rows [][]float64) []float64 {
	sums := make([]float64, len(rows[0]))
	for _, row := range rows {
		for i, v := range row {
			sums[i] += v / float64(len(rows))
		}
	}
	return sums
}

// Subtract is the difference [n] between two rows.
func Subtract(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range d {
		d[i] = a[i] - b[i]
	}
	return d
}

// Indicator is 1 for true and 0 for false.
func Indicator(values []bool) []float64 {
	numbers := make([]float64, len(values))
	for i, v := range values {
		if v {
			numbers[i] = 1
		}
	}
	return numbers
}

// Spread compares the differences between trials in a score with its noise.
type Spread struct {
	Signal float64 // standard deviation of the trials' true means, an estimate
	Noise  float64 // standard deviation of one run, what its seed does to all trials taken out
}

// Ratio is the signal-to-noise ratio: from about 1 on, one run of each trial orders most of them
// correctly. NaN where neither is above 0.
func (s Spread) Ratio() float64 { return s.Signal / s.Noise }

// SignalToNoise splits the variance of scores [trials][seeds], paired by seed, into that of the
// trials and that of a run, by the mean squares of the two-way table: noise^2 is the residual mean
// square, signal^2 the excess of the trials' mean square over it, per seed, and at least 0. The
// ratio has no unit, so that losses and accuracies can be compared by it; [heineman] compares
// benchmarks by such a ratio. It needs two trials and two seeds: NaN otherwise.
func SignalToNoise(scores [][]float64) Spread {
	k := len(scores)
	if k < 2 || len(scores[0]) < 2 {
		return Spread{math.NaN(), math.NaN()}
	}
	n := len(scores[0])
	seeds := Average(scores)
	grand, trials, residual := mean(seeds), 0., 0.
	for _, row := range scores {
		m := mean(row)
		trials += (m - grand) * (m - grand) / float64(k-1)
		for j, v := range row {
			r := v - m - seeds[j] + grand
			residual += r * r / float64((k-1)*(n-1))
		}
	}
	return Spread{math.Sqrt(max(0, trials-residual/float64(n))), math.Sqrt(residual)}
}
