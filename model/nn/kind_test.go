package nn

import (
	"maps"
	"slices"
	"testing"

	"gridsearch/model"
	"gridsearch/model/layer"
)

// TestEveryKindIsBuilt: every kind of block and every activation that model knows can be built, and
// no other.
func TestEveryKindIsBuilt(t *testing.T) {
	if got, want := slices.Sorted(maps.Keys(kinds)),
		slices.Sorted(slices.Values(model.AllKinds)); !slices.Equal(got, want) {
		t.Errorf("blocks that are built are %v, want %v", got, want)
	}
	if got, want := slices.Sorted(maps.Keys(layer.Activations)),
		slices.Sorted(slices.Values(model.Activations)); !slices.Equal(got, want) {
		t.Errorf("activations that are computed are %v, want %v", got, want)
	}
}
