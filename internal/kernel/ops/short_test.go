package ops_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gridsearch/internal/kernel"
	"gridsearch/internal/kernel/check"
	"gridsearch/internal/kernel/ops"
)

// The tests of this file call kernels with an operand that lacks its last number: each panics, and
// has written nothing.

// refuses calls a kernel on vectors, one of which lacks its last number, for each of some of them.
func refuses(t *testing.T, name string, vectors []check.Guarded, run func(v [][]float32),
	some ...int) {
	t.Helper()
	for _, short := range some {
		var v [][]float32
		var before []check.Guarded
		for i, g := range vectors {
			before, v = append(before, g.Clone()), append(v, g.Data)
			if i == short {
				v[i] = v[i][:len(v[i])-1]
			}
		}
		if !panics(func() { run(v) }) {
			t.Errorf("%s takes operand %d without its last number", name, short)
		}
		for i, g := range vectors {
			if err := before[i].Same(g, 0); err != nil {
				t.Errorf("%s, operand %d too short, has written to operand %d: %v", name, short, i, err)
			}
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

// randoms draws vectors of so many numbers.
func randoms(dice *rand.Rand, lengths ...int) (list []check.Guarded) {
	for _, n := range lengths {
		list = append(list, check.Random(dice, n))
	}
	return list
}

// TestShortRows shortens operands, parameters and gates.
func TestShortRows(t *testing.T) {
	dice, k := rand.New(rand.NewPCG(23, 24)), kernel.Sets()[0].New()
	for _, d := range definitions() {
		for i := range d.operands + 2 {
			if i == d.operands && d.params == 0 || i == d.operands+1 && d.gates == 0 {
				continue
			}
			n := ops.Rows{Rows: 3, Channels: 16, Groups: 1, Images: 1}
			if d.kind == grouped || d.kind == chosen {
				n.Groups, n.Images = 2, 3
			}
			list := d.all(k, dice, n)
			short := slices.Clone(list)
			short[i].got.Data = short[i].got.Data[:len(short[i].got.Data)-1]
			if !panics(func() { d.call(k, short, n) }) {
				t.Errorf("%s takes operand %d of %d without its last number", d.name, i, d.operands)
			}
			if err := same(list, 0); err != nil {
				t.Errorf("%s, operand %d too short: %v", d.name, i, err)
			}
		}
	}
}

func TestShortVectors(t *testing.T) {
	dice, k := rand.New(rand.NewPCG(25, 26)), kernel.Sets()[0].New()
	for _, d := range flat {
		vectors := randoms(dice, 5, 5, 5, 5)[:d.count]
		for i := 1; i < d.count; i++ {
			refuses(t, d.name, vectors, func(v [][]float32) { d.run(k, v) }, i)
		}
	}
}

func TestShortMatrices(t *testing.T) {
	dice, k := rand.New(rand.NewPCG(27, 28)), kernel.Sets()[0].New()
	const rows, depth, columns = 5, 6, 7
	p := k.NewPacked(depth, columns)
	refuses(t, "Pack", randoms(dice, depth*columns), func(v [][]float32) {
		k.Pack(p, ops.Dense(v[0], columns))
	}, 0)
	refuses(t, "PackTransposed", randoms(dice, columns*depth), func(v [][]float32) {
		k.PackTransposed(p, ops.Dense(v[0], depth))
	}, 0)
	refuses(t, "Product", randoms(dice, rows*columns, rows*depth), func(v [][]float32) {
		k.Product(ops.Dense(v[0], columns), ops.Dense(v[1], depth), p, rows, false)
	}, 0, 1)
	refuses(t, "ProductTA", randoms(dice, rows*columns, depth*rows, depth*columns),
		func(v [][]float32) {
			k.ProductTA(ops.Dense(v[0], columns), ops.Dense(v[1], rows), ops.Dense(v[2], columns), depth, rows,
				columns, false)
		}, 0, 1, 2)
	refuses(t, "Transpose", randoms(dice, columns*rows, rows*columns), func(v [][]float32) {
		k.Transpose(ops.Dense(v[0], rows), ops.Dense(v[1], columns), rows, columns)
	}, 0, 1)
}

func TestShortMaps(t *testing.T) {
	dice, k := rand.New(rand.NewPCG(29, 30)), kernel.Sets()[0].New()
	for _, kernel := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			c := newDepthwiseCase(dice, kernel, stride, 4, k.Width)
			maps := []check.Guarded{c.small.got, c.large.got, c.weights.got}
			with := func(run func(small, large ops.Map, weights []float32)) func(v [][]float32) {
				return func(v [][]float32) {
					run(ops.Map{v[0], c.small.Stride, c.small.Image},
						ops.Map{v[1], c.large.Stride, c.large.Image}, v[2])
				}
			}
			refuses(t, "Depthwise", maps, with(func(small, large ops.Map, weights []float32) {
				k.Depthwise(small, large, weights, kernel, stride, c.Area)
			}), 0, 1, 2)
			refuses(t, "DepthwiseWeights", maps, with(func(small, large ops.Map, weights []float32) {
				k.DepthwiseWeights(weights, small, large, kernel, stride, c.Area)
			}), 0, 1, 2)
		}
		c := newDataCase(dice, kernel, 4, k.Width)
		refuses(t, "DepthwiseData2", []check.Guarded{c.small.got, c.large.got, c.weights.got},
			func(v [][]float32) {
				k.DepthwiseData2(ops.Map{v[1], c.large.Stride, c.large.Image},
					ops.Map{v[0], c.small.Stride, c.small.Image}, v[2], kernel, c.Area)
			}, 0, 1, 2)
	}
}

// TestEmptyMatrices: products without rows or without columns touch no memory, and need none.
func TestEmptyMatrices(t *testing.T) {
	eachSet(t, func(t *testing.T, s *ops.Set) {
		k, dice := s.New(), rand.New(rand.NewPCG(33, 34))
		for _, n := range []struct{ rows, columns int }{{0, 7}, {5, 0}, {0, 0}} {
			const depth = 6
			a, b := check.Random(dice, n.rows*depth), check.Random(dice, depth*n.columns)
			p := k.NewPacked(depth, n.columns)
			k.Pack(p, ops.Dense(b.Data, n.columns))
			k.PackTransposed(p, ops.Dense(b.Data, depth))
			c := check.Random(dice, 0)
			want := c.Clone()
			k.Product(ops.Dense(c.Data, n.columns), ops.Dense(a.Data, depth), p, n.rows, false)
			k.ProductPadded(ops.Dense(c.Data, n.columns), ops.Dense(a.Data, depth), p, n.rows)
			k.ProductTA(ops.Dense(c.Data, n.columns), ops.Dense(a.Data, n.rows),
				ops.Dense(b.Data, n.columns), depth, n.rows, n.columns, false)
			if err := want.Same(c, 0); err != nil {
				t.Errorf("%+v: %v", n, err)
			}
		}
	})
}
