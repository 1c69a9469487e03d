package check

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gridsearch/internal/kernel/abi"
)

// guard is the number of NaN on either side of what kernels may touch: a stray write changes one,
// and a stray read makes the result NaN. Each has another payload, so that one that is copied to
// another place is found there.
const guard = 48

func guardValue(payload uint32) float32 {
	return math.Float32frombits(0x7fc00000 | payload%(1<<22))
}

// Guarded is numbers between guards.
type Guarded struct {
	Data  []float32
	all   []float32
	start int // of the data in all
}

// Random is n normal numbers at an odd place in memory.
func Random(dice *rand.Rand, n int) Guarded {
	shift := dice.IntN(16)
	g := within(abi.Floats(shift+n+2*guard), guard+shift, n, dice.Uint32())
	for i := range g.Data {
		g.Data[i] = float32(dice.NormFloat64())
	}
	return g
}

// within is n numbers from a start on, and guards around them, whose payloads begin with a number.
func within(all []float32, start, n int, payload uint32) Guarded {
	for i := range all {
		all[i] = guardValue(payload + uint32(i))
	}
	return Guarded{all[start:][:n], all, start}
}

// aligned is a copy on a cache line.
func (g Guarded) aligned() Guarded {
	n := len(g.Data)
	moved := within(abi.Floats(n+2*guard), guard, n, math.Float32bits(g.all[0]))
	copy(moved.Data, g.Data)
	return moved
}

// Clone is a copy at another place with the same guards.
func (g Guarded) Clone() Guarded {
	all := slices.Clone(g.all)
	return Guarded{all[g.start:][:len(g.Data)], all, g.start}
}

// Same says where another result differs: outside the data by a single bit, inside by more than a
// tolerance relative to the larger of 1 and the numbers.
func (g Guarded) Same(other Guarded, tolerance float64) error {
	for i := range g.all {
		a, b := g.all[i], other.all[i]
		inside := i >= g.start && i < g.start+len(g.Data)
		if !inside && math.Float32bits(a) != math.Float32bits(b) {
			return fmt.Errorf("number %d, outside 0..%d, was written: %v", i-g.start, len(g.Data), b)
		}
		if inside && !Close(a, b, tolerance) {
			return fmt.Errorf("number %d is %v, want %v", i-g.start, b, a)
		}
	}
	return nil
}

// Close says whether two numbers differ by a tolerance at most, relative to the larger of 1 and
// them; NaN is close to NaN.
func Close(a, b float32, tolerance float64) bool {
	x, y := float64(a), float64(b)
	if math.IsNaN(x) || math.IsNaN(y) || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return math.IsNaN(x) && math.IsNaN(y) || x == y
	}
	return math.Abs(x-y) <= tolerance*max(1, math.Abs(x), math.Abs(y))
}

// Tolerance is what sums of a few hundred products in another order may differ by, with numbers of
// about 1.
const Tolerance = 3e-5
