package nn

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gridsearch/internal/plain"
	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/layer"
)

// normals draws n standard normal numbers.
func normals(n int, names ...any) []float32 {
	s := random.New(7, names...)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(s.Norm())
	}
	return x
}

func dot(a, b []float32) float64 {
	var sum float64
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// slope is the derivative of f along direction at the point x, which is restored: two central
// differences, extrapolated (Richardson) so that the third derivative cancels. That allows steps so
// large that the rounding of float32 outputs is negligible.
func slope(x, direction []float32, f func() float64) float64 {
	saved := slices.Clone(x)
	at := func(by float32) float64 {
		for i := range x {
			x[i] = saved[i] + by*direction[i]
		}
		return f()
	}
	const h = 4e-3
	once, twice := (at(h)-at(-h))/(2*h), (at(2*h)-at(-2*h))/(4*h)
	copy(x, saved)
	return (4*once - twice) / 3
}

// checkLayer compares the gradients of a layer's input and parameters along random directions with
// central differences of a random linear form of its output. Direction components are standard
// normal, so the slope along one is as large as the gradient's norm, and errors are relative to
// that.
func checkLayer(t *testing.T, l layer.Layer, in, batch int, params []*layer.Param) {
	t.Helper()
	x := normals(batch*in, "x")
	y := make([]float32, l.Allocate(batch))
	dy := normals(len(y), "dy")
	value := func() float64 {
		l.Forward(y, x)
		return dot(y, dy)
	}
	value()
	dx := slices.Repeat([]float32{float32(math.NaN())}, len(x)) // all of it must be written
	for _, p := range params {
		for i := range p.Grad {
			p.Grad[i] = float32(math.NaN())
		}
	}
	l.Backward(dx, slices.Clone(dy), x, y)
	check := func(name string, at, gradient []float32) {
		t.Helper()
		for try := range 3 {
			direction := normals(len(at), "direction", name, try)
			want, got := slope(at, direction, value), dot(gradient, direction)
			if size := math.Sqrt(dot(gradient, gradient)); !(math.Abs(got-want) <= 1e-3*size+2e-3) {
				t.Errorf("%s: the output changes by %.6f, the gradient of norm %.4f says %.6f",
					name, want, size, got)
			}
		}
	}
	check("input", x, dx)
	for _, p := range params {
		check(p.Name, p.Value, slices.Clone(p.Grad))
	}
}

// tensor is a parameter with random values.
func tensor(name string, size int) *layer.Param {
	return &layer.Param{Name: name, Value: normals(size, name), Grad: make([]float32, size)}
}

func TestLayerGradients(t *testing.T) {
	run := func(name string, l layer.Layer, in int, params ...*layer.Param) {
		t.Run(name, func(t *testing.T) { checkLayer(t, l, in, 4, params) })
	}
	for _, g := range []plain.Conv{
		{InSize: 6, InChannels: 3, OutSize: 6, OutChannels: 5, Kernel: 3, Stride: 1},
		{InSize: 7, InChannels: 2, OutSize: 4, OutChannels: 3, Kernel: 5, Stride: 2},
		{InSize: 6, InChannels: 3, OutSize: 3, OutChannels: 4, Kernel: 3, Stride: 2},
	} {
		w := tensor("weight", g.Kernel*g.Kernel*g.InChannels*g.OutChannels)
		run(fmt.Sprintf("convolution %dx%d/%d of %d", g.Kernel, g.Kernel, g.Stride, g.InSize),
			&layer.Convolution{Geometry: g, Weight: w}, g.InSize*g.InSize*g.InChannels, w)
	}
	for _, g := range []plain.Depthwise{
		{InSize: 5, OutSize: 5, Channels: 7, Kernel: 3, Stride: 1},
		{InSize: 6, OutSize: 3, Channels: 5, Kernel: 5, Stride: 2},
		{InSize: 7, OutSize: 4, Channels: 3, Kernel: 3, Stride: 2},
		{InSize: 2, OutSize: 2, Channels: 3, Kernel: 5, Stride: 1},
	} {
		w := tensor("weight", g.Kernel*g.Kernel*g.Channels)
		run(fmt.Sprintf("depthwise %dx%d/%d of %d", g.Kernel, g.Kernel, g.Stride, g.InSize),
			&layer.Depthwise{Geometry: g, Weight: w}, g.InSize*g.InSize*g.Channels, w)
	}
	w, bias := tensor("weight", 6*5), tensor("bias", 5)
	run("pointwise", &layer.Pointwise{Weight: w, Area: 9, In: 6, Out: 5}, 9*6, w)
	run("dense", &layer.Pointwise{Weight: w, Bias: bias, Area: 1, In: 6, Out: 5}, 6, w, bias)
	// Three layers in a row use both buffers of the scratch, and none of them allows its gradients
	// to share memory.
	a, b, c := tensor("a", 36), tensor("b", 36), tensor("c", 36)
	dense := func(w *layer.Param) layer.Layer {
		return &layer.Pointwise{Weight: w, Area: 4, In: 6, Out: 6}
	}
	row := layer.Chain{Layers: []layer.Layer{dense(a), dense(b), dense(c)}, Scratch: &layer.Scratch{}}
	run("chain", &row, 24, a, b, c)
	run("residual", &layer.Residual{Chain: row, Drop: layer.DropPath{Settings: layer.Settings{
		Training: true, Seed: 2,
		Clock: &layer.Clock{}}, Name: "block", Rate: .5}}, 24, a, b, c)
	narrow, wide := tensor("narrow", 18), tensor("wide", 18)
	projection := layer.Chain{Layers: []layer.Layer{
		&layer.Pointwise{Weight: narrow, Area: 4, In: 6, Out: 3},
		&layer.Pointwise{Weight: wide, Area: 4, In: 3, Out: 6}}, Scratch: row.Scratch}
	run("residual with a shortcut", &layer.Residual{Chain: row, Shortcut: &projection, In: 24,
		Drop: layer.DropPath{Settings: layer.Settings{Training: true, Seed: 2,
			Clock: &layer.Clock{}}, Name: "block",
			Rate: .5}}, 24,
		a, b, c, narrow, wide)
	run("max pool", &layer.MaxPool{Geometry: plain.MaxPool{InSize: 5, OutSize: 3, Channels: 2,
		Kernel: 3, Stride: 2}}, 50)
	gamma, beta := tensor("gamma", 6), tensor("beta", 6)
	running := &layer.Statistic{Mean: make([]float32, 6), Variance: make([]float32, 6)}
	run("norm", &layer.Norm{Gamma: gamma, Beta: beta, Running: running, Epsilon: 1e-3, Momentum: .9,
		Training: true, Area: 9, Channels: 6}, 54, gamma, beta)
	for _, name := range model.Activations {
		run(name, &layer.Activation{Kind: layer.Activations[name], PerExample: 50}, 50)
	}
	run("mean", &layer.GlobalMean{Area: 9, Channels: 6}, 54)
	run("dropout", &layer.Dropout{Settings: layer.Settings{Training: true, Dropout: .4,
		Clock: &layer.Clock{}},
		Width: 40}, 40)
}

// TestBlockGradients checks blocks as architectures make them.
func TestBlockGradients(t *testing.T) {
	for _, c := range []struct {
		name                              string
		channels, expansion, kernel, step int // the input has 6 channels
		se, drop                          float64
	}{
		{"plain", 9, 1, 3, 1, 0, 0},
		{"expanded", 9, 4, 3, 1, 0, 0},
		{"expanded, excited", 9, 3, 5, 1, .25, 0},
		{"excited without expansion", 5, 1, 5, 1, .5, 0},
		{"stride 2", 7, 3, 3, 2, .25, 0},
		{"stride 2, 5x5, without expansion", 7, 1, 5, 2, .25, 0},
		{"stride 2 keeps the channels", 6, 2, 3, 2, 0, 0},
		{"skip", 6, 3, 3, 1, .25, 0},
		{"skip without expansion", 6, 1, 3, 1, 0, 0},
		{"skip, stochastic depth", 6, 2, 5, 1, .25, .4},
	} {
		arch := model.Architecture{InChannels: 3, Pixels: 9, Classes: 4,
			Stem: model.Stem{Channels: 6, Kernel: 3, Stride: 2}, Head: 11, Dropout: .3,
			DropConnect: 2 * c.drop, BatchNormEpsilon: 1e-3, BatchNormMomentum: .9,
			// The second of two blocks is tested: the first is never dropped.
			Stages: []model.Stage{{Block: model.MBConv, Expansion: 1, Channels: 6, Kernel: 3,
				Stride: 1, Repeats: 1},
				{Block: model.MBConv, Expansion: c.expansion, Channels: c.channels,
					Kernel: c.kernel, Stride: c.step, Repeats: 1, SERatio: c.se}}}
		blocks := generic(t, arch)
		skip := c.step == 1 && c.channels == 6
		r, residual := blocks[2].Layer.(*layer.Residual)
		if residual != skip || skip && r.Drop.Rate != c.drop {
			t.Fatalf("%s: residual is %v", c.name, residual)
		}
		for i, name := range map[int]string{0: "stem", 2: c.name, 3: "head"} {
			b := arch.Blocks()[i]
			t.Run(c.name+"/"+name, func(t *testing.T) {
				checkLayer(t, blocks[i].Layer, b.InSize*b.InSize*b.In, 6, blocks[i].params)
			})
		}
		if skip && c.drop > 0 && (!slices.Contains(r.Factors, 0) ||
			slices.Max(r.Factors) != float32(1/.6)) {
			t.Errorf("%s: the factors are %v, want some 0 and some 1/0.6", c.name, r.Factors)
		}
	}
}

// TestKindGradients checks one block of every kind, with and without a skip and a shortcut. Their
// activation is SiLU: differences say nothing at a kink.
func TestKindGradients(t *testing.T) {
	for _, c := range []struct {
		kind                                string
		channels, expansion, kernel, stride int // the input has 6 channels
	}{
		{model.InvertedResidual, 6, 3, 3, 1}, {model.InvertedResidual, 8, 2, 5, 2},
		{model.Separable, 9, 1, 3, 1}, {model.Separable, 6, 1, 5, 2},
		{model.Conv, 9, 1, 3, 1}, {model.Conv, 4, 1, 5, 2}, {model.Conv, 7, 1, 1, 1},
		{model.Basic, 6, 1, 3, 1}, {model.Basic, 9, 1, 3, 2}, {model.Basic, 4, 1, 5, 1},
		{model.Bottleneck, 6, 2, 3, 1}, {model.Bottleneck, 12, 4, 3, 2}, {model.Bottleneck, 4, 1, 5, 1},
	} {
		for _, drop := range []float64{0, .4} {
			name := fmt.Sprintf("%s to %d, k%d s%d, drop %v", c.kind, c.channels, c.kernel, c.stride, drop)
			arch := model.Architecture{InChannels: 3, Pixels: 18, Classes: 4,
				Stem: model.Stem{Channels: 6, Kernel: 3, Stride: 2, Pool: true}, Dropout: .3,
				DropConnect:      2 * drop,
				BatchNormEpsilon: 1e-3, BatchNormMomentum: .9,
				Stages: []model.Stage{{Block: model.Conv, Expansion: 1, Channels: 6, Kernel: 3,
					Stride: 1, Repeats: 1},
					{Block: c.kind, Expansion: c.expansion, Channels: c.channels, Kernel: c.kernel,
						Stride: c.stride, Repeats: 1}}}
			if err := arch.Validate(); err != nil {
				t.Fatal(err)
			}
			blocks := generic(t, arch)
			for i, part := range map[int]string{3: "block", 4: "classifier"} {
				b := arch.Blocks()[i]
				t.Run(name+"/"+part, func(t *testing.T) {
					checkLayer(t, blocks[i].Layer, b.InSize*b.InSize*b.In, 6, blocks[i].params)
				})
			}
		}
	}
}

// TestActivationsOfBlocks: a block computes the activation that it has.
func TestActivationsOfBlocks(t *testing.T) {
	x, y := []float32{-1, 2, 7}, make([]float32, 3)
	for name, want := range map[string][]float32{model.SiLU: {-.2689414, 1.7615942, 6.993623},
		model.ReLU: {0, 2, 7}, model.ReLU6: {0, 2, 6},
		model.HardSwish: {-1. / 3, 5. / 3, 7}} {
		l := (&maker{block: model.Block{Activation: name}}).activation(3)
		l.Allocate(1)
		l.Forward(y, x)
		for i, v := range want {
			if math.Abs(float64(y[i]-v)) > 1e-6 {
				t.Errorf("%s of %v is %v", name, x, y)
			}
		}
	}
}

// scatter changes norms and biases, so that no parameter is 0 or 1.
func scatter(p *layer.Parameters) {
	for _, q := range p.List {
		if !q.Decay {
			for i, v := range normals(len(q.Value), "generic", q.Name) {
				q.Value[i] += .3 * v
			}
		}
	}
}

// generic makes the blocks of an architecture with parameters none of which is 0 or 1.
func generic(t *testing.T, arch model.Architecture) []block {
	t.Helper()
	p, err := NewParameters(arch, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	scatter(p)
	blocks, err := newBlocks(arch, p, layer.Settings{Training: true, Seed: 4, Dropout: arch.Dropout,
		Clock: &layer.Clock{Step: 5}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// TestLossGradient compares the gradient of the loss with central differences of its value, with
// and without label smoothing.
func TestLossGradient(t *testing.T) {
	const batch, classes = 6, 5
	labels := []int32{0, 4, 2, 2, 1, 3}
	for _, smoothing := range []float32{0, .1, .9} {
		z, prob, d := normals(batch*classes, "logits"), make([]float32, batch*classes),
			make([]float32, batch*classes)
		value := func() float64 {
			return plain.SoftmaxCrossEntropy(prob, z, labels, smoothing, batch, classes)
		}
		value()
		plain.SoftmaxCrossEntropyBackward(d, prob, labels, smoothing, 1, batch, classes)
		for try := range 5 {
			direction := normals(len(z), "direction", try)
			if want, got := slope(z, direction, value), dot(d, direction); math.Abs(got-want) > 1e-4 {
				t.Errorf("smoothing %v: the loss changes by %.6f, its gradient says %.6f", smoothing, want, got)
			}
		}
	}
}

// TestNorm compares with the definition in float64: output, running statistics, and evaluation by
// these.
func TestNorm(t *testing.T) {
	const rows, c, momentum = 12, 3, .8
	gamma, beta := tensor("gamma", c), tensor("beta", c)
	running := &layer.Statistic{Mean: []float32{1, 2, 3}, Variance: []float32{4, 5, 6}}
	l := &layer.Norm{Gamma: gamma, Beta: beta, Running: running, Epsilon: 1e-2, Momentum: momentum,
		Training: true, Area: 4, Channels: c}
	x, y := normals(rows*c, "x"), make([]float32, l.Allocate(rows/4))
	near := func(what string, got float32, want float64) {
		t.Helper()
		if math.Abs(float64(got)-want) > 1e-5 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	want := func(j int, mean, variance float64) {
		t.Helper()
		for r := range rows {
			near("the output", y[r*c+j], (float64(x[r*c+j])-mean)/math.Sqrt(variance+
				1e-2)*float64(gamma.Value[j])+float64(beta.Value[j]))
		}
	}
	l.Forward(y, x)
	for j := range c {
		var mean, variance float64
		for r := range rows {
			mean += float64(x[r*c+j]) / rows
		}
		for r := range rows {
			variance += math.Pow(float64(x[r*c+j])-mean, 2) / rows
		}
		want(j, mean, variance)
		near("the running mean", running.Mean[j], momentum*float64(1+j)+(1-momentum)*mean)
		near("the running variance", running.Variance[j], momentum*float64(4+j)+
			(1-momentum)*variance*rows/(rows-1))
	}
	l.Training = false
	before := layer.Statistic{Mean: slices.Clone(running.Mean),
		Variance: slices.Clone(running.Variance)}
	l.Forward(y, x)
	for j := range c {
		want(j, float64(running.Mean[j]), float64(running.Variance[j]))
	}
	if !slices.Equal(before.Mean, running.Mean) || !slices.Equal(before.Variance, running.Variance) {
		t.Error("evaluation moves the running statistics")
	}
}
