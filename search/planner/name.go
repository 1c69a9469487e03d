package planner

import (
	"fmt"

	"gridsearch/search"
)

// namePlaces are the numbers of decimals that names are tried with: two networks whose coefficients
// first differ after the sixth get more.
var namePlaces = []int{search.SolvedPlaces, 9, 12, 15}

// nameAll names trials by their configuration: "base", or what the first label multiplies depth and
// width by, and the pixels. Names are unique.
func nameAll(trials []Trial) {
	unnamed := make([]*Trial, 0, len(trials))
	for i := range trials {
		unnamed = append(unnamed, &trials[i])
	}
	for _, places := range namePlaces {
		groups := map[string]int{}
		for _, t := range unnamed {
			t.Name = t.name(places)
			groups[t.Name]++
		}
		var again []*Trial
		for _, t := range unnamed {
			if groups[t.Name] > 1 {
				again = append(again, t)
			}
		}
		unnamed = again
	}
	number := map[string]int{}
	for _, t := range unnamed {
		number[t.Name]++
		t.Name = fmt.Sprintf("%s #%d", t.Name, number[t.Name])
	}
}

// name is the configuration with that many decimals of depth and width.
func (t *Trial) name(places int) string {
	if t.Labels[0].Control == "base" {
		return "base"
	}
	return fmt.Sprintf("d=%s w=%s px=%d", search.Rounded(t.Depth, places),
		search.Rounded(t.Width, places),
		t.Network.Pixels)
}
