package figures

import (
	"math"
	"slices"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	"gridsearch/internal/store"
	"gridsearch/search"
	"gridsearch/search/planner"
)

// place says where a trial lies among others: what it scales, by how much, and what part of the cost
// each dimension takes. A label without coefficients says nothing.
func place(t *values.Trial, labels []planner.Label) {
	first := true
	for _, l := range labels {
		if l.Nominal == "" {
			continue
		}
		label := values.Label{Phi: l.Phi.Float64()}
		label.Depth, label.Width, label.Resolution = l.Scaling()
		if !slices.Contains(t.Labels, label) { // a control may be a point of the grid as well
			t.Labels = append(t.Labels, label)
		}
		if first {
			t.Depth, t.Width, t.Resolution = label.Depth, label.Width, label.Resolution
			t.Nominal, t.Phi = l.Nominal.Float64(), label.Phi
			first = false
		}
		if s, ok := shares(l); ok && !slices.Contains(t.Shares, s) {
			t.Shares = append(t.Shares, s)
		}
	}
}

// rule is the first constraint on a cost, which the search aims at; nil for none.
func rule(constraints []search.Constraint) *values.Rule {
	if len(constraints) == 0 {
		return nil
	}
	c := constraints[0]
	return &values.Rule{Quantity: c.Quantity, Low: c.Low.Float64(), High: c.High.Float64()}
}

// failed says whether each run of a trial has failed.
func failed(t report.Trial) bool {
	for _, run := range t.Runs {
		if run.State != string(store.Failed) {
			return false
		}
	}
	return len(t.Runs) > 0
}

// shares are the parts of a label's nominal cost; the base's has none to share.
func shares(l planner.Label) (s values.Shares, ok bool) {
	one := l.Point
	one.Phi = "1"
	depth, width, resolution := one.Scaling()
	a, b, c := math.Log(depth), 2*math.Log(width), 2*math.Log(resolution)
	sum := a + b + c
	if !(sum > 0) || math.IsInf(sum, 0) {
		return s, false
	}
	return values.Shares{Depth: a / sum, Width: b / sum, Resolution: c / sum}, true
}
