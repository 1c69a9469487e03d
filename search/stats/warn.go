package stats

import (
	"fmt"
	"slices"
	"strings"
)

// The number of seeds that simulations show to suffice.
const fewestSeeds = 3

const noVerdict = "no tied set yet: it needs two trials with two complete seeds in common"

// warn warns where a comparison rests on less than the samples might suggest.
func (c *Comparison) warn(samples []Sample, trials, aside []int, t *table, o Options) {
	warn := func(format string, values ...any) {
		c.Warnings = append(c.Warnings, fmt.Sprintf(format, values...))
	}
	if t.seeds() < fewestSeeds {
		warn("the tied set rests on %d seeds, which show the noise badly: %d serve a dozen trials",
			t.seeds(), fewestSeeds)
	}
	if t.apart != nil {
		warn("runs that are missing, allowed for by least squares: %d of %d",
			c.Seeds*len(trials)-t.freedom-c.Seeds-len(trials)+1, c.Seeds*len(trials))
	}
	for _, i := range aside {
		warn("no verdict on %s, whose runs differ by far more than the noise of the others "+
			"allows (it may have diverged): %s", samples[i].Trial, o.list(samples[i].Scores))
	}
	best := c.Summaries[trials[0]].Mean
	for _, i := range trials {
		if mean := c.Summaries[i].Mean; o.better(mean, best) {
			best = mean
		}
	}
	few := 0
	for i, e := range c.Summaries {
		if slices.Contains(trials, i) || slices.Contains(aside, i) {
			continue
		}
		few++
		if o.better(e.Mean, best) {
			warn("%s has a %s mean, %s of %d, and is not "+
				"compared", e.Trial, o.higher(), o.show(e.Mean), e.N)
		}
	}
	if few > 0 {
		warn("trials with too few runs to be compared: %d", few)
	}
}

// higher is the word for a better score.
func (o Options) higher() string {
	if o.Lower {
		return "lower"
	}
	return "higher"
}

// list prints the scores of a trial.
func (o Options) list(scores []float64) string {
	var list []string
	for _, v := range scores {
		if v == v {
			list = append(list, o.show(v))
		}
	}
	return strings.Join(list, ", ")
}
