package simulate

import "math"

// Goal is the share of searches, in percent, in which a lead has to be found to count as one that a
// design shows.
const Goal = 80

// Power is what searches of one design can show: one trial is ahead of equals, all with the same
// noise. Differences are in standard deviations of one run, paired by seed.
type Power struct {
	Trials   int
	Seeds    int
	Smallest float64 // lead of a lone winner in Goal % of searches; NaN: beyond all
	Leads    []Lead
}

// Lead is what becomes of a trial that is ahead.
type Lead struct {
	By   float64
	Tied int     // median size of the tied set
	Lone float64 // searches in which the trial is the lone winner, in percent
}

// Leading is one trial in front of equals by so many standard deviations of one run.
func Leading(by float64) Truth { return Ahead(by / math.Sqrt2) }

// Leads that a search for the smallest one goes through: the first upper end, the largest, and how
// close the ends come.
const (
	firstLead = 2
	mostLead  = 128
	nearLeads = 1. / 32
)

// Power draws searches of the cell with leads in front. All leads see the same noise, so that more
// of a lead never shows less.
func (c Cell) Power(searches int, leads ...float64) Power {
	p := Power{Trials: c.Trials, Seeds: c.Seeds, Smallest: c.smallest(searches)}
	for _, by := range leads {
		c.Truth = Leading(by)
		drawn := c.Draw(searches)
		p.Leads = append(p.Leads, Lead{by, Median(drawn, Search.Size),
			Percent(drawn, Search.LoneRight)})
	}
	return p
}

// smallest halves the range of leads.
func (c Cell) smallest(searches int) float64 {
	enough := func(by float64) bool {
		c.Truth = Leading(by)
		return Percent(c.Draw(searches), Search.LoneRight) >= Goal
	}
	low, high := 0., float64(firstLead)
	for ; !enough(high); low, high = high, 2*high {
		if high >= mostLead {
			return math.NaN()
		}
	}
	for high-low > nearLeads*max(1, high/4) {
		if middle := (low + high) / 2; enough(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
