package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gridsearch/internal/kernel"
	"gridsearch/internal/kernel/ops"
)

// normals draws n standard normal numbers.
func normals(dice *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(dice.NormFloat64())
	}
	return x
}

// product is x' y in float64, of matrices of rows.
func product(x, y []float32, in, out int) []float64 {
	sums := make([]float64, in*out)
	for row := range len(x) / in {
		for i := range in {
			for j := range out {
				sums[i*out+j] += float64(x[row*in+i]) * float64(y[row*out+j])
			}
		}
	}
	return sums
}

// TestImplicit: an implicit expansion keeps no output, its rows are x W, and its statistics are
// those of x W, on any number of threads, each of which has a share of the batch.
func TestImplicit(t *testing.T) {
	const in, out, rows = 5, 11, 7000 // more rows than a unit has
	dice := rand.New(rand.NewPCG(1, 2))
	x, weight := normals(dice, rows*in), normals(dice, in*out)
	for _, set := range kernel.Sets() {
		for threads := 1; threads <= 3; threads++ {
			e := New(&set.Set, threads, true)
			defer e.Close()
			p := NormParams{Gamma: Weight{Value: make([]float32, out)},
				Beta: Weight{Value: make([]float32, out)}, Mean: make([]float32, out),
				Variance: make([]float32, out), Epsilon: 1e-3}
			l := e.NewExpansion(Weight{weight, make([]float32, in*out)}, p, in, out)
			l.MakeImplicit()
			l.Allocate(rows)
			e.Reserve(Recomputed, rows*l.Pad)
			l.Forward(x)
			if !l.Implicit() || l.Z != nil {
				t.Errorf("an implicit expansion keeps %d numbers of its output", len(l.Z))
			}
			for worker, sums := range l.implicit.part {
				if sums[0] == 0 {
					t.Errorf("worker %d of %d has summed nothing", worker, threads)
				}
			}
			checkExpanded(t, l, x, weight, l.Rows(e.Workers[0], x, 0, rows))
		}
	}
}

// checkExpanded holds z and the norm's running statistics, which are the batch's, against float64.
func checkExpanded(t *testing.T, l *Expansion, x, weight, z []float32) {
	t.Helper()
	in, out := l.conv.In, l.conv.Out
	rows := len(x) / in
	for j := range out {
		sum, square := 0., 0.
		for row := range rows {
			want := 0.
			for i := range in {
				want += float64(x[row*in+i]) * float64(weight[i*out+j])
			}
			if got := float64(z[row*l.Pad+j]); !(math.Abs(got-want) <= 1e-5*max(1, math.Abs(want))) {
				t.Fatalf("number %d of row %d of x W is %v, want %v", j, row, got, want)
			}
			sum, square = sum+want, square+want*want
		}
		n := float64(rows)
		mean, variance := sum/n, (square-sum*sum/n)/(n-1)
		if got := float64(l.Norm.Mean[j]); !(math.Abs(got-mean) <= 1e-5) {
			t.Errorf("the mean of channel %d is %v, want %v", j, got, mean)
		}
		if got := float64(l.Norm.Variance[j]); !(math.Abs(got/variance-1) <= 1e-5) {
			t.Errorf("the variance of channel %d is %v, want %v", j, got, variance)
		}
	}
}

// TestPointwiseGradient holds the gradient of the weights, of two steps after each other, against
// its sum in float64: a small one is kept transposed where its rows fill vectors better so.
func TestPointwiseGradient(t *testing.T) {
	for _, set := range kernel.Sets() {
		w := set.Width
		for _, c := range []struct {
			in, out    int
			transposed bool
		}{{2 * w, 1, true}, {1, 2 * w, false}, {4 * w, w + 1, true}, {w + 1, 4 * w, false},
			{w, w, false}, {smallWeight, 2, false}} {
			e := New(&set.Set, 2, true)
			defer e.Close()
			weight := Weight{make([]float32, c.in*c.out), make([]float32, c.in*c.out)}
			p := e.NewPointwise(weight, Weight{}, c.in, c.out)
			if p.transposed != c.transposed {
				t.Errorf("%s: the gradient of [%d, %d] is transposed: %v", set.Name, c.in, c.out,
					p.transposed)
			}
			for step := range uint64(2) {
				checkGradient(t, p, rand.New(rand.NewPCG(3, step)))
			}
		}
	}
}

// checkGradient computes the gradient of a batch of rows in units of three.
func checkGradient(t *testing.T, p *Pointwise, dice *rand.Rand) {
	t.Helper()
	const units, rows = 4, 3
	x, dz := normals(dice, units*rows*p.In), normals(dice, units*rows*p.Out)
	p.engine.Run(units, func(w *Worker, from, to int) {
		for u := from; u < to; u++ {
			p.Gradient(w, ops.Dense(x[u*rows*p.In:], p.In), ops.Dense(dz[u*rows*p.Out:], p.Out), rows)
		}
	})
	p.Collect(p.engine.Workers[0].Kernels)
	for i, want := range product(x, dz, p.In, p.Out) {
		if got := float64(p.Weight.Grad[i]); !(math.Abs(got-want) <= 1e-5*max(1, math.Abs(want))) {
			t.Fatalf("number %d of the gradient of [%d, %d] is %v, want %v", i, p.In, p.Out, got, want)
		}
	}
}

// TestMoved: packed weights are derived anew after a step that moves the parameters, which may be
// any until the engine is told otherwise, and kept after one that does not.
func TestMoved(t *testing.T) {
	e := New(&kernel.Sets()[0].Set, 1, false)
	defer e.Close()
	p := e.NewPointwise(Weight{Value: []float32{2}}, Weight{}, 1, 1)
	apply := func(value float32) float32 {
		p.Weight.Value[0] = value
		p.Pack(e.Workers[0].Kernels)
		y := []float32{0}
		p.Apply(e.Workers[0].Kernels, ops.Dense(y, 1), ops.Dense([]float32{1}, 1), 1)
		return y[0]
	}
	got := []float32{apply(2)}
	e.Moved(false)
	got = append(got, apply(3))
	e.Moved(true)
	if got = append(got, apply(4)); !slices.Equal(got, []float32{2, 2, 4}) {
		t.Errorf("weights 2, 3 and 4, of which 3 is said to be the same, give %v", got)
	}
}
