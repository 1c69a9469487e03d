package experiments

import (
	"gridsearch/search"
)

// readSearch reads [search] and [[constraint]].
func readSearch(root *table) search.Space {
	t := root.table("search")
	defer t.finish()
	s := search.Space{
		Methods:  t.choices("method", search.Methods),
		Phi:      t.decimals("phi", "1"),
		Controls: t.choices("controls", search.Controls),
	}
	if !t.has("method") {
		s.Methods = []string{search.Grid}
	}
	s.Alpha, s.Beta, s.Gamma = t.span("alpha"), t.span("beta"), t.span("gamma")
	s.ShareStep = t.decimal("share_step", "0.1")
	triple := t.decimals("coefficients", search.PaperTriple.Alpha, search.PaperTriple.Beta, search.PaperTriple.Gamma)
	if len(triple) != 3 {
		t.fail("coefficients", "coefficients must be alpha, beta and gamma, like [\"1.2\", \"1.1\", \"1.15\"]")
	} else {
		s.Coefficients = search.Point{Alpha: triple[0], Beta: triple[1], Gamma: triple[2]}
	}
	for _, p := range t.triples("points") {
		s.List = append(s.List, search.Point{Alpha: p[0], Beta: p[1], Gamma: p[2]})
	}
	for _, c := range root.tables("constraint") {
		s.Constraints = append(s.Constraints, readConstraint(c))
	}
	return s
}

// defaultRange is that of a coefficient without one: the paper's limits at the step that its answer shows.
var defaultRange = search.Range{Low: "1", High: "2", Step: "0.05"}

// span reads a range of a coefficient; all coefficients are 1 or more ([effnet] equation 3).
func (t *table) span(key string) search.Range {
	s := t.table(key)
	defer s.finish()
	r := search.Range{Low: s.decimal("low", defaultRange.Low), High: s.decimal("high", defaultRange.High), Step: s.decimal("step", defaultRange.Step)}
	if r.Low.Cmp("1") < 0 {
		s.fail("low", "low must be 1 or more, not %s: a coefficient below 1 makes the network smaller", r.Low)
	}
	if _, err := r.Values(); err != nil {
		t.fail(key, "%s: %v", key, err)
	}
	return r
}

func readConstraint(t *table) search.Constraint {
	defer t.finish()
	quantity := t.choice("quantity", "", search.Quantities...)
	if quantity == "" {
		t.require("quantity", `quantity = "nominal"`)
	}
	if t.has("range") {
		r := t.decimals("range")
		if t.has("target") || t.has("tolerance") {
			t.fail("range", "give either target and tolerance, or range")
		}
		if len(r) != 2 || r[1].Cmp(r[0]) < 0 {
			t.fail("range", "range must be two numbers, the smaller one first")
			return search.Constraint{Quantity: quantity}
		}
		return search.Constraint{Quantity: quantity, Low: r[0], High: r[1]}
	}
	target, tolerance := t.decimal("target", "2"), t.decimal("tolerance", "0.1")
	if tolerance.Cmp("0") < 0 {
		t.fail("tolerance", "tolerance must be 0 or more, not %s", tolerance)
	}
	return search.Around(quantity, target, tolerance)
}
