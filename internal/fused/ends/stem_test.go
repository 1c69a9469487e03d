package ends

import (
	"slices"
	"testing"

	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel"

	"pgregory.net/rapid"
)

// TestGather compares the patches of a stretch of rows with their definition, for every kernel set.
func TestGather(t *testing.T) {
	for _, set := range kernel.Sets() {
		t.Run(set.Name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				s := engine.ConvShape{In: rapid.IntRange(1, 4).Draw(r, "in"), Out: 1,
					Kernel: 2*rapid.IntRange(0, 3).Draw(r, "kernel") + 1,
					Stride: rapid.IntRange(1, 3).Draw(r, "stride"), InSize: rapid.IntRange(1, 12).Draw(r, "size")}
				s.OutSize = engine.Pieces(s.InSize, s.Stride)
				const batch = 3
				x := make([]float32, batch*s.InSize*s.InSize*s.In)
				for i := range x {
					x[i] = float32(i + 1)
				}
				first := rapid.IntRange(0, batch*s.OutSize-1).Draw(r, "first row")
				rows := rapid.IntRange(1, batch*s.OutSize-first).Draw(r, "rows")
				var want []float32
				for row := first; row < first+rows; row++ {
					for o := range s.OutSize {
						for tap := range s.Kernel * s.Kernel {
							y, x0 := row%s.OutSize*s.Stride+tap/s.Kernel-(s.Kernel-1)/2, o*s.Stride+
								tap%s.Kernel-(s.Kernel-1)/2
							for j := range s.In {
								v := float32(0)
								if y >= 0 && y < s.InSize && x0 >= 0 && x0 < s.InSize {
									v = x[((row/s.OutSize*s.InSize+y)*s.InSize+x0)*s.In+j]
								}
								want = append(want, v)
							}
						}
					}
				}
				e := engine.New(&set.Set, 1, true)
				stem := NewStem(e, s, engine.Weight{Value: make([]float32, s.Kernel*s.Kernel*s.In),
					Grad: make([]float32, s.Kernel*s.Kernel*s.In)}, engine.NormParams{})
				got := slices.Repeat([]float32{-1}, len(want)+40)
				stem.gather(e.Workers[0], got, x, first*s.OutSize, rows*s.OutSize)
				if i := differ(got[:len(want)], want); i >= 0 {
					r.Fatalf("%+v: number %d is %v, want %v", s, i, got[i], want[i])
				}
				if slices.ContainsFunc(got[len(want):], func(v float32) bool { return v != -1 }) {
					r.Fatalf("%+v: written beyond the patches", s)
				}
			})
		})
	}
}
