package simulate

import "math"

// Goal is the power, in percent, at which a lead counts as one that a design can show.
const Goal = 80

// Power is what searches of one design can show: one trial leads, the others are equal, all with
// the same noise. Differences are in standard deviations of one run, paired by seed.
type Power struct {
	Trials   int
	Seeds    int
	Smallest float64 // lead of a lone winner in Goal % of searches; NaN: beyond all
	Leads    []Lead
}

// Lead is the outcome for a trial with a given lead.
type Lead struct {
	By   float64
	Tied int     // median size of the tied set
	Lone float64 // searches in which the trial is the lone winner, in percent
}

// Leading is one trial ahead of equals by a number of standard deviations of one run.
func Leading(by float64) Truth { return Ahead(by / math.Sqrt2) }

// Leads that the search for the smallest one goes through: the first upper end, the largest, and
// the final precision.
const (
	firstLead = 2
	mostLead  = 128
	nearLeads = 1. / 32
)

// Power simulates searches of the cell with each of the leads. All leads see the same noise, so
// that a larger lead never has less power.
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

// smallest finds the smallest lead by bisection.
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
