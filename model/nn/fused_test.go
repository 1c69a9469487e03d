package nn

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/kernel"
	"gridsearch/model"
	"gridsearch/model/layer"
)

// bottlenecks are networks of one inverted bottleneck of every kind: shapes that fill vectors and
// shapes that do not, maps of one and two pixels, odd and even sides, both strides and kernels,
// with and without expansion, squeeze-excite, skip and stochastic depth.
func bottlenecks() map[string]model.Architecture {
	archs := map[string]model.Architecture{}
	for _, c := range []struct {
		pixels, in, expansion, out, kernel, stride int
		se, drop                                   float64
	}{
		{18, 6, 3, 9, 3, 1, .25, 0}, {18, 6, 1, 6, 3, 1, .25, 0}, {18, 6, 4, 6, 5, 1, .25, .3},
		{17, 7, 3, 12, 3, 2, 0, 0}, {18, 8, 6, 16, 5, 2, .25, 0},
		{19, 5, 2, 5, 5, 1, 0, 0}, {20, 16, 1, 24, 5, 2, .25, 0}, {2, 8, 6, 8, 5, 1, .25, 0},
		{4, 8, 6, 8, 5, 1, .25, 0}, {4, 12, 3, 10, 3, 2, .25, 0},
		{2, 8, 1, 9, 3, 1, 0, 0}, {3, 8, 6, 20, 5, 2, .25, 0}, {34, 24, 6, 24, 3, 1, .25, .2},
		{66, 16, 6, 24, 3, 2, .25, 0}, {66, 16, 6, 24, 5, 1, .25, 0},
		{66, 24, 6, 24, 5, 1, 0, 0}, {65, 16, 6, 16, 5, 2, .25, 0}, {65, 16, 1, 16, 5, 1, .25, .4},
		{130, 32, 6, 40, 3, 1, .25, 0},
	} {
		name := fmt.Sprintf("%d px %d-%dx-%d k%d s%d se %v drop %v", c.pixels, c.in, c.expansion,
			c.out, c.kernel, c.stride, c.se, c.drop)
		archs[name] = model.Architecture{Name: name, InChannels: 3, Pixels: c.pixels, Classes: 5,
			Stem: model.Stem{Channels: c.in, Kernel: 3, Stride: 2}, Head: 21,
			Dropout: .2, DropConnect: 2 * c.drop, BatchNormEpsilon: 1e-3, BatchNormMomentum: .9,
			// The first of two blocks is never dropped.
			Stages: []model.Stage{{Block: model.MBConv, Expansion: 1, Channels: c.in, Kernel: 3,
				Stride: 1, Repeats: 1},
				{Block: model.MBConv, Expansion: c.expansion, Channels: c.out, Kernel: c.kernel,
					Stride: c.stride, Repeats: 1, SERatio: c.se}}}
		// a stem on an even map, or an inverted bottleneck, which has no fused form, next to blocks
		// that have
		if c.stride == 2 && c.pixels < 40 {
			same := archs[name]
			same.Padding = model.Same
			archs[name+" same"] = same
		}
	}
	return archs
}

// others are networks of one block of every other kind: both strides, odd and even sides, some
// large enough to be computed in several ranges of rows, and the stem, pooling and classifier of
// residual networks.
func others() map[string]model.Architecture {
	archs := map[string]model.Architecture{}
	for _, c := range []struct {
		block              string
		pixels, in, out    int
		expansion, kernel  int
		stride             int
		activation         string
		stemKernel, repeat int
		pool               bool
	}{
		{model.Conv, 18, 7, 12, 1, 3, 1, model.SiLU, 3, 1, false}, {model.Conv, 17, 16, 20, 1, 5, 2,
			model.ReLU6, 3, 2, false}, {model.Conv, 66, 34, 16, 1, 3, 1, model.SiLU, 3, 1, false},
		{model.Conv, 64, 32, 8, 1, 3, 2, model.SiLU, 3, 1, false}, {model.Separable, 19, 9, 14, 1,
			3, 1, model.SiLU, 3, 2, false}, {model.Separable, 20, 16, 24, 1, 3, 2, model.ReLU, 3, 1, false},
		{model.InvertedResidual, 18, 8, 8, 6, 3, 1, model.ReLU6, 3, 2, false},
		{model.Basic, 34, 16, 16, 1, 3, 1, model.ReLU, 7, 2, true}, {model.Basic, 35, 8, 20, 1, 3,
			2, model.ReLU, 7, 2, true},
		{model.Bottleneck, 33, 8, 32, 4, 3, 1, model.ReLU, 7, 2, true}, {model.Bottleneck, 34, 16,
			40, 2, 3, 2, model.ReLU6, 3, 2, false}, {model.Bottleneck, 4, 16, 64, 4, 3, 2,
			model.ReLU, 3, 2, false},
		{model.Conv, 18, 7, 12, 1, 3, 2, model.HardSwish, 3, 2, false}, {model.Separable, 19, 9, 14,
			1, 3, 1, model.HardSwish, 3, 2, false},
		{model.InvertedResidual, 18, 8, 8, 6, 5, 1, model.HardSwish, 3, 2, false},
		{model.InvertedResidual, 66, 24, 24, 6, 3, 2, model.HardSwish, 3, 2, false},
		{model.MBConv, 18, 8, 8, 6, 3, 1, model.HardSwish, 3, 2, false},
		{model.Basic, 34, 16, 16, 1, 3, 1, model.HardSwish, 7, 2, true},
	} {
		name := fmt.Sprintf("%s %d px %d-%d k%d s%d %s", c.block, c.pixels, c.in, c.out, c.kernel,
			c.stride, c.activation)
		archs[name] = model.Architecture{Name: name, InChannels: 3, Pixels: c.pixels, Classes: 5,
			Stem:       model.Stem{Channels: c.in, Kernel: c.stemKernel, Stride: 2, Pool: c.pool},
			Activation: c.activation, Dropout: .2, DropConnect: .5, BatchNormEpsilon: 1e-3,
			BatchNormMomentum: .9,
			Stages: []model.Stage{{Block: c.block, Expansion: c.expansion,
				Channels: c.out, Kernel: c.kernel, Stride: c.stride, Repeats: c.repeat}}}
	}
	return archs
}

// fusedLimit is what a parameter's gradient may differ by from the plain network's, L2, relative to
// its norm: both are float32 and add up in different orders, the longest sums over 21,000 pixels.
const fusedLimit = 3e-4

// TestFusedIsPlain compares the fused blocks with their plain compositions: loss, logits, every
// gradient, running statistics and evaluation, for every set of kernels and one, two and three
// threads. With -short small networks and two threads alone stand for the rest, which takes an
// emulator many minutes.
func TestFusedIsPlain(t *testing.T) {
	archs := bottlenecks()
	maps.Copy(archs, others())
	for name, arch := range archs {
		if testing.Short() && arch.Pixels > 40 {
			continue
		}
		batch := 5
		want := trained(t, arch, Options{Batch: batch, Seed: 3, LabelSmoothing: .1, Plain: true})
		for _, set := range kernel.Sets() {
			for _, threads := range []int{1, 2, 3} {
				if testing.Short() && threads != 2 && set.Name != kernel.Generic {
					continue
				}
				if set.Name == kernel.Generic && (threads > 1 || arch.Pixels > 40) {
					continue // slow, and the same Go code around the kernels
				}
				t.Run(fmt.Sprintf("%s/%s/%d", name, set.Name, threads), func(t *testing.T) {
					got := trained(t, arch, Options{Batch: batch, Seed: 3, LabelSmoothing: .1,
						Kernels: set, Threads: threads})
					got.compare(t, want)
				})
			}
		}
	}
}

// trial is the results of one training step and one evaluation.
type trial struct {
	loss           float64
	logits, scores []float32
	parameters     *layer.Parameters
}

// trained runs a network with parameters none of which is 0 or 1 for a step, twice, so that nothing
// may be left over from the first, and evaluates it.
func trained(t *testing.T, arch model.Architecture, o Options) trial {
	t.Helper()
	p, err := NewParameters(arch, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	scatter(p)
	r := trial{parameters: p}
	train, err := NewTrainer(arch, p, o)
	if err != nil {
		t.Fatal(err)
	}
	defer train.Close()
	for step := range 2 {
		copy(train.Images(), normals(len(train.Images()), "images", step))
		for i := range train.Labels() {
			train.Labels()[i] = int32(i % arch.Classes)
		}
		if r.loss, err = train.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	r.logits = train.Logits()
	evaluate, err := NewEvaluator(arch, p, o)
	if err != nil {
		t.Fatal(err)
	}
	defer evaluate.Close()
	copy(evaluate.Images(), train.Images())
	if _, err := evaluate.Step(0); err != nil {
		t.Fatal(err)
	}
	r.scores = evaluate.Logits()
	return r
}

func (r trial) compare(t *testing.T, want trial) {
	t.Helper()
	if math.Abs(r.loss-want.loss) > 1e-5 {
		t.Errorf("the loss is %v, want %v", r.loss, want.loss)
	}
	check := func(what string, got, want []float32) {
		t.Helper()
		if d := distance(t, what, got, want); !(d < fusedLimit) {
			t.Errorf("%s differs by %.2g", what, d)
		}
	}
	check("the output", r.logits, want.logits)
	check("the evaluation's output", r.scores, want.scores)
	reference := want.parameters
	for i, q := range reference.List {
		got, want := r.parameters.List[i].Grad, q.Grad
		if strings.HasSuffix(q.Name, ".beta") {
			// The gradient of a beta before another batch norm is 0 but for rounding: it counts
			// together with its gamma's.
			gamma := i - 1
			got, want = slices.Concat(got, r.parameters.List[gamma].Grad),
				slices.Concat(want, reference.List[gamma].Grad)
		}
		check("the gradient of "+q.Name, got, want)
	}
	for i, s := range want.parameters.Statistics {
		check("the running mean of "+s.Name, r.parameters.Statistics[i].Mean, s.Mean)
		check("the running variance of "+s.Name, r.parameters.Statistics[i].Variance, s.Variance)
	}
}
