package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/twin"
)

// TestRowKernels holds every kernel on rows against its twin: all short lengths, tails, strides, groups and alignments, guards before and after.
func TestRowKernels(t *testing.T) {
	operands := [abi.RowKernels]int{abi.CopyRows: 2, abi.Affine: 2, abi.AffineAdd: 3, abi.AffineAddGate: 3, abi.ScaleRows: 1, abi.Moments: 1, abi.MomentsCopy: 2, abi.Products: 2, abi.ProductsGate: 2, abi.NormSiLU: 2, abi.NormSiLUSum: 2,
		abi.NormSiLUSlope: 3, abi.SlopeSiLUProducts: 3, abi.SlopeSiLUProductsGate: 3, abi.GateProducts: 2, abi.MulProducts: 4, abi.MulProductsPast: 4, abi.MulProductsGate: 4, abi.MulProductsGatePast: 4,
		abi.AddClip: 3, abi.AddClipGate: 3, abi.ClippedProducts: 4, abi.RaiseRows: 3, abi.AddWhere: 3, abi.NormClip: 2, abi.NormClipSum: 2, abi.NormClipSlope: 3, abi.SlopeClipProducts: 3, abi.SlopeClipProductsGate: 3}
	eachSet(t, func(t *testing.T, s *Set) {
		dice := rand.New(rand.NewPCG(1, 2))
		for kernel := range abi.RowKernels {
			for channels := 1; channels <= 70; channels++ {
				past := kernel == abi.MomentsCopy || kernel == abi.MulProductsPast || kernel == abi.MulProductsGatePast
				if past && channels%s.Width != 0 {
					continue
				}
				rowCase(t, s, dice, kernel, operands[kernel], channels, past)
			}
		}
	})
}

// rowCase compares one shape. Kernels that store past the caches need whole vectors on cache lines: there the operands begin on one.
func rowCase(t *testing.T, s *Set, dice *rand.Rand, kernel abi.RowKernel, operands, channels int, past bool) {
	t.Helper()
	each, groups, images := 1+dice.IntN(9), 1+dice.IntN(3), 1+dice.IntN(3)
	const params, gates = 4, 2
	stride := (channels + 15) / 16 * 16
	random := func(n int) guarded {
		g := newGuarded(dice, n)
		if kernel == abi.RaiseRows || kernel == abi.AddWhere { // few different numbers, so that some are equal
			for i, v := range g.data {
				g.data[i] = float32(math.Round(float64(v)))
			}
		}
		return g
	}
	par, gate := random(params*stride), newGuarded(dice, images*groups*gates*stride)
	for _, g := range []guarded{par, gate} {
		for i := range g.data {
			if i%stride >= channels {
				g.data[i] = 0 // as Params asks for
			}
		}
	}
	a := abi.RowArgs{Par: &par.data[0], ParStride: 4 * stride, Cols: channels, Each: each, Groups: groups, Images: images,
		Gate: &gate.data[0], GateStride: 4 * images * groups * stride, GateGap: 4 * stride, Top: .8}
	twins := a
	parTwin, gateTwin := par.clone(), gate.clone()
	twins.Par, twins.Gate = &parTwin.data[0], &gateTwin.data[0]
	var ours, theirs []guarded
	for i := range operands {
		rowStride := channels + dice.IntN(20)
		gap, imageGap := dice.IntN(30), dice.IntN(30)
		if past {
			rowStride, gap, imageGap = channels, 0, 0
		}
		g := random(images * (groups*(each*rowStride+gap) + imageGap))
		if past {
			g = aligned(g)
		}
		ours, theirs = append(ours, g), append(theirs, g.clone())
		a.P[i], a.Stride[i], a.Gap[i], a.ImageGap[i] = &g.data[0], 4*rowStride, 4*gap, 4*imageGap
		twins.P[i], twins.Stride[i], twins.Gap[i], twins.ImageGap[i] = &theirs[i].data[0], 4*rowStride, 4*gap, 4*imageGap
	}
	s.table.Rows[kernel](&a)
	twin.Table.Rows[kernel](&twins)
	for i := range ours {
		if err := theirs[i].same(ours[i], tolerance); err != nil {
			t.Fatalf("kernel %d, %d channels, %d rows, %d groups, %d images, operand %d: %v", kernel, channels, each, groups, images, i, err)
		}
	}
	if err := parTwin.same(par, tolerance); err != nil {
		t.Fatalf("kernel %d, %d channels, %d rows, %d groups, parameters: %v", kernel, channels, each, groups, err)
	}
	if err := gateTwin.same(gate, tolerance); err != nil {
		t.Fatalf("kernel %d, %d channels, %d rows, %d groups, gates: %v", kernel, channels, each, groups, err)
	}
}

// TestFlatKernels holds every kernel on vectors against its twin.
func TestFlatKernels(t *testing.T) {
	operands := [abi.FlatKernels]int{abi.AddFlat: 2, abi.ScaleFlat: 2, abi.BlendFlat: 2, abi.SiLUFlat: 2, abi.SigmoidFlat: 2, abi.SiLUBackward: 2, abi.SigmoidBackward: 2, abi.SGD: 3, abi.SGDNesterov: 3, abi.RMSProp: 4}
	eachSet(t, func(t *testing.T, s *Set) {
		dice := rand.New(rand.NewPCG(3, 4))
		for kernel := range abi.FlatKernels {
			for n := 1; n <= 100; n++ {
				scalars := []float32{.1, .9, .01, .5, .8, 1e-3}
				a := abi.RowArgs{Cols: n, Par: &scalars[0]}
				twins := a
				var ours, theirs []guarded
				for i := range operands[kernel] {
					g := newGuarded(dice, n)
					if kernel == abi.RMSProp && i == 3 {
						for j, v := range g.data {
							g.data[j] = v * v // a mean square
						}
					}
					ours, theirs = append(ours, g), append(theirs, g.clone())
					a.P[i], twins.P[i] = &g.data[0], &theirs[i].data[0]
				}
				s.table.Flat[kernel](&a)
				twin.Table.Flat[kernel](&twins)
				for i := range ours {
					if err := theirs[i].same(ours[i], tolerance); err != nil {
						t.Fatalf("kernel %d, %d numbers, operand %d: %v", kernel, n, i, err)
					}
				}
			}
		}
	})
}

// TestDepthwiseKernels holds every depthwise kernel against its twin.
func TestDepthwiseKernels(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		dice := rand.New(rand.NewPCG(9, 10))
		twins := twin.Depthwise(s.Width)
		for w, kernels := range s.table.Depthwise {
			for _, p := range kernels.Forward {
				for range 5 {
					depthwiseCase(t, s, dice, w, p, twins[w].Forward[0].Run, 1, w.Stride)
				}
			}
			for _, p := range kernels.Data {
				for range 5 {
					depthwiseCase(t, s, dice, w, p, twins[w].Data[0].Run, 2, 1)
				}
			}
			for range 5 {
				depthwiseCase(t, s, dice, w, abi.PixelKernel{Pixels: 1, Run: kernels.Weights}, twins[w].Weights, 1, w.Stride)
			}
		}
	})
}

// depthwiseCase runs a kernel and its twin, which takes a pixel at a time, on one shape. A pixel of the kernel is out x out pixels of out and in x in pixels of in.
func depthwiseCase(t *testing.T, s *Set, dice *rand.Rand, w abi.Window, p abi.PixelKernel, goTwin func(*abi.DepthwiseArgs), out, in int) {
	t.Helper()
	images, rows, blocks, vectors := 1+dice.IntN(3), 1+dice.IntN(4), 1+dice.IntN(3), 1+dice.IntN(3)
	channels := vectors * s.Width
	strideOut := out*blocks*p.Pixels*channels + dice.IntN(9)
	strideIn := (in*blocks*p.Pixels + w.Kernel) * channels
	gapOut, gapIn := dice.IntN(9), dice.IntN(9)
	g := [3]guarded{newGuarded(dice, images*(out*rows*strideOut+gapOut)), newGuarded(dice, images*(in*rows*strideIn+gapIn)+w.Kernel*strideIn),
		newGuarded(dice, w.Kernel*w.Kernel*channels)}
	h := [3]guarded{g[0].clone(), g[1].clone(), g[2].clone()}
	arguments := func(g [3]guarded, blocks int) *abi.DepthwiseArgs {
		return &abi.DepthwiseArgs{Out: &g[0].data[0], In: &g[1].data[0], W: &g[2].data[0], StrideOut: 4 * strideOut, StrideIn: 4 * strideIn,
			Pixel: 4 * channels, Rows: rows, Blocks: blocks, Vectors: vectors, Images: images, GapOut: 4 * gapOut, GapIn: 4 * gapIn}
	}
	p.Run(arguments(g, blocks))
	goTwin(arguments(h, blocks*p.Pixels))
	for i := range g {
		if err := h[i].same(g[i], tolerance); err != nil {
			t.Fatalf("%+v, %d pixels, %d images, %d rows, %d blocks, %d channels, operand %d: %v", w, p.Pixels, images, rows, blocks, channels, i, err)
		}
	}
}
