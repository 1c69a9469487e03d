// Package space reads which points a study looks at: [search] and [[constraint]] of an experiment
// file. Numbers are exact decimals, as written.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019.
package space

import (
	"math"
	"math/big"
	"slices"

	"gridsearch/internal/tomlform"
	"gridsearch/internal/tomlform/place"
	"gridsearch/search"
)

// Read reads the two tables below the root of a file, and notes their mistakes.
func Read(root *tomlform.Table) search.Space {
	t := root.Table("search")
	defer t.Finish()
	s := search.Space{
		Methods:  readMethods(t),
		Controls: t.Choices("controls", search.Controls),
		Alpha:    span(t, "alpha"), Beta: span(t, "beta"), Gamma: span(t, "gamma"),
		ShareStep: readShareStep(t),
	}
	s.Phi, s.LogCost = readPhi(t, s.Methods)
	s.Coefficients = point(t, "coefficients")
	s.List = readPoints(t, slices.Contains(s.Methods, search.List))
	limitGrid(t, s)
	for _, c := range root.Tables("constraint") {
		s.Constraints = append(s.Constraints, readConstraint(c))
	}
	return s
}

// readMethods takes one method or several; the grid where none is named.
func readMethods(t *tomlform.Table) []string {
	if !t.Has("method") {
		t.Choices("method", search.Methods)
		r := t.Rule("method")
		r.Items[0], r.Default = 1, search.Grid
		return []string{search.Grid}
	}
	methods := t.Choices("method", search.Methods)
	if list, isList := tomlform.List(t.Value("method")); isList && len(list) == 0 {
		t.Fail("method", "method is empty: name at least one of its kinds, like \"grid\"")
	}
	return methods
}

// readShareStep reads the simplex method's step, which divides 1.
func readShareStep(t *tomlform.Table) search.Decimal {
	const otherwise = "0.1"
	step := decimal(t, "share_step", otherwise)
	t.Rule("share_step").Bounds = tomlform.Between(.01, 1)
	if step.Cmp("0.01") < 0 || step.Cmp("1") > 0 || !new(big.Rat).Inv(step.Rat()).IsInt() {
		t.Fail("share_step", "share_step must divide 1 and be between 0.01 and 1, as 0.1 and "+
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
func span(t *tomlform.Table, key string) search.Range {
	s := t.Table(key)
	defer s.Finish()
	r := search.Range{Low: decimal(s, "low", defaultRange.Low),
		High: decimal(s, "high", defaultRange.High), Step: decimal(s, "step", defaultRange.Step)}
	s.Rule("low").Bounds = tomlform.Between(1, maxCoefficient)
	s.Rule("high").Bounds, s.Rule("step").Bounds = tomlform.Between(1, maxCoefficient), tomlform.AboveZero
	switch {
	case r.Low.Cmp("1") < 0:
		s.Fail("low", "low must be 1 or more, not %s: a coefficient below 1 makes the network "+
			"smaller", r.Low)
	case r.High.Float64() > maxCoefficient:
		s.Fail("high", "high must be %d or less, not %s", maxCoefficient, r.High)
	default:
		_, err := r.Values()
		if err == nil {
			return r
		}
		s.Fail(wrongBound(s, r), "%s: %v", key, err)
	}
	return defaultRange
}

// wrongBound is the key that makes a range impossible.
func wrongBound(t *tomlform.Table, r search.Range) string {
	switch {
	case r.High.Cmp(r.Low) < 0:
		return t.Culprit("high", "low")
	case r.Step.Cmp("0") <= 0:
		return "step"
	}
	return t.Culprit("step", "high", "low")
}

// point reads alpha, beta and gamma; the paper's where the key is missing.
func point(t *tomlform.Table, key string) search.Point {
	paper := search.PaperTriple
	triple := decimals(t, key, tomlform.Above(0, maxCoefficient), paper.Alpha, paper.Beta, paper.Gamma)
	r := t.Rule(key)
	r.Single, r.Items = false, [2]int{3, 3}
	if len(triple) != 3 {
		t.Fail(key, "a point must be alpha, beta and gamma, like [\"1.2\", \"1.1\", \"1.15\"], "+
			"and this is not 3 numbers but %d", len(triple))
		return paper
	}
	return search.Point{Alpha: triple[0], Beta: triple[1], Gamma: triple[2]}
}

// readPoints reads the list method's points, each of three decimals.
func readPoints(t *tomlform.Table, needed bool) []search.Point {
	const example = `points = [["1.2", "1.1", "1.15"]]`
	t.Note("points", tomlform.Rule{List: true, Items: [2]int{1, 0}})
	v, ok := t.Take("points")
	if !ok {
		if needed {
			t.Fail("points", "method %q needs the key points, like %s", search.List, example)
		}
		return nil
	}
	list, isList := tomlform.List(v)
	if !isList || len(list) == 0 {
		t.Fail("points", "points must be a list of [alpha, beta, gamma], like %s, not %s", example,
			tomlform.Describe(v))
	}
	var points []search.Point
	for i, value := range list {
		at := place.Item("points", i)
		points = append(points, point(t.InsteadOf(map[string]any{at: value}), at))
	}
	return points
}

// maxPoints bounds a grid: a larger one is a mistake in its steps.
const maxPoints = 1_000_000

// limitGrid counts the points of the methods that take all values of the ranges.
func limitGrid(t *tomlform.Table, s search.Space) {
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
		t.Fail(t.Culprit("alpha.step", "beta.step", "gamma.step", "alpha.high", "beta.high",
			"gamma.high", "phi"), "the ranges make more than %d points: raise a step", maxPoints)
	}
}

// maxRatio bounds what a constraint may ask for, as a multiple of the base network's cost.
const maxRatio = 1_000_000

func readConstraint(t *tomlform.Table) search.Constraint {
	defer t.Finish()
	c := search.Constraint{Quantity: t.Choice("quantity", "", search.Quantities...)}
	t.Require("quantity", `quantity = "nominal"`)
	t.Either("range", "target")
	t.Either("range", "tolerance")
	if !t.Has("range") {
		target, tolerance := decimal(t, "target", "2"), decimal(t, "tolerance", "0.1")
		t.Rule("target").Bounds = tomlform.AboveZero
		t.Rule("tolerance").Bounds = tomlform.Between(0, math.Inf(1))
		if target.Cmp("0") <= 0 {
			t.Fail("target", "target must be above 0, not %s", target)
		}
		if tolerance.Cmp("0") < 0 {
			t.Fail("tolerance", "tolerance must be 0 or more, not %s", tolerance)
		}
		return search.Around(c.Quantity, target, tolerance)
	}
	if t.Has("target") || t.Has("tolerance") {
		t.Take("target")
		t.Take("tolerance")
		t.Fail("range", "give either target and tolerance, or range")
	}
	r := decimals(t, "range", tomlform.Between(0, maxRatio), "0", "0")
	pair := t.Rule("range")
	pair.Single, pair.Items, pair.Default = false, [2]int{2, 2}, nil
	if len(r) != 2 || r[1].Cmp(r[0]) < 0 {
		t.Fail("range", "range must be two numbers, the smaller one first")
		return c
	}
	c.Low, c.High = r[0], r[1]
	return c
}
