package search_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gridsearch/search"
)

// pointsOf lists a space's points at phi 1, without phi.
func pointsOf(t *testing.T, s search.Space) (list []string) {
	t.Helper()
	base, err := cube(search.Baseline)
	if err != nil {
		t.Fatal(err)
	}
	s.Phi = []search.Decimal{"1"}
	got, err := s.Enumerate(cube, base)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got.Points {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s/%s/%s", p.Control, p.Alpha, p.Beta,
			p.Gamma)))
	}
	return list
}

// TestMethods: the points of each method, by hand.
func TestMethods(t *testing.T) {
	alpha, beta := search.Range{Low: "1", High: "2", Step: "1"}, search.Range{Low: "1", High: "1.1",
		Step: "0.1"}
	gamma := search.Range{Low: "1.2", High: "1.3", Step: "0.1"}
	eight := []search.Constraint{search.Around(search.Nominal, "8", "0.1")}
	half := []search.Constraint{search.Around(search.Nominal, "0.5", "0.1")}
	real := []search.Constraint{search.Around(search.MAddsRatio, "4", "0.1")}
	for name, c := range map[string]struct {
		space search.Space
		want  []string
	}{
		"grid": {search.Space{Methods: []string{search.Grid}, Alpha: alpha, Beta: beta, Gamma: gamma},
			[]string{"1/1/1.2", "1/1/1.3", "1/1.1/1.2", "1/1.1/1.3", "2/1/1.2", "2/1/1.3",
				"2/1.1/1.2", "2/1.1/1.3"}},
		// gamma = sqrt(2 / alpha) / beta; 2 * 1.1^2 alone is more than 2.
		"solve": {search.Space{Methods: []string{search.Solve}, Alpha: alpha, Beta: beta},
			[]string{"1/1/1.414214", "1/1.1/1.285649", "2/1/1"}},
		// gamma = sqrt(.5 / alpha) / beta
		"solve below 1": {search.Space{Methods: []string{search.Solve}, Alpha: alpha, Beta: beta,
			Constraints: half}, []string{"1/1/0.707107", "1/1.1/0.642824", "2/1/0.5", "2/1.1/0.454545"}},
		// Halves of the budget: alpha = 8^a, beta = 8^(b/2), gamma = 8^(c/2).
		"simplex": {search.Space{Methods: []string{search.Simplex}, ShareStep: "0.5",
			Constraints: eight}, []string{"1/1/2.828427", "1/1.681793/1.681793", "1/2.828427/1",
			"2.828427/1/1.681793", "2.828427/1.681793/1", "8/1/1"}},
		"single": {search.Space{Methods: []string{search.Single}}, []string{"width 1/1.414214/1",
			"depth 2/1/1", "resolution 1/1/1.414214"}},
		"compound": {search.Space{Methods: []string{search.Compound},
			Coefficients: search.PaperTriple}, []string{"compound 1.2/1.1/1.15"}},
	} {
		if got := pointsOf(t, c.space); !slices.Equal(got, c.want) {
			t.Errorf("%s: got  %q\nwant %q", name, got, c.want)
		}
	}
	// cube costs whole hundredths of the base: gamma is found to the nearest of them.
	got := pointsOf(t, search.Space{Methods: []string{search.Solve}, Alpha: search.Range{Low: "1",
		High: "6", Step: "5"}, Beta: beta, Constraints: real})
	if len(got) != 2 || got[0] != "1/1/2" ||
		!strings.HasPrefix(got[1], "1/1.1/1.8") { // 4 / 1.1^2 = 1.818^2; 6 alone is more than 4
		t.Errorf("solved for real cost: %q", got)
	}
}

// TestMethodsFail: what is wrong with a range, a share, a method and a network is said.
func TestMethodsFail(t *testing.T) {
	good, bad := search.Range{Low: "1", High: "1"}, search.Range{Low: "2", High: "1", Step: "1"}
	methods := func(names ...string) []string { return names }
	const large = "too large to be counted"
	failing := func(p search.Point) (search.Network, error) {
		if p.Gamma.Float64() > 1.5 || p.Alpha.Float64() > 1.5 {
			return search.Network{}, errors.New(large)
		}
		return cube(p)
	}
	real := []search.Constraint{search.Around(search.MAddsRatio, "2", "0.1")}
	steps := &search.LogCost{From: "0", To: "1", Points: 3}
	for want, s := range map[string]search.Space{
		"method grid: alpha: high": {Methods: methods(search.Grid), Alpha: bad, Beta: good, Gamma: good},
		"method grid: beta: high":  {Methods: methods(search.Grid), Alpha: good, Beta: bad, Gamma: good},
		"method grid: gamma: high": {Methods: methods(search.Grid), Alpha: good, Beta: good, Gamma: bad},
		"method solve: beta: high": {Methods: methods(search.Solve), Alpha: good, Beta: bad},
		"method simplex: share_step must divide 1, as 0.1 and 0.25 do, not 0.3": {
			Methods: methods(search.Simplex), ShareStep: "0.3"},
		"share_step must divide 1, as 0.1 and 0.25 do, not -0.5": {
			Methods: methods(search.Simplex), ShareStep: "-0.5"},
		"method random: it is not one of [grid": {Methods: methods("random")},
		"method solve: " + large: {Methods: methods(search.Solve), Alpha: good, Beta: good,
			Constraints: real},
		"method single: " + large:                   {Methods: methods(search.Single), Constraints: real},
		"alpha 2, beta 1, gamma 1, phi 0: " + large: {Controls: []string{"depth"}, LogCost: steps},
		"alpha 1.6, beta 1, gamma 1, phi 0: " + large: {Methods: methods(search.List), LogCost: steps,
			List: []search.Point{{Alpha: "1.6", Beta: "1", Gamma: "1"}}},
		large: {Controls: []string{"depth"}, Constraints: real},
	} {
		base, err := cube(search.Baseline)
		if err != nil {
			t.Fatal(err)
		}
		s.Phi = []search.Decimal{"1"}
		if _, err = s.Enumerate(failing, base); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestBound: the end of the interval that a value is beyond.
func TestBound(t *testing.T) {
	c := search.Constraint{Quantity: search.Nominal, Low: "1.9", High: "2.3"}
	for v, want := range map[float64]search.Decimal{1: "1.9", 1.89: "1.9", 2.31: "2.3", 9: "2.3"} {
		if got := c.Bound(v); got != want {
			t.Errorf("the bound at %v is %s, want %s", v, got, want)
		}
	}
}
