package experiments

import (
	"fmt"
	"testing"

	"gridsearch/search"
)

// TestSpacing: even spacing is a list, log-cost is left to the plan, and numbers are decimals.
func TestSpacing(t *testing.T) {
	spaced := func(phi string) search.Space {
		const methods = "[search]\nmethod = [\"single\", \"list\"]\npoints = [[1, 1, 2]]\n"
		return parse(t, small+methods+"phi = "+phi+"\n").Search
	}
	for phi, want := range map[string]string{
		`{ from = 0, to = "2", points = 3 }`:                           "[1 2]",
		`{ from = 0.50, to = 2.0, points = 4, spacing = "even" }`:      "[0.5 1 1.5 2]",
		`{ from = "1", to = "20", points = 2 }`:                        "[1 20]",
		`{ from = "0", to = "3", points = 100, spacing = "log-cost" }`: "[]",
	} {
		if s := spaced(phi); fmt.Sprint(s.Phi) != want || (s.LogCost == nil) != (want != "[]") {
			t.Errorf("%s gives %v, want %s", phi, s.Phi, want)
		}
	}
	got := spaced(`{ from = "0.50", to = 2.5, points = 6, spacing = "log-cost" }`).LogCost
	if want := (search.LogCost{From: "0.5", To: "2.5", Points: 6}); *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
}
