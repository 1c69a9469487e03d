// Package simulate tests a comparison of trials by simulation: it draws scores from known truths
// and passes them through stats.Compare, like real results. It tests decisions too: Play runs whole
// studies that a decide.Decision controls, without training anything.
//
// Differences are in standard deviations of one run, which is unit points of accuracy here. All
// draws come from named streams: a cell gives the same numbers whenever it is repeated.
package simulate

import (
	"fmt"
	"math"
	"slices"

	"gridsearch/internal/random"
	"gridsearch/search/stats"
)

// Unit is the standard deviation of one run in accuracy, and Middle the accuracy around which
// truths lie: no score of a simulation comes near 0 or 1.
const (
	Unit   = .001
	Middle = .5
)

// Truth draws the true means of k trials.
type Truth func(s *random.Stream, k int) []float64

// Flat is k equal trials.
func Flat(_ *random.Stream, k int) []float64 { return make([]float64, k) }

// Ahead is one trial ahead of equals by a number of paired standard deviations.
func Ahead(by float64) Truth {
	return func(_ *random.Stream, k int) []float64 {
		truth := make([]float64, k)
		truth[k/2] = by * math.Sqrt2
		return truth
	}
}

// Ridge is a peak in the middle of a line that falls by height to both ends.
func Ridge(height float64) Truth {
	return func(_ *random.Stream, k int) []float64 {
		truth := make([]float64, k)
		for i := range truth {
			truth[i] = -height * math.Abs(-1+2.03*float64(i)/float64(k-1))
		}
		return truth
	}
}

// Spread draws the true means from a normal distribution.
func Spread(sd float64) Truth {
	return func(s *random.Stream, k int) []float64 {
		truth := make([]float64, k)
		for i := range truth {
			truth[i] = sd * s.Norm()
		}
		return truth
	}
}

// Noise draws the standard deviations of the trials' runs.
type Noise func(s *random.Stream, k int) []float64

// Even noise is 1 for all trials.
func Even(_ *random.Stream, k int) []float64 {
	noise := make([]float64, k)
	for i := range noise {
		noise[i] = 1
	}
	return noise
}

// Uneven noise lies between 1 and ratio, uniformly, with a mean of 1.
func Uneven(ratio float64) Noise {
	return func(s *random.Stream, k int) []float64 {
		noise := make([]float64, k)
		for i := range noise {
			noise[i] = s.Uniform(2/(1+ratio), 2*ratio/(1+ratio))
		}
		return noise
	}
}

// Loud noise is 1 for all trials but the first, whose noise is ratio times as large.
func Loud(ratio float64) Noise {
	return func(s *random.Stream, k int) []float64 {
		noise := Even(s, k)
		noise[0] = ratio
		return noise
	}
}

// Cell is a kind of search that is simulated many times.
type Cell struct {
	Name          string // of its streams: two cells with one name draw the same noise
	Trials, Seeds int
	Truth         Truth
	Noise         Noise
	Diverged      float64 // standard deviations by which the last trial's first run falls
	Holes         int     // runs that are missing, at random; every trial keeps two
	Images        float64 // s.d. that the draw of images adds to each trial, on all of its runs alike
	Options       stats.Options
}

// Search is one simulated search with its truth and its comparison.
type Search struct {
	Truth []float64 // true means, in units of a run's standard deviation
	stats.Comparison
}

// Draw simulates searches of a cell and compares the trials of each.
func (c Cell) Draw(searches int) []Search {
	list := make([]Search, searches)
	for i := range list {
		d := c.draw(i)
		list[i] = Search{d.truth, stats.Compare(d.samples, c.Options)}
	}
	return list
}

// drawn is the truth of a simulated search, and its scores.
type drawn struct {
	names   []any          // of the streams of this search
	truth   []float64      // of the trials
	shown   []float64      // the truth as these images show it
	noise   []float64      // s.d. of a run
	samples []stats.Sample // of the cell's seeds
}

func (c Cell) draw(search int) *drawn {
	d := &drawn{names: []any{"simulate", c.Name, c.Trials, c.Seeds, search}}
	s := random.New(1, d.names...)
	d.truth = c.Truth(s, c.Trials)
	d.noise, d.samples = c.Noise(s, c.Trials), make([]stats.Sample, c.Trials)
	seeds := make([]float64, c.Seeds)
	for j := range seeds {
		seeds[j] = s.Norm()
	}
	for i := range d.samples {
		shown := d.truth[i]
		if c.Images > 0 {
			shown += c.Images * s.Norm()
		}
		d.shown = append(d.shown, shown)
		d.samples[i].Trial = trial(i)
		for j := range seeds {
			score := shown + seeds[j] + d.noise[i]*s.Norm()
			if i == c.Trials-1 && j == 0 {
				score -= c.Diverged
			}
			d.samples[i].Scores = append(d.samples[i].Scores, Middle+Unit*score)
		}
	}
	c.pierce(s, d.samples)
	return d
}

// trial names a trial by its number.
func trial(i int) string { return fmt.Sprintf("trial %d", i) }

// pierce removes scores at random.
func (c Cell) pierce(s *random.Stream, samples []stats.Sample) {
	for left := c.Holes; left > 0; {
		i, j := s.IntN(c.Trials), s.IntN(c.Seeds)
		scores := samples[i].Scores
		if present(scores) > 2 && !math.IsNaN(scores[j]) {
			scores[j] = math.NaN()
			left--
		}
	}
}

func present(scores []float64) int {
	n := 0
	for _, v := range scores {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}

// best reports for each trial whether it is truly best.
func (s Search) best() []bool {
	top, best := math.Inf(-1), make([]bool, len(s.Truth))
	for _, v := range s.Truth {
		top = max(top, v)
	}
	for i, v := range s.Truth {
		best[i] = v == top
	}
	return best
}

// Lost reports whether a truly best trial is excluded from the tied set. A trial without a verdict
// is not.
func (s Search) Lost() bool {
	return s.dropped(func(e stats.Summary) bool { return e.Tied })
}

// LostBy is Lost for the trials whose p value by permutation is at most level.
func (s Search) LostBy(level float64) bool {
	return s.dropped(func(e stats.Summary) bool { return e.Permutation > level })
}

func (s Search) dropped(in func(stats.Summary) bool) bool {
	for i, best := range s.best() {
		if e := s.Summaries[i]; best && e.Compared && !in(e) {
			return true
		}
	}
	return false
}

// Size is the number of tied trials.
func (s Search) Size() int {
	n := 0
	for _, e := range s.Summaries {
		if e.Tied {
			n++
		}
	}
	return n
}

// SizeBy is the number of trials whose p value by permutation is above level.
func (s Search) SizeBy(level float64) int {
	n := 0
	for _, e := range s.Summaries {
		if e.Permutation > level {
			n++
		}
	}
	return n
}

// Median is the median of a count over the searches.
func Median(searches []Search, count func(Search) int) int {
	var list []int
	for _, s := range searches {
		list = append(list, count(s))
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// LoneRight reports whether the tied set is one truly best trial alone.
func (s Search) LoneRight() bool {
	for i, best := range s.best() {
		if best && s.Summaries[i].Tied {
			return s.Size() == 1
		}
	}
	return false
}

// Covered reports whether the intervals of all compared trials contain the true distances to the
// best.
func (s Search) Covered() bool {
	for i, e := range s.Summaries {
		if !e.Compared {
			continue
		}
		others := math.Inf(-1)
		for j, v := range s.Truth {
			if j != i && s.Summaries[j].Compared {
				others = max(others, v)
			}
		}
		if d := Unit * (s.Truth[i] - others); d < e.BehindLow-1e-12 || d > e.BehindHigh+1e-12 {
			return false
		}
	}
	return true
}

// Percent is the share of searches for which something holds.
func Percent(searches []Search, holds func(Search) bool) float64 {
	n := 0
	for _, s := range searches {
		if holds(s) {
			n++
		}
	}
	return 100 * float64(n) / float64(len(searches))
}

// Bin is the outcome for probabilities of being best in a range.
type Bin struct {
	Count   int
	Printed float64 // their mean, in percent
	True    float64 // share of the trials that were truly best, in percent
}

// Calibration sorts the probabilities of being best into bins with the given edges.
func Calibration(searches []Search, edges []float64) []Bin {
	bins := make([]Bin, len(edges)-1)
	for _, s := range searches {
		for i, best := range s.best() {
			p := s.Summaries[i].Best
			for b := range bins {
				if p >= edges[b] && (p < edges[b+1] || b == len(bins)-1) {
					bins[b].Count++
					bins[b].Printed += 100 * p
					if best {
						bins[b].True += 100
					}
				}
			}
		}
	}
	for i := range bins {
		bins[i].Printed /= float64(max(1, bins[i].Count))
		bins[i].True /= float64(max(1, bins[i].Count))
	}
	return bins
}
