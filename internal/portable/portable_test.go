package portable

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestAgainstMath(t *testing.T) {
	near := func(t *rapid.T, name string, x, got, want float64) {
		if math.Abs(got-want) > 4e-15*max(1, math.Abs(want)) {
			t.Fatalf("%s(%v) = %v, want %v", name, x, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-500, 500).Draw(t, "x")
		s, c := Sincos(x)
		near(t, "sin", x, s, math.Sin(x))
		near(t, "cos", x, c, math.Cos(x))
		near(t, "cos", x, Cos(x), math.Cos(x))
		near(t, "exp", x/10, Exp(x/10), math.Exp(x/10))
		y := rapid.Float64Range(1e-300, 1e300).Draw(t, "y")
		near(t, "log", y, Log(y), math.Log(y))
	})
}

// TestBits pins results to the bit, so that a platform that computes others is found out.
func TestBits(t *testing.T) {
	hash := uint64(0)
	for i := 1; i < 10000; i++ {
		x := float64(i) * .0371
		s, c := Sincos(x)
		for _, v := range []float64{s, c, Log(x), Exp(x / 40)} {
			hash = hash*0x9e3779b97f4a7c15 + math.Float64bits(v)
		}
	}
	if want := uint64(0x7bc2931ef0b459f4); hash != want {
		t.Errorf("the bits add up to %#x, want %#x", hash, want)
	}
}

// TestExp32 compares with math.Exp over the whole range.
func TestExp32(t *testing.T) {
	worst := 0.
	for x := float32(-86.9); x < 87.9; x += .00137 {
		want := math.Exp(float64(x))
		worst = max(worst, math.Abs(float64(Exp32(x))-want)/want)
	}
	if worst > 3e-7 {
		t.Errorf("the relative error is up to %.2g", worst)
	}
}
