package weights

import (
	"maps"
	"slices"
	"testing"

	"gridsearch/model"
)

// TestEveryKindIsNamedAndDrawn: every kind of block has names elsewhere and a drawing in ONNX, and
// every activation a drawing.
func TestEveryKindIsNamedAndDrawn(t *testing.T) {
	for what, c := range map[string]struct{ got, want []string }{
		"named":             {slices.Collect(maps.Keys(parts)), model.AllKinds},
		"drawn":             {slices.Collect(maps.Keys(drawn)), model.AllKinds},
		"drawn activations": {slices.Collect(maps.Keys(drawnActivations)), model.Activations},
	} {
		slices.Sort(c.got)
		if want := slices.Sorted(slices.Values(c.want)); !slices.Equal(c.got, want) {
			t.Errorf("%s are %v, want %v", what, c.got, want)
		}
	}
}
