package check

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gridsearch/internal/kernel/abi"
)

// guard is the number of NaN on either side of the memory that a kernel may touch: a stray write
// changes one, and a stray read makes the result NaN. Each NaN has a payload of its own, so that
// one that is copied elsewhere is found there.
const guard = 48

func guardValue(payload uint32) float32 {
	return math.Float32frombits(0x7fc00000 | payload%(1<<22))
}

// Guarded is data between guards.
type Guarded struct {
	Data  []float32
	all   []float32
	start int // of the data in all
}

// Random is n normally distributed floats, at an unaligned address.
func Random(dice *rand.Rand, n int) Guarded {
	shift := dice.IntN(16)
	g := within(abi.Floats(shift+n+2*guard), guard+shift, n, dice.Uint32())
	for i := range g.Data {
		g.Data[i] = float32(dice.NormFloat64())
	}
	return g
}

// within is n floats from index start on, with guards around them whose payloads count from
// payload.
func within(all []float32, start, n int, payload uint32) Guarded {
	for i := range all {
		all[i] = guardValue(payload + uint32(i))
	}
	return Guarded{all[start:][:n], all, start}
}

// aligned is a copy that begins on a cache line.
func (g Guarded) aligned() Guarded {
	n := len(g.Data)
	moved := within(abi.Floats(n+2*guard), guard, n, math.Float32bits(g.all[0]))
	copy(moved.Data, g.Data)
	return moved
}

// Clone is a copy at another address with the same guards.
func (g Guarded) Clone() Guarded {
	all := slices.Clone(g.all)
	return Guarded{all[g.start:][:len(g.Data)], all, g.start}
}

// Same returns an error where another result differs: outside the data by a single bit, inside by
// more than a tolerance relative to max(1, |a|, |b|).
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

// Close reports whether two numbers differ by at most a tolerance relative to max(1, |a|, |b|); NaN
// is close to NaN.
func Close(a, b float32, tolerance float64) bool {
	x, y := float64(a), float64(b)
	if math.IsNaN(x) || math.IsNaN(y) || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return math.IsNaN(x) && math.IsNaN(y) || x == y
	}
	return math.Abs(x-y) <= tolerance*max(1, math.Abs(x), math.Abs(y))
}

// Tolerance is how far sums of a few hundred products of numbers around 1 may differ when they are
// added up in another order.
const Tolerance = 3e-5
