package check

import (
	"math"
	"math/rand/v2"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/reference"
)

// row is a kernel on rows.
type row struct {
	kernel   abi.RowKernel
	operands int
	past     bool // non-temporal stores: whole vectors on cache lines
	width    int
	run      func(*abi.RowArgs)
}

// rowKernels are the names of the kernels on rows, and the operands of each.
var rowKernels = [abi.RowKernels]struct {
	name     string
	operands int
}{
	abi.CopyRows:              {"copyRows", 2},
	abi.Affine:                {"affine", 2},
	abi.AffineAdd:             {"affineAdd", 3},
	abi.AffineAddGate:         {"affineAddGate", 3},
	abi.ScaleRows:             {"scaleRows", 1},
	abi.Moments:               {"moments", 1},
	abi.MomentsCopy:           {"momentsCopy", 2},
	abi.Products:              {"products", 2},
	abi.ProductsGate:          {"productsGate", 2},
	abi.GateProducts:          {"gateProducts", 2},
	abi.MulProducts:           {"mulProducts", 4},
	abi.MulProductsPast:       {"mulProductsPast", 4},
	abi.MulProductsGate:       {"mulProductsGate", 4},
	abi.MulProductsGatePast:   {"mulProductsGatePast", 4},
	abi.AddClip:               {"addClip", 3},
	abi.AddClipGate:           {"addClipGate", 3},
	abi.ClippedProducts:       {"clippedProducts", 4},
	abi.RaiseRows:             {"raiseRows", 3},
	abi.AddWhere:              {"addWhere", 3},
	abi.NormSiLU:              {"normSiLU", 2},
	abi.NormSiLUSum:           {"normSiLUSum", 2},
	abi.NormSiLUSlope:         {"normSiLUSlope", 3},
	abi.SlopeSiLUProducts:     {"slopeSiLUProducts", 3},
	abi.SlopeSiLUProductsGate: {"slopeSiLUProductsGate", 3},
	abi.NormClip:              {"normClip", 2},
	abi.NormClipSum:           {"normClipSum", 2},
	abi.NormClipSlope:         {"normClipSlope", 3},
	abi.SlopeClipProducts:     {"slopeClipProducts", 3},
	abi.SlopeClipProductsGate: {"slopeClipProductsGate", 3},

	abi.NormHardSwish:              {"normHardSwish", 2},
	abi.NormHardSwishSum:           {"normHardSwishSum", 2},
	abi.NormHardSwishSlope:         {"normHardSwishSlope", 3},
	abi.SlopeHardSwishProducts:     {"slopeHardSwishProducts", 3},
	abi.SlopeHardSwishProductsGate: {"slopeHardSwishProductsGate", 3},
}

// rows are the kernels on rows.
func rows(table *abi.Table, width int) []Case {
	var cases []Case
	for k, about := range rowKernels {
		kernel := abi.RowKernel(k)
		past := kernel == abi.MomentsCopy ||
			kernel == abi.MulProductsPast || kernel == abi.MulProductsGatePast
		r := row{kernel, about.operands, past, width, table.Rows[kernel]}
		cases = append(cases, Case{about.name, r.compare})
	}
	return cases
}

// compare compares the kernel with its reference on rows of channels, groups and images with gaps.
func (r row) compare(dice *rand.Rand, channels int) error {
	if r.past {
		channels = (channels + r.width - 1) / r.width * r.width
	}
	const params, gates = 4, 2
	stride := (channels + 15) / 16 * 16
	each, groups, images := 1+dice.IntN(9), 1+dice.IntN(3), 1+dice.IntN(3)
	par := padded(r.random(dice, params*stride), channels, stride)
	gate := padded(Random(dice, images*groups*gates*stride), channels, stride)
	a := abi.RowArgs{Par: &par.Data[0], ParStride: 4 * stride, Top: .8,
		Cols: channels, Each: each, Groups: groups, Images: images,
		Gate: &gate.Data[0], GateStride: 4 * images * groups * stride, GateGap: 4 * stride}
	expected, ours, theirs := a, []Guarded{par, gate}, []Guarded{par.Clone(), gate.Clone()}
	expected.Par, expected.Gate = &theirs[0].Data[0], &theirs[1].Data[0]
	for i := range r.operands {
		apart, gap, imageGap := channels+dice.IntN(20), dice.IntN(30), dice.IntN(30)
		if r.past {
			apart, gap, imageGap = channels, 0, 0
		}
		g := r.random(dice, images*(groups*(each*apart+gap)+imageGap))
		if r.past {
			g = g.aligned()
		}
		h := g.Clone()
		a.P[i], a.Stride[i], a.Gap[i], a.ImageGap[i] = &g.Data[0], 4*apart, 4*gap, 4*imageGap
		expected.P[i] = &h.Data[0]
		ours, theirs = append(ours, g), append(theirs, h)
	}
	expected.Stride, expected.Gap, expected.ImageGap = a.Stride, a.Gap, a.ImageGap
	r.run(&a)
	reference.Table.Rows[r.kernel](&expected)
	return same(theirs, ours)
}

// random is random numbers, some of them equal where the kernel compares its operands.
func (r row) random(dice *rand.Rand, n int) Guarded {
	g := Random(dice, n)
	if r.kernel == abi.RaiseRows || r.kernel == abi.AddWhere {
		for i, v := range g.Data {
			g.Data[i] = float32(math.Round(float64(v)))
		}
	}
	return g
}

// padded sets to zero the end of each row after its channels, as kernel.Params asks for.
func padded(g Guarded, channels, stride int) Guarded {
	for i := range g.Data {
		if i%stride >= channels {
			g.Data[i] = 0
		}
	}
	return g
}

// same compares results with the expected ones.
func same(want, got []Guarded) error {
	for i := range want {
		if err := want[i].Same(got[i], Tolerance); err != nil {
			return err
		}
	}
	return nil
}
