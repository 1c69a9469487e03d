package check

import (
	"math/rand/v2"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/reference"
)

// flatKernels are the names of the kernels on vectors, and the operands of each.
var flatKernels = [abi.FlatKernels]struct {
	name     string
	operands int
}{
	abi.AddFlat:         {"add", 2},
	abi.ScaleFlat:       {"scaleFlat", 2},
	abi.BlendFlat:       {"blend", 2},
	abi.SiLUFlat:        {"siluFlat", 2},
	abi.SigmoidFlat:     {"sigmoidFlat", 2},
	abi.SiLUBackward:    {"siluBackward", 2},
	abi.SigmoidBackward: {"sigmoidBackward", 2},
	abi.SGD:             {"sgd", 3},
	abi.SGDNesterov:     {"sgdNesterov", 3},
	abi.RMSProp:         {"rmsprop", 4},
}

// flat are the kernels on vectors, compared with their reference implementations.
func flat(table *abi.Table) []Case {
	var cases []Case
	for k, about := range flatKernels {
		compare := func(dice *rand.Rand, n int) error {
			scalars := []float32{.1, .9, .01, .5, .8, 1e-3}
			a := abi.RowArgs{Cols: n, Par: &scalars[0]}
			expected := a
			var ours, theirs []Guarded
			for i := range about.operands {
				g := Random(dice, n)
				if abi.FlatKernel(k) == abi.RMSProp && i == 3 { // a mean square
					for j, v := range g.Data {
						g.Data[j] = v * v
					}
				}
				h := g.Clone()
				ours, theirs = append(ours, g), append(theirs, h)
				a.P[i], expected.P[i] = &g.Data[0], &h.Data[0]
			}
			table.Flat[k](&a)
			reference.Table.Flat[k](&expected)
			return same(theirs, ours)
		}
		cases = append(cases, Case{about.name, compare})
	}
	return cases
}

// probes are the kernels that measure the processor. Only what they copy is compared, not what they
// compute.
func probes(table *abi.Table) []Case {
	const pieces = 3
	return []Case{
		{"peak", func(*rand.Rand, int) error {
			table.Peak(&abi.ProbeArgs{N: pieces})
			return nil
		}},
		{"readMemory", func(dice *rand.Rand, _ int) error {
			from := Random(dice, pieces*abi.ProbePiece).aligned()
			table.Read(&abi.ProbeArgs{From: &from.Data[0], N: pieces})
			return nil
		}},
		{"copyMemory", func(dice *rand.Rand, _ int) error {
			from := Random(dice, pieces*abi.ProbePiece).aligned()
			to := Random(dice, pieces*abi.ProbePiece).aligned()
			want := to.Clone()
			copy(want.Data, from.Data)
			table.Copy(&abi.ProbeArgs{To: &to.Data[0], From: &from.Data[0], N: pieces})
			return want.Same(to, 0)
		}},
	}
}
