package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/twin"
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

// eachSet runs a test for every set with assembly; GRIDSEARCH_EXPECT names one that must be among them.
func eachSet(t *testing.T, test func(*testing.T, *Set)) {
	t.Helper()
	for _, s := range Sets() {
		t.Run(s.Name, func(t *testing.T) { test(t, s) })
	}
}

// TestExpectedSet fails where a set that the environment expects is not there, so that a green run has tested it.
func TestExpectedSet(t *testing.T) {
	if name := os.Getenv("GRIDSEARCH_EXPECT"); name != "" {
		if _, err := Named(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := Named("sse"); err == nil {
		t.Error("an unknown set is found")
	}
}

// TestRowKernels holds every kernel on rows against its twin: all short lengths, tails, strides, groups and alignments, guards before and after.
func TestRowKernels(t *testing.T) {
	operands := [abi.RowKernels]int{abi.CopyRows: 2, abi.Affine: 2, abi.AffineAdd: 3, abi.AffineAddGate: 3, abi.ScaleRows: 1, abi.Moments: 1, abi.MomentsCopy: 2, abi.Products: 2, abi.ProductsGate: 2, abi.NormSiLU: 2, abi.NormSiLUSum: 2,
		abi.NormSiLUSlope: 3, abi.SlopeSiLUProducts: 3, abi.SlopeSiLUProductsGate: 3, abi.GateProducts: 2, abi.MulProducts: 4, abi.MulProductsPast: 4, abi.MulProductsGate: 4, abi.MulProductsGatePast: 4,
		abi.AddClip: 3, abi.AddClipGate: 3, abi.ClippedProducts: 4, abi.NormClip: 2, abi.NormClipSum: 2, abi.NormClipSlope: 3, abi.SlopeClipProducts: 3, abi.SlopeClipProductsGate: 3}
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
	par, gate := newGuarded(dice, params*stride), newGuarded(dice, images*groups*gates*stride)
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
		g := newGuarded(dice, images*(groups*(each*rowStride+gap)+imageGap))
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

// TestInPlace: a result may be in the place of the first operand.
func TestInPlace(t *testing.T) {
	dice := rand.New(rand.NewPCG(11, 12))
	const rows, channels = 7, 37
	random := func() []float32 { return newGuarded(dice, rows*channels).data }
	x, z, par := random(), random(), random()
	eachSet(t, func(t *testing.T, s *Set) {
		k, n := s.New(), Rows{Rows: rows, Channels: channels}
		for name, run := range map[string]func(y, x []float32){
			"affine": func(y, x []float32) {
				k.Affine(Dense(y, channels), Dense(x, channels), k.NewParams(2, channels).Set(par, z), n)
			},
			"normSiLU": func(y, x []float32) {
				k.NormAct(SiLU, Dense(y, channels), Dense(x, channels), k.NewParams(2, channels).Set(par, z), n)
			},
			"slopeProductsGate": func(y, x []float32) {
				whole := func(m []float32) Grouped { return Grouped{Dense(m, channels), len(m), 0} }
				gates := k.NewParams(2, channels).Set(par, z)
				k.SlopeProductsGate(SiLU, whole(y), whole(x), whole(z), k.NewParams(4, channels).Set(par, z), Gates{gates.Data, gates.Stride, 0}, Rows{Rows: rows, Channels: channels, Groups: 1})
			},
			"mulProducts": func(y, x []float32) {
				k.MulProducts(Dense(y, channels), Dense(x, channels), Dense(z, channels), Dense(par, channels), k.NewParams(2, channels), n, false)
			},
			"sigmoid": func(y, x []float32) { k.Sigmoid(y, x) },
			"silu":    func(y, x []float32) { k.SiLU(y, x) },
		} {
			y, place := make([]float32, len(x)), slices.Clone(x)
			run(y, x)
			run(place, place)
			if !slices.Equal(y, place) {
				t.Errorf("%s in place gives %v, want %v", name, place[:4], y[:4])
			}
		}
	})
}

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

// TestFlatKernels does the same for the kernels on vectors.
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

// TestSigmoidRange: the sigmoid is within 1e-6 of float64 everywhere, 0 and 1 at the ends, and no number of no number.
func TestSigmoidRange(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		x := []float32{0, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 88, -88, 1e30, -1e30, 1e-42, -1e-42, math.MaxFloat32}
		for v := float32(-100); v < 100; v += .37 {
			x = append(x, v)
		}
		y := make([]float32, len(x))
		s.New().Sigmoid(y, x)
		for i, v := range x {
			want := float32(1 / (1 + math.Exp(-float64(v))))
			if !close32(want, y[i], 1e-6) {
				t.Errorf("the sigmoid of %v is %v, want %v", v, y[i], want)
			}
		}
	})
}

// TestProducts holds the products against sums in float64, for all small shapes of C and for random larger ones.
func TestProducts(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		dice, k := rand.New(rand.NewPCG(5, 6)), s.New()
		for columns := 1; columns <= 2*3*s.Width+3; columns++ {
			productCase(t, k, dice, 1+dice.IntN(40), columns, 1+dice.IntN(30))
		}
		for range 30 {
			productCase(t, k, dice, 1+dice.IntN(300), 1+dice.IntN(200), 1+dice.IntN(300))
		}
	})
}

func productCase(t *testing.T, k *Kernels, dice *rand.Rand, rows, columns, depth int) {
	t.Helper()
	spare := func() int { return dice.IntN(9) }
	strideA, strideB, strideC := depth+spare(), columns+spare(), columns+spare()
	a, b, c := newGuarded(dice, rows*strideA), newGuarded(dice, depth*strideB), newGuarded(dice, rows*strideC)
	want := c.clone()
	accumulate := dice.IntN(2) == 0
	for i := range rows {
		for j := range columns {
			sum := 0.
			if accumulate {
				sum = float64(want.data[i*strideC+j])
			}
			for l := range depth {
				sum += float64(a.data[i*strideA+l]) * float64(b.data[l*strideB+j])
			}
			want.data[i*strideC+j] = float32(sum)
		}
	}
	limit := tolerance * math.Sqrt(float64(depth))
	p := k.NewPacked(depth, columns)
	k.Pack(p, Matrix{b.data, strideB})
	got := c.clone()
	k.Product(Matrix{got.data, strideC}, Matrix{a.data, strideA}, p, rows, accumulate)
	if err := want.same(got, limit); err != nil {
		t.Fatalf("[%d, %d] x [%d, %d]: %v", rows, depth, depth, columns, err)
	}
	// The same with B and A stored transposed.
	bt, at := newGuarded(dice, columns*depth), newGuarded(dice, depth*rows)
	for l := range depth {
		for j := range columns {
			bt.data[j*depth+l] = b.data[l*strideB+j]
		}
		for i := range rows {
			at.data[l*rows+i] = a.data[i*strideA+l]
		}
	}
	q := k.NewPacked(depth, columns)
	k.PackTransposed(q, Matrix{bt.data, depth})
	if !slices.Equal(p.data, q.data) {
		t.Fatalf("[%d, %d]: packed from the transpose it is another", depth, columns)
	}
	got = c.clone()
	k.ProductTA(Matrix{got.data, strideC}, Matrix{at.data, rows}, Matrix{b.data, strideB}, depth, rows, columns, accumulate)
	if err := want.same(got, limit); err != nil {
		t.Fatalf("transposed [%d, %d] x [%d, %d]: %v", rows, depth, depth, columns, err)
	}
}

// TestProductPadded: rows of C get zeros up to the end of their last vector.
func TestProductPadded(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		dice, k := rand.New(rand.NewPCG(7, 8)), s.New()
		for columns := 1; columns < 60; columns++ {
			const rows, depth = 13, 9
			a, b := newGuarded(dice, rows*depth), newGuarded(dice, depth*columns)
			p := k.NewPacked(depth, columns)
			k.Pack(p, Dense(b.data, columns))
			c, narrow := newGuarded(dice, rows*k.Pad(columns)), newGuarded(dice, rows*columns)
			k.ProductPadded(Dense(c.data, k.Pad(columns)), Dense(a.data, depth), p, rows)
			k.Product(Dense(narrow.data, columns), Dense(a.data, depth), p, rows, false)
			for i, v := range c.data {
				row, column := i/k.Pad(columns), i%k.Pad(columns)
				want := float32(0)
				if column < columns {
					want = narrow.data[row*columns+column]
				}
				if v != want {
					t.Fatalf("%d columns: element %d, %d is %v, want %v", columns, row, column, v, want)
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

// TestDenormals: between FlushDenormals and restore they are zero where a set has that, and afterwards they are themselves again.
func TestDenormals(t *testing.T) {
	x, y := []float32{1e-40, 1}, []float32{0, 0}
	restore := FlushDenormals()
	Sets()[0].New().Add(y, x)
	restore()
	if Sets()[0].Name != Generic && y[0] != 0 {
		t.Errorf("0 + 1e-40 is %v while denormals are flushed", y[0])
	}
	if y[1] != 1 {
		t.Errorf("0 + 1 is %v", y[1])
	}
	clear(y)
	Sets()[0].New().Add(y, x)
	if y[0] != x[0] {
		t.Errorf("0 + 1e-40 is %v afterwards", y[0])
	}
}

// TestShortSlices: nothing is written by a call whose operands are too short.
func TestShortSlices(t *testing.T) {
	k := Sets()[0].New()
	y, x := make([]float32, 11), make([]float32, 12)
	defer func() {
		if recover() == nil || y[0] != 0 {
			t.Error("a short result is written to")
		}
	}()
	x[0] = 1
	k.Affine(Dense(y, 4), Dense(x, 4), k.NewParams(2, 4), Rows{Rows: 3, Channels: 4})
}
