package values

// Label is a point of the search that builds a network: what it multiplies depth, width and
// resolution by, with its phi.
type Label struct{ Depth, Width, Resolution, Phi float64 }

// Promised is the cost that the rule of the paper promises, as a multiple of the base network's:
// twice the depth is to cost twice as much, twice the width or the resolution four times.
func (l Label) Promised() float64 {
	return l.Depth * l.Width * l.Width * l.Resolution * l.Resolution
}

// Rule is what a search holds the cost of its networks to, at phi = 1.
type Rule struct {
	Quantity  string // "nominal", "madds_ratio", "params_ratio" or "activations_ratio"
	Low, High float64
}

// Quantities of a rule that say something of multiply-adds: the product of coefficients, and the
// real ones.
const (
	Nominal    = "nominal"
	MAddsRatio = "madds_ratio"
)

// Middle is the middle of the rule's interval: the target.
func (r Rule) Middle() float64 { return (r.Low + r.High) / 2 }
