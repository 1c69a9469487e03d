package mbconv

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel"
)

// The tests of this file hold blocks against their definition in float64: loops over the numbers of
// a convolution, and the norm over a batch as the mean and the variance say.

// tensors are the parameters of a block by name.
type tensors map[string][]float64

// definition computes a block in float64.
func definition(s Shape, x []float64, p tensors) []float64 {
	u := x
	if s.Expanded != s.In {
		u = silu(p.normed("expand", multiplied(u, p["expand"], s.In)))
	}
	u = silu(p.normed("depthwise", filtered(s, u, p["depthwise"])))
	if s.SEChannels > 0 {
		excited(s, u, p)
	}
	u = p.normed("out", multiplied(u, p["project"], s.Expanded))
	if s.Skip {
		for i, v := range x {
			u[i] += v
		}
	}
	if s.Activated {
		return silu(u)
	}
	return u
}

func sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

func silu(u []float64) []float64 {
	for i, v := range u {
		u[i] = v * sigmoid(v)
	}
	return u
}

// multiplied is x [rows, in] times a weight [in, out].
func multiplied(x, weight []float64, in int) []float64 {
	out := len(weight) / in
	y := make([]float64, len(x)/in*out)
	for i, v := range x {
		to := y[i/in*out:][:out]
		for j, w := range weight[i%in*out:][:out] {
			to[j] += v * w
		}
	}
	return y
}

// filtered is the depthwise convolution of images [n, InSize, InSize, channels].
func filtered(s Shape, x, weight []float64) []float64 {
	c, padding := s.Expanded, (s.Kernel-1)/2
	z := make([]float64, len(x)/(s.InSize*s.InSize)*s.OutSize*s.OutSize)
	for i := range len(z) / c {
		image, oy, ox := i/s.OutSize/s.OutSize, i/s.OutSize%s.OutSize, i%s.OutSize
		for tap := range s.Kernel * s.Kernel {
			y := oy*s.Stride + tap/s.Kernel - padding
			x0 := ox*s.Stride + tap%s.Kernel - padding
			if min(y, x0) < 0 || max(y, x0) >= s.InSize {
				continue
			}
			from := x[((image*s.InSize+y)*s.InSize+x0)*c:][:c]
			for j, w := range weight[tap*c:][:c] {
				z[i*c+j] += from[j] * w
			}
		}
	}
	return z
}

// normed is batch norm over all pixels of a channel.
func (p tensors) normed(name string, z []float64) []float64 {
	gamma, beta := p[name+".gamma"], p[name+".beta"]
	c := len(gamma)
	n := float64(len(z) / c)
	for j := range c {
		mean, variance := 0., 0.
		for i := j; i < len(z); i += c {
			mean += z[i] / n
		}
		for i := j; i < len(z); i += c {
			variance += (z[i] - mean) * (z[i] - mean) / n
		}
		for i := j; i < len(z); i += c {
			z[i] = gamma[j]*(z[i]-mean)/math.Sqrt(variance+1e-3) + beta[j]
		}
	}
	return z
}

// excited multiplies the channels of images [n, pixels, channels] by their gates.
func excited(s Shape, u []float64, p tensors) {
	image := s.OutSize * s.OutSize * s.Expanded
	for ; len(u) > 0; u = u[image:] {
		means := make([]float64, s.Expanded)
		for i, v := range u[:image] {
			means[i%s.Expanded] += v / float64(s.OutSize*s.OutSize)
		}
		inner := multiplied(means, p["reduce"], s.Expanded)
		for i, v := range p["reduce.bias"] {
			inner[i] += v
		}
		gates := multiplied(silu(inner), p["excite"], s.SEChannels)
		for i, v := range p["excite.bias"] {
			gates[i] = sigmoid(gates[i] + v)
		}
		for i := range u[:image] {
			u[i] *= gates[i%s.Expanded]
		}
	}
}

// others are blocks beside those of shapes: of most a unit of work takes a part, which is bands of
// an image, chunks of pixels, or images of one pixel. A batch stands beside each.
var others = []struct {
	Shape
	batch int
}{
	{Shape{In: 8, Expanded: 32, Out: 8, SEChannels: 2, Kernel: 5, Stride: 1, InSize: 66, OutSize: 66,
		Skip: true}, 2},
	{Shape{In: 28, Expanded: 28, Out: 12, Kernel: 3, Stride: 1, InSize: 66, OutSize: 66,
		Activated: true}, 8}, // as many numbers as are written past the caches
	{Shape{In: 12, Expanded: 36, Out: 10, Kernel: 3, Stride: 2, InSize: 62, OutSize: 31}, 2},
	{Shape{In: 32, Expanded: 32, Out: 8, SEChannels: 3, Kernel: 5, Stride: 2, InSize: 60,
		OutSize: 30}, 2},
	{Shape{In: 48, Expanded: 96, Out: 48, Kernel: 3, Stride: 1, InSize: 24, OutSize: 24,
		Skip: true}, 2}, // its expansion is kept
	{Shape{In: 12, Expanded: 12, Out: 12, SEChannels: 3, Kernel: 3, Stride: 1, InSize: 6, OutSize: 6,
		Skip: true}, 3},
	{Shape{In: 20, Expanded: 500, Out: 10, SEChannels: 2, Kernel: 3, Stride: 1, InSize: 1,
		OutSize: 1}, 100},
}

// TestDefinition holds outputs against the definition, and every gradient, along a random
// direction, against the definition's central difference.
func TestDefinition(t *testing.T) {
	all := slices.Clone(others)
	for _, s := range shapes {
		all = append(all, struct {
			Shape
			batch int
		}{s, 5})
	}
	for i, s := range all {
		b := newBench(&kernel.Sets()[0].Set, 1, s.batch, s.Shape)
		want := definition(s.Shape, wide(b.x), b.tensors())
		slopes := b.slopes(s.Shape)
		for _, set := range kernel.Sets() {
			for threads := 1; threads <= 2; threads++ {
				t.Run(fmt.Sprintf("%d/%s/%d", i, set.Name, threads), func(t *testing.T) {
					b := newBench(&set.Set, threads, s.batch, s.Shape)
					b.gradients()
					for j, v := range want {
						if !(math.Abs(float64(b.y[j])-v) <= 2e-4*max(1, math.Abs(v))) { // nor NaN
							t.Fatalf("number %d of the output is %v, want %v", j, b.y[j], v)
						}
					}
					b.checkSlopes(t, slopes)
				})
			}
		}
	}
}

// wide is a list of numbers in float64. It is a copy.
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

func (b *bench) tensors() tensors {
	p := tensors{}
	for name, w := range b.weights {
		p[name] = wide(w.Value)
	}
	return p
}

// slopes are the derivatives of the output times dy along a random direction of the input and of
// each parameter, by its name.
func (b *bench) slopes(s Shape) map[string]float64 {
	const h = 1e-6
	slopes := map[string]float64{}
	for name, w := range b.parts() {
		var ends [2]float64
		for side, step := range []float64{h, -h} {
			x, p := wide(b.x), b.tensors()
			moved := p[name]
			if name == "x" {
				moved = x
			}
			for i, d := range normals(len(w.Value), "direction", name) {
				moved[i] += step * float64(d)
			}
			ends[side] = dot(definition(s, x, p), b.dy)
		}
		slopes[name] = (ends[0] - ends[1]) / (2 * h)
	}
	return slopes
}

// parts are the parameters and the input.
func (b *bench) parts() map[string]engine.Weight {
	parts := map[string]engine.Weight{"x": {Value: b.x, Grad: b.dx}}
	for name, w := range b.weights {
		parts[name] = w
	}
	return parts
}

func (b *bench) checkSlopes(t *testing.T, slopes map[string]float64) {
	t.Helper()
	for name, w := range b.parts() {
		g := wide(w.Grad)
		got := dot(g, normals(len(g), "direction", name))
		size := math.Sqrt(dot(g, w.Grad))
		if want := slopes[name]; !(math.Abs(got-want) <= 1e-3*max(1, size)) {
			t.Errorf("%s: the gradient says %.6f along a direction, the definition %.6f", name, got, want)
		}
	}
}
