package ops_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"gridsearch/internal/kernel/check"
	"gridsearch/internal/kernel/ops"
)

// The tests of this file hold every set, the one in plain Go too, against definitions in float64
// that share nothing with it: one number at a time, at the place that the documentation gives.

// operand is an operand of a kernel on rows, and what it should become.
type operand struct {
	got, want            check.Guarded
	stride, group, image int // from a row, a group and an image to the next
}

// draw makes an operand; one of a kernel that stores past the caches begins on a cache line.
func draw(dice *rand.Rand, n ops.Rows, stride, group, image int, past bool) operand {
	length := (n.Images-1)*image + (n.Groups-1)*group + (n.Rows-1)*stride + n.Channels
	g := check.Random(dice, length)
	for past && uintptr(unsafe.Pointer(&g.Data[0]))%64 != 0 {
		g = check.Random(dice, length)
	}
	return operand{got: g, stride: stride, group: group, image: image}
}

// number is the place of a number in what the operand should become.
func (o *operand) number(image, group, row, channel int) *float32 {
	return &o.want.Data[image*o.image+group*o.group+row*o.stride+channel]
}

// matrix is the operand as kernels take it.
func (o *operand) matrix() ops.Grouped {
	return ops.Grouped{ops.Matrix{o.got.Data, o.stride}, o.group, o.image}
}

// element is what a kernel on rows knows of a channel of a row: its number of each operand, and of
// each row of parameters and gates.
type element struct{ p, par, gate [4]float64 }

// definition is a kernel on rows and what it does with an element.
type definition struct {
	name                    string
	operands, params, gates int
	define                  func(e *element)
	run                     func(k *ops.Kernels, m []ops.Grouped, p ops.Params, g ops.Gates, n ops.Rows)
	kind                    kind
}

// kind is what is special about a kernel on rows.
type kind int

const (
	matrices kind = iota // it takes rows without groups
	grouped
	past   // it stores past the caches: whole vectors on cache lines, no groups
	chosen // it looks for equal numbers, and for NaN
	clip6  // its third operand is the result of ReLU6
)

// shape draws the rows that a kernel is tried on.
func (d definition) shape(dice *rand.Rand, channels int) ops.Rows {
	n := ops.Rows{Rows: 1 + dice.IntN(7), Channels: channels, Groups: 1, Images: 1}
	switch d.kind {
	case grouped, chosen:
		n.Groups, n.Images = 1+dice.IntN(3), 1+dice.IntN(3)
	case past:
		n.Channels = (channels + 15) / 16 * 16
	}
	return n
}

// operand draws one of the kernel's operands.
func (d definition) operand(dice *rand.Rand, n ops.Rows, i int) operand {
	stride := n.Channels
	if d.kind != past {
		stride += dice.IntN(9)
	}
	group := n.Rows*stride + dice.IntN(20)
	o := draw(dice, n, stride, group, n.Groups*group+dice.IntN(20), d.kind == past)
	for j, v := range o.got.Data {
		switch {
		case d.kind == chosen && i == 1 && dice.IntN(50) == 0:
			o.got.Data[j] = float32(math.NaN())
		case d.kind == chosen:
			o.got.Data[j] = float32(math.Round(float64(v)))
		case d.kind == clip6 && i == 2:
			o.got.Data[j] = min(max(6*v, 0), 6)
		}
	}
	return o
}

// channelwise draws rows of parameters or gates, some for each of a number of groups, with zeros
// behind the channels, as Params asks for. They are wide enough that activations clip.
func (d definition) channelwise(dice *rand.Rand, rows, groups, channels, pad int) operand {
	n := ops.Rows{Rows: max(1, rows), Channels: pad, Groups: groups, Images: 1}
	o := draw(dice, n, groups*pad, pad, 0, false)
	for i, v := range o.got.Data {
		switch {
		case i%pad >= channels:
			o.got.Data[i] = 0
		case d.kind == chosen:
			o.got.Data[i] = float32(math.Round(float64(v)))
		default:
			o.got.Data[i] = 2.5 * v
		}
	}
	return o
}

// all draws operands of the shape, parameters and gates; the last two are there even if the kernel
// has none.
func (d definition) all(k *ops.Kernels, dice *rand.Rand, n ops.Rows) []operand {
	var list []operand
	for i := range d.operands {
		list = append(list, d.operand(dice, n, i))
	}
	pad := k.Pad(n.Channels)
	list = append(list, d.channelwise(dice, d.params, 1, n.Channels, pad),
		d.channelwise(dice, d.gates, n.Groups*n.Images, n.Channels, pad))
	for i := range list {
		list[i].want = list[i].got.Clone()
	}
	return list
}

// call calls the kernel on what all has drawn.
func (d definition) call(k *ops.Kernels, list []operand, n ops.Rows) {
	var m []ops.Grouped
	for i := range list {
		m = append(m, list[i].matrix())
	}
	par, gate := m[d.operands], m[d.operands+1]
	d.run(k, m[:d.operands], ops.Params{par.Data, par.Stride},
		ops.Gates{gate.Data, gate.Stride, gate.Group}, n)
}

// compare holds the kernel against its definition.
func (d definition) compare(k *ops.Kernels, dice *rand.Rand, channels int) error {
	n := d.shape(dice, channels)
	list := d.all(k, dice, n)
	d.apply(list[:d.operands], &list[d.operands], &list[d.operands+1], n)
	d.call(k, list, n)
	return same(list, check.Tolerance)
}

// same says which operand is not what it should be.
func same(list []operand, tolerance float64) error {
	for i, o := range list {
		if err := o.want.Same(o.got, tolerance); err != nil {
			return fmt.Errorf("operand %d of %d: %w", i, len(list)-2, err)
		}
	}
	return nil
}

// apply computes what the operands, the parameters and the gates should become.
func (d definition) apply(operands []operand, par, gate *operand, n ops.Rows) {
	for image := range n.Images {
		for group := range n.Groups {
			for row := range n.Rows {
				for c := range n.Channels {
					var places []*float32
					for i := range operands {
						places = append(places, operands[i].number(image, group, row, c))
					}
					for i := range d.params {
						places = append(places, par.number(0, 0, i, c))
					}
					for i := range d.gates {
						places = append(places, gate.number(0, image*n.Groups+group, i, c))
					}
					d.element(places)
				}
			}
		}
	}
}

// element applies the definition to numbers: those of operands, parameters and gates in this order.
func (d definition) element(places []*float32) {
	var e element
	var numbers []*float64
	for i := range d.operands {
		numbers = append(numbers, &e.p[i])
	}
	for i := range d.params {
		numbers = append(numbers, &e.par[i])
	}
	for i := range d.gates {
		numbers = append(numbers, &e.gate[i])
	}
	for i, place := range places {
		*numbers[i] = float64(*place)
	}
	d.define(&e)
	for i, place := range places {
		*place = float32(*numbers[i])
	}
}

// plainRows are the kernels on rows without an activation.
var plainRows = []definition{
	{"Copy", 2, 0, 0, func(e *element) { e.p[0] = e.p[1] },
		func(k *ops.Kernels, m []ops.Grouped, _ ops.Params, _ ops.Gates, n ops.Rows) { k.Copy(m[0], m[1], n) }, grouped},
	{"Affine", 2, 2, 0, func(e *element) { e.p[0] = e.par[0]*e.p[1] + e.par[1] },
		func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
			k.Affine(m[0].Matrix, m[1].Matrix, p, n)
		}, matrices},
	{"AffineAdd", 3, 3, 0, affineAdd, func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
		k.AffineAdd(m[0].Matrix, m[1].Matrix, m[2].Matrix, p, n)
	}, matrices},
	{"AffineAddGroups", 3, 3, 0, affineAdd,
		func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
			k.AffineAddGroups(m[0], m[1], m[2], p, n)
		}, grouped},
	{"AffineAddGate", 3, 1, 2, affineAddGate,
		func(k *ops.Kernels, m []ops.Grouped, p ops.Params, g ops.Gates, n ops.Rows) {
			k.AffineAddGate(m[0], m[1], m[2], p, g, n)
		}, grouped},
	{"Scale", 1, 0, 1, func(e *element) { e.p[0] *= e.gate[0] },
		func(k *ops.Kernels, m []ops.Grouped, _ ops.Params, g ops.Gates, n ops.Rows) { k.Scale(m[0], g, n) }, grouped},
	{"Raise", 3, 1, 0, func(e *element) {
		if e.p[1] > e.p[0] || math.IsNaN(e.p[1]) {
			e.p[0], e.p[2] = e.p[1], e.par[0]
		}
	}, func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
		k.Raise(m[0], m[1], m[2], p, n)
	}, chosen},
	{"AddWhere", 3, 1, 0, func(e *element) {
		if e.p[2] == e.par[0] {
			e.p[0] += e.p[1]
		}
	}, func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
		k.AddWhere(m[0], m[1], m[2], p, n)
	}, chosen},
}

func affineAdd(e *element) { e.p[0] = e.par[0]*e.p[1] + e.par[1]*e.p[2] + e.par[2] }

func affineAddGate(e *element) { e.p[0] = e.gate[0]*e.p[1] + e.par[0]*e.p[2] + e.gate[1] }

// sums are the kernels on rows that add up over rows.
var sums = []definition{
	{"Moments", 1, 2, 0, func(e *element) { e.sum(0, e.p[0], e.p[0]) },
		func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
			k.Moments(m[0].Matrix, p, n)
		},
		matrices},
	{"MomentsCopy", 2, 2, 0, func(e *element) {
		e.p[0] = e.p[1]
		e.sum(0, e.p[1], e.p[1])
	}, func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
		k.MomentsCopy(m[0].Matrix, m[1].Matrix, p, n)
	}, past},
	{"Products", 2, 2, 0, func(e *element) { e.sum(0, e.p[0], e.p[1]) },
		func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
			k.Products(m[0].Matrix, m[1].Matrix, p, n)
		}, matrices},
	{"ProductsGate", 2, 2, 1, func(e *element) { e.sum(0, e.gate[0]*e.p[0], e.p[1]) },
		func(k *ops.Kernels, m []ops.Grouped, p ops.Params, g ops.Gates, n ops.Rows) {
			k.ProductsGate(m[0], m[1], p, g, n)
		}, grouped},
	{"GateProducts", 2, 0, 2, func(e *element) {
		e.gate[1] += e.p[0] * e.p[1]
		e.p[0] *= e.gate[0]
	}, func(k *ops.Kernels, m []ops.Grouped, _ ops.Params, g ops.Gates, n ops.Rows) {
		k.GateProducts(m[0], m[1], g, n)
	}, grouped},
	{"MulProducts", 4, 2, 0, mulProducts, runMulProducts(false), matrices},
	{"MulProducts past the caches", 4, 2, 0, mulProducts, runMulProducts(true), past},
	{"MulProductsGroups", 4, 2, 0, mulProducts, runMulProductsGroups(false), grouped},
	{"MulProductsGroups past the caches", 4, 2, 0, mulProducts, runMulProductsGroups(true), past},
	{"MulProductsGate", 4, 2, 2, mulProductsGate, runMulProductsGate(false), grouped},
	{"MulProductsGate past the caches", 4, 2, 2, mulProductsGate, runMulProductsGate(true), past},
}

// sum adds d to a parameter, and d times z to the next.
func (e *element) sum(i int, d, z float64) {
	e.par[i] += d
	e.par[i+1] += d * z
}

func mulProducts(e *element) {
	e.p[0] = e.p[1] * e.p[2]
	e.sum(0, e.p[0], e.p[3])
}

func mulProductsGate(e *element) {
	e.p[0] = (e.gate[0]*e.p[1] + e.gate[1]) * e.p[2]
	e.sum(0, e.p[0], e.p[3])
}

func runMulProducts(past bool) func(*ops.Kernels, []ops.Grouped, ops.Params, ops.Gates, ops.Rows) {
	return func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
		k.MulProducts(m[0].Matrix, m[1].Matrix, m[2].Matrix, m[3].Matrix, p, n, past)
	}
}

func runMulProductsGroups(past bool) func(*ops.Kernels, []ops.Grouped, ops.Params, ops.Gates, ops.Rows) {
	return func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
		k.MulProductsGroups(m[0], m[1], m[2], m[3], p, n, past)
	}
}

func runMulProductsGate(past bool) func(*ops.Kernels, []ops.Grouped, ops.Params, ops.Gates, ops.Rows) {
	return func(k *ops.Kernels, m []ops.Grouped, p ops.Params, g ops.Gates, n ops.Rows) {
		k.MulProductsGate(m[0], m[1], m[2], m[3], p, g, n, past)
	}
}

// activation is one with its definition and that of its derivative.
type activation struct {
	name     string
	is       ops.Activation
	f, slope func(u float64) float64
}

var activations = []activation{
	{"SiLU", ops.SiLU, func(u float64) float64 { return u / (1 + math.Exp(-u)) },
		func(u float64) float64 {
			s := 1 / (1 + math.Exp(-u))
			return s * (1 + u*(1-s))
		}},
	{"ReLU", ops.ReLU, func(u float64) float64 { return max(u, 0) },
		func(u float64) float64 { return between(u, math.Inf(1)) }},
	{"ReLU6", ops.ReLU6, func(u float64) float64 { return min(max(u, 0), 6) },
		func(u float64) float64 { return between(u, 6) }},
	{"HardSwish", ops.HardSwish, func(u float64) float64 { return u * min(max(u+3, 0), 6) / 6 },
		func(u float64) float64 {
			return min(max(u+3, 0), 6)/6 + u*between(u+3, 6)/6
		}},
}

// between is the derivative of min(max(u, 0), top).
func between(u, top float64) float64 {
	if u > 0 && u < top {
		return 1
	}
	return 0
}

// rows are the kernels with the activation.
func (a activation) rows() []definition {
	norm := func(e *element) float64 { return e.par[0]*e.p[1] + e.par[1] }
	value := func(e *element) { e.p[0] = a.f(norm(e)) }
	slope := func(e *element) { e.p[0], e.p[2] = a.f(norm(e)), a.slope(norm(e)) }
	back := func(e *element, d float64) {
		e.p[0] = d * a.slope(e.par[0]*e.p[2]+e.par[1])
		e.sum(2, e.p[0], e.p[2])
	}
	return []definition{
		{a.name, 2, 2, 0, value, func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
			k.NormAct(a.is, m[0].Matrix, m[1].Matrix, p, n)
		}, matrices},
		{a.name + " of groups", 2, 2, 0, value,
			func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
				k.NormActGroups(a.is, m[0], m[1], p, n)
			}, grouped},
		{a.name + " and sum", 2, 2, 1, func(e *element) {
			value(e)
			e.gate[0] += e.p[0]
		}, func(k *ops.Kernels, m []ops.Grouped, p ops.Params, g ops.Gates, n ops.Rows) {
			k.NormActSum(a.is, m[0], m[1], p, g, n)
		}, grouped},
		{a.name + " and slope", 3, 2, 0, slope,
			func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
				k.NormActSlope(a.is, m[0].Matrix, m[1].Matrix, m[2].Matrix, p, n)
			}, matrices},
		{a.name + " and slope of groups", 3, 2, 0, slope,
			func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
				k.NormActSlopeGroups(a.is, m[0], m[1], m[2], p, n)
			}, grouped},
		{a.name + " backward", 3, 4, 0, func(e *element) { back(e, e.p[1]) },
			func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
				k.SlopeProducts(a.is, m[0].Matrix, m[1].Matrix, m[2].Matrix, p, n)
			}, matrices},
		{a.name + " backward with gates", 3, 4, 2,
			func(e *element) { back(e, e.gate[0]*e.p[1]+e.gate[1]) },
			func(k *ops.Kernels, m []ops.Grouped, p ops.Params, g ops.Gates, n ops.Rows) {
				k.SlopeProductsGate(a.is, m[0], m[1], m[2], p, g, n)
			}, grouped},
	}
}

// clipping are the kernels of sums that an activation clips.
func (a activation) clipping() []definition {
	return []definition{
		{a.name + " of a sum", 3, 3, 0, func(e *element) {
			affineAdd(e)
			e.p[0] = a.f(e.p[0])
		}, func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
			k.AddClip(a.is, m[0].Matrix, m[1].Matrix, m[2].Matrix, p, n)
		}, matrices},
		{a.name + " of a sum with gates", 3, 1, 2, func(e *element) {
			affineAddGate(e)
			e.p[0] = a.f(e.p[0])
		}, func(k *ops.Kernels, m []ops.Grouped, p ops.Params, g ops.Gates, n ops.Rows) {
			k.AddClipGate(a.is, m[0], m[1], m[2], p, g, n)
		}, grouped},
		{a.name + " backward by its result", 4, 2, 0, func(e *element) {
			e.p[0] = e.p[1] * a.slope(e.p[2])
			e.sum(0, e.p[0], e.p[3])
		}, func(k *ops.Kernels, m []ops.Grouped, p ops.Params, _ ops.Gates, n ops.Rows) {
			k.ClippedProducts(a.is, m[0].Matrix, m[1].Matrix, m[2].Matrix, m[3].Matrix, p, n)
		}, clip6},
	}
}

// definitions are all kernels on rows.
func definitions() []definition {
	all := append(append([]definition{}, plainRows...), sums...)
	for _, a := range activations {
		all = append(all, a.rows()...)
		if a.is.Clips() {
			all = append(all, a.clipping()...)
		}
	}
	return all
}

// TestRows holds the kernels on rows of every set against their definitions.
func TestRows(t *testing.T) {
	all := definitions()
	eachSet(t, func(t *testing.T, s *ops.Set) {
		dice, k := rand.New(rand.NewPCG(15, 16)), s.New()
		for _, d := range all {
			for channels := 1; channels <= 2*16+3; channels++ {
				if err := d.compare(k, dice, channels); err != nil {
					t.Errorf("%s: %v", d.name, err)
					break
				}
			}
		}
	})
}

// flat are the kernels on vectors: what becomes of a number of each vector.
var flat = []struct {
	name   string
	count  int
	define func(v []float64)
	run    func(k *ops.Kernels, v [][]float32)
}{
	{"Add", 2, func(v []float64) { v[0] += v[1] },
		func(k *ops.Kernels, v [][]float32) { k.Add(v[0], v[1]) }},
	{"ScaleTo", 2, func(v []float64) { v[0] = -1.5 * v[1] },
		func(k *ops.Kernels, v [][]float32) { k.ScaleTo(v[0], v[1], -1.5) }},
	{"SiLU", 2, func(v []float64) { v[0] = activations[0].f(v[1]) },
		func(k *ops.Kernels, v [][]float32) { k.SiLU(v[0], v[1]) }},
	{"Sigmoid", 2, func(v []float64) { v[0] = 1 / (1 + math.Exp(-v[1])) },
		func(k *ops.Kernels, v [][]float32) { k.Sigmoid(v[0], v[1]) }},
	{"SiLUBackward", 2, func(v []float64) { v[0] *= activations[0].slope(v[1]) },
		func(k *ops.Kernels, v [][]float32) { k.SiLUBackward(v[0], v[1]) }},
	{"SigmoidBackward", 2, func(v []float64) { v[0] *= v[1] * (1 - v[1]) },
		func(k *ops.Kernels, v [][]float32) { k.SigmoidBackward(v[0], v[1]) }},
	{"Blend", 2, func(v []float64) { v[0] = .25*v[0] + .75*v[1] },
		func(k *ops.Kernels, v [][]float32) { k.Blend(v[0], v[1], .25) }},
	{"SGD", 3, func(v []float64) {
		v[2] = .75*v[2] + gradient(v)
		v[0] -= .125 * v[2]
	}, func(k *ops.Kernels, v [][]float32) { k.SGD(v[0], v[1], v[2], step, false) }},
	{"SGD with Nesterov's look ahead", 3, func(v []float64) {
		v[2] = .75*v[2] + gradient(v)
		v[0] -= .125 * (gradient(v) + .75*v[2])
	}, func(k *ops.Kernels, v [][]float32) { k.SGD(v[0], v[1], v[2], step, true) }},
	{"RMSProp", 4, func(v []float64) {
		g := gradient(v)
		v[3] = .625*v[3] + .375*g*g
		v[2] = .75*v[2] + .125*g/math.Sqrt(v[3]+.03125)
		v[0] -= v[2]
	}, func(k *ops.Kernels, v [][]float32) { k.RMSProp(v[0], v[1], v[2], v[3], step) }},
}

// step is an optimiser's; all its numbers differ.
var step = ops.Step{Rate: .125, Momentum: .75, Decay: .0625, Scale: .5, Rho: .625, Epsilon: .03125}

func gradient(v []float64) float64 { return .5*v[1] + .0625*v[0] }

// TestFlat holds the kernels on vectors of every set against their definitions.
func TestFlat(t *testing.T) {
	eachSet(t, func(t *testing.T, s *ops.Set) {
		dice, k := rand.New(rand.NewPCG(17, 18)), s.New()
		for _, d := range flat {
			for n := 1; n <= 70; n++ {
				var got, want []check.Guarded
				var vectors [][]float32
				for i := range d.count {
					g := check.Random(dice, n)
					for j, v := range g.Data {
						if i == 3 { // a mean square
							g.Data[j] = v * v
						}
					}
					got, want, vectors = append(got, g), append(want, g.Clone()), append(vectors, g.Data)
				}
				d.run(k, vectors)
				for j := range n {
					v := make([]float64, d.count)
					for i := range v {
						v[i] = float64(want[i].Data[j])
					}
					d.define(v)
					for i := range v {
						want[i].Data[j] = float32(v[i])
					}
				}
				for i := range want {
					if err := want[i].Same(got[i], check.Tolerance); err != nil {
						t.Errorf("%s, vector %d of %d numbers: %v", d.name, i, n, err)
					}
				}
			}
		}
	})
}
