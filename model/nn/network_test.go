package nn

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/graph"
	"gridsearch/model/layer"
)

// small is a network with every kind of block: with and without expansion, stride 1 and 2, kernels
// 3 and 5, with and without a skip, odd widths.
func small() model.Architecture {
	return model.Architecture{
		Name: "small", InChannels: 3, Pixels: 12, Classes: 5, Stem: model.Stem{Channels: 7,
			Kernel: 3, Stride: 2},
		Stages: []model.Stage{
			{Block: model.MBConv, Expansion: 1, Channels: 7, Kernel: 3, Stride: 1, Repeats: 1, SERatio: .25},
			{Block: model.MBConv, Expansion: 4, Channels: 10, Kernel: 5, Stride: 2, Repeats: 2,
				SERatio: .25},
			{Block: model.MBConv, Expansion: 3, Channels: 9, Kernel: 3, Stride: 1, Repeats: 1},
		},
		Head: 13, Dropout: .2, DropConnect: .3, BatchNormEpsilon: 1e-3, BatchNormMomentum: .9,
	}
}

// fill draws images and labels.
func fill(n *Network, seed uint64, classes int) {
	s := random.New(seed, "images")
	for i := range n.images {
		n.images[i] = float32(s.Norm())
	}
	for i := range n.labels {
		n.labels[i] = int32(s.IntN(classes))
	}
}

func trainer(t testing.TB, arch model.Architecture, batch int) (*Network, *layer.Parameters) {
	t.Helper()
	p, err := NewParameters(arch, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	n, err := NewTrainer(arch, p, Options{Batch: batch, Seed: 3, LabelSmoothing: .1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	fill(n, 1, arch.Classes)
	return n, p
}

func step(t testing.TB, n *Network, number int) float64 {
	t.Helper()
	loss, err := n.Step(number)
	if err != nil {
		t.Fatal(err)
	}
	return loss
}

// two is a network of two blocks, with and without a skip.
func two() model.Architecture {
	a := small()
	a.Name = "two"
	a.Stages = []model.Stage{{Block: model.MBConv, Expansion: 2, Channels: 7, Kernel: 3, Stride: 1,
		Repeats: 1, SERatio: .25},
		{Block: model.MBConv, Expansion: 3, Channels: 9, Kernel: 5, Stride: 2, Repeats: 1, SERatio: .25}}
	return a
}

// TestGradients compares the gradient of every parameter of whole networks, along a random
// direction, with differences of the loss. Dropout and stochastic depth are on: their masks are
// those of the step.
func TestGradients(t *testing.T) {
	for _, arch := range []model.Architecture{two(), small()} {
		n, p := trainer(t, arch, 6)
		for _, q := range p.List {
			step(t, n, 0) // the last one was at a point beside
			gradient, direction := slices.Clone(q.Grad), normals(len(q.Value), "direction", q.Name)
			want, got := slope(q.Value, direction, func() float64 { return step(t, n, 0) }),
				dot(gradient, direction)
			if size := math.Sqrt(dot(gradient, gradient)); math.Abs(got-want) > 1e-3*size+1e-4 {
				t.Errorf("%s, %s: the loss changes by %.5f, the gradient of norm %.4f says %.5f",
					arch.Name, q.Name, want, size, got)
			}
		}
	}
}

// withParameters counts the blocks that have some: all but poolings.
func withParameters(arch model.Architecture) int {
	n := 0
	for _, b := range arch.Blocks() {
		if b.Kind != model.KindPool {
			n++
		}
	}
	return n
}

// TestOneNodePerBlock: the network is Gorgonia's graph, not one opaque call, and nothing but the
// constant is in it that is not ours.
func TestOneNodePerBlock(t *testing.T) {
	arch := small()
	n, _ := trainer(t, arch, 2)
	blocks := len(arch.Blocks()) + 1 // and the loss
	count := n.Nodes()
	if count["forward"] != blocks || count["backward"] != blocks || count["gradient"] != blocks-1 {
		t.Errorf("%v, want %d forward and backward nodes and %d gradients of parameters", count,
			blocks, blocks-1)
	}
	if foreign := n.program.Foreign(); len(foreign) > 1 {
		t.Errorf("Gorgonia added %v", foreign)
	}
}

// spy records the arguments of a block's backward pass.
type spy struct {
	layer.Layer
	passes int
	dx     []float32
}

func (s *spy) Backward(dx, dy, x, y []float32) {
	s.passes, s.dx = s.passes+1, dx
	s.Layer.Backward(dx, dy, x, y)
}

// TestImagesHaveNoGradient: the stem is not asked for the gradient of its input, every other block
// is.
func TestImagesHaveNoGradient(t *testing.T) {
	arch := small()
	n, p := trainer(t, arch, 2)
	blocks, err := newBlocks(arch, p, layer.Settings{Training: true, Clock: n.clock}, nil)
	if err != nil {
		t.Fatal(err)
	}
	spies := make([]*spy, len(blocks))
	for i := range blocks {
		spies[i] = &spy{Layer: blocks[i].Layer}
		blocks[i].Layer = spies[i]
	}
	n.program, err = graph.Build(func(b *graph.Builder) (*graph.Node, []*graph.Node) {
		return n.connect(b, b.Input("images", n.images, 2, arch.Pixels, arch.Pixels,
			arch.InChannels), blocks, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	step(t, n, 0)
	for i, s := range spies {
		if s.passes != 1 || (s.dx == nil) != (i == 0) {
			t.Errorf("%s: %d backward passes, for a gradient of %d numbers", blocks[i].name,
				s.passes, len(s.dx))
		}
	}
}

// TestAnyArchitecture: whatever the widths, depths and sizes, the network has the counted
// parameters, a node a block, and finite gradients.
func TestAnyArchitecture(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		number := func(name string, low, high int) int { return rapid.IntRange(low, high).Draw(r, name) }
		odd := func(name string) int { return 2*number(name, 0, 2) + 1 }
		pixels := number("pixels", 1, 11)
		size := pixels
		stride := func(name string) int { // one that leaves something to a map of this size
			s := number(name, 1, min(2, size))
			size = (size + s - 1) / s
			return s
		}
		arch := model.Architecture{InChannels: number("in", 1, 3), Pixels: pixels,
			Classes: number("classes", 1, 6), Head: number("head", 0, 9),
			Activation: rapid.SampledFrom(model.Activations).Draw(r, "activation"),
			Stem: model.Stem{Channels: number("stem", 1, 6), Kernel: odd("stem kernel"),
				Stride: stride("stem stride")},
			Dropout: .2, DropConnect: .2, BatchNormEpsilon: 1e-3, BatchNormMomentum: .9}
		if arch.Stem.Pool = size > 1 && rapid.Bool().Draw(r, "pool"); arch.Stem.Pool {
			size = (size + 1) / 2
		}
		for range number("stages", 1, 3) {
			stage := model.Stage{Block: rapid.SampledFrom(model.BlockKinds).Draw(r, "block"),
				Expansion: 1, Channels: number("channels", 1, 6), Kernel: odd("kernel"),
				Stride: stride("stride"), Repeats: number("repeats", 1, 3)}
			switch stage.Block {
			case model.MBConv:
				stage.Expansion, stage.SERatio = number("expansion", 1, 4),
					rapid.SampledFrom([]float64{0, .25, 1}).Draw(r, "ratio")
			case model.InvertedResidual:
				stage.Expansion = number("expansion", 1, 4)
			case model.Bottleneck:
				stage.Expansion = number("expansion", 1, 3)
				stage.Channels *= stage.Expansion
			}
			arch.Stages = append(arch.Stages, stage)
		}
		p, err := NewParameters(arch, 1, false)
		if err != nil {
			r.Fatal(err)
		}
		n, err := NewTrainer(arch, p, Options{Batch: number("batch", 1, 4), LabelSmoothing: .1})
		if err != nil {
			r.Fatal(err)
		}
		defer n.Close()
		fill(n, 1, arch.Classes)
		if _, err := n.Step(0); err != nil {
			r.Fatal(err)
		}
		for _, q := range p.List {
			for _, g := range q.Grad {
				if g-g != 0 {
					r.Fatalf("the gradient of %s is %v", q.Name, g)
				}
			}
		}
		if got, want := numbers(p), arch.Cost().Params; got != want {
			r.Fatalf("%d parameters, counted %d", got, want)
		}
		if nodes := n.Nodes(); nodes["forward"] != len(arch.Blocks())+1 ||
			nodes["backward"] != nodes["forward"] || nodes["gradient"] != withParameters(arch) {
			r.Fatalf("the nodes are %v", nodes)
		}
	})
}

// TestParametersAreCounted: the network that is built has the parameters that the model counts.
func TestParametersAreCounted(t *testing.T) {
	b0, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []model.Architecture{small(), b0,
		small().Scale(2, 1.5, 1, model.OfficialRounding())} {
		p, err := NewParameters(arch, 1, true)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := numbers(p), arch.Cost().Params; got != want {
			t.Errorf("%s: %d parameters, want %d", arch.Name, got, want)
		}
	}
}

// count is the number of trained numbers.
func numbers(p *layer.Parameters) (n int64) {
	for _, q := range p.List {
		n += int64(len(q.Value))
	}
	return n
}

// TestPresetsAreBuilt builds the smallest network of each kind, narrow and on few pixels, trains it
// a step, evaluates it, and compares parameters, layers and maps with the count.
func TestPresetsAreBuilt(t *testing.T) {
	for _, name := range []string{"efficientnet-b0", "efficientnet-lite0", "tinynet-e",
		"mobilenet-v1", "mobilenet-v2", "resnet-18", "resnet-50"} {
		arch, err := model.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		arch = arch.Scale(1, .25, 1, model.OfficialRounding())
		arch.Pixels, arch.Classes = 33, 7
		n, p := trainer(t, arch, 3)
		if got, want := numbers(p), arch.Cost().Params; got != want {
			t.Errorf("%s: %d parameters, counted %d", name, got, want)
		}
		if loss := step(t, n, 0); !(loss > 0 && loss < 20) {
			t.Errorf("%s: the loss is %v", name, loss)
		}
		for _, q := range p.List {
			if size := dot(q.Grad, q.Grad); size-size != 0 {
				t.Errorf("%s: the gradient of %s is not finite", name, q.Name)
			}
		}
		compareLayers(t, arch, p)
		e, err := NewEvaluator(arch, p, Options{Batch: 3})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		fill(e, 1, arch.Classes)
		step(t, e, 0)
		if size := dot(e.Logits(), e.Logits()); !(size > 0) || size-size != 0 {
			t.Errorf("%s: the logits are %v", name, e.Logits())
		}
	}
}

// compareLayers compares the blocks that are built with the layers that are counted: kernels in
// order, and the sizes of the maps.
func compareLayers(t *testing.T, arch model.Architecture, p *layer.Parameters) {
	t.Helper()
	blocks, err := newBlocks(arch, p, layer.Settings{Training: true, Clock: &layer.Clock{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for i, b := range blocks {
		for _, q := range b.params {
			if strings.HasSuffix(q.Name, ".weight") {
				got = append(got, fmt.Sprint(total(q.Shape)))
			}
		}
		m := arch.Blocks()[i]
		shape := []int{m.OutSize, m.OutSize, m.Out}
		if i == len(blocks)-1 {
			shape = []int{arch.Classes}
		}
		if !slices.Equal(b.shape, shape) || b.Allocate(2) != 2*total(shape) {
			t.Errorf("%s: %s has the shape %v, want %v", arch.Name, b.name, b.shape, shape)
		}
	}
	for _, l := range arch.Layers() {
		bias := 0
		if l.Type == model.TypeSE || l.Type == model.TypeLinear {
			bias = l.OutChannels
		}
		want = append(want, fmt.Sprint(l.Params-int64(bias)))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: the kernels have %v numbers, counted %v", arch.Name, got, want)
	}
}

// losses trains a network by plain gradient descent.
func losses(t testing.TB, steps int) []float64 {
	n, p := trainer(t, small(), 4)
	var all []float64
	for i := range steps {
		all = append(all, step(t, n, i))
		for _, q := range p.List {
			for j, g := range q.Grad {
				q.Value[j] -= .05 * g
			}
		}
	}
	return all
}

// TestDeterminism: the same seed gives the same bits, alone and concurrently with other networks.
func TestDeterminism(t *testing.T) {
	alone := losses(t, 8)
	if alone[7] >= alone[0] {
		t.Errorf("nothing is learnt: %v", alone)
	}
	var wait sync.WaitGroup
	beside := make([][]float64, 4)
	for i := range beside {
		wait.Go(func() { beside[i] = losses(t, 8) })
	}
	wait.Wait()
	for _, other := range beside {
		if !slices.Equal(alone, other) {
			t.Errorf("beside others %v, alone %v", other, alone)
		}
	}
}

// TestEvaluator: evaluation sees the weights that training moves, uses running statistics, and does
// not depend on the rest of the batch.
func TestEvaluator(t *testing.T) {
	arch := small()
	n, p := trainer(t, arch, 6)
	one, err := NewEvaluator(arch, p, Options{Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	many, err := NewEvaluator(arch, p, Options{Batch: 6})
	if err != nil {
		t.Fatal(err)
	}
	copy(many.Images(), n.Images())
	copy(one.Images(), n.Images())
	step(t, many, 0)
	before := slices.Clone(many.Logits())
	step(t, n, 0)
	p.List[0].Value[0] += 1
	many.Refresh()
	step(t, many, 0)
	step(t, one, 0)
	if slices.Equal(before, many.Logits()) {
		t.Error("the evaluator does not see the weights move")
	}
	for i, v := range one.Logits() {
		if math.Abs(float64(v-many.Logits()[i])) > 1e-5 {
			t.Errorf("logit %d is %v alone and %v in a batch", i, v, many.Logits()[i])
		}
	}
}

// TestMasks: stochastic depth and dropout follow the step and the seed alone.
func TestMasks(t *testing.T) {
	n, _ := trainer(t, small(), 6)
	a, b, again := step(t, n, 1), step(t, n, 2), step(t, n, 1)
	if a == b || a != again {
		t.Errorf("losses of steps 1, 2, 1: %v, %v, %v", a, b, again)
	}
}

// TestPanicIsAnError: a panic inside a block ends the step, not the process, and the network still
// works.
func TestPanicIsAnError(t *testing.T) {
	n, _ := trainer(t, small(), 2)
	n.labels[0] = 99
	if _, err := n.Step(0); err == nil || !strings.Contains(err.Error(), "loss") ||
		!strings.Contains(err.Error(), "panic") {
		t.Errorf("got %v", err)
	}
	n.labels[0] = 0
	step(t, n, 0)
}

// searched are networks as searches train them: a base of the ready experiments.
func searched() model.Architecture {
	a := model.Architecture{Name: "searched", InChannels: 3, Pixels: 24, Classes: 16,
		Stem: model.Stem{Channels: 8, Kernel: 3, Stride: 2}, Head: 48, BatchNormEpsilon: 1e-3,
		BatchNormMomentum: .9}
	for _, s := range [][5]int{{1, 8, 3, 1, 1}, {3, 12, 3, 2, 2}, {3, 16, 3, 1, 2}} {
		a.Stages = append(a.Stages, model.Stage{Block: model.MBConv, Expansion: s[0],
			Channels: s[1], Kernel: s[2], Stride: s[3], Repeats: s[4], SERatio: .25})
	}
	return a
}

func BenchmarkStep(b *testing.B) {
	arch := searched()
	n, _ := trainer(b, arch, 32)
	for i := 0; b.Loop(); i++ {
		step(b, n, i)
	}
	work := 2 * 3 * float64(arch.Cost().MAdds) * 32 * float64(b.N)
	b.ReportMetric(work/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	b.ReportMetric(32*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}

func ExampleNewTrainer() {
	arch := searched()
	p, _ := NewParameters(arch, 1, true)
	n, err := NewTrainer(arch, p, Options{Batch: 4, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Close()
	// Write n.Images() and n.Labels(), then:
	loss, err := n.Step(0)
	fmt.Println(loss > 0, err, len(n.Logits()))
	// Output: true <nil> 64
}
