package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// guard surrounds what kernels may touch: a stray write changes it, and a stray read makes the result no number.
const guard = 40

var guardValue = float32(math.NaN())

// guarded is n random numbers, at an odd place in memory, between guards.
type guarded struct {
	all, data []float32
	start     int // of the data in all
}

func newGuarded(dice *rand.Rand, n int) guarded {
	shift := dice.IntN(16)
	all := Floats(shift + n + 2*guard)
	for i := range all {
		all[i] = guardValue
	}
	g := guarded{all, all[guard+shift:][:n], guard + shift}
	for i := range g.data {
		g.data[i] = float32(dice.NormFloat64())
	}
	return g
}

func (g guarded) clone() guarded {
	all := slices.Clone(g.all)
	return guarded{all, all[g.start:][:len(g.data)], g.start}
}

// same says where two runs differ: everywhere outside the data to the bit, inside by more than a tolerance relative to the larger of 1 and the numbers.
func (g guarded) same(other guarded, tolerance float64) error {
	start := g.start
	for i := range g.all {
		a, b := g.all[i], other.all[i]
		inside := i >= start && i < start+len(g.data)
		if !inside && math.Float32bits(b) != math.Float32bits(guardValue) {
			return fmt.Errorf("number %d, outside 0..%d, was written: %v", i-start, len(g.data), b)
		}
		if inside && !(close32(a, b, tolerance)) {
			return fmt.Errorf("number %d is %v, want %v", i-start, b, a)
		}
	}
	return nil
}

func close32(a, b float32, tolerance float64) bool {
	x, y := float64(a), float64(b)
	if math.IsNaN(x) || math.IsNaN(y) || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return math.IsNaN(x) && math.IsNaN(y) || x == y
	}
	return math.Abs(x-y) <= tolerance*max(1, math.Abs(x), math.Abs(y))
}

// tolerance is what sums of a few hundred products in another order may differ by, with numbers of about 1.
const tolerance = 3e-5

// aligned moves the data to a cache line.
func aligned(g guarded) guarded {
	n := len(g.data)
	all := Floats(n + 2*48)
	for i := range all {
		all[i] = guardValue
	}
	moved := guarded{all, all[48:][:n], 48}
	copy(moved.data, g.data)
	return moved
}
