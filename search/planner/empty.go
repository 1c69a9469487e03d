package planner

import (
	"fmt"
	"math"
	"strings"

	"gridsearch/internal/plural"
	"gridsearch/search"
)

// Nearest is the excluded point that violates the constraints by the least, with the constraint
// that it violates most.
type Nearest struct {
	Point      search.Point
	Constraint search.Constraint
	Value      float64 // of the constraint's quantity
}

// String is the point, and the value and violation of its constraint.
func (n Nearest) String() string {
	bound, side := n.Constraint.Bound(n.Value), "below"
	if n.Value > bound.Float64() {
		side = "above"
	}
	return fmt.Sprintf("alpha %s, beta %s, gamma %s: its %s is %.4f, %.3g %s %s", n.Point.Alpha,
		n.Point.Beta, n.Point.Gamma,
		n.Constraint.Quantity, n.Value, math.Abs(n.Value-bound.Float64()), side, bound)
}

// EmptyError says why nothing is left to train.
type EmptyError struct {
	Plan    *Plan
	Nearest *Nearest // nil where no constraint excludes anything
}

// Error says how many points there were, and names the nearest one.
func (e *EmptyError) Error() string {
	switch {
	case e.Plan.Points == 0:
		return "the search is empty: its methods make no point (solve needs an alpha and a beta " +
			"that leave something of the target to gamma)"
	case e.Plan.Kept > 0:
		return fmt.Sprintf("nothing is left to train: %d of %s %s the constraints, but none of "+
			"their networks can be trained%s", e.Plan.Kept, plural.Of(e.Plan.Points, "point"),
			plural.Verb(e.Plan.Kept, "satisfies", "satisfy"), e.untrainable())
	}
	var text strings.Builder
	fmt.Fprintf(&text, "the search is empty: none of %s satisfies the constraints",
		plural.Of(e.Plan.Points, "point"))
	for _, r := range e.Plan.Removed {
		fmt.Fprintf(&text, "\n%s excludes %d", r.Constraint, r.Alone)
	}
	if e.Nearest != nil {
		fmt.Fprintf(&text, "\nthe nearest point is %s", e.Nearest)
	}
	return text.String()
}

// untrainable is a line that names a network of a kept point and why it cannot be trained: the one
// with the fewest pixels.
func (e *EmptyError) untrainable() string {
	var least *Trial
	for i := range e.Plan.Trials {
		t := &e.Plan.Trials[i]
		if t.enumerated() && (least == nil || t.Network.Pixels < least.Network.Pixels) {
			least = t
		}
	}
	if least == nil {
		return ""
	}
	return fmt.Sprintf("\n%s: %s", least.Name, least.ExcludedBy)
}
