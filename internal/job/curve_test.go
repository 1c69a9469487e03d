package job

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// curveOf is a curve of n epochs of ten steps.
func curveOf(n int) []CurvePoint {
	curve := make([]CurvePoint, n)
	for i := range curve {
		curve[i] = CurvePoint{Epoch: i + 1, Step: 10 * (i + 1), Loss: 1, Top1: .5}
	}
	return curve
}

// TestThin: a curve of up to MostPoints points stays whole; a longer one keeps between a half and
// all of them, evenly, with its last epoch, and what it keeps after another epoch it had before or
// is that epoch.
func TestThin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 2000).Draw(t, "epochs")
		curve := curveOf(n)
		thin := Thin(curve)
		if n <= MostPoints && !slices.Equal(thin, curve) {
			t.Fatalf("of %d points %d are left", n, len(thin))
		}
		if len(thin) > MostPoints || n > MostPoints && len(thin) < MostPoints/2 ||
			thin[len(thin)-1] != curve[n-1] || checkCurve(thin) != nil {
			t.Fatalf("of %d points are left %+v", n, thin)
		}
		gap := thin[0].Epoch
		for i, p := range thin[:len(thin)-1] {
			if p.Epoch != gap*(i+1) {
				t.Fatalf("of %d points, epoch %d is left at place %d", n, p.Epoch, i)
			}
		}
		for _, p := range Thin(curveOf(n + 1)) {
			if !slices.Contains(thin, p) && p.Epoch != n+1 {
				t.Fatalf("epoch %d of %d was not there before", p.Epoch, n+1)
			}
		}
	})
}

// TestProgressFits: a word of progress has a curve that a training can have, and no more points
// than Thin leaves.
func TestProgressFits(t *testing.T) {
	for want, change := range map[string]func([]CurvePoint) []CurvePoint{
		"": func(c []CurvePoint) []CurvePoint { return c[1:] },
		"its progress has a curve of 61 points, and 60 are the most": func([]CurvePoint) []CurvePoint {
			return curveOf(61)
		},
		"point 2 of its training curve is {Epoch:1": func(c []CurvePoint) []CurvePoint {
			return append(c[:1], c...)
		},
		"point 1 of its training curve is {Epoch:1 Step:10 Loss:1 Top1:2}": func(
			c []CurvePoint) []CurvePoint {
			c[0].Top1 = 2
			return c
		},
	} {
		r := Request{Train: &Training{Spec: Spec{Key: "a"}}}
		err := r.Fits(Reply{Progress: &Progress{Key: "a", Curve: change(curveOf(3))}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
