package ends

import (
	"math"
	"slices"
	"testing"

	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel"
	"gridsearch/internal/plain"

	"pgregory.net/rapid"
)

// TestMaxPool demands the bits of the plain loop, with equal values, infinite ones and NaN
// among them, for every kernel set, at 1 and 2 threads.
func TestMaxPool(t *testing.T) {
	for _, set := range kernel.Sets() {
		t.Run(set.Name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				g := plain.MaxPool{Batch: rapid.IntRange(1, 4).Draw(r, "batch"),
					InSize: rapid.IntRange(1, 11).Draw(r, "size"), Channels: rapid.IntRange(1,
						40).Draw(r, "channels"),
					Kernel: 2*rapid.IntRange(0, 3).Draw(r, "kernel") + 1,
					Stride: rapid.IntRange(1, 3).Draw(r, "stride")}
				g.OutSize = engine.Pieces(g.InSize, g.Stride)
				draw := func(name string, special ...float32) []float32 {
					values := append([]float32{-2, -1, -.5, 0, 0, .25, 1, 3}, special...)
					n := g.Batch * g.InSize * g.InSize * g.Channels
					return rapid.SliceOfN(rapid.SampledFrom(values), n, n).Draw(r, name)
				}
				x := draw("x", float32(math.NaN()), float32(math.Inf(1)))
				y := make([]float32, g.Batch*g.OutSize*g.OutSize*g.Channels)
				dy, from, dx := draw("dy", 1e-3, 1e4)[:len(y)], make([]int32, len(y)), make([]float32, len(x))
				g.Forward(y, from, x)
				g.Backward(dx, dy, from)

				p := NewMaxPool(engine.New(&set.Set, rapid.IntRange(1, 2).Draw(r, "threads"), true),
					engine.ConvShape{In: g.Channels, Out: g.Channels, Kernel: g.Kernel,
						Stride: g.Stride, InSize: g.InSize, OutSize: g.OutSize})
				ours, gradient := make([]float32, p.Allocate(g.Batch)), slices.Repeat([]float32{7}, len(x))
				p.Forward(ours, x)
				p.Backward(gradient, dy, x, ours)
				if i := differ(ours, y); i >= 0 {
					r.Fatalf("%+v: value %d is %v, want %v", g, i, ours[i], y[i])
				}
				if i := differ(gradient, dx); i >= 0 {
					r.Fatalf("%+v: gradient %d is %v, want %v", g, i, gradient[i], dx[i])
				}
			})
		})
	}
}

// differ is the first place where two slices differ, NaN being alike, or -1.
func differ(a, b []float32) int {
	if len(a) != len(b) {
		return 0
	}
	for i := range a {
		if a[i] != b[i] && (a[i] == a[i] || b[i] == b[i]) {
			return i
		}
	}
	return -1
}
