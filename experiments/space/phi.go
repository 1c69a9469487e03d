package space

import (
	"math/big"
	"slices"

	"gridsearch/internal/tomlform"
	"gridsearch/internal/tomlform/place"
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
func readPhi(t *tomlform.Table, methods []string) ([]search.Decimal, *search.LogCost) {
	if _, isTable := t.Value("phi").(map[string]any); isTable {
		return readSpacing(t.Table("phi"), methods)
	}
	list := decimals(t, "phi", tomlform.Above(0, maxPhi), "1")
	t.Rule("phi").Once = true
	for i, phi := range list {
		if slices.Contains(list[:i], phi) {
			t.Fail(place.Item("phi", i), "phi names %s twice", phi)
		}
	}
	return list, nil
}

// readSpacing reads { from, to, points, spacing }. The spacing is even where none is named.
func readSpacing(t *tomlform.Table, methods []string) ([]search.Decimal, *search.LogCost) {
	defer t.Finish()
	for _, name := range []string{"from", "to", "points"} {
		t.Require(name, `phi = { from = "0", to = "3", points = 8, spacing = "log-cost" }`)
	}
	s := search.LogCost{
		From: end(t, "from", "0"), To: end(t, "to", "20"),
		Points: t.Integer("points", 2, 2, mostPhiPoints),
	}
	spacing := t.Choice("spacing", search.EvenSpacing, search.Spacings...)
	if spacing == search.LogCostSpacing {
		limitLogCost(t, methods)
	}
	span := new(big.Rat).Sub(s.To.Rat(), s.From.Rat())
	if span.Cmp(leastPhiSpan.Rat()) < 0 {
		t.Fail(t.Culprit("to", "from"), "to must be above from = %s, by %s at least, not %s",
			s.From, leastPhiSpan, s.To)
	}
	if spacing == search.LogCostSpacing {
		return nil, &s
	}
	return search.Even(s.From, s.To, s.Points), nil
}

// end reads one end.
func end(t *tomlform.Table, key string, otherwise search.Decimal) search.Decimal {
	d, ends := decimal(t, key, otherwise), tomlform.Between(0, maxPhi)
	t.Rule(key).Bounds = ends
	if err := check(ends, d); err != nil {
		t.Fail(key, "%s: %v", key, err)
		return otherwise
	}
	return d
}

// byCost are the methods whose points are few enough to build the networks of every phi.
var byCost = []string{search.Single, search.Compound, search.List}

// limitLogCost refuses methods that enumerate the plane or more.
func limitLogCost(t *tomlform.Table, methods []string) {
	for _, method := range methods {
		if !slices.Contains(byCost, method) {
			t.Fail("spacing", "spacing %q is for the methods %s, %s and %s, not for %q: use %q",
				search.LogCostSpacing, byCost[0], byCost[1], byCost[2], method, search.EvenSpacing)
		}
	}
}
