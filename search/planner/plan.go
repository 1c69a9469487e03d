// Package planner turns the points of a space into the trials that a study trains: it keeps the
// points that satisfy the constraints, joins those that build the same network, and names the
// networks with at least one kept point.
//
// It explains why nothing is left (EmptyError) and where a plan cannot answer its question
// (Warnings), and defines the document that files store. A constraint on nominal cost always comes
// with the real cost.
package planner

import (
	"fmt"

	"gridsearch/search"
)

// Label is a point that builds a trial's network.
type Label struct {
	search.Point
	Nominal search.Decimal `json:"nominal"`
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
	Network        search.Network
	MAddsRatio     float64 // real multiply-adds as a multiple of the base network's
	ExcludedBy     string  // why it is never trained; empty if it is
}

// Removal counts the points that a constraint excludes.
type Removal struct {
	Constraint search.Constraint
	Alone      int // points that violate it
	First      int // points that violate it and none before it
}

// Plan is what a study will train, and how it was chosen.
type Plan struct {
	Points   int // distinct ones that the methods enumerate, without base and controls
	Kept     int // that satisfy all constraints
	Networks int // distinct networks of the kept points
	Removed  []Removal
	Short    []search.Shortage // families of a LogCost that have fewer networks than it asks for
	Asked    int               // networks of a family that the LogCost asks for; 0 without one
	Base     search.Network
	// base, controls, then the others by the alpha, beta, gamma and phi of their first labels
	Trials []Trial
}

// NewPlan enumerates a space and makes its trials. If none is left the error is an *EmptyError.
func NewPlan(space search.Space, build search.Build) (*Plan, error) {
	build = remember(build)
	base, err := build(search.Baseline)
	if err != nil {
		return nil, fmt.Errorf("base network: %w", err)
	}
	p := &planner{build: build, plan: &Plan{Base: base}, byID: map[string]*Trial{},
		seen: map[search.Candidate]bool{}}
	for _, c := range space.Constraints {
		p.plan.Removed = append(p.plan.Removed, Removal{Constraint: c})
	}
	found, err := space.Enumerate(build, base)
	if err != nil {
		return nil, err
	}
	p.plan.Short = found.Short
	carried := append([]search.Candidate{{Point: search.Baseline, Control: "base"}},
		found.Controls...)
	if err := p.addAll(carried, false); err != nil {
		return nil, err
	}
	if err := p.addAll(found.Points, true); err != nil {
		return nil, err
	}
	return p.finish()
}
