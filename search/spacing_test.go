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
		phis := phisOf(got.Points)
		if !slices.Equal(phis, c.want) || len(got.Short) != c.short {
			t.Errorf("%d points of %v: phi %v, want %v; short %v", c.points, c.costs, phis, c.want,
				got.Short)
		}
	}
}

// TestLogCostOfNetworksTooLarge: the steps end where the data allow no larger network, and the one
// at the end of phi is listed; where none can be trained, all are candidates.
func TestLogCostOfNetworksTooLarge(t *testing.T) {
	ladder := ladderOf(100, 120, 200, 280, 400, 900)
	for _, c := range []struct {
		trainable func(phi float64) bool
		want      []Decimal
	}{
		{func(phi float64) bool { return phi < 5 }, []Decimal{"2.502", "4.5", "6"}}, // 100, 200, 400
		{func(phi float64) bool { return phi == 0 }, []Decimal{"6"}},
		{func(phi float64) bool { return false }, []Decimal{"3.498", "6"}}, // 100, 280, 900
	} {
		limited := func(p Point) (Network, error) {
			n, err := ladder(p)
			if !c.trainable(p.Phi.Float64()) {
				n.Infeasible = "too many pixels"
			}
			return n, err
		}
		s := Space{Methods: []string{Compound}, Coefficients: PaperTriple,
			LogCost: &LogCost{From: "0", To: "6", Points: 3}}
		got, err := s.Enumerate(limited, Network{Cost: Cost{MAdds: 100}})
		if err != nil {
			t.Fatal(err)
		}
		if phis := phisOf(got.Points); !slices.Equal(phis, c.want) {
			t.Errorf("phi %v, want %v", phis, c.want)
		}
	}
}

func phisOf(points []Candidate) (list []Decimal) {
	for _, p := range points {
		list = append(list, p.Phi)
	}
	return list
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
