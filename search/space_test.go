package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gridsearch/search"
)

// cube is a network whose cost is a hundred to the base's times its nominal cost.
func cube(p search.Point) (search.Network, error) {
	depth, width, resolution := p.Scaling()
	cost := int64(100 * depth * width * width * resolution * resolution)
	return search.Network{ID: fmt.Sprint(cost), Pixels: 8, Cost: search.Cost{MAdds: cost,
		Params: cost, Activations: cost}}, nil
}

// TestEnumerate: controls and methods are apart, in the order of the space, each at every phi.
func TestEnumerate(t *testing.T) {
	base, err := cube(search.Baseline)
	if err != nil {
		t.Fatal(err)
	}
	s := search.Space{Methods: []string{search.List, search.Compound}, Phi: []search.Decimal{"2", "1"},
		List: []search.Point{{Alpha: "1", Beta: "1", Gamma: "2"}}, Coefficients: search.PaperTriple,
		Controls: []string{"depth", "paper"}}
	got, err := s.Enumerate(cube, base)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range slices.Concat(got.Controls, got.Points) {
		names = append(names, strings.TrimSpace(c.Control+" "+c.Point.String()))
	}
	want := []string{
		"depth alpha 2, beta 1, gamma 1, phi 2", "depth alpha 2, beta 1, gamma 1, phi 1",
		"paper alpha 1.2, beta 1.1, gamma 1.15, phi 2", "paper alpha 1.2, beta 1.1, gamma 1.15, phi 1",
		"alpha 1, beta 1, gamma 2, phi 2", "alpha 1, beta 1, gamma 2, phi 1",
		"compound alpha 1.2, beta 1.1, gamma 1.15, phi 2",
		"compound alpha 1.2, beta 1.1, gamma 1.15, phi 1",
	}
	if !slices.Equal(names, want) || len(got.Short) != 0 {
		t.Errorf("got  %q\nwant %q", names, want)
	}
	s.Controls = []string{"none"}
	if _, err := s.Enumerate(cube, base); err == nil ||
		!strings.HasPrefix(err.Error(), `control "none" is not one of`) {
		t.Errorf("got %v", err)
	}
}

// TestMiss: inside the interval and at its ends nothing is missed; outside the share is of the
// interval's middle.
func TestMiss(t *testing.T) {
	base, err := cube(search.Baseline)
	if err != nil {
		t.Fatal(err)
	}
	for alpha, want := range map[search.Decimal]string{"1": "1 0.4 true", "1.8": "0 0 false",
		"2.2": "0 0 false", "2.5": "2.5 0.15 true"} {
		p := search.Point{Alpha: alpha, Beta: "1", Gamma: "1", Phi: "1"}
		n, err := cube(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, quantity := range search.Quantities {
			c := search.Around(quantity, "2", "0.2")
			value, share, ok := c.Miss(p, n, base)
			if got := fmt.Sprintf("%.4g %.3g %v", value, share, ok); got != want {
				t.Errorf("alpha %s, %s: got %s, want %s", alpha, c, got, want)
			}
		}
	}
}
