package search

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// ladderOf has the networks of these costs, one for each unit of phi from 0 on.
func ladderOf(costs ...int64) Build {
	return func(p Point) (Network, error) {
		i := min(len(costs)-1, int(p.Phi.Float64()))
		return Network{ID: fmt.Sprint(i), Cost: Cost{MAdds: costs[i]}}, nil
	}
}

// TestLogCostSteps: the networks of a family are those nearest to equal steps of log cost, at the
// middle of the phi that build them but for the ends, in ascending order.
func TestLogCostSteps(t *testing.T) {
	long := []int64{100, 110, 190, 230, 390, 700, 800}
	for _, c := range []struct {
		costs    []int64
		from, to Decimal
		points   int
		want     []Decimal
		short    int // families that have too few networks
	}{
		{long, "0", "6", 4, []Decimal{"2.502", "4.5", "6"}, 0}, // 100, 190, 390, 800
		{long, "2", "6", 2, []Decimal{"2", "6"}, 0},
		{[]int64{100, 105, 390, 800}, "0", "3", 4, []Decimal{"1.5", "2.499", "3"}, 0},
		{[]int64{800, 420, 300, 200, 100}, "0", "4", 3, []Decimal{"2.5", "4"}, 0}, // shrinking
		{[]int64{100, 200, 400}, "0", "2.5", 9, []Decimal{"1.5", "2.5"}, 1},
	} {
		s := Space{Methods: []string{Compound}, Coefficients: PaperTriple,
			LogCost: &LogCost{From: c.from, To: c.to, Points: c.points}}
		got, err := s.Enumerate(ladderOf(c.costs...), Network{Cost: Cost{MAdds: c.costs[0]}})
		if err != nil {
			t.Fatal(err)
		}
		var phis []Decimal
		for _, p := range got.Points {
			phis = append(phis, p.Phi)
		}
		if !slices.Equal(phis, c.want) || len(got.Short) != c.short {
			t.Errorf("%d points of %v: phi %v, want %v; short %v", c.points, c.costs, phis, c.want,
				got.Short)
		}
	}
}

// TestNearestToATie: of two networks at equal distance from a target the cheaper one is taken, as
// solving does.
func TestNearestToATie(t *testing.T) {
	var networks []step
	for _, cost := range []int64{1, 5, 7} {
		networks = append(networks, step{network: Network{Cost: Cost{MAdds: cost}}})
	}
	half := math.Log(5) / 2 // exactly as far from log 1, which is 0, as from log 5
	if got := nearestTo([]float64{half}, networks); got[0].network.Cost.MAdds != 1 {
		t.Errorf("cost %d, want the cheaper one", got[0].network.Cost.MAdds)
	}
}
