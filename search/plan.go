// Package search enumerates compound coefficients, keeps those that satisfy constraints, and joins
// those that build one network. Package stats below it says which of the networks' measured
// accuracies can be told apart.
//
// A Space becomes points; a Build function, given from outside, makes a network of each;
// constraints exclude points; networks with at least one kept point become trials (NewPlan).
//
// The package knows no model, no files and no database: plain values go in and come out. It refuses
// to add binary steps and to search a constraint without showing the real cost.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019.
//	[dollar] P. Dollár, M. Singh, R. Girshick, Fast and Accurate Model Scaling, 2021.
package search

import "fmt"

// Label is a point that builds a trial's network.
type Label struct {
	Point
	Nominal Decimal `json:"nominal"`
	// name of the control or family; empty for the grid
	Control    string `json:"control"`
	ExcludedBy string `json:"excluded_by,omitempty"` // the constraint that it violates
	enumerated bool   // a method has made it
	carried    bool   // it is the base or a control of the space; a control may be enumerated too
}

// Trial is a network to measure, with the points that build it.
type Trial struct {
	Name           string
	Labels         []Label // base and controls, then kept points by alpha, beta, gamma and phi
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
	Points   int // distinct ones that the methods enumerate, without base and controls
	Kept     int // that satisfy all constraints
	Networks int // distinct networks of the kept points
	Removed  []Removal
	Short    []Shortage // families of a LogCost that have fewer networks than it asks for
	Asked    int        // networks of a family that the LogCost asks for; 0 without one
	Base     Network
	// base, controls, then the others by the alpha, beta, gamma and phi of their first labels
	Trials []Trial
}

// NewPlan enumerates a space and makes its trials. The error of an empty one is an *EmptyError.
func NewPlan(space Space, build Build) (*Plan, error) {
	build = remember(build)
	base, err := build(baseline)
	if err != nil {
		return nil, fmt.Errorf("base network: %w", err)
	}
	p := &planner{build: build, plan: &Plan{Base: base}, byID: map[string]*Trial{},
		seen: map[labelled]bool{}}
	for _, c := range space.Constraints {
		p.plan.Removed = append(p.plan.Removed, Removal{Constraint: c})
	}
	controls, err := space.families(build, base, space.Controls...)
	if err != nil {
		return nil, err
	}
	points, err := space.enumerate(build, base)
	if err != nil {
		return nil, err
	}
	if controls, err = p.spread(space, controls); err != nil {
		return nil, err
	}
	if points, err = p.spread(space, points); err != nil {
		return nil, err
	}
	if err := p.addAll(append([]labelled{{baseline, "base"}}, controls...), false); err != nil {
		return nil, err
	}
	if err := p.addAll(points, true); err != nil {
		return nil, err
	}
	return p.finish()
}
