package search

import (
	"fmt"
	"math"
	"math/big"
)

// Controls lists the networks that every search can include for comparison: the paper's triple, one
// dimension alone, and two published rules that need no search ([dollar] equation 5: uniform dwr,
// and dWr, which gives width the largest share).
var Controls = []string{"paper", "depth", "width", "resolution", "dwr", "dWr"}

// PaperTriple is 1.2, 1.1, 1.15 ([effnet] section 3.3).
var PaperTriple = Point{Alpha: "1.2", Beta: "1.1", Gamma: "1.15"}

// families are one-parameter rules: exponents of the cost factor for depth, width and resolution,
// with depth + 2 width + 2 resolution = 1.
var families = map[string][3]float64{
	"depth":      {1, 0, 0},
	"width":      {0, 1. / 2, 0},
	"resolution": {0, 0, 1. / 2},
	"dwr":        {1. / 3, 1. / 6, 1. / 6},
	"dWr":        {.1, .4, .05},
}

// family is the rule's point whose nominal cost at phi is factor times the base's.
func family(name string, factor float64, phi Decimal) Point {
	e := families[name]
	power := func(i int) Decimal { return rounded(math.Pow(factor, e[i]/phi.Float64())) }
	return Point{Alpha: power(0), Beta: power(1), Gamma: power(2), Phi: phi}
}

// families solves the named rules for the space's target: a nominal one at phi = 1, as is the
// constraint, a real cost at the phi of solvedAt.
func (s Space) families(build Build, base Network, names ...string) ([]Candidate, error) {
	target, real := s.target()
	var points []Candidate
	for _, name := range names {
		if name == "paper" {
			points = append(points, Candidate{PaperTriple, name})
			continue
		}
		if _, ok := families[name]; !ok {
			return nil, fmt.Errorf("control %q is not one of %v", name, Controls)
		}
		p := family(name, target, "1")
		if real {
			var err error
			if p, _, err = (line{func(factor float64) Point { return family(name, factor, s.solvedAt()) }, build,
				base}).nearest(target); err != nil {
				return nil, err
			}
		}
		points = append(points, Candidate{p, name})
	}
	return points, nil
}

// Baseline is the point that builds the base network.
var Baseline = Point{Alpha: "1", Beta: "1", Gamma: "1", Phi: "0"}

// toFloat is the nearest binary number of a fraction.
func toFloat(r *big.Rat) float64 {
	f, _ := r.Float64()
	return f
}
