package families

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Sentence says what a comparison shows, and by which differences: one sentence or two. Differences
// are in percentage points.
func (c Comparison) Sentence() []string {
	if c.Claim == None {
		return []string{fmt.Sprintf("%s scaling is not compared with single dimensions at equal cost: %s",
			c.Candidate, c.Why+c.leftOut())}
	}
	return []string{c.claim() + c.where(), c.leads() + c.leftOut()}
}

// claim is the sentence without its cost.
func (c Comparison) claim() string {
	switch c.Claim {
	case Better:
		return fmt.Sprintf("%s scaling is better than %s alone", c.Candidate, c.against(each))
	case Worse:
		return fmt.Sprintf("%s scaling is worse than %s alone", c.Candidate, c.against(worse))
	}
	return fmt.Sprintf("that %s scaling is better than %s alone is not shown (p %s)",
		c.Candidate, c.against(each), pValue(c.P))
}

func each(Contrast) bool    { return true }
func worse(c Contrast) bool { return c.Worse }

// against names the single dimensions of the chosen contrasts.
func (c Comparison) against(some func(Contrast) bool) string {
	var names []string
	for _, contrast := range c.Contrasts {
		if some(contrast) {
			names = append(names, contrast.Against)
		}
	}
	return list(names)
}

// where names the cost of the comparison.
func (c Comparison) where() string {
	text := fmt.Sprintf(" at %s times the base's cost", strconv.FormatFloat(c.Cost, 'g', 3, 64))
	if c.Cost != NamedCost {
		text += ", the greatest that all curves reach"
	}
	return text
}

// leads are the differences with their intervals.
func (c Comparison) leads() string {
	var parts []string
	for _, contrast := range c.Contrasts {
		t := contrast.Scatter
		parts = append(parts, fmt.Sprintf("over %s %+.2f (%+.2f to %+.2f)",
			contrast.Against, points(contrast.Difference), points(t.Low), points(t.High)))
	}
	return fmt.Sprintf("its lead in points, with %s intervals by the scatter of %d networks"+
		" about their curves: %s", percent(2*c.Confidence-1), c.Networks, strings.Join(parts, ", "))
}

// leftOut names the trials that are set aside.
func (c Comparison) leftOut() string {
	if len(c.Aside) == 0 {
		return ""
	}
	return "; left out, as a run of it must have diverged: " + strings.Join(c.Aside, "; ")
}

// points are percentage points, to two decimals; zero is +0.
func points(share float64) float64 { return math.Round(1e4*share)/100 + 0 }

// percent is a share in percent with up to four digits.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'g', 4, 64) + " %" }

// pValue has three decimals, the last at least 1: 0.001 also stands for anything smaller.
func pValue(p float64) string {
	if p < .001 {
		return "< 0.001"
	}
	return "= " + strconv.FormatFloat(p, 'f', 3, 64)
}

// list joins names with commas and "and".
func list(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
