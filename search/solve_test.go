package search_test

import (
	"fmt"
	"math"
	"testing"

	"gridsearch/search"
)

// stairs has the networks of these costs by depth: the first below the first of the edges, and so
// on.
func stairs(edges []float64, costs ...int64) search.Build {
	return func(p search.Point) (search.Network, error) {
		depth, _, _ := p.Scaling()
		i := 0
		for i < len(edges) && depth >= edges[i] {
			i++
		}
		return search.Network{ID: fmt.Sprint(i), Cost: search.Cost{MAdds: costs[i]}}, nil
	}
}

// power grows with this power of depth.
func power(exponent float64) search.Build {
	return func(p search.Point) (search.Network, error) {
		depth, _, _ := p.Scaling()
		cost := int64(1e9 * math.Pow(depth, exponent))
		return search.Network{ID: fmt.Sprint(cost), Cost: search.Cost{MAdds: cost}}, nil
	}
}

// TestSolvedForRealCost: the control of depth alone is the network whose multiply-adds are nearest
// to the target, at the middle of the depths that build it. A step of the search is half a percent,
// and a 400th of it where the cost is smooth.
func TestSolvedForRealCost(t *testing.T) {
	edges := []float64{1.5, 2.5, 4}
	for name, c := range map[string]struct {
		build  search.Build
		target search.Decimal
		want   float64 // alpha
		within float64 // as a share of alpha
	}{
		"exact":               {stairs(edges, 100, 200, 300, 900), "2", math.Sqrt(1.5 * 2.5), .005},
		"nearest from above":  {stairs(edges, 100, 170, 210, 900), "2", math.Sqrt(2.5 * 4), .005},
		"nearest from below":  {stairs(edges, 100, 190, 230, 900), "2", math.Sqrt(1.5 * 2.5), .005},
		"cheaper of a tie":    {stairs(edges, 100, 150, 250, 900), "2", math.Sqrt(1.5 * 2.5), .005},
		"last of the stairs":  {stairs(edges, 100, 110, 120, 130), "2", math.Sqrt(4 * 8), .005},
		"one network":         {stairs(nil, 100), "2", math.Sqrt(8), .001},
		"one at target 1":     {stairs(nil, 100), "1", math.Sqrt(4), .001},
		"the base network":    {stairs([]float64{1.002}, 100, 300), "1.5", 1, 1e-6},
		"smooth":              {power(1), "2", 2, 1e-5},
		"smooth and small":    {power(1), "0.3", .3, 1e-5},
		"in the first step":   {power(1), "1.003", 1.003, 1e-5},
		"out of reach, above": {power(.1), "2", 8, 1e-6},
		"out of reach, below": {power(.1), "0.5", .125, 1e-6},
	} {
		base, err := c.build(search.Baseline)
		if err != nil {
			t.Fatal(err)
		}
		s := search.Space{Controls: []string{"depth"}, Phi: []search.Decimal{"1"},
			Constraints: []search.Constraint{search.Around(search.MAddsRatio, c.target, "0.1")}}
		got, err := s.Enumerate(c.build, base)
		if err != nil {
			t.Fatal(err)
		}
		p := got.Controls[0].Point
		if alpha := p.Alpha.Float64(); !(math.Abs(alpha/c.want-1) <= c.within) || p.Beta != "1" ||
			p.Gamma != "1" {
			t.Errorf("%s: %s, want alpha %.6f", name, p, c.want)
		}
	}
}

// TestControlsShareTheBudget: each control grows the nominal cost by the target, 2, with the shares
// of depth, width and resolution that are published: equal ones for dwr, .1, .8 and .1 for dWr.
func TestControlsShareTheBudget(t *testing.T) {
	shares := map[string][3]float64{"depth": {1, 0, 0}, "width": {0, 1, 0}, "resolution": {0, 0, 1},
		"dwr": {1. / 3, 1. / 3, 1. / 3}, "dWr": {.1, .8, .1}}
	base, err := cube(search.Baseline)
	if err != nil {
		t.Fatal(err)
	}
	for name, share := range shares {
		s := search.Space{Controls: []string{name}, Phi: []search.Decimal{"1"}}
		got, err := s.Enumerate(cube, base)
		if err != nil {
			t.Fatal(err)
		}
		p := got.Controls[0].Point
		for i, d := range []search.Decimal{p.Alpha, p.Beta, p.Gamma} {
			linear := map[bool]float64{true: 1, false: 2}[i == 0] // cost grows with width squared
			if part := linear * math.Log2(d.Float64()); math.Abs(part-share[i]) > 5e-6 {
				t.Errorf("%s: share %d of %s is %.6f, want %.6f", name, i, p, part, share[i])
			}
		}
	}
}

// TestSolvedAtPhi: a real cost of 8 at phi 3 is met there, not at phi 1.
func TestSolvedAtPhi(t *testing.T) {
	build := power(1)
	base, err := build(search.Baseline)
	if err != nil {
		t.Fatal(err)
	}
	s := search.Space{Methods: []string{search.Solve}, Phi: []search.Decimal{"3"},
		Alpha: search.Range{Low: "2", High: "2", Step: "1"}, Beta: search.Range{Low: "1", High: "1",
			Step: "1"}, Controls: []string{"depth"},
		Constraints: []search.Constraint{{Quantity: search.MAddsRatio, Low: "7", High: "9"}}}
	c, err := s.Enumerate(build, base)
	if err != nil || len(c.Controls) != 1 || len(c.Points) != 1 {
		t.Fatalf("%+v (%v)", c, err)
	}
	if alpha := c.Controls[0].Alpha.Float64(); math.Abs(alpha-2) > 1e-5 || c.Controls[0].Phi != "3" {
		t.Errorf("depth alone has %v, want alpha 2 at phi 3", c.Controls[0])
	}
	if p := c.Points[0]; p.Alpha != "2" || p.Phi != "3" {
		t.Errorf("solved: %v, want alpha 2 at phi 3", p)
	}
}
