package search

import (
	"fmt"
	"math"
	"math/big"
)

// Constraint keeps the points whose quantity lies in a closed interval; comparisons are exact. The
// nominal product is that of the coefficients, at phi = 1 whatever the point's phi; a real cost is
// that of the network which the point builds, at the point's phi.
type Constraint struct {
	Quantity string
	Low      Decimal
	High     Decimal
}

// Quantities that a constraint can be on: the nominal product, or a real cost of the built network
// as a multiple of the base network's.
const (
	Nominal          = "nominal"
	MAddsRatio       = "madds_ratio"
	ParamsRatio      = "params_ratio"
	ActivationsRatio = "activations_ratio"
)

// Quantities lists them.
var Quantities = []string{Nominal, MAddsRatio, ParamsRatio, ActivationsRatio}

// Around is the interval of all values that are at most tolerance from the target.
func Around(quantity string, target, tolerance Decimal) Constraint {
	t, by := target.Rat(), tolerance.Rat()
	return Constraint{quantity, exact(new(big.Rat).Sub(t, by)), exact(new(big.Rat).Add(t, by))}
}

// String is the quantity and its interval.
func (c Constraint) String() string {
	return fmt.Sprintf("%s in %s..%s", c.Quantity, c.Low, c.High)
}

// Miss is how far a point that builds a network violates the constraint: the quantity's value, and
// its distance from the interval relative to the interval's middle, so that misses of different
// quantities can be added; ok is false where the constraint is satisfied.
func (c Constraint) Miss(p Point, n, base Network) (value, share float64, ok bool) {
	exactly := c.value(p, n, base)
	if c.distance(exactly).Sign() == 0 {
		return 0, 0, false
	}
	return toFloat(exactly), c.relative(exactly), true
}

// relative is a value's distance from the interval relative to the interval's middle.
func (c Constraint) relative(v *big.Rat) float64 {
	miss := toFloat(c.distance(v))
	if middle := math.Abs(c.target()); middle > 0 {
		miss /= middle
	}
	return miss
}

// Bound is the end of the interval that is nearer to a value outside it.
func (c Constraint) Bound(v float64) Decimal {
	if v < c.target() {
		return c.Low
	}
	return c.High
}

// target is the middle of the interval.
func (c Constraint) target() float64 { return (c.Low.Float64() + c.High.Float64()) / 2 }

// value is the constraint's quantity of a point that builds the network.
func (c Constraint) value(p Point, n, base Network) *big.Rat {
	switch c.Quantity {
	case MAddsRatio:
		return ratio(n.Cost.MAdds, base.Cost.MAdds)
	case ParamsRatio:
		return ratio(n.Cost.Params, base.Cost.Params)
	case ActivationsRatio:
		return ratio(n.Cost.Activations, base.Cost.Activations)
	}
	return p.Nominal().Rat()
}

// distance is how far a value is outside the interval, 0 inside.
func (c Constraint) distance(v *big.Rat) *big.Rat {
	if low := c.Low.Rat(); v.Cmp(low) < 0 {
		return low.Sub(low, v)
	}
	if high := c.High.Rat(); v.Cmp(high) > 0 {
		return high.Sub(v, high)
	}
	return new(big.Rat)
}
