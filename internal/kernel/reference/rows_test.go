package reference

import (
	"slices"
	"testing"

	"gridsearch/internal/kernel/abi"
)

// TestHardSwishEnds: up to -3 the activation and its slope are 0, from 3 on they are the argument
// and 1, the ends included, where the slope jumps.
func TestHardSwishEnds(t *testing.T) {
	x := []float32{-4, -3, 0, 3, 4}
	y, slope := make([]float32, 5), make([]float32, 5)
	one := []float32{1, 1, 1, 1, 1, 0, 0, 0, 0, 0} // the affine map before it: 1 x + 0
	rowKernels[abi.NormHardSwishSlope](&abi.RowArgs{P: [4]*float32{&y[0], &x[0], &slope[0]},
		Par: &one[0], ParStride: 4 * 5, Cols: 5, Each: 1, Groups: 1, Images: 1})
	if want := []float32{0, 0, 0, 3, 4}; !slices.Equal(y, want) {
		t.Errorf("hard-swish of %v is %v, want %v", x, y, want)
	}
	if want := []float32{0, 0, .5, 1, 1}; !slices.Equal(slope, want) {
		t.Errorf("the slopes of hard-swish at %v are %v, want %v", x, slope, want)
	}
}

// TestGatesAlone: GateProducts has no parameters of a channel, and Copy none at all: both run
// without memory for them.
func TestGatesAlone(t *testing.T) {
	a, da := []float32{1, 2, 3, 4}, []float32{5, 6, 7, 8}
	gate := []float32{10, 20, 100, 200} // a row of factors, and one that the products are added to
	args := abi.RowArgs{P: [4]*float32{&a[0], &da[0]}, Stride: [4]int{4 * 2, 4 * 2}, Cols: 2,
		Each: 2, Groups: 1, Images: 1, Gate: &gate[0], GateStride: 4 * 2}
	rowKernels[abi.GateProducts](&args)
	if want := []float32{10, 40, 30, 80}; !slices.Equal(a, want) {
		t.Errorf("GateProducts makes the rows %v, want %v", a, want)
	}
	if want := []float32{10, 20, 100 + 1*5 + 3*7, 200 + 2*6 + 4*8}; !slices.Equal(gate, want) {
		t.Errorf("GateProducts makes the gates %v, want %v", gate, want)
	}
	args.Gate = nil
	if rowKernels[abi.CopyRows](&args); !slices.Equal(a, da) {
		t.Errorf("a copy of %v is %v", da, a)
	}
}
