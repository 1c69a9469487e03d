package families

import (
	"fmt"
	"math"
	"slices"
)

// measured are the trials that have scores, the base network first.
type measured struct {
	names  []string    // of the families: the candidate, then the single dimensions of the study
	trials []string    // names of the trials
	aside  []string    // of those that were taken out
	x      []float64   // logarithm of the cost as a multiple of the base's
	member [][]int     // places in names; all of them for the base
	scores [][]float64 // by the seeds that any trial has
}

// fewestNetworks is the number of networks that a family's curve needs besides the base: it has two
// coefficients.
const fewestNetworks = 2

// sameCost is the difference of log costs below which networks cost the same.
const sameCost = 1e-9

// newMeasured collects the trials of a study, or says why its families cannot be compared.
func newMeasured(s Study) (m measured, why string) {
	if !hasScore(s.Base) {
		return m, "the base network, where the curves begin, has no complete run"
	}
	m.names = []string{s.Candidate}
	for _, single := range s.Singles {
		if slices.ContainsFunc(s.Trials, func(t Trial) bool { return in(t, single) }) {
			m.names = append(m.names, single)
		}
	}
	if len(m.names) == 1 {
		return m, "the study scales no single dimension"
	}
	m.gather(s)
	if m.aside = m.setAside(); slices.Contains(m.aside, s.Base.Name) {
		return m, "the runs of the base network, where the curves begin, disagree"
	}
	for _, check := range []func() string{m.checkNetworks, m.checkCost, m.checkSeeds} {
		if why := check(); why != "" {
			return m, why
		}
	}
	return m, ""
}

func in(t Trial, family string) bool { return slices.Contains(t.Families, family) }

func hasScore(t Trial) bool {
	return slices.ContainsFunc(t.Scores, func(v float64) bool { return !math.IsNaN(v) })
}

// gather adds the trials of the families that have a score.
func (m *measured) gather(s Study) {
	all := make([]int, len(m.names))
	for i := range all {
		all[i] = i
	}
	m.add(s.Base, s.Base.Cost, all)
	for _, t := range s.Trials {
		var member []int
		for i, name := range m.names {
			if in(t, name) {
				member = append(member, i)
			}
		}
		if hasScore(t) && len(member) > 0 {
			m.add(t, s.Base.Cost, member)
		}
	}
	m.dropEmptySeeds()
}

func (m *measured) add(t Trial, base float64, member []int) {
	m.trials, m.x = append(m.trials, t.Name), append(m.x, math.Log(t.Cost/base))
	m.member = append(m.member, member)
	m.scores = append(m.scores, slices.Clone(t.Scores))
}

// dropEmptySeeds pads all rows of scores to one length, and removes the seeds that no trial has.
func (m *measured) dropEmptySeeds() {
	seeds := 0
	for _, row := range m.scores {
		seeds = max(seeds, len(row))
	}
	rows := make([][]float64, len(m.scores))
	for seed := range seeds {
		if !slices.ContainsFunc(m.scores, func(row []float64) bool { return scored(row, seed) }) {
			continue
		}
		for i, row := range m.scores {
			v := math.NaN()
			if scored(row, seed) {
				v = row[seed]
			}
			rows[i] = append(rows[i], v)
		}
	}
	m.scores = rows
}

// scored reports whether a row has a score at a seed.
func scored(row []float64, seed int) bool { return seed < len(row) && !math.IsNaN(row[seed]) }

// costs lists the log costs of a family's networks without the base, ascending, without duplicates.
func (m measured) costs(family int) []float64 {
	var list []float64
	for i, member := range m.member {
		if slices.Contains(member, family) && math.Abs(m.x[i]) > sameCost {
			list = append(list, m.x[i])
		}
	}
	slices.Sort(list)
	return slices.CompactFunc(list, func(a, b float64) bool { return math.Abs(a-b) < sameCost })
}

// checkNetworks names the families that have too few networks for a curve.
func (m measured) checkNetworks() string {
	for i, name := range m.names {
		if n := len(m.costs(i)); n < fewestNetworks {
			return fmt.Sprintf("the curve of %s needs %d trained networks of unlike cost beside the base,"+
				" and has %d", name, fewestNetworks, n)
		}
	}
	if m.freedom() < 1 {
		return fmt.Sprintf("%d networks are too few to show their scatter about %d curves",
			len(m.x), len(m.names))
	}
	return ""
}

// freedom is the degrees of freedom of the scatter: networks minus a common base and two
// coefficients per family.
func (m measured) freedom() int { return len(m.x) - 1 - 2*len(m.names) }

// checkCost looks for a cost above the base's that all curves reach.
func (m measured) checkCost() string {
	if m.reach() > 0 {
		return ""
	}
	return "the families have no cost above the base's in common"
}

// reach is the greatest log cost that all curves reach.
func (m measured) reach() float64 {
	reach := math.Inf(1)
	for i := range m.names {
		costs := m.costs(i)
		reach = min(reach, costs[len(costs)-1])
	}
	return reach
}

// at is the log cost of the comparison: that of NamedCost, or the greatest that all curves reach.
func (m measured) at() float64 { return min(m.reach(), math.Log(NamedCost)) }

// cost is the same relative to the base network's cost.
func (m measured) cost() float64 {
	if m.at() == math.Log(NamedCost) {
		return NamedCost
	}
	return math.Exp(m.at())
}

func (m measured) checkSeeds() string {
	if len(m.scores[0]) < 2 {
		return "one seed does not show the noise of a run"
	}
	return ""
}
