package planner_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/search"
	"gridsearch/search/planner"
)

// smooth is a network whose cost is four to the phi, to a hundred-thousandth, if depth alone grows.
func smooth(p search.Point) (search.Network, error) {
	d, w, r := p.Scaling()
	madds := int64(math.Round(1e5 * d * w * w * r * r))
	return search.Network{ID: fmt.Sprint(madds), Cost: search.Cost{MAdds: madds}}, nil
}

func byCost(from, to search.Decimal, points int, methods ...string) search.Space {
	return search.Space{Methods: methods, Coefficients: search.PaperTriple,
		LogCost: &search.LogCost{From: from, To: to, Points: points}}
}

// phis lists the phi of a family's labels, in growing order.
func phis(plan *planner.Plan, family string) (list []search.Decimal) {
	for _, trial := range plan.Trials {
		for _, l := range trial.Labels {
			if l.Control == family {
				list = append(list, l.Phi)
			}
		}
	}
	slices.SortFunc(list, search.Decimal.Cmp)
	return list
}

// TestLogCostOnASmoothFamily: without rounding, equal steps of log cost are equal steps of phi.
func TestLogCostOnASmoothFamily(t *testing.T) {
	plan := mustPlan(t, byCost("0", "3", 6, search.Single, search.Compound), smooth)
	for _, family := range []string{"width", "depth", "resolution", "compound"} {
		got := phis(plan, family)
		if want := "[0.6 1.2 1.8 2.4 3]"; fmt.Sprint(got) != want {
			t.Errorf("%s is at phi %v, want %s", family, got, want)
		}
	}
	if plan.Points != 20 || len(plan.Short) != 0 {
		t.Errorf("%d points, short are %v", plan.Points, plan.Short)
	}
}

// staircase has the networks of these costs, one for each unit of phi from 0 on.
func staircase(costs ...int64) search.Build {
	return func(p search.Point) (search.Network, error) {
		i := min(len(costs)-1, int(math.Floor(p.Phi.Float64())))
		return search.Network{ID: fmt.Sprint(i), Cost: search.Cost{MAdds: costs[i]}}, nil
	}
}

// TestLogCostOnAStaircase: networks are those nearest to even steps, each at the middle of the phi
// that build it but for the ends, and no two labels build one network.
func TestLogCostOnAStaircase(t *testing.T) {
	long := staircase(100, 110, 190, 230, 390, 700, 800)
	plan := mustPlan(t, byCost("0", "6", 4, search.Compound), long)
	if got, want := fmt.Sprint(phis(plan, "compound")), "[2.502 4.5 6]"; got != want {
		t.Errorf("phi are %s, want %s", got, want) // 100, 190, 390, 800
	}
	// Two targets are nearest to the same network: the second takes the next one.
	plan = mustPlan(t, byCost("0", "3", 4, search.Compound), staircase(100, 105, 390, 800))
	if got, want := fmt.Sprint(phis(plan, "compound")), "[1.5 2.499 3]"; got != want {
		t.Errorf("phi are %s, want %s", got, want)
	}
	// Networks of one cost are one choice, and the end of phi goes before a longer stretch.
	plan = mustPlan(t, byCost("0", "3.5", 3, search.Compound), staircase(100, 200, 400, 400))
	if got, want := fmt.Sprint(phis(plan, "compound")), "[1.5015 3.5]"; got != want {
		t.Errorf("phi are %s, want %s", got, want)
	}
	plan = mustPlan(t, byCost("0.5", "3", 2, search.Compound), staircase(100, 100, 200, 400))
	if got, want := fmt.Sprint(phis(plan, "compound")), "[0.5 3]"; got != want {
		t.Errorf("phi are %s, want %s", got, want)
	}
	// From above 0 is a network of its own.
	plan = mustPlan(t, byCost("2", "6", 2, search.Compound), long)
	if got, want := fmt.Sprint(phis(plan, "compound")), "[2 6]"; got != want {
		t.Errorf("phi are %s, want %s", got, want)
	}
}

// TestLogCostOfShrinkingNetworks: coefficients below 1 make cheaper networks; controls, which keep
// the order of their phi, are in growing order all the same.
func TestLogCostOfShrinkingNetworks(t *testing.T) {
	space := byCost("0", "4", 3, search.Compound)
	space.Controls = []string{"paper"}
	plan := mustPlan(t, space, staircase(800, 420, 300, 200, 100))
	if got, want := fmt.Sprint(phis(plan, "compound")), "[2.5 4]"; got != want {
		t.Errorf("phi are %s, want %s", got, want)
	}
	if l := plan.Trials[1].Labels[0]; l.Control != "paper" || l.Phi != "2.5" {
		t.Errorf("the first control is %+v", l)
	}
}

// TestLogCostSaysWhatIsMissing: a family with fewer networks than points has all that there are.
func TestLogCostSaysWhatIsMissing(t *testing.T) {
	space := byCost("0", "2.5", 9, search.Compound, search.Single)
	space.Controls = []string{"width"}
	plan := mustPlan(t, space, staircase(100, 200, 400))
	if got := phis(plan, "compound"); fmt.Sprint(got) != "[1.5 2.5]" {
		t.Errorf("phi are %v", got)
	}
	want := "fewer networks of unlike cost than the 9 points of phi, both ends among them: " +
		"width 3, compound 3, depth 3, resolution 3"
	if got := plan.Warnings(3, 0); !slices.Contains(got, want) {
		t.Errorf("warnings are %q", got)
	}
	list := byCost("0", "2.5", 9, search.List)
	list.List = []search.Point{search.PaperTriple}
	warnings := mustPlan(t, list, staircase(100, 200)).Warnings(3, 0)
	if !strings.HasSuffix(warnings[0], ": 1.2/1.1/1.15 2") {
		t.Errorf("warnings are %q", warnings)
	}
	plan = mustPlan(t, byCost("0", "3", 3, search.Compound), staircase(100))
	if len(plan.Trials) != 1 || plan.Points != 1 || plan.Short[0].Networks != 1 {
		t.Errorf("a family of the base network alone has %+v", plan)
	}
}

// TestLogCostEndsAtTheNativeSize: the steps end at the last network that the data allow, and the
// one at the end of phi is listed.
func TestLogCostEndsAtTheNativeSize(t *testing.T) {
	build := staircase(100, 120, 200, 280, 400, 900)
	limited := func(p search.Point) (search.Network, error) {
		n, err := build(p)
		if n.Cost.MAdds > 400 {
			n.Infeasible = "too many pixels"
		}
		return n, err
	}
	plan := mustPlan(t, byCost("0", "6", 3, search.Compound), limited)
	if got, want := fmt.Sprint(phis(plan, "compound")), "[2.502 4.5 6]"; got != want {
		t.Errorf("phi are %s, want %s", got, want)
	}
	if last := plan.Trials[len(plan.Trials)-1]; last.ExcludedBy != "too many pixels" {
		t.Errorf("the last is %+v", last)
	}
	// Where nothing can be trained, the networks are listed, as with a list of phi.
	_, err := planner.NewPlan(byCost("5", "6", 2, search.Compound), limited)
	var empty *planner.EmptyError
	if !errors.As(err, &empty) || empty.Plan.Kept != 1 {
		t.Errorf("got %v", err)
	}
}

// TestLogCostIsBest compares the choice with all others on small random staircases.
func TestLogCostIsBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		costs := []int64{100}
		for range rapid.IntRange(2, 9).Draw(t, "steps") {
			costs = append(costs, costs[len(costs)-1]+rapid.Int64Range(1, 200).Draw(t, "more"))
		}
		points := rapid.IntRange(2, len(costs)).Draw(t, "points")
		top := search.Decimal(fmt.Sprint(len(costs) - 1))
		plan, err := planner.NewPlan(byCost("0", top, points, search.Compound), staircase(costs...))
		if err != nil {
			t.Fatal(err)
		}
		var chosen []int64
		for _, trial := range plan.Trials {
			chosen = append(chosen, trial.Network.Cost.MAdds)
		}
		slices.Sort(chosen)
		got, best := distance(chosen, costs), math.Inf(1)
		for subset := range 1 << len(costs) {
			if s := pick(costs, subset); len(s) == points {
				best = min(best, distance(s, costs))
			}
		}
		if len(chosen) != points || got > best+1e-12 {
			t.Fatalf("%v of %v are at distance %g, the best at %g", chosen, costs, got, best)
		}
	})
}

// pick takes the costs whose bits are set.
func pick(costs []int64, bits int) (list []int64) {
	for i, c := range costs {
		if bits>>i&1 == 1 {
			list = append(list, c)
		}
	}
	return list
}

// distance is the sum of squared distances to even steps of log cost.
func distance(chosen, all []int64) (sum float64) {
	low, high := math.Log(float64(all[0])), math.Log(float64(all[len(all)-1]))
	for i, c := range chosen {
		d := math.Log(float64(c)) - low - (high-low)*float64(i)/float64(len(chosen)-1)
		sum += d * d
	}
	return sum
}

// TestLogCostFailsWithItsPoint: a network beyond what can be counted is named.
func TestLogCostFailsWithItsPoint(t *testing.T) {
	limited := func(p search.Point) (search.Network, error) {
		if p.Phi.Cmp("1") > 0 {
			return search.Network{}, errors.New("too large")
		}
		return smooth(p)
	}
	_, err := planner.NewPlan(byCost("0", "3", 3, search.Single), limited)
	const want = "alpha 1, beta 1.414214, gamma 1, phi 1.002: too large"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}
