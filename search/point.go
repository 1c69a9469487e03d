package search

import (
	"cmp"
	"fmt"
	"math/big"
)

// Point is a choice of compound coefficients, before a network is rounded from it: depth alpha^phi,
// width beta^phi, resolution gamma^phi ([effnet] equation 3).
type Point struct {
	Alpha Decimal `json:"alpha"`
	Beta  Decimal `json:"beta"`
	Gamma Decimal `json:"gamma"`
	Phi   Decimal `json:"phi"`
}

// Nominal is alpha * beta^2 * gamma^2, exactly: the factor by which the paper's rule lets the cost
// grow at phi = 1.
func (p Point) Nominal() Decimal {
	product := p.Alpha.Rat()
	for _, d := range []Decimal{p.Beta, p.Beta, p.Gamma, p.Gamma} {
		product = new(big.Rat).Mul(product, d.Rat())
	}
	return exact(product)
}

// Scaling is the factors of depth, width and resolution.
func (p Point) Scaling() (depth, width, resolution float64) {
	return power(p.Alpha, p.Phi), power(p.Beta, p.Phi), power(p.Gamma, p.Phi)
}

// Cost is what a network costs for one image.
type Cost struct {
	MAdds       int64 `json:"madds"`       // multiply-adds
	Params      int64 `json:"params"`      // parameters
	Activations int64 `json:"activations"` // elements of every convolution's output
}

// Network is what a search needs to know of the network that a point builds.
type Network struct {
	ID         string // networks with one ID are one network
	Pixels     int
	Repeats    []int // blocks of each stage
	Channels   []int // of stem, stages and head
	FinalMap   int   // side of the last feature map
	Cost       Cost
	Infeasible string // why it cannot be trained; empty if it can
}

// MAddsRatio is the network's multiply-adds as a multiple of the base network's.
func (n Network) MAddsRatio(base Network) float64 {
	return toFloat(ratio(n.Cost.MAdds, base.Cost.MAdds))
}

// Build makes the network of a point. It is passed to the search, which depends on no model.
type Build func(Point) (Network, error)

// Compare orders points by alpha, beta, gamma and phi.
func (p Point) Compare(other Point) int {
	return cmp.Or(p.Alpha.Cmp(other.Alpha), p.Beta.Cmp(other.Beta), p.Gamma.Cmp(other.Gamma),
		p.Phi.Cmp(other.Phi))
}

// String is the coefficients and phi.
func (p Point) String() string {
	return fmt.Sprintf("alpha %s, beta %s, gamma %s, phi %s", p.Alpha, p.Beta, p.Gamma, p.Phi)
}

// ratio is a cost as a multiple of the base network's.
func ratio(cost, base int64) *big.Rat { return big.NewRat(cost, max(1, base)) }
