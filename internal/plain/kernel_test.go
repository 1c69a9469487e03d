package plain

import (
	"math"
	"testing"

	"gridsearch/internal/random"
)

// numbers are standard normal.
func numbers(n int) []float32 {
	s := random.New(1, "numbers", n)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(s.Norm())
	}
	return x
}

// guarded runs a kernel on an output full of NaN with more NaN around it, and compares with float64
// values: everything must be written, nothing else. The tolerance is relative to the size of the
// values, as single ones may cancel.
func guarded(t *testing.T, name string, want []float64, tolerance float64,
	run func(out []float32)) {
	t.Helper()
	const guard = 8
	all := make([]float32, len(want)+2*guard)
	for i := range all {
		all[i] = float32(math.NaN())
	}
	run(all[guard : guard+len(want) : guard+len(want)])
	size := 1.
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	for i, v := range all {
		inside := i >= guard && i < guard+len(want)
		switch {
		case !inside && v == v:
			t.Fatalf("%s writes outside its output, at %d of %d", name, i-guard, len(want))
		case inside && !(math.Abs(float64(v)-want[i-guard]) <= tolerance*size):
			t.Fatalf("%s: output %d is %v, want %v", name, i-guard, v, want[i-guard])
		}
	}
}
