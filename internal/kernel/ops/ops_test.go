package ops_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gridsearch/internal/kernel"
	"gridsearch/internal/kernel/check"
	"gridsearch/internal/kernel/ops"
	"gridsearch/internal/kernel/thread"
)

// eachSet runs a test for every set of this processor.
func eachSet(t *testing.T, test func(*testing.T, *ops.Set)) {
	t.Helper()
	for _, s := range kernel.Sets() {
		t.Run(s.Name, func(t *testing.T) { test(t, &s.Set) })
	}
}

// TestInPlace: a result may overwrite the first operand.
func TestInPlace(t *testing.T) {
	dice := rand.New(rand.NewPCG(11, 12))
	const rows, channels = 7, 37
	random := func() []float32 { return check.Random(dice, rows*channels).Data }
	x, z, par := random(), random(), random()
	eachSet(t, func(t *testing.T, s *ops.Set) {
		k, n := s.New(), ops.Rows{Rows: rows, Channels: channels}
		for name, run := range map[string]func(y, x []float32){
			"affine": func(y, x []float32) {
				k.Affine(ops.Dense(y, channels), ops.Dense(x, channels),
					k.NewParams(2, channels).Set(par, z), n)
			},
			"normSiLU": func(y, x []float32) {
				k.NormAct(ops.SiLU, ops.Dense(y, channels), ops.Dense(x, channels),
					k.NewParams(2, channels).Set(par, z), n)
			},
			"slopeProductsGate": func(y, x []float32) {
				whole := func(m []float32) ops.Grouped { return ops.Grouped{ops.Dense(m, channels), len(m), 0} }
				gates := k.NewParams(2, channels).Set(par, z)
				k.SlopeProductsGate(ops.SiLU, whole(y), whole(x), whole(z),
					k.NewParams(4, channels).Set(par, z), ops.Gates{gates.Data, gates.Stride, 0},
					ops.Rows{Rows: rows, Channels: channels, Groups: 1})
			},
			"mulProducts": func(y, x []float32) {
				k.MulProducts(ops.Dense(y, channels), ops.Dense(x, channels), ops.Dense(z, channels),
					ops.Dense(par, channels), k.NewParams(2, channels), n, false)
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

// TestJoinedRows: contiguous rows, which are joined, give the same bits as rows with gaps, in place
// too.
func TestJoinedRows(t *testing.T) {
	dice := rand.New(rand.NewPCG(13, 14))
	eachSet(t, func(t *testing.T, s *ops.Set) {
		k := s.New()
		for channels := 1; channels <= 50; channels++ {
			n := ops.Rows{Rows: 1 + dice.IntN(60), Channels: channels}
			x, z, gapped := check.Random(dice, n.Rows*channels),
				check.Random(dice, n.Rows*channels), check.Random(dice, n.Rows*(channels+1))
			for r := range n.Rows {
				copy(gapped.Data[r*(channels+1):], x.Data[r*channels:][:channels])
			}
			par := k.NewParams(3, channels).Set(x.Data[:channels], z.Data[:channels], gapped.Data[:channels])
			for name, run := range map[string]func(x ops.Matrix){
				"affine":    func(x ops.Matrix) { k.Affine(x, x, par, n) },
				"affineAdd": func(x ops.Matrix) { k.AffineAdd(x, x, ops.Dense(z.Data, channels), par, n) },
			} {
				got, want := x.Clone(), gapped.Clone()
				run(ops.Dense(got.Data, channels))
				run(ops.Dense(want.Data, channels+1))
				for r := range n.Rows {
					if a, b := got.Data[r*channels:][:channels],
						want.Data[r*(channels+1):][:channels]; !slices.Equal(a, b) {
						t.Fatalf("%s, %d channels, row %d of %d is %v, want %v", name, channels, r, n.Rows, a, b)
					}
				}
				if err := got.Same(got, 0); err != nil {
					t.Fatalf("%s, %d channels: %v", name, channels, err)
				}
			}
		}
	})
}

// TestSigmoidRange: the sigmoid is within 1e-6 of float64 everywhere, 0 and 1 at the ends, and NaN
// of NaN.
func TestSigmoidRange(t *testing.T) {
	eachSet(t, func(t *testing.T, s *ops.Set) {
		x := []float32{0, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 88, -88,
			1e30, -1e30, 1e-42, -1e-42, math.MaxFloat32}
		for v := float32(-100); v < 100; v += .37 {
			x = append(x, v)
		}
		y := make([]float32, len(x))
		s.New().Sigmoid(y, x)
		for i, v := range x {
			want := float32(1 / (1 + math.Exp(-float64(v))))
			if !check.Close(want, y[i], 1e-6) {
				t.Errorf("the sigmoid of %v is %v, want %v", v, y[i], want)
			}
		}
	})
}

// TestHardSwish compares the activation and its slope with their definition in float64: its kernels
// are plain Go in every set, so comparing them with plain Go would find nothing.
func TestHardSwish(t *testing.T) {
	define := func(v float64) float64 { return v * min(max(v+3, 0), 6) / 6 }
	eachSet(t, func(t *testing.T, s *ops.Set) {
		var x []float32
		for v := float32(-6.05); v < 6; v += .1 {
			x = append(x, v)
		}
		n, k := len(x), s.New()
		y, d, du := make([]float32, n), make([]float32, n), make([]float32, n)
		// The affine map before it is 2 x - 1 / 2.
		double, half := slices.Repeat([]float32{2}, n), slices.Repeat([]float32{-.5}, n)
		par := k.NewParams(4, n).Set(double, half)
		rows := ops.Rows{Rows: 1, Channels: n}
		k.NormActSlope(ops.HardSwish, ops.Dense(y, n), ops.Dense(x, n), ops.Dense(d, n), par, rows)
		k.SlopeProducts(ops.HardSwish, ops.Dense(du, n), ops.Dense(double, n), ops.Dense(x, n), par, rows)
		for i, v := range x {
			u := 2*float64(v) - .5
			slope := (define(u+1e-6) - define(u-1e-6)) / 2e-6
			for name, c := range map[string][2]float64{
				"value": {float64(y[i]), define(u)}, "slope": {float64(d[i]), slope},
				"gradient":                     {float64(du[i]), 2 * slope},
				"sum of gradients":             {float64(par.Row(2)[i]), 2 * slope},
				"sum of gradients times input": {float64(par.Row(3)[i]), 2 * slope * float64(v)},
			} {
				if math.Abs(c[0]-c[1]) > 2e-5 {
					t.Errorf("the %s at %v is %v, want %v", name, v, c[0], c[1])
				}
			}
		}
	})
}

// TestProducts compares the products with sums in float64, for all small shapes of C and for random
// larger ones.
func TestProducts(t *testing.T) {
	eachSet(t, func(t *testing.T, s *ops.Set) {
		dice, k := rand.New(rand.NewPCG(5, 6)), s.New()
		for columns := 1; columns <= 2*3*s.Width+3; columns++ {
			productCase(t, k, dice, 1+dice.IntN(40), columns, 1+dice.IntN(30))
		}
		for range 30 {
			productCase(t, k, dice, 1+dice.IntN(300), 1+dice.IntN(200), 1+dice.IntN(300))
		}
	})
}

func productCase(t *testing.T, k *ops.Kernels, dice *rand.Rand, rows, columns, depth int) {
	t.Helper()
	spare := func() int { return dice.IntN(9) }
	strideA, strideB, strideC := depth+spare(), columns+spare(), columns+spare()
	a, b, c := check.Random(dice, rows*strideA), check.Random(dice, depth*strideB),
		check.Random(dice, rows*strideC)
	want := c.Clone()
	accumulate := dice.IntN(2) == 0
	for i := range rows {
		for j := range columns {
			sum := 0.
			if accumulate {
				sum = float64(want.Data[i*strideC+j])
			}
			for l := range depth {
				sum += float64(a.Data[i*strideA+l]) * float64(b.Data[l*strideB+j])
			}
			want.Data[i*strideC+j] = float32(sum)
		}
	}
	limit := check.Tolerance * math.Sqrt(float64(depth))
	p := k.NewPacked(depth, columns)
	k.Pack(p, ops.Matrix{b.Data, strideB})
	got := c.Clone()
	k.Product(ops.Matrix{got.Data, strideC}, ops.Matrix{a.Data, strideA}, p, rows, accumulate)
	if err := want.Same(got, limit); err != nil {
		t.Fatalf("[%d, %d] x [%d, %d]: %v", rows, depth, depth, columns, err)
	}
	// The same with B and A stored transposed.
	bt, at := check.Random(dice, columns*depth), check.Random(dice, depth*rows)
	for l := range depth {
		for j := range columns {
			bt.Data[j*depth+l] = b.Data[l*strideB+j]
		}
		for i := range rows {
			at.Data[l*rows+i] = a.Data[i*strideA+l]
		}
	}
	q := k.NewPacked(depth, columns)
	k.PackTransposed(q, ops.Matrix{bt.Data, depth})
	if !slices.Equal(p.Data(), q.Data()) {
		t.Fatalf("[%d, %d]: packed from the transpose it is another", depth, columns)
	}
	got = c.Clone()
	k.ProductTA(ops.Matrix{got.Data, strideC}, ops.Matrix{at.Data, rows}, ops.Matrix{b.Data, strideB},
		depth, rows, columns, accumulate)
	if err := want.Same(got, limit); err != nil {
		t.Fatalf("transposed [%d, %d] x [%d, %d]: %v", rows, depth, depth, columns, err)
	}
}

// TestTranspose: every number is in its place, and none beside them is touched.
func TestTranspose(t *testing.T) {
	eachSet(t, func(t *testing.T, s *ops.Set) {
		dice, k := rand.New(rand.NewPCG(9, 10)), s.New()
		for range 300 {
			rows, columns := 1+dice.IntN(40), 1+dice.IntN(40)
			from, to := columns+dice.IntN(5), rows+dice.IntN(5)
			b, got := check.Random(dice, (rows-1)*from+columns), check.Random(dice, (columns-1)*to+rows)
			want := got.Clone()
			for i := range rows {
				for j := range columns {
					want.Data[j*to+i] = b.Data[i*from+j]
				}
			}
			k.Transpose(ops.Matrix{got.Data, to}, ops.Matrix{b.Data, from}, rows, columns)
			if err := want.Same(got, 0); err != nil {
				t.Fatalf("[%d, %d]: %v", rows, columns, err)
			}
		}
	})
}

// TestProductPadded: rows of C get zeros up to the end of their last vector.
func TestProductPadded(t *testing.T) {
	eachSet(t, func(t *testing.T, s *ops.Set) {
		dice, k := rand.New(rand.NewPCG(7, 8)), s.New()
		for columns := 1; columns < 60; columns++ {
			const rows, depth = 13, 9
			a, b := check.Random(dice, rows*depth), check.Random(dice, depth*columns)
			p := k.NewPacked(depth, columns)
			k.Pack(p, ops.Dense(b.Data, columns))
			c, narrow := check.Random(dice, rows*k.Pad(columns)), check.Random(dice, rows*columns)
			k.ProductPadded(ops.Dense(c.Data, k.Pad(columns)), ops.Dense(a.Data, depth), p, rows)
			k.Product(ops.Dense(narrow.Data, columns), ops.Dense(a.Data, depth), p, rows, false)
			for i, v := range c.Data {
				row, column := i/k.Pad(columns), i%k.Pad(columns)
				want := float32(0)
				if column < columns {
					want = narrow.Data[row*columns+column]
				}
				if v != want {
					t.Fatalf("%d columns: element %d, %d is %v, want %v", columns, row, column, v, want)
				}
			}
		}
	})
}

// TestDenormals: between FlushDenormals and restore they are zero where a set has that, and
// afterwards they are themselves again.
func TestDenormals(t *testing.T) {
	x, y := []float32{1e-40, 1}, []float32{0, 0}
	restore := thread.FlushDenormals()
	kernel.Sets()[0].New().Add(y, x)
	restore()
	if kernel.Sets()[0].Name != kernel.Generic && y[0] != 0 {
		t.Errorf("0 + 1e-40 is %v while denormals are flushed", y[0])
	}
	if y[1] != 1 {
		t.Errorf("0 + 1 is %v", y[1])
	}
	clear(y)
	kernel.Sets()[0].New().Add(y, x)
	if y[0] != x[0] {
		t.Errorf("0 + 1e-40 is %v afterwards", y[0])
	}
}

// TestShortSlices: nothing is written by a call whose operands are too short.
func TestShortSlices(t *testing.T) {
	k := kernel.Sets()[0].New()
	y, x := make([]float32, 11), make([]float32, 12)
	defer func() {
		if recover() == nil || y[0] != 0 {
			t.Error("a short result is written to")
		}
	}()
	x[0] = 1
	k.Affine(ops.Dense(y, 4), ops.Dense(x, 4), k.NewParams(2, 4), ops.Rows{Rows: 3, Channels: 4})
}
