// Package families tests whether scaling all dimensions together is better than scaling one of
// them, at equal real cost.
//
// The trials of a study belong to families: "compound", "width", "depth", "resolution". Compare
// lays a curve through the means of each family and compares the curves at one cost that all of
// them reach, because networks of different families never cost the same. The claim "better than
// every single dimension" is made where the difference to each of them is significant by itself,
// which needs no correction for their number ([iut]).
//
// The standard error of the differences comes from the scatter of the networks about their own
// curves: the claim is about scaling, and other networks of the families would scatter too. A test
// against the noise between runs is reported as well: it is about these networks alone, and would
// overstate a claim about scaling.
//
// Arguments and results are plain values.
//
// References:
//
//	[iut] R. Berger, Multiparameter Hypothesis Testing and Acceptance Sampling,
//	      Technometrics 24, 1982.
package families

import "math"

// NamedCost is the cost that families are compared at, as a multiple of the base network's, where
// all curves reach so far.
const NamedCost = 4

// Trial is a trained network.
type Trial struct {
	Name     string
	Families []string  // that build it; not read of the base network, which belongs to all
	Cost     float64   // real multiply-adds of one image
	Scores   []float64 // by seed, as fractions; NaN where a run is missing
}

// Study is the input of Compare. Seeds are shared by the trials: all scores at one index have the
// same data order.
type Study struct {
	Base       Trial
	Trials     []Trial // without the base; those without a score are ignored
	Candidate  string  // the family that may be better
	Singles    []string
	Confidence float64 // of a claim, such as 0.95
}

// Claim is what a comparison shows.
type Claim string

// Claims.
const (
	Better   Claim = "better"    // than each of the single dimensions
	Worse    Claim = "worse"     // than at least one of them
	NotShown Claim = "not shown" // neither
	None     Claim = "none"      // nothing can be said, and Comparison.Why says why
)

// Comparison is a family against single dimensions.
type Comparison struct {
	Candidate  string
	Confidence float64
	Claim      Claim
	Why        string     // of None
	P          float64    // of "better than each", the largest of the contrasts'; NaN for None
	Cost       float64    // at which the curves are compared, as a multiple of the base network's
	Networks   int        // of the curves, the base included
	Aside      []string   // trials that are left out: a run of theirs must have diverged
	Scatter    Noise      // of the networks about their curves: of their means
	Runs       Noise      // of a run, paired by seed
	Contrasts  []Contrast // in the order of Study.Singles; empty for None
}

// Noise is an estimated standard deviation, as a fraction of one, and its degrees of freedom.
type Noise struct {
	SD      float64
	Freedom int
}

// Contrast is the candidate's curve minus a single dimension's at one cost, as a fraction (0..1).
type Contrast struct {
	Against    string
	Difference float64
	Scatter    Test // what the claim rests on
	Runs       Test
	Worse      bool // the candidate is worse, with the confidence that holds for all contrasts at once
}

// Test is a contrast tested with a noise. Each end of the interval has the confidence of a claim,
// so that a claim is an interval above 0: a two-sided interval at confidence 95 % covers 90 %.
type Test struct {
	SE        float64
	Low, High float64
	P         float64 // one-sided: that so large a lead comes from no lead
}

// Compare compares the families of a study.
func Compare(s Study) Comparison {
	c := Comparison{Candidate: s.Candidate, Confidence: s.Confidence, Claim: None, P: math.NaN()}
	m, why := newMeasured(s)
	c.Aside = m.aside
	if c.Why = why; why != "" {
		return c
	}
	f, why := fit(m)
	if c.Why = why; why != "" {
		return c
	}
	c.Cost, c.Networks, c.Scatter, c.Runs = m.cost(), len(m.x), f.scatter, f.runs
	for i, single := range m.names[1:] {
		c.Contrasts = append(c.Contrasts, f.contrast(single, i+1, s.Confidence, len(m.names)-1))
	}
	c.decide()
	return c
}

// decide makes the claim from the contrasts.
func (c *Comparison) decide() {
	c.Claim, c.P = Better, 0
	for _, contrast := range c.Contrasts {
		c.P = math.Max(c.P, contrast.Scatter.P)
		if contrast.Worse {
			c.Claim = Worse
		}
	}
	if c.Claim == Better && !(c.P < 1-c.Confidence) {
		c.Claim = NotShown
	}
}
