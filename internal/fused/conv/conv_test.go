package conv

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

// The tests of this file hold chains against their definition in float64: loops over the numbers of
// a convolution, and the norm over a batch as the mean and the variance say. Some maps are larger
// than what a unit of work takes.

const epsilon = 1e-3

// definition computes a chain in float64: of each convolution, the shortcut last, p has the weight,
// gamma and beta, and norm is the norm behind the one of a number.
func definition(s ChainShape, x []float64, p [][]float64, norm norm) []float64 {
	u := x
	for i, c := range s.Convs {
		if i > 0 {
			activate(s.Activation, u)
		}
		u = norm(i, convolved(c, u, p[3*i]), p[3*i+1], p[3*i+2])
	}
	beside := x
	if s.Shortcut != nil {
		i := len(s.Convs)
		beside = norm(i, convolved(*s.Shortcut, x, p[3*i]), p[3*i+1], p[3*i+2])
	}
	if s.Skip {
		for i, v := range beside {
			u[i] += v
		}
	}
	activate(s.Activation, u)
	return u
}

func activate(act ops.Activation, u []float64) {
	for i, v := range u {
		if act == ops.SiLU {
			u[i] = v / (1 + math.Exp(-v))
		} else {
			u[i] = max(v, 0)
		}
	}
}

// convolved is the convolution of images [n, InSize, InSize, In] by a weight [kernel, kernel, In,
// Out].
func convolved(s engine.ConvShape, x, weight []float64) []float64 {
	n, padding := len(x)/(s.InSize*s.InSize*s.In), (s.Kernel-1)/2
	var z []float64
	for i := range n * s.OutSize * s.OutSize {
		image, oy, ox := i/s.OutSize/s.OutSize, i/s.OutSize%s.OutSize, i%s.OutSize
		sums := make([]float64, s.Out)
		for tap := range s.Kernel * s.Kernel {
			y := oy*s.Stride + tap/s.Kernel - padding
			x0 := ox*s.Stride + tap%s.Kernel - padding
			if min(y, x0) < 0 || max(y, x0) >= s.InSize {
				continue
			}
			for c, v := range x[((image*s.InSize+y)*s.InSize+x0)*s.In:][:s.In] {
				for o, w := range weight[(tap*s.In+c)*s.Out:][:s.Out] {
					sums[o] += v * w
				}
			}
		}
		z = append(z, sums...)
	}
	return z
}

// norm is batch norm behind the convolution of a number.
type norm func(conv int, z, gamma, beta []float64) []float64

// overBatch is the norm of training, over all pixels of a channel.
func overBatch(_ int, z, gamma, beta []float64) []float64 {
	c := len(gamma)
	n := float64(len(z) / c)
	mean, variance := make([]float64, c), make([]float64, c)
	for i, v := range z {
		mean[i%c] += v / n
	}
	for i, v := range z {
		variance[i%c] += (v - mean[i%c]) * (v - mean[i%c]) / n
	}
	return normed(z, gamma, beta, mean, variance)
}

// running is the norm of evaluation.
func running(all []Params) norm {
	return func(conv int, z, gamma, beta []float64) []float64 {
		p := all[conv].Norm
		return normed(z, gamma, beta, wide(p.Mean), wide(p.Variance))
	}
}

func normed(z, gamma, beta, mean, variance []float64) []float64 {
	u := make([]float64, len(z))
	for i, v := range z {
		j := i % len(gamma)
		u[i] = gamma[j]*(v-mean[j])/math.Sqrt(variance[j]+epsilon) + beta[j]
	}
	return u
}

// normals draws n normal numbers around a middle.
func normals(n int, middle, deviation float64, names ...any) []float32 {
	s, x := random.New(9, names...), make([]float32, n)
	for i := range x {
		x[i] = float32(middle + deviation*s.Norm())
	}
	return x
}

// parameters draws those of a chain.
func parameters(s ChainShape) (all []Params) {
	convs := slices.Clone(s.Convs)
	if s.Shortcut != nil {
		convs = append(convs, *s.Shortcut)
	}
	for i, c := range convs {
		weight := func(n int, middle, deviation float64, name string) engine.Weight {
			return engine.Weight{Value: normals(n, middle, deviation, name, i),
				Grad: make([]float32, n)}
		}
		fan := c.Kernel * c.Kernel * c.In
		all = append(all, Params{weight(fan*c.Out, 0, 1/math.Sqrt(float64(fan)), "weight"),
			engine.NormParams{Gamma: weight(c.Out, 1, .3, "gamma"), Beta: weight(c.Out, 0, .3, "beta"),
				Mean: normals(c.Out, 0, .3, "mean", i), Variance: normals(c.Out, 2, .2, "variance", i),
				Epsilon: epsilon, Momentum: .9}})
	}
	return all
}

// wide is a list of numbers in float64.
func wide(x []float32) []float64 {
	to := make([]float64, len(x))
	for i, v := range x {
		to[i] = float64(v)
	}
	return to
}

func dot(a []float64, b []float32) (sum float64) {
	for i, v := range a {
		sum += v * float64(b[i])
	}
	return sum
}

// conv is the shape of a convolution from some channels to others.
func conv(in, out, kernel, stride, size int) engine.ConvShape {
	return engine.ConvShape{In: in, Out: out, Kernel: kernel, Stride: stride, InSize: size,
		OutSize: (size-1)/stride + 1}
}

var shortcut = conv(8, 12, 1, 2, 7)

var chains = []struct {
	ChainShape
	batch int
}{
	{ChainShape{Convs: []engine.ConvShape{conv(64, 64, 1, 1, 40), conv(64, 64, 1, 1, 40)}, Skip: true,
		Activation: ops.ReLU}, 2}, // more patches than a unit takes
	{ChainShape{Convs: []engine.ConvShape{conv(24, 20, 3, 1, 40)}, Activation: ops.SiLU}, 2},
	{ChainShape{Convs: []engine.ConvShape{conv(16, 10, 5, 2, 80)}, Activation: ops.SiLU}, 1},
	{ChainShape{Convs: []engine.ConvShape{conv(8, 12, 3, 2, 7), conv(12, 12, 3, 1, 4)}, Skip: true,
		Shortcut: &shortcut, Activation: ops.ReLU}, 5},
}

// TestChains holds outputs against the definition, and every gradient, along a random direction,
// against the definition's central difference.
func TestChains(t *testing.T) {
	for i, c := range chains {
		first := c.Convs[0]
		x := normals(c.batch*first.InSize*first.InSize*first.In, 0, 1, "x")
		want := definition(c.ChainShape, wide(x), values(parameters(c.ChainShape)), overBatch)
		dy := normals(len(want), 0, 1, "dy")
		slopes := slopes(c.ChainShape, x, dy)
		for _, set := range kernel.Sets() {
			for threads := 1; threads <= 2; threads++ {
				t.Run(fmt.Sprintf("%d/%s/%d", i, set.Name, threads), func(t *testing.T) {
					p := parameters(c.ChainShape)
					block := NewChain(engine.New(&set.Set, threads, true), c.ChainShape, p)
					y, dx := make([]float32, block.Allocate(c.batch)), make([]float32, len(x))
					block.Forward(y, x)
					checkOutput(t, y, want)
					block.Backward(dx, dy, x, y)
					checkSlopes(t, slopes, append([][]float32{dx}, gradients(p)...))
				})
			}
		}
	}
}

func checkOutput(t *testing.T, y []float32, want []float64) {
	t.Helper()
	for j, v := range want {
		if !(math.Abs(float64(y[j])-v) <= 1e-4*max(1, math.Abs(v))) { // nor NaN
			t.Fatalf("number %d of the output is %v, want %v", j, y[j], v)
		}
	}
}

// TestEvaluation holds outputs of evaluation, which uses the running statistics, against the
// definition; the larger batches go through in parts.
func TestEvaluation(t *testing.T) {
	for i, c := range chains {
		batch, first := 4*c.batch, c.Convs[0]
		x, p := normals(batch*first.InSize*first.InSize*first.In, 0, 1, "x"), parameters(c.ChainShape)
		want := definition(c.ChainShape, wide(x), values(p), running(p))
		for _, set := range kernel.Sets() {
			t.Run(fmt.Sprintf("%d/%s", i, set.Name), func(t *testing.T) {
				block := NewChain(engine.New(&set.Set, 2, false), c.ChainShape, p)
				y := make([]float32, block.Allocate(batch))
				block.Forward(y, x)
				checkOutput(t, y, want)
			})
		}
	}
}

// values are the parameters in the order of definition, gradients theirs.
func values(all []Params) (list [][]float64) {
	for _, p := range all {
		list = append(list, wide(p.Weight.Value), wide(p.Norm.Gamma.Value), wide(p.Norm.Beta.Value))
	}
	return list
}

func gradients(all []Params) (list [][]float32) {
	for _, p := range all {
		list = append(list, p.Weight.Grad, p.Norm.Gamma.Grad, p.Norm.Beta.Grad)
	}
	return list
}

// direction is that along which the gradient of a tensor is held: the input, and the parameters.
func direction(tensor, n int) []float32 { return normals(n, 0, 1, "direction", tensor) }

// slopes are the derivatives, along the directions, of the output times dy.
func slopes(s ChainShape, x, dy []float32) (list []float64) {
	const h = 1e-7 // so small that hardly a number passes where ReLU bends
	tensors := append([][]float64{wide(x)}, values(parameters(s))...)
	for i, tensor := range tensors {
		var ends [2]float64
		for side, step := range []float64{h, -h} {
			moved := slices.Clone(tensors)
			moved[i] = slices.Clone(tensor)
			for j, d := range direction(i, len(tensor)) {
				moved[i][j] += step * float64(d)
			}
			ends[side] = dot(definition(s, moved[0], moved[1:], overBatch), dy)
		}
		list = append(list, (ends[0]-ends[1])/(2*h))
	}
	return list
}

func checkSlopes(t *testing.T, slopes []float64, gradients [][]float32) {
	t.Helper()
	for i, want := range slopes {
		g := wide(gradients[i])
		got, size := dot(g, direction(i, len(g))), math.Sqrt(dot(g, gradients[i]))
		if !(math.Abs(got-want) <= 1e-3*max(1, size)) {
			t.Errorf("tensor %d: the gradient says %.6f along a direction, the definition %.6f", i, got,
				want)
		}
	}
}
