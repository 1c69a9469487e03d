package experiments

import (
	"math/big"
	"slices"

	"gridsearch/search"
)

// maxPhi bounds the compound exponent: the paper's largest network is at about 7.
const maxPhi = 20

// Bounds of a spacing of phi: more points, or a shorter span, are a mistake.
const (
	mostPhiPoints = 100
	leastPhiSpan  = search.Decimal("0.01")
)

// readPhi reads a list of phi, or a table of two ends between which they are spaced.
func readPhi(t *table, methods []string) ([]search.Decimal, *search.LogCost) {
	if _, isTable := t.values["phi"].(map[string]any); isTable {
		return readSpacing(t.table("phi"), methods)
	}
	list := t.decimals("phi", above(0, maxPhi), "1")
	t.rule("phi").Once = true
	for i, phi := range list {
		if slices.Contains(list[:i], phi) {
			t.fail(item("phi", i), "phi names %s twice", phi)
		}
	}
	return list, nil
}

// readSpacing reads { from, to, points, spacing }. The spacing is even where none is named.
func readSpacing(t *table, methods []string) ([]search.Decimal, *search.LogCost) {
	defer t.finish()
	for _, name := range []string{"from", "to", "points"} {
		t.require(name, `phi = { from = "0", to = "3", points = 8, spacing = "log-cost" }`)
	}
	s := search.LogCost{
		From: t.phi("from", "0"), To: t.phi("to", "20"),
		Points: t.integer("points", 2, 2, mostPhiPoints),
	}
	spacing := t.choice("spacing", search.EvenSpacing, search.Spacings...)
	if spacing == search.LogCostSpacing {
		limitLogCost(t, methods)
	}
	span := new(big.Rat).Sub(s.To.Rat(), s.From.Rat())
	if span.Cmp(leastPhiSpan.Rat()) < 0 {
		t.fail(t.culprit("to", "from"), "to must be above from = %s, by %s at least, not %s",
			s.From, leastPhiSpan, s.To)
	}
	if spacing == search.LogCostSpacing {
		return nil, &s
	}
	return search.Even(s.From, s.To, s.Points), nil
}

// phi reads one end.
func (t *table) phi(key string, otherwise search.Decimal) search.Decimal {
	d, ends := t.decimal(key, otherwise), between(0, maxPhi)
	t.rule(key).Bounds = ends
	if err := ends.check(d); err != nil {
		t.fail(key, "%s: %v", key, err)
		return otherwise
	}
	return d
}

// byCost are the methods whose points are few enough to build the networks of every phi.
var byCost = []string{search.Single, search.Compound, search.List}

// limitLogCost refuses methods that enumerate the plane or more.
func limitLogCost(t *table, methods []string) {
	for _, method := range methods {
		if !slices.Contains(byCost, method) {
			t.fail("spacing", "spacing %q is for the methods %s, %s and %s, not for %q: use %q",
				search.LogCostSpacing, byCost[0], byCost[1], byCost[2], method, search.EvenSpacing)
		}
	}
}
