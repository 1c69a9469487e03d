package planner_test

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/search"
	"gridsearch/search/planner"
)

// toy is a network with whole numbers of blocks, channels and pixels whose multiply-adds are their
// plain product: cheap, monotone, a staircase.
func toy(p search.Point) (search.Network, error) {
	d, w, r := p.Scaling()
	blocks, channels, pixels := math.Ceil(3*d-1e-9), math.Round(5*w), math.Round(32*r)
	madds := int64(blocks * channels * channels * pixels * pixels)
	return search.Network{
		ID: fmt.Sprint(blocks, channels, pixels), Pixels: int(pixels), Repeats: []int{int(blocks)},
		Channels: []int{int(channels)}, FinalMap: int(pixels / 4),
		Cost: search.Cost{MAdds: madds, Params: int64(blocks * channels * channels),
			Activations: int64(blocks * channels * pixels * pixels)},
	}, nil
}

// limited makes networks above a number of pixels infeasible.
func limited(native int) search.Build {
	return func(p search.Point) (search.Network, error) {
		n, err := toy(p)
		if n.Pixels > native {
			n.Infeasible = fmt.Sprintf("%d pixels are more than the native %d", n.Pixels, native)
		}
		return n, err
	}
}

// drawRange draws a range of hundredths.
func drawRange(t *rapid.T, name string) search.Range {
	low, step, n := rapid.IntRange(60, 120).Draw(t, name+" low"), rapid.IntRange(1, 30).Draw(t,
		name+" step"), rapid.IntRange(0, 4).Draw(t, name+" steps")
	rest := rapid.IntRange(0, step-1).Draw(t, name+" rest")
	return search.Range{Low: hundredths(low), High: hundredths(low + n*step + rest),
		Step: hundredths(step)}
}

func hundredths(n int) search.Decimal {
	return search.Decimal(big.NewRat(int64(n), 100).FloatString(2))
}

// drawSpace draws a space of several methods, phis, constraints and controls.
func drawSpace(t *rapid.T) search.Space {
	s := search.Space{
		Methods: rapid.SliceOfNDistinct(rapid.SampledFrom(search.Methods), 1, 4,
			rapid.ID).Draw(t, "methods"),
		Phi: rapid.SliceOfNDistinct(rapid.SampledFrom([]search.Decimal{"0.5", "1", "2",
			"3"}), 1, 3, rapid.ID).Draw(t, "phi"),
		Coefficients: search.PaperTriple, ShareStep: "0.25",
		List: []search.Point{search.PaperTriple, {Alpha: "1.1", Beta: "1", Gamma: "1.3"}},
		Controls: rapid.SliceOfNDistinct(rapid.SampledFrom(search.Controls), 0, 6, rapid.ID).Draw(t,
			"controls"),
	}
	s.Alpha = drawRange(t, "alpha")
	s.Beta = drawRange(t, "beta")
	s.Gamma = drawRange(t, "gamma")
	for _, q := range rapid.SliceOfNDistinct(rapid.SampledFrom(search.Quantities), 0, 2,
		rapid.ID).Draw(t, "quantities") {
		s.Constraints = append(s.Constraints,
			search.Around(q, "2", hundredths(rapid.IntRange(10, 190).Draw(t, "tolerance"))))
	}
	return s
}

// violated is the plain reading of a constraint: the nominal product of the coefficients, or the
// built network's cost against the base network's.
func violated(c search.Constraint, l planner.Label, n, base search.Network) bool {
	costs := map[string][2]int64{
		search.MAddsRatio:       {n.Cost.MAdds, base.Cost.MAdds},
		search.ParamsRatio:      {n.Cost.Params, base.Cost.Params},
		search.ActivationsRatio: {n.Cost.Activations, base.Cost.Activations},
	}
	v := new(big.Rat)
	if c.Quantity == search.Nominal {
		a, b, g := l.Alpha.Rat(), l.Beta.Rat(), l.Gamma.Rat()
		v.Mul(v.Mul(a, v.Mul(b, b)), new(big.Rat).Mul(g, g))
	} else {
		v.SetFrac64(costs[c.Quantity][0], costs[c.Quantity][1])
	}
	return v.Cmp(c.Low.Rat()) < 0 || v.Cmp(c.High.Rat()) > 0
}

// TestPlanKeepsItsPromises: whatever the space, names and networks are unique, labels build their
// trials and satisfy the constraints, excluded ones violate one, counts add up, base and controls
// come first, and the rest is sorted.
func TestPlanKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		space := drawSpace(t)
		native := rapid.IntRange(32, 90).Draw(t, "native")
		plan, err := planner.NewPlan(space, limited(native))
		if err != nil {
			t.Skip(err)
		}
		names, ids := map[string]bool{}, map[string]bool{}
		for _, trial := range plan.Trials {
			names[trial.Name], ids[trial.Network.ID] = true, true
			checkTrial(t, space, plan, trial)
			if (trial.ExcludedBy != "") != (trial.Network.Pixels > native) {
				t.Fatalf("%s with native %d pixels is excluded by %q", trial.Name, native, trial.ExcludedBy)
			}
		}
		if len(names) != len(plan.Trials) || len(ids) != len(plan.Trials) {
			t.Fatalf("%d trials have %d names and %d networks", len(plan.Trials), len(names), len(ids))
		}
		if plan.Trials[0].Name != "base" || plan.Kept > plan.Points || plan.Networks > plan.Kept ||
			plan.Networks > len(plan.Trials) {
			t.Fatalf("first is %s; %d points, %d kept, %d networks", plan.Trials[0].Name,
				plan.Points, plan.Kept, plan.Networks)
		}
		first := 0
		for i, r := range plan.Removed {
			first += r.First
			if r.Alone < r.First || i == 0 && r.Alone != r.First {
				t.Fatalf("%s removes %d, alone %d", r.Constraint, r.First, r.Alone)
			}
		}
		if first != plan.Points-plan.Kept {
			t.Fatalf("the constraints remove %d of %d points, and %d are kept", first, plan.Points,
				plan.Kept)
		}
	})
}

func checkTrial(t *rapid.T, space search.Space, plan *planner.Plan, trial planner.Trial) {
	enumeratedOnly := trial.Labels[0].Control == ""
	for i, l := range slices.Concat(trial.Labels, trial.ExcludedLabels) {
		if n, _ := toy(l.Point); n.ID != trial.Network.ID {
			t.Fatalf("%s does not build %s", l.Point, trial.Name)
		}
		bad := slices.ContainsFunc(space.Constraints,
			func(c search.Constraint) bool { return violated(c, l, trial.Network, plan.Base) })
		if kept := i < len(trial.Labels); kept && l.Control == "" && bad || !kept && !bad ||
			kept != (l.ExcludedBy == "") {
			t.Fatalf("label %+v of %s: kept %v, violates a constraint %v", l, trial.Name, kept, bad)
		}
	}
	for i, l := range trial.Labels {
		if enumeratedOnly && i > 0 && l.Alpha.Cmp(trial.Labels[i-1].Alpha) < 0 {
			t.Fatalf("%s: label %s comes after %s", trial.Name, l.Point, trial.Labels[i-1].Point)
		}
	}
}

// TestPlanDoesNotDependOnOrder: methods, phis and constraints may be named in any order.
func TestPlanDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		space := drawSpace(t)
		other := space
		other.Methods, other.Phi, other.List = slices.Clone(space.Methods), slices.Clone(space.Phi),
			slices.Clone(space.List)
		slices.Reverse(other.Methods)
		slices.Reverse(other.List)
		if len(space.Controls) == 0 {
			slices.Reverse(other.Phi) // controls come in the order of phi, as given
		}
		one, err := planner.NewPlan(space, toy)
		two, otherErr := planner.NewPlan(other, toy)
		if fmt.Sprint(err) != fmt.Sprint(otherErr) && !sameCounts(err, otherErr) {
			t.Fatalf("%v\nin another order: %v", err, otherErr)
		}
		if err == nil && !reflect.DeepEqual(one.Document("x"), two.Document("x")) {
			t.Fatalf("%+v\nin another order:\n%+v", one.Document("x"), two.Document("x"))
		}
	})
}

// sameCounts compares the counts of two empty searches, whose nearest points may be different ones
// that are equally near.
func sameCounts(one, other error) bool {
	a, isA := one.(*planner.EmptyError)
	b, isB := other.(*planner.EmptyError)
	return isA && isB && reflect.DeepEqual(a.Plan, b.Plan)
}

// TestSolvedCostsAreNearest: no other value of the solved coefficient comes nearer to the target,
// by trial of every number of pixels, channels or blocks.
func TestSolvedCostsAreNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target := hundredths(rapid.IntRange(30, 400).Draw(t, "target"))
		space := search.Space{Methods: []string{search.Single}, Phi: []search.Decimal{"1"},
			Constraints: []search.Constraint{search.Around(search.MAddsRatio, target, "1000")}}
		plan, err := planner.NewPlan(space, toy)
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range plan.Trials {
			for _, l := range trial.Labels {
				want := nearestToy(l.Control, target.Float64())
				if got := math.Abs(trial.MAddsRatio - target.Float64()); l.Control != "base" &&
					got > want+1e-12 {
					t.Fatalf("%s alone misses %s by %v, and %v is possible", l.Control, target, got, want)
				}
			}
		}
	})
}

// nearestToy is by how much the best toy network of one dimension misses the target.
func nearestToy(dimension string, target float64) float64 {
	least := math.Inf(1)
	for n := 1; n < 200; n++ {
		ratio := map[string]float64{"depth": float64(n) / 3, "width": float64(n*n) / 25,
			"resolution": float64(n*n) / 1024}[dimension]
		least = min(least, math.Abs(ratio-target))
	}
	return least
}
