package experiments

import "gridsearch/internal/tomlform"

// Strength is a setting of regularisation that may follow φ: larger networks of a family need more
// of it.
type Strength struct {
	From float64 // at φ 0 and, where Phi is 0, at every other
	To   float64 // at φ = Phi and beyond; in a straight line between
	Phi  float64
}

// At is the strength at a φ.
func (s Strength) At(phi float64) float64 {
	if s.Phi == 0 {
		return s.From
	}
	share := min(1, max(0, phi)/s.Phi)
	return float64(s.From*(1-share)) + float64(s.To*share)
}

// constant is the number that the strength is at every φ; nil if it follows φ.
func (s Strength) constant() any {
	if s.Phi == 0 {
		return s.From
	}
	return nil
}

// readStrength reads a number, or a table of from, to and phi.
func readStrength(t *tomlform.Table, key string, otherwise Strength, low, high float64) Strength {
	t.Note(key, tomlform.Rule{Kind: tomlform.Number, Bounds: tomlform.Between(low, high),
		Default: otherwise.constant()})
	v, ok := t.Take(key)
	if !ok {
		return otherwise
	}
	if _, isTable := v.(map[string]any); !isTable {
		return Strength{From: t.Number(key, otherwise.From, low, high)}
	}
	inner := t.Table(key)
	defer inner.Finish()
	for _, name := range []string{"from", "to", "phi"} {
		inner.Require(name, key+" = { from = 0.2, to = 0.5, phi = 7 }")
	}
	return Strength{From: inner.Number("from", low, low, high), To: inner.Number("to", low, low,
		high), Phi: inner.Positive("phi", 1)}
}
