package model

import (
	"slices"
	"strings"
	"testing"
)

// TestKindsAreWhole: every kind is counted, by one row, and a block of an unknown kind is never
// counted as free.
func TestKindsAreWhole(t *testing.T) {
	for i, k := range blockKinds {
		if k.count == nil {
			t.Errorf("no counter for block %q", k.name)
		}
		if slices.Contains(AllKinds[:i], k.name) {
			t.Errorf("block %q has two rows", k.name)
		}
	}
	if got := strings.Join(BlockKinds, " "); got != "mbconv inverted-residual separable conv "+
		"basic bottleneck" {
		t.Errorf("stages are made of %s", got)
	}
	if len(AllKinds) != len(BlockKinds)+4 {
		t.Errorf("all kinds are %v", AllKinds)
	}
	defer func() {
		if recover() == nil {
			t.Error("a block of no kind costs nothing")
		}
	}()
	a, err := Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	a.Stages = []Stage{{Block: "fancy", Expansion: 1, Channels: 8, Kernel: 3, Stride: 1, Repeats: 1}}
	a.Cost()
}
