// Package search enumerates compound coefficients, keeps those that satisfy constraints, joins those that build one network, and says which of the
// networks' measured accuracies can be told apart.
//
// A Space becomes points; a Build function, given from outside, makes a network of each; constraints exclude points; networks with at least one kept
// point become trials (NewPlan). Scores of trials become a table with intervals and the tied set (Summarise).
//
// The package knows no model, no files and no database: plain values go in and come out. It refuses to add binary steps, to search a constraint
// without showing the real cost, and to name a winner that the numbers do not show.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019.
//	[dollar] P. Dollár, M. Singh, R. Girshick, Fast and Accurate Model Scaling, 2021.
//	[mcs]    P. Hansen, A. Lunde, J. Nason, The Model Confidence Set, Econometrica 79, 2011.
//	[smyth]  G. Smyth, Linear Models and Empirical Bayes Methods for Assessing Differential Expression, 2004.
package search

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Label is a point that builds a trial's network.
type Label struct {
	Point
	Nominal    Decimal `json:"nominal"`
	Control    string  `json:"control"`               // name of the control or family; empty for the grid
	ExcludedBy string  `json:"excluded_by,omitempty"` // the constraint that it violates
	enumerated bool    // by a method, not a control
}

// Trial is a network to measure, with the points that build it.
type Trial struct {
	Name           string
	Labels         []Label // kept points, base and controls
	ExcludedLabels []Label // points that build it too, but violate a constraint
	Depth, Width   float64 // what the first label multiplies depth and width by
	Network        Network
	MAddsRatio     float64 // real multiply-adds as a multiple of the base network's
	ExcludedBy     string  // why it is never trained; empty if it is
}

// Removal says how many points a constraint excludes.
type Removal struct {
	Constraint Constraint
	Alone      int // points that violate it
	First      int // points that violate it and none before it
}

// Plan is what a study will train, and how it came about.
type Plan struct {
	Points   int // enumerated, without base and controls
	Kept     int // that satisfy all constraints
	Networks int // distinct networks of the kept points
	Removed  []Removal
	Base     Network
	Trials   []Trial // base, controls, then the others in the order of their first points
}

// Nearest is an excluded point that violates one constraint by the least.
type Nearest struct {
	Point      Point
	Constraint Constraint
	Value      float64
}

// EmptyError says why nothing is left to train.
type EmptyError struct {
	Plan    *Plan
	Nearest *Nearest
}

func (e *EmptyError) Error() string {
	var text strings.Builder
	if e.Plan.Kept > 0 {
		fmt.Fprintf(&text, "nothing is left to train: %d of %d points satisfy the constraints, but none of their networks can be trained", e.Plan.Kept, e.Plan.Points)
		for _, t := range e.Plan.Trials {
			if t.ExcludedBy != "" {
				fmt.Fprintf(&text, "\n%s: %s", t.Name, t.ExcludedBy)
				break
			}
		}
		return text.String()
	}
	fmt.Fprintf(&text, "the search is empty: none of %d points satisfies the constraints", e.Plan.Points)
	for _, r := range e.Plan.Removed {
		fmt.Fprintf(&text, "\n%s excludes %d", r.Constraint, r.Alone)
	}
	if n := e.Nearest; n != nil {
		fmt.Fprintf(&text, "\nthe nearest point is alpha %s, beta %s, gamma %s: its %s is %.4f", n.Point.Alpha, n.Point.Beta, n.Point.Gamma, n.Constraint.Quantity, n.Value)
	}
	return text.String()
}

// NewPlan enumerates a space and makes its trials. The error of an empty one is an *EmptyError.
func NewPlan(space Space, build Build) (*Plan, error) {
	build = remember(build)
	base, err := build(baseline)
	if err != nil {
		return nil, fmt.Errorf("base network: %w", err)
	}
	controls, err := space.families(build, base, space.Controls...)
	if err != nil {
		return nil, err
	}
	points, err := space.enumerate(build, base)
	if err != nil {
		return nil, err
	}
	p := &planner{build: build, plan: &Plan{Base: base}, byID: map[string]*Trial{}}
	for _, c := range space.Constraints {
		p.plan.Removed = append(p.plan.Removed, Removal{Constraint: c})
	}
	if err := p.addAll(append([]labelled{{baseline, "base"}}, space.atEveryPhi(controls)...), false); err != nil {
		return nil, err
	}
	if err := p.addAll(points, true); err != nil {
		return nil, err
	}
	return p.finish()
}

// remember makes a Build that computes every point once: constraints ask for the network that a label has been made of.
func remember(build Build) Build {
	known := map[Point]Network{}
	return func(p Point) (Network, error) {
		if n, ok := known[p]; ok {
			return n, nil
		}
		n, err := build(p)
		if err == nil {
			known[p] = n
		}
		return n, err
	}
}

// planner gathers trials.
type planner struct {
	build   Build
	plan    *Plan
	byID    map[string]*Trial
	order   []*Trial
	nearest *Nearest
	misses  *big.Rat // by which the nearest point violates its constraint
}

func (p *planner) addAll(points []labelled, enumerated bool) error {
	for _, point := range points {
		if err := p.add(point, enumerated); err != nil {
			return fmt.Errorf("alpha %s, beta %s, gamma %s, phi %s: %w", point.Alpha, point.Beta, point.Gamma, point.Phi, err)
		}
	}
	return nil
}

// add puts a point to the trial of its network. Base and controls are not enumerated: no constraint applies to them.
func (p *planner) add(point labelled, enumerated bool) error {
	n, err := p.build(point.Point)
	if err != nil {
		return err
	}
	label := Label{Point: point.Point, Nominal: point.Nominal(), Control: point.control, enumerated: enumerated}
	if enumerated {
		p.plan.Points++
		if label.ExcludedBy, err = p.check(point.Point); err != nil {
			return err
		}
		if label.ExcludedBy == "" {
			p.plan.Kept++
		}
	}
	t, ok := p.byID[n.ID]
	if !ok {
		t = &Trial{Network: n, ExcludedBy: n.Infeasible}
		p.byID[n.ID] = t
		p.order = append(p.order, t)
	}
	if label.ExcludedBy == "" {
		t.Labels = append(t.Labels, label)
	} else {
		t.ExcludedLabels = append(t.ExcludedLabels, label)
	}
	return nil
}

// check returns the first constraint that a point violates, and counts.
func (p *planner) check(point Point) (excludedBy string, err error) {
	if len(p.plan.Removed) == 0 {
		return "", nil
	}
	n, err := p.build(point.unit())
	if err != nil {
		return "", err
	}
	for i := range p.plan.Removed {
		r := &p.plan.Removed[i]
		value := r.Constraint.value(point, n, p.plan.Base)
		miss := r.Constraint.distance(value)
		if miss.Sign() == 0 {
			continue
		}
		r.Alone++
		if excludedBy == "" {
			r.First++
			excludedBy = r.Constraint.String()
			if p.misses == nil || miss.Cmp(p.misses) < 0 {
				p.misses, p.nearest = miss, &Nearest{point, r.Constraint, toFloat(value)}
			}
		}
	}
	return excludedBy, nil
}

// finish drops networks without a kept point, names the others and looks whether anything is left.
func (p *planner) finish() (*Plan, error) {
	trainable := false
	for _, t := range p.order {
		if len(t.Labels) == 0 {
			continue
		}
		t.Depth, t.Width, _ = t.Labels[0].Scaling()
		t.Name = name(*t)
		t.MAddsRatio = toFloat(ratio(t.Network.Cost.MAdds, p.plan.Base.Cost.MAdds))
		p.plan.Trials = append(p.plan.Trials, *t)
		if slices.ContainsFunc(t.Labels, func(l Label) bool { return l.enumerated }) {
			p.plan.Networks++
			trainable = trainable || t.ExcludedBy == ""
		}
	}
	if !trainable {
		return nil, &EmptyError{p.plan, p.nearest}
	}
	return p.plan, nil
}

// name is the configuration of a trial: what depth and width are multiplied by, and the pixels.
func name(t Trial) string {
	if t.Labels[0].Control == "base" {
		return "base"
	}
	return fmt.Sprintf("d=%s w=%s px=%d", rounded(t.Depth), rounded(t.Width), t.Network.Pixels)
}
