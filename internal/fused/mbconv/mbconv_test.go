package mbconv

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel"
	"gridsearch/internal/kernel/ops"
	"gridsearch/internal/random"
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

// bench is an inverted bottleneck with everything that it reads and writes.
type bench struct {
	block        *Block
	weights      map[string]engine.Weight
	x, y, dx, dy []float32
}

func newBench(set *ops.Set, threads, batch int, s Shape) *bench {
	b := &bench{weights: map[string]engine.Weight{}}
	s.Activation = ops.SiLU
	weight := func(name string, n int, scale float32) engine.Weight {
		w := engine.Weight{Value: normals(n, name), Grad: make([]float32, n)}
		for i := range w.Value {
			w.Value[i] *= scale
			w.Grad[i] = float32(math.NaN()) // the backward pass writes all of it
		}
		b.weights[name] = w
		return w
	}
	norm := func(name string, c int) engine.NormParams {
		p := engine.NormParams{Gamma: weight(name+".gamma", c, .3), Beta: weight(name+".beta", c,
			.3), Mean: make([]float32, c), Variance: make([]float32, c), Epsilon: 1e-3, Momentum: .9}
		for i := range p.Gamma.Value {
			p.Gamma.Value[i]++
		}
		return p
	}
	p := Params{Depthwise: weight("depthwise", s.Kernel*s.Kernel*s.Expanded, .3),
		DepthwiseNorm: norm("depthwise", s.Expanded),
		Project:       weight("project", s.Expanded*s.Out, .2), OutNorm: norm("out", s.Out)}
	if s.Expanded != s.In {
		p.Expand, p.ExpandNorm = weight("expand", s.In*s.Expanded, .3), norm("expand", s.Expanded)
	}
	if s.SEChannels > 0 {
		p.Reduce, p.ReduceBias = weight("reduce", s.Expanded*s.SEChannels, .3),
			weight("reduce.bias", s.SEChannels, 1)
		p.Excite, p.ExciteBias = weight("excite", s.SEChannels*s.Expanded, .3),
			weight("excite.bias", s.Expanded, 1)
	}
	b.block = New(engine.New(set, threads, true), s, p)
	b.y = make([]float32, b.block.Allocate(batch))
	b.x, b.dy = normals(batch*s.InSize*s.InSize*s.In, "x"), normals(len(b.y), "dy")
	b.dx = make([]float32, len(b.x))
	return b
}

// value is a random linear form of the output, and gradients its gradients.
func (b *bench) value() float64 {
	b.block.Forward(b.y, b.x)
	sum := 0.
	for i, v := range b.y {
		sum += float64(v) * float64(b.dy[i])
	}
	return sum
}

func (b *bench) gradients() {
	b.value()
	b.block.Backward(b.dx, b.dy, b.x, b.y)
}

var shapes = []Shape{
	{In: 6, Expanded: 18, Out: 6, SEChannels: 2, Kernel: 3, Stride: 1, InSize: 7, OutSize: 7,
		Skip: true},
	// its expansion is kept
	{In: 44, Expanded: 88, Out: 20, SEChannels: 3, Kernel: 5, Stride: 2, InSize: 6, OutSize: 3},
	{In: 12, Expanded: 12, Out: 9, Kernel: 5, Stride: 1, InSize: 5, OutSize: 5},
	{In: 8, Expanded: 24, Out: 8, SEChannels: 2, Kernel: 5, Stride: 1, InSize: 1, OutSize: 1,
		Skip: true},
	{In: 12, Expanded: 12, Out: 9, Kernel: 3, Stride: 2, InSize: 6, OutSize: 3, Activated: true},
}

// TestGradients compares the gradients of the input and of every parameter along random directions
// with central differences, extrapolated so that the third derivative drops out.
func TestGradients(t *testing.T) {
	for _, s := range shapes {
		b := newBench(&kernel.Sets()[0].Set, 1, 5, s)
		b.gradients()
		tensors := map[string]engine.Weight{"x": {Value: b.x, Grad: slices.Clone(b.dx)}}
		for name, w := range b.weights {
			tensors[name] = engine.Weight{Value: w.Value, Grad: slices.Clone(w.Grad)}
		}
		for name, w := range tensors {
			direction, want := normals(len(w.Value), "direction", name), 0.
			for i, d := range direction {
				want += float64(d) * float64(w.Grad[i])
			}
			got, size := b.slope(w.Value, direction), 0.
			for _, g := range w.Grad {
				size += float64(g) * float64(g)
			}
			if math.Abs(got-want) > 5e-3*max(1, math.Sqrt(size)) {
				t.Errorf("%+v: along a direction of %s the value changes by %.5f, the gradient "+
					"says %.5f", s, name, got, want)
			}
		}
	}
}

// slope is the derivative of the value along a direction at x, which is restored.
func (b *bench) slope(x, direction []float32) float64 {
	saved := slices.Clone(x)
	at := func(by float32) float64 {
		for i := range x {
			x[i] = saved[i] + by*direction[i]
		}
		return b.value()
	}
	const h = 4e-3
	once, twice := (at(h)-at(-h))/(2*h), (at(2*h)-at(-2*h))/(4*h)
	copy(x, saved)
	return (4*once - twice) / 3
}

// TestSameBits: equal inputs give equal bits for one number of threads, whatever was computed
// before, and threads differ by rounding alone.
func TestSameBits(t *testing.T) {
	for _, set := range kernel.Sets() {
		for i, s := range shapes {
			one := newBench(&set.Set, 1, 5, s)
			one.gradients()
			for threads := 1; threads <= 3; threads++ {
				t.Run(fmt.Sprintf("%s/%d/%d", set.Name, i, threads), func(t *testing.T) {
					b := newBench(&set.Set, threads, 5, s)
					b.gradients()
					dx, y := slices.Clone(b.dx), slices.Clone(b.y)
					b.gradients()
					if !slices.Equal(b.dx, dx) || !slices.Equal(b.y, y) {
						t.Error("a second pass gives other bits")
					}
					for j, v := range one.dx {
						if math.Abs(float64(v-dx[j])) > 1e-3 {
							t.Fatalf("number %d of dx is %v, %v on one thread", j, dx[j], v)
						}
					}
				})
			}
		}
	}
}
