package experiments

import (
	"math"
	"math/big"
	"slices"

	"gridsearch/search"
)

// readSearch reads [search] and [[constraint]].
func readSearch(root *table) search.Space {
	t := root.table("search")
	defer t.finish()
	s := search.Space{
		Methods:  readMethods(t),
		Controls: t.choices("controls", search.Controls),
		Alpha:    t.span("alpha"), Beta: t.span("beta"), Gamma: t.span("gamma"),
		ShareStep: readShareStep(t),
	}
	s.Phi, s.LogCost = readPhi(t, s.Methods)
	s.Coefficients = t.point("coefficients")
	s.List = readPoints(t, slices.Contains(s.Methods, search.List))
	limitGrid(t, s)
	for _, c := range root.tables("constraint") {
		s.Constraints = append(s.Constraints, readConstraint(c))
	}
	return s
}

// readMethods takes one method or several; the grid where none is named.
func readMethods(t *table) []string {
	if !t.has("method") {
		t.choices("method", search.Methods)
		r := t.rule("method")
		r.Items[0], r.Default = 1, search.Grid
		return []string{search.Grid}
	}
	methods := t.choices("method", search.Methods)
	if list, isList := asList(t.values["method"]); isList && len(list) == 0 {
		t.fail("method", "method is empty: name at least one of its kinds, like \"grid\"")
	}
	return methods
}

// readShareStep reads the simplex method's step, which divides 1.
func readShareStep(t *table) search.Decimal {
	const otherwise = "0.1"
	step := t.decimal("share_step", otherwise)
	t.rule("share_step").Bounds = between(.01, 1)
	if step.Cmp("0.01") < 0 || step.Cmp("1") > 0 || !new(big.Rat).Inv(step.Rat()).IsInt() {
		t.fail("share_step", "share_step must divide 1 and be between 0.01 and 1, as 0.1 and "+
			"0.25 are, not %s", step)
		return otherwise
	}
	return step
}

// defaultRange is that of a coefficient without one: the paper's limits at the step that its answer
// shows.
var defaultRange = search.Range{Low: "1", High: "2", Step: "0.05"}

// maxCoefficient bounds a coefficient: beyond it a network cannot even be counted.
const maxCoefficient = 16

// span reads a range of a coefficient; all coefficients are 1 or more ([effnet] equation 3).
func (t *table) span(key string) search.Range {
	s := t.table(key)
	defer s.finish()
	r := search.Range{Low: s.decimal("low", defaultRange.Low),
		High: s.decimal("high", defaultRange.High), Step: s.decimal("step", defaultRange.Step)}
	s.rule("low").Bounds = between(1, maxCoefficient)
	s.rule("high").Bounds, s.rule("step").Bounds = between(1, maxCoefficient), positive
	switch {
	case r.Low.Cmp("1") < 0:
		s.fail("low", "low must be 1 or more, not %s: a coefficient below 1 makes the network "+
			"smaller", r.Low)
	case r.High.Float64() > maxCoefficient:
		s.fail("high", "high must be %d or less, not %s", maxCoefficient, r.High)
	default:
		_, err := r.Values()
		if err == nil {
			return r
		}
		s.fail(s.wrongBound(r), "%s: %v", key, err)
	}
	return defaultRange
}

// wrongBound is the key that makes a range impossible.
func (t *table) wrongBound(r search.Range) string {
	switch {
	case r.High.Cmp(r.Low) < 0:
		return t.culprit("high", "low")
	case r.Step.Cmp("0") <= 0:
		return "step"
	}
	return t.culprit("step", "high", "low")
}

// point reads alpha, beta and gamma; the paper's where the key is missing.
func (t *table) point(key string) search.Point {
	paper := search.PaperTriple
	triple := t.decimals(key, above(0, maxCoefficient), paper.Alpha, paper.Beta, paper.Gamma)
	r := t.rule(key)
	r.Single, r.Items = false, [2]int{3, 3}
	if len(triple) != 3 {
		t.fail(key, "a point must be alpha, beta and gamma, like [\"1.2\", \"1.1\", \"1.15\"], "+
			"and this is not 3 numbers but %d", len(triple))
		return paper
	}
	return search.Point{Alpha: triple[0], Beta: triple[1], Gamma: triple[2]}
}

// readPoints reads the list method's points, each of three decimals.
func readPoints(t *table, needed bool) []search.Point {
	const example = `points = [["1.2", "1.1", "1.15"]]`
	t.note("points", Rule{List: true, Items: [2]int{1, 0}})
	v, ok := t.take("points")
	if !ok {
		if needed {
			t.fail("points", "method %q needs the key points, like %s", search.List, example)
		}
		return nil
	}
	list, isList := asList(v)
	if !isList || len(list) == 0 {
		t.fail("points", "points must be a list of [alpha, beta, gamma], like %s, not %s", example,
			kind(v))
	}
	var points []search.Point
	for i, value := range list {
		at := item("points", i)
		points = append(points, newTable(t.path, map[string]any{at: value}, t.source).point(at))
	}
	return points
}

// maxPoints bounds a grid: a larger one is a mistake in its steps.
const maxPoints = 1_000_000

// limitGrid counts the points of the methods that take all values of the ranges.
func limitGrid(t *table, s search.Space) {
	count := max(1, len(s.Phi)) // none where they are chosen by cost, which these methods cannot
	for _, r := range []search.Range{s.Alpha, s.Beta, s.Gamma} {
		values, err := r.Values()
		if err != nil {
			return // noted already
		}
		count = min(count*len(values), maxPoints+1)
	}
	if count > maxPoints && (slices.Contains(s.Methods, search.Grid) || slices.Contains(s.Methods,
		search.Solve)) {
		t.fail(t.culprit("alpha.step", "beta.step", "gamma.step", "alpha.high", "beta.high",
			"gamma.high", "phi"), "the ranges make more than %d points: raise a step", maxPoints)
	}
}

// maxRatio bounds what a constraint may ask for, as a multiple of the base network's cost.
const maxRatio = 1_000_000

func readConstraint(t *table) search.Constraint {
	defer t.finish()
	c := search.Constraint{Quantity: t.choice("quantity", "", search.Quantities...)}
	t.require("quantity", `quantity = "nominal"`)
	t.either("range", "target")
	t.either("range", "tolerance")
	if !t.has("range") {
		target, tolerance := t.decimal("target", "2"), t.decimal("tolerance", "0.1")
		t.rule("target").Bounds = positive
		t.rule("tolerance").Bounds = between(0, math.Inf(1))
		if target.Cmp("0") <= 0 {
			t.fail("target", "target must be above 0, not %s", target)
		}
		if tolerance.Cmp("0") < 0 {
			t.fail("tolerance", "tolerance must be 0 or more, not %s", tolerance)
		}
		return search.Around(c.Quantity, target, tolerance)
	}
	if t.has("target") || t.has("tolerance") {
		t.take("target")
		t.take("tolerance")
		t.fail("range", "give either target and tolerance, or range")
	}
	r := t.decimals("range", between(0, maxRatio), "0", "0")
	pair := t.rule("range")
	pair.Single, pair.Items, pair.Default = false, [2]int{2, 2}, nil
	if len(r) != 2 || r[1].Cmp(r[0]) < 0 {
		t.fail("range", "range must be two numbers, the smaller one first")
		return c
	}
	c.Low, c.High = r[0], r[1]
	return c
}
