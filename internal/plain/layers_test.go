package plain

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// padded returns the value of a map [size, size, c] at a pixel, 0 outside it.
func padded(x []float32, size, c, y, col, channel int) float64 {
	if y < 0 || y >= size || col < 0 || col >= size {
		return 0
	}
	return float64(x[(y*size+col)*c+channel])
}

// shift draws by how much the padding before the image may be smaller.
func shift(r *rapid.T, kernel int) int {
	return rapid.IntRange(0, min(1, (kernel-1)/2)).Draw(r, "shift")
}

// visit calls f for every output pixel and tap of a convolution, with the place of the input pixel.
func visit(batch, outSize, kernel, stride, shift int, f func(n, oy, ox, ky, kx, iy, ix int)) {
	pad := (kernel-1)/2 - shift
	for n := range batch {
		for oy := range outSize {
			for ox := range outSize {
				for ky := range kernel {
					for kx := range kernel {
						f(n, oy, ox, ky, kx, oy*stride+ky-pad, ox*stride+kx-pad)
					}
				}
			}
		}
	}
}

func TestConv(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := Conv{Batch: rapid.IntRange(1, 3).Draw(r, "batch"), InSize: rapid.IntRange(1, 9).Draw(r,
			"size"), InChannels: rapid.IntRange(1, 5).Draw(r, "in"),
			OutChannels: rapid.IntRange(1, 9).Draw(r, "out"), Kernel: 2*rapid.IntRange(0, 2).Draw(r,
				"kernel") + 1, Stride: rapid.IntRange(1, 2).Draw(r, "stride")}
		g.OutSize, g.Shift = (g.InSize+g.Stride-1)/g.Stride, shift(r, g.Kernel)
		x, dy := numbers(g.Batch*g.inImage()), numbers(g.Batch*g.outImage() + 1)[1:]
		w := numbers(g.patch()*g.OutChannels + 2)[2:]
		y, dx, dw := make([]float64, len(dy)), make([]float64, len(x)), make([]float64, len(w))
		visit(g.Batch, g.OutSize, g.Kernel, g.Stride, g.Shift, func(n, oy, ox, ky, kx, iy, ix int) {
			for i := range g.InChannels {
				for o := range g.OutChannels {
					out, tap := ((n*g.OutSize+oy)*g.OutSize+ox)*g.OutChannels+o,
						((ky*g.Kernel+kx)*g.InChannels+i)*g.OutChannels+o
					v := padded(x[n*g.inImage():], g.InSize, g.InChannels, iy, ix, i)
					y[out] += v * float64(w[tap])
					dw[tap] += v * float64(dy[out])
					if iy >= 0 && iy < g.InSize && ix >= 0 && ix < g.InSize {
						dx[((n*g.InSize+iy)*g.InSize+ix)*g.InChannels+i] += float64(dy[out]) * float64(w[tap])
					}
				}
			}
		})
		scratch := make([]float32, g.ScratchSize()+len(w))
		guarded(t, fmt.Sprintf("forward %+v", g), y, 1e-5,
			func(out []float32) { g.Forward(out, x, w, scratch) })
		guarded(t, fmt.Sprintf("data %+v", g), dx, 1e-5,
			func(out []float32) { g.BackwardData(out, dy, w, scratch) })
		guarded(t, fmt.Sprintf("weights %+v", g), dw, 1e-5,
			func(out []float32) { g.BackwardWeights(out, dy, x, scratch) })
	})
}

func TestDepthwise(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := Depthwise{Batch: rapid.IntRange(1, 3).Draw(r, "batch"),
			InSize: rapid.IntRange(1, 9).Draw(r, "size"), Channels: rapid.IntRange(1, 19).Draw(r,
				"channels"),
			Kernel: 2*rapid.IntRange(0, 3).Draw(r, "kernel") + 1,
			Stride: rapid.IntRange(1, 2).Draw(r, "stride")}
		g.OutSize, g.Shift = (g.InSize+g.Stride-1)/g.Stride, shift(r, g.Kernel)
		c := g.Channels
		image := g.InSize * g.InSize * c
		x, dy, w := numbers(g.Batch*image), numbers(g.Batch*g.OutSize*g.OutSize*c + 1)[1:],
			numbers(g.Kernel*g.Kernel*c + 2)[2:]
		y, dx, dw := make([]float64, len(dy)), make([]float64, len(x)), make([]float64, len(w))
		visit(g.Batch, g.OutSize, g.Kernel, g.Stride, g.Shift, func(n, oy, ox, ky, kx, iy, ix int) {
			for j := range c {
				out, tap := ((n*g.OutSize+oy)*g.OutSize+ox)*c+j, (ky*g.Kernel+kx)*c+j
				v := padded(x[n*image:], g.InSize, c, iy, ix, j)
				y[out] += v * float64(w[tap])
				dw[tap] += v * float64(dy[out])
				if iy >= 0 && iy < g.InSize && ix >= 0 && ix < g.InSize {
					dx[n*image+(iy*g.InSize+ix)*c+j] += float64(dy[out]) * float64(w[tap])
				}
			}
		})
		guarded(t, fmt.Sprintf("forward %+v", g), y, 1e-5, func(out []float32) { g.Forward(out, x, w) })
		guarded(t, fmt.Sprintf("data %+v", g), dx, 1e-5,
			func(out []float32) { g.BackwardData(out, dy, w) })
		guarded(t, fmt.Sprintf("weights %+v", g), dw, 1e-5,
			func(out []float32) { g.BackwardWeights(out, dy, x) })
	})
}

// wide converts to float64.
func wide(x []float32) []float64 {
	w := make([]float64, len(x))
	for i, v := range x {
		w[i] = float64(v)
	}
	return w
}

// normalise is batch norm in float64, with its loss sum(dy * y) differentiated by differences in
// the tests.
func normalise(x, gamma, beta []float64, rows, c int) []float64 {
	y := make([]float64, len(x))
	for j := range c {
		var mean, square float64
		for r := range rows {
			mean += x[r*c+j] / float64(rows)
		}
		for r := range rows {
			square += math.Pow(x[r*c+j]-mean, 2) / float64(rows)
		}
		for r := range rows {
			y[r*c+j] = (x[r*c+j]-mean)/math.Sqrt(square+1e-3)*gamma[j] + beta[j]
		}
	}
	return y
}

func TestBatchNorm(t *testing.T) {
	for _, s := range [][2]int{{2, 1}, {5, 3}, {64, 7}, {33, 17}} {
		rows, c := s[0], s[1]
		x, dy, gamma, beta := numbers(rows*c), numbers(rows*c + 1)[1:], numbers(c + 3)[3:],
			numbers(c + 4)[4:]
		for i := range x {
			x[i] += 30 // a mean that is large against the deviation
		}
		want := normalise(wide(x), wide(gamma), wide(beta), rows, c)
		mean, inverse, sums := make([]float32, c), make([]float32, c), make([]float64, 2*c)
		BatchNormStats(mean, inverse, x, sums, rows, c)
		for j, v := range inverse {
			inverse[j] = float32(1 / math.Sqrt(float64(v)+1e-3))
		}
		guarded(t, "forward", want, 2e-5, func(out []float32) {
			BatchNormForward(out, x, mean, inverse, gamma, beta, rows, c)
		})
		gradient := func(values []float64, run func() []float64) []float64 {
			g := make([]float64, len(values))
			for i, v := range values {
				const h = 1e-4
				sum := 0.
				for _, side := range []float64{1, -1} {
					values[i] = v + side*h
					for k, y := range run() {
						sum += side * y * float64(dy[k])
					}
				}
				values[i], g[i] = v, sum/(2*h)
			}
			return g
		}
		xx, gg, bb := wide(x), wide(gamma), wide(beta)
		run := func() []float64 { return normalise(xx, gg, bb, rows, c) }
		dgamma, dbeta := make([]float32, c), make([]float32, c)
		guarded(t, "dx", gradient(xx, run), 1e-4, func(out []float32) {
			BatchNormBackward(out, dgamma, dbeta, dy, x, mean, inverse, gamma, sums, rows, c)
		})
		guarded(t, "dgamma", gradient(gg, run), 1e-4, func(out []float32) { copy(out, dgamma) })
		guarded(t, "dbeta", gradient(bb, run), 1e-4, func(out []float32) { copy(out, dbeta) })
		inPlace := append([]float32{}, dy...)
		BatchNormBackward(inPlace, dgamma, dbeta, inPlace, x, mean, inverse, gamma, sums, rows, c)
		guarded(t, "dx in place", gradient(xx, run), 1e-4, func(out []float32) { copy(out, inPlace) })
	}
}

// TestSigmoid looks at the ends of the range.
func TestSigmoid(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for x, want := range map[float32]float32{-1000: 0, -inf: 0, 1000: 1, inf: 1, 0: .5} {
		if got := sigmoid(x); math.Abs(float64(got-want)) > 1e-30 {
			t.Errorf("sigmoid(%v) = %v, want %v", x, got, want)
		}
	}
	if v := sigmoid(nan); v == v {
		t.Errorf("sigmoid(NaN) = %v", v)
	}
}

func TestActivations(t *testing.T) {
	x, dy := numbers(101), numbers(102)[1:]
	for i := range x {
		x[i] *= 5
	}
	sigma := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	y, dx, s, ds := make([]float64, 101), make([]float64, 101), make([]float64, 101),
		make([]float64, 101)
	gate := make([]float32, 101)
	for i, v := range wide(x) {
		p := sigma(v)
		y[i], s[i] = v*p, p
		dx[i] = float64(dy[i]) * (p + v*p*(1-p))
		gate[i] = float32(p)
		ds[i] = float64(dy[i]) * float64(gate[i]) * (1 - float64(gate[i]))
	}
	guarded(t, "SiLU", y, 1e-6, func(out []float32) { SiLU(out, x) })
	guarded(t, "SiLUBackward", dx, 1e-6, func(out []float32) { SiLUBackward(out, dy, x) })
	guarded(t, "Sigmoid", s, 1e-6, func(out []float32) { Sigmoid(out, x) })
	guarded(t, "SigmoidBackward", ds, 1e-6, func(out []float32) { SigmoidBackward(out, dy, gate) })
}

func TestReLU(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	x, dy := numbers(103), numbers(104)[1:]
	for i := range x {
		x[i] *= 5
	}
	x[101], x[102] = 0, 6
	for _, top := range []float32{6, inf} {
		y, dx := make([]float64, len(x)), make([]float64, len(x))
		for i, v := range wide(x) {
			y[i] = math.Min(math.Max(v, 0), float64(top))
			if v > 0 && v < float64(top) {
				dx[i] = float64(dy[i])
			}
		}
		guarded(t, fmt.Sprint("ReLU ", top), y, 0, func(out []float32) { ReLU(out, x, top) })
		guarded(t, fmt.Sprint("ReLUBackward ", top), dx, 0,
			func(out []float32) { ReLUBackward(out, dy, x, top) })
		special := []float32{nan, -inf}
		if ReLU(special, special, top); special[0] == special[0] || special[1] != 0 {
			t.Errorf("ReLU of NaN and -Inf is %v", special)
		}
	}
}

// TestHardSwish compares with the definition, and its gradient with differences of it.
func TestHardSwish(t *testing.T) {
	define := func(v float64) float64 { return v * min(max(v+3, 0), 6) / 6 }
	x, dy := numbers(105), numbers(105)[1:]
	x, dy = x[:len(dy)], dy[:len(dy):len(dy)]
	for i := range x {
		x[i] *= 3
	}
	y, dx := make([]float64, len(x)), make([]float64, len(x))
	const h = 1e-6
	for i, v := range wide(x) {
		y[i], dx[i] = define(v), float64(dy[i])*(define(v+h)-define(v-h))/(2*h)
	}
	guarded(t, "HardSwish", y, 1e-6, func(out []float32) { HardSwish(out, x) })
	guarded(t, "HardSwishBackward", dx, 1e-5, func(out []float32) { HardSwishBackward(out, dy, x) })
	special := []float32{float32(math.NaN()), float32(math.Inf(-1)), float32(math.Inf(1)), -3, 3}
	slopes := make([]float32, 5)
	HardSwishBackward(slopes, []float32{1, 1, 1, 1, 1}, special)
	HardSwish(special, special)
	if special[0] == special[0] || special[1] != 0 || !math.IsInf(float64(special[2]), 1) ||
		special[3] != 0 || special[4] != 3 {
		t.Errorf("HardSwish of NaN, infinities, -3 and 3 is %v", special)
	}
	if slopes[0] == slopes[0] || slopes[1] != 0 || slopes[2] != 1 || slopes[3] != 0 || slopes[4] != 1 {
		t.Errorf("the slope at NaN, infinities, -3 and 3 is %v", slopes)
	}
}

// TestMaxPool compares with the definition, and the gradient with differences of sum(dy * y).
func TestMaxPool(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := MaxPool{Batch: rapid.IntRange(1, 3).Draw(r, "batch"),
			InSize: rapid.IntRange(1, 9).Draw(r, "size"), Channels: rapid.IntRange(1, 5).Draw(r, "channels"),
			Kernel: 2*rapid.IntRange(0, 2).Draw(r, "kernel") + 1,
			Stride: rapid.IntRange(1, 2).Draw(r, "stride")}
		g.OutSize, g.Shift = (g.InSize+g.Stride-1)/g.Stride, shift(r, g.Kernel)
		c := g.Channels
		image := g.InSize * g.InSize * c
		x, dy, from := numbers(g.Batch*image), numbers(g.Batch*g.OutSize*g.OutSize*c + 1)[1:],
			make([]int32, g.Batch*g.OutSize*g.OutSize*c)
		pool := func(x []float64) []float64 {
			y := make([]float64, len(dy))
			for i := range y {
				y[i] = math.Inf(-1)
			}
			visit(g.Batch, g.OutSize, g.Kernel, g.Stride, g.Shift, func(n, oy, ox, _, _, iy, ix int) {
				if iy < 0 || iy >= g.InSize || ix < 0 || ix >= g.InSize {
					return
				}
				for j := range c {
					out := ((n*g.OutSize+oy)*g.OutSize+ox)*c + j
					y[out] = max(y[out], x[n*image+(iy*g.InSize+ix)*c+j])
				}
			})
			return y
		}
		values := wide(x)
		guarded(t, fmt.Sprintf("forward %+v", g), pool(values), 0,
			func(out []float32) { g.Forward(out, from, x) })
		dx := make([]float64, len(x))
		for i, v := range values {
			const h = 1e-9 // below the distance of any two values
			for _, side := range []float64{1, -1} {
				values[i] = v + side*h
				for k, y := range pool(values) {
					dx[i] += side * (y - float64(x[from[k]])) * float64(dy[k]) / (2 * h)
				}
			}
			values[i] = v
		}
		guarded(t, fmt.Sprintf("backward %+v", g), dx, 1e-5,
			func(out []float32) { g.Backward(out, dy, from) })
	})
}

// TestMaxPoolOfEquals: the first of equal values has the gradient, and NaN is the largest of all.
func TestMaxPoolOfEquals(t *testing.T) {
	g := MaxPool{Batch: 1, InSize: 2, OutSize: 1, Channels: 1, Kernel: 3, Stride: 2}
	y, dx, from := make([]float32, 1), make([]float32, 4), make([]int32, 1)
	g.Forward(y, from, []float32{-1, 2, 2, -3})
	g.Backward(dx, []float32{5}, from)
	if y[0] != 2 || dx[1] != 5 || dx[2] != 0 {
		t.Errorf("the largest is %v, its gradient %v", y, dx)
	}
	if g.Forward(y, from, []float32{1, float32(math.NaN()), 2, 3}); y[0] == y[0] {
		t.Errorf("the largest beside NaN is %v", y)
	}
}

func TestPoolingAndScaling(t *testing.T) {
	const batch, area, c = 3, 4, 5
	x, dy, gate := numbers(batch*area*c), numbers(batch*area*c + 1)[1:], numbers(batch*c)
	mean, spread, scaled, back, dgate := make([]float64, batch*c), make([]float64, len(x)),
		make([]float64, len(x)), make([]float64, len(x)), make([]float64, batch*c)
	for n := range batch {
		for p := range area {
			for j := range c {
				i, g := (n*area+p)*c+j, n*c+j
				mean[g] += float64(x[i]) / area
				spread[i] = float64(gate[g]) / area
				scaled[i] = float64(x[i]) * float64(gate[g])
				back[i] = float64(dy[i]) * float64(gate[g])
				dgate[g] += float64(dy[i]) * float64(x[i])
			}
		}
	}
	other := make([]float32, len(x))
	guarded(t, "GlobalMean", mean, 1e-6, func(out []float32) { GlobalMean(out, x, batch, area, c) })
	guarded(t, "GlobalMeanBackward", spread, 1e-6,
		func(out []float32) { GlobalMeanBackward(out, gate, batch, area, c) })
	guarded(t, "ScaleChannels", scaled, 1e-6,
		func(out []float32) { ScaleChannels(out, x, gate, batch, area, c) })
	guarded(t, "ScaleChannelsBackward dx", back, 1e-6,
		func(out []float32) { ScaleChannelsBackward(out, other, dy, x, gate, batch, area, c) })
	guarded(t, "ScaleChannelsBackward dgate", dgate, 1e-6,
		func(out []float32) { ScaleChannelsBackward(other, out, dy, x, gate, batch, area, c) })
	sum := make([]float64, c)
	for i, v := range wide(x) {
		sum[i%c] += v
	}
	guarded(t, "BiasGradient", sum, 1e-6, func(out []float32) { BiasGradient(out, x, batch*area, c) })
	factors := []float32{0, 1, 1.25}
	for i, v := range wide(x) {
		scaled[i] = v * float64(factors[i/(area*c)])
	}
	guarded(t, "ScaleExamples", scaled, 1e-6, func(out []float32) {
		ScaleExamples(out, x, factors, batch, area*c)
	})
	for i, v := range wide(x) {
		scaled[i] = v + float64(gate[i%c])
	}
	guarded(t, "AddBias", scaled, 1e-6, func(out []float32) {
		copy(out, x)
		AddBias(out, gate, batch*area, c)
	})
}

// TestLoss compares with the definition in float64, and the gradient with differences of it.
func TestLoss(t *testing.T) {
	const batch, classes, smoothing = 4, 6, .1
	logits, labels := numbers(batch*classes), []int32{0, 5, 2, 2}
	logits[3] = 80 // far from the others: the shift by the maximum matters
	loss := func(z []float64) float64 {
		sum := 0.
		for n := range batch {
			row := z[n*classes:][:classes]
			norm := 0.
			for _, v := range row {
				norm += math.Exp(v)
			}
			for j, v := range row {
				target := smoothing / classes
				if j == int(labels[n]) {
					target += 1 - smoothing
				}
				sum -= target * (v - math.Log(norm)) / batch
			}
		}
		return sum
	}
	z := wide(logits)
	prob := make([]float32, len(logits))
	if got, want := SoftmaxCrossEntropy(prob, logits, labels, smoothing, batch, classes),
		loss(z); math.Abs(got-want) > 1e-6*want {
		t.Errorf("the loss is %v, want %v", got, want)
	}
	gradient := make([]float64, len(z))
	for i, v := range z {
		const h = 1e-5
		z[i] = v + h
		up := loss(z)
		z[i] = v - h
		gradient[i], z[i] = 3*(up-loss(z))/(2*h), v
	}
	guarded(t, "gradient", gradient, 1e-6, func(out []float32) {
		SoftmaxCrossEntropyBackward(out, prob, labels, smoothing, 3, batch, classes)
	})
}

func BenchmarkLayers(b *testing.B) {
	g := Depthwise{Batch: 32, InSize: 12, OutSize: 12, Channels: 36, Kernel: 3, Stride: 1}
	x, w := numbers(32*144*36), numbers(9*36)
	y := make([]float32, len(x))
	work := 2 * float64(len(x)) * 9
	for name, run := range map[string]func(){
		"depthwise forward": func() { g.Forward(y, x, w) },
		"depthwise data":    func() { g.BackwardData(y, x, w) },
		"depthwise weights": func() { g.BackwardWeights(w, y, x) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				run()
			}
			b.ReportMetric(work*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
	for name, run := range map[string]func(){"SiLU": func() { SiLU(y, x) },
		"SiLUBackward": func() { SiLUBackward(y, x, x) }} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				run()
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(len(x))/float64(b.N), "ns/element")
		})
	}
}
