package planner_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/search"
	"gridsearch/search/planner"
)

// mustPlan makes a plan of toy networks.
func mustPlan(t *testing.T, space search.Space, build search.Build) *planner.Plan {
	t.Helper()
	plan, err := planner.NewPlan(space, build)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func one(low string) search.Range {
	return search.Range{Low: search.Decimal(low), High: search.Decimal(low)}
}

// TestConstraintsAtLargerPhi: the nominal product is that of phi = 1, a real cost that of the
// network that is built.
func TestConstraintsAtLargerPhi(t *testing.T) {
	space := search.Space{Methods: []string{search.Compound}, Phi: []search.Decimal{"1", "2", "3"},
		Coefficients: search.PaperTriple}
	for _, c := range []struct {
		constraint search.Constraint
		kept       int
	}{
		{search.Around(search.Nominal, "2", "0.1"), 3},
		{search.Constraint{Quantity: search.MAddsRatio, Low: "0", High: "4"}, 1},
		{search.Constraint{Quantity: search.MAddsRatio, Low: "0", High: "6"}, 2},
	} {
		space.Constraints = []search.Constraint{c.constraint}
		if plan := mustPlan(t, space, toy); plan.Kept != c.kept || plan.Points != 3 {
			t.Errorf("%s keeps %d of %d points, want %d", c.constraint, plan.Kept, plan.Points, c.kept)
		}
	}
}

// TestPointsCountOnce: two methods that make one point, and a control that is a method's point too,
// are one point and one label.
func TestPointsCountOnce(t *testing.T) {
	space := search.Space{Methods: []string{search.Grid, search.List, search.Single},
		Phi: []search.Decimal{"1"}, Controls: []string{"depth", "paper"},
		Alpha: one("1.20"), Beta: one("1.1"), Gamma: one("1.15"),
		List: []search.Point{search.PaperTriple}}
	plan := mustPlan(t, space, toy)
	if plan.Points != 4 || plan.Kept != 4 { // the grid's only point, and width, depth, resolution
		t.Errorf("%d points, %d kept", plan.Points, plan.Kept)
	}
	for i, want := range []string{"base", "depth", "paper,", "resolution", "width"} {
		var controls []string
		for _, l := range plan.Trials[i].Labels {
			controls = append(controls, l.Control)
		}
		if got := strings.Join(controls, ","); got != want {
			t.Errorf("trial %d has labels %q, want %q", i, got, want)
		}
	}
}

// TestNamesAreUnique: coefficients that differ after the sixth decimal, and networks whose
// difference is not in the name.
func TestNamesAreUnique(t *testing.T) {
	calls := 0
	each := func(p search.Point) (search.Network, error) {
		n, err := toy(p)
		calls++
		n.ID = fmt.Sprint(n.ID, p.Alpha, p.Gamma)
		return n, err
	}
	space := search.Space{Methods: []string{search.List}, Phi: []search.Decimal{"1"},
		List: []search.Point{
			{Alpha: "1.1", Beta: "1", Gamma: "1"}, {Alpha: "1.10000001", Beta: "1", Gamma: "1"},
			{Alpha: "1.3", Beta: "1", Gamma: "1"}, {Alpha: "1.3", Beta: "1", Gamma: "1.0001"}}}
	want := []string{"base", "d=1.1 w=1 px=32", "d=1.10000001 w=1 px=32", "d=1.3 w=1 px=32 #1",
		"d=1.3 w=1 px=32 #2"}
	for i, trial := range mustPlan(t, space, each).Trials {
		if trial.Name != want[i] {
			t.Errorf("trial %d is %q, want %q", i, trial.Name, want[i])
		}
	}
	if calls != 5 {
		t.Errorf("%d networks are built of 5 points", calls)
	}
}

// TestSmallerThanBase: targets below 1 shrink the network, whether they are nominal or real.
func TestSmallerThanBase(t *testing.T) {
	for _, quantity := range []string{search.Nominal, search.MAddsRatio} {
		space := search.Space{Methods: []string{search.Single, search.Solve},
			Phi: []search.Decimal{"1"}, Alpha: one("1"), Beta: one("1"),
			Constraints: []search.Constraint{search.Around(quantity, "0.25", "0.25")}}
		plan := mustPlan(t, space, toy)
		if plan.Kept != 4 {
			t.Errorf("%s: %d of %d points are kept", quantity, plan.Kept, plan.Points)
		}
		for _, trial := range plan.Trials[1:] {
			if trial.MAddsRatio > .5 || trial.Labels[0].Nominal.Cmp("1") >= 0 {
				t.Errorf("%s: %s costs %.3f", quantity, trial.Name, trial.MAddsRatio)
			}
		}
	}
}

// TestSimplexCorners: the corners of the triangle are the single dimensions, and every point spends
// the whole budget.
func TestSimplexCorners(t *testing.T) {
	plan := mustPlan(t, search.Space{Methods: []string{search.Simplex}, Phi: []search.Decimal{"1"},
		ShareStep: "0.5"}, toy)
	var points []string
	for _, trial := range plan.Trials[1:] {
		for _, l := range trial.Labels {
			points = append(points, fmt.Sprintf("%s %s %s", l.Alpha, l.Beta, l.Gamma))
			if math.Abs(l.Nominal.Float64()-2) > 1e-5 {
				t.Errorf("%s has the product %s", l.Point, l.Nominal)
			}
		}
	}
	want := []string{"1 1 1.414214", "1 1.189207 1.189207", "1 1.414214 1", "1.414214 1 1.189207",
		"1.414214 1.189207 1", "2 1 1"}
	if slices.Sort(points); !slices.Equal(points, want) {
		t.Errorf("points are %q, want %q", points, want)
	}
}

func TestEmptyMessages(t *testing.T) {
	grid := search.Space{Methods: []string{search.Grid}, Phi: []search.Decimal{"1"},
		Alpha: one("1.2"), Beta: fine("1", "1.1"), Gamma: one("1.3")}
	with := func(s search.Space, constraints ...search.Constraint) search.Space {
		s.Constraints = constraints
		return s
	}
	solve := grid
	solve.Methods, solve.Alpha = []string{search.Solve}, one("3")
	for name, c := range map[string]struct {
		space search.Space
		want  []string
	}{
		"above": {with(grid, search.Around(search.Nominal, "1", "0.5")),
			[]string{"none of 3 points", "nominal in 0.5..1.5 excludes 3",
				"alpha 1.2, beta 1, gamma 1.3: its nominal is 2.0280, 0.528 above 1.5"}},
		"below": {with(grid, search.Around(search.ParamsRatio, "9", "0.5")),
			[]string{"params_ratio in 8.5..9.5 excludes 3", "below 8.5"}},
		"both": {with(grid, search.Around(search.Nominal, "2.4536", "0.02"),
			search.Around(search.ParamsRatio, "9", "1")),
			[]string{"nominal in 2.4336..2.4736 excludes 2", "excludes 3", "beta 1.1"}},
		"solve": {solve, []string{"its methods make no point"}},
		"native": {grid, []string{"3 of 3 points satisfy the constraints, but none of their " +
			"networks can be trained", "42 pixels are more than the native 40"}},
	} {
		_, err := planner.NewPlan(c.space, limited(40))
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %q", name, err, want)
			}
		}
	}
}

func TestBadSpaces(t *testing.T) {
	failing := func(p search.Point) (search.Network, error) {
		if p.Phi == "0" {
			return toy(p)
		}
		return search.Network{}, fmt.Errorf("too wide")
	}
	phi := []search.Decimal{"1"}
	for want, c := range map[string]struct {
		space search.Space
		build search.Build
	}{
		`method dart: it is not one of [grid`: {search.Space{Methods: []string{"dart"},
			Phi: phi}, toy},
		`control "tall" is not one of [paper`:              {search.Space{Controls: []string{"tall"}, Phi: phi}, toy},
		`share_step must divide 1`:                         {search.Space{Methods: []string{search.Simplex}, ShareStep: "0.3", Phi: phi}, toy},
		`method grid: beta: high 1 is below`:               {search.Space{Methods: []string{search.Grid}, Alpha: one("1"), Beta: search.Range{Low: "2", High: "1", Step: "1"}, Gamma: one("1"), Phi: phi}, toy},
		`alpha 1.2, beta 1.1, gamma 1.15, phi 1: too wide`: {search.Space{Methods: []string{search.Compound}, Coefficients: search.PaperTriple, Phi: phi}, failing},
		`too wide`: {search.Space{Controls: []string{"depth"}, Phi: phi,
			Constraints: []search.Constraint{search.Around(search.MAddsRatio, "2", "1")}}, failing},
	} {
		if _, err := planner.NewPlan(c.space, c.build); err == nil || !strings.Contains(err.Error(),
			want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestDamagedDocument(t *testing.T) {
	var d planner.Document
	if err := json.Unmarshal([]byte(`{"trials":[{"labels":[{"alpha":"1.2x"}]}]}`),
		&d); err == nil || !strings.Contains(err.Error(), "1.2x") {
		t.Errorf("a damaged decimal gives %v", err)
	}
}

// TestWarnImages: 625 images make the binomial error 2 points at 50 %.
func TestWarnImages(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "50 points", 120: "4.56 points", 624: "2 points",
		625: "", 10000: ""} {
		if got := planner.WarnImages(n); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%d images: %q, want %q", n, got, want)
		}
	}
	if e := planner.BinomialError(.9, 10000); math.Abs(e-.003) > 1e-12 {
		t.Errorf("the error at 90 %% on 10,000 images is %v, want 0.003", e)
	}
	plan := mustPlan(t, search.Space{Methods: []string{search.List},
		List: []search.Point{{Alpha: "1", Beta: "1", Gamma: "1.5"}}, Phi: []search.Decimal{"1"}}, toy)
	if got := plan.Warnings(3, 1); len(got) != 1 || got[0] != planner.WarnImages(1) {
		t.Errorf("the plan warns %q", got)
	}
}

func TestWarnings(t *testing.T) {
	phi := []search.Decimal{"1"}
	small := func(p search.Point) (search.Network, error) {
		n, err := toy(p)
		n.FinalMap = 3
		return n, err
	}
	// strided networks see the image through one stride of 2, as 16 columns at 31 and at 32 pixels.
	strided := func(p search.Point) (search.Network, error) {
		n, err := toy(p)
		half := int64(n.Pixels+1) / 2
		n.Cost = search.Cost{MAdds: half * half, Params: 1, Activations: half}
		return n, err
	}
	list := func(points ...search.Point) search.Space {
		return search.Space{Methods: []string{search.List}, List: points, Phi: phi}
	}
	gamma := func(gammas ...search.Decimal) (points []search.Point) {
		for _, g := range gammas {
			points = append(points, search.Point{Alpha: "1", Beta: "1", Gamma: g})
		}
		return points
	}
	for _, c := range []struct {
		space search.Space
		build search.Build
		seeds int
		want  string
	}{
		{list(gamma("1.5")...), toy, 3, ""},
		{list(gamma("1.5")...), toy, 2, "2 seeds show the noise badly"},
		{list(gamma("1.5")...), toy, 1, "one seed shows no tied set"},
		{list(gamma("1.5")...), small, 3, "last feature map is 3 x 3"},
		{list(gamma("1.5", "1.25")...), toy, 3, "real cost differs between trials: 1.56 to 2.25"},
		{list(gamma("1.5", "1.6")...), limited(48), 3, "1 of 3 trials cannot be trained"},
		{list(gamma("1.5", "1.505", "1.51")...), toy, 3,
			"steps of gamma that build no network of their own: 2 (1.5 and 1.51 both give 48 pixels)"},
		{list(gamma("1.15625", "1.1875")...), strided, 3, "1 (d=1 w=1 px=37 and d=1 w=1 px=38)"},
		{search.Space{Methods: []string{search.Simplex}, ShareStep: "0.1", Phi: phi}, toy, 3,
			"3 seeds are few for"},
	} {
		got := strings.Join(mustPlan(t, c.space, c.build).Warnings(c.seeds, 625), "\n")
		if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%+v with %d seeds: %q, want %q", c.space.List, c.seeds, got, c.want)
		}
	}
}
