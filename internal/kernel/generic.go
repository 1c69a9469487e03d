package kernel

import (
	"math"
	"unsafe"

	"gridsearch/internal/portable"
)

// genericWidth is the vector of the Go set: the columns that a product computes at a time, whose sums the compiler keeps in registers.
const genericWidth = 4

// GenericSlowdown is how many times longer a training step takes with the Go set than with AVX2: 26 to 30 on scaled B0, one AMD Zen 4 core.
const GenericSlowdown = 30

// generic is the set in plain Go: what other processors run, and what the assembly is held against.
var generic = Set{
	Name: Generic, Width: genericWidth,
	tiles: [maxAcross + 1][]tile{
		1: {{2, productGeneric, productTAGeneric}, {1, productTwin(1, 1, genericWidth), productTATwin(1, 1, genericWidth)}},
		2: {{1, productTwin(1, 2, genericWidth), productTATwin(1, 2, genericWidth)}},
		3: {{1, productTwin(1, 3, genericWidth), productTATwin(1, 3, genericWidth)}},
	},
	packPanel: packTwins(genericWidth),
	rows:      rowTwins,
	flat:      flatTwins,
	depthwise: depthwiseTwins(genericWidth),
	peak:      peakGeneric, read: readGeneric, copy: copyGeneric,
}

// floats are n numbers in memory, from a pointer and a distance in bytes on.
func floats(p *float32, bytes, n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(p), bytes)), n)
}

// productTwin computes what a product kernel of a tile's size does, for vectors of so many lanes.
func productTwin(rows, across, lanes int) func(*gemmArgs) {
	return func(a *gemmArgs) { a.eachTile(rows, across, lanes, a.strideA, 4) }
}

// productTATwin is productTwin for A^T B.
func productTATwin(rows, across, lanes int) func(*gemmArgs) {
	return func(a *gemmArgs) { a.eachTile(rows, across, lanes, 4, a.strideA) }
}

// eachTile sums up with A's element (i, l) at i row + l step bytes.
func (a *gemmArgs) eachTile(rows, across, lanes, row, step int) {
	columns := (across-1)*lanes + a.tail
	for i := range rows * a.tiles {
		c := floats(a.c, i*a.strideC, columns)
		if a.add == 0 {
			clear(c)
		}
		for l := range a.depth {
			v := floats(a.a, i*row+l*step, 1)[0]
			for j, w := range floats(a.b, l*a.strideB, columns) {
				c[j] += v * w
			}
		}
	}
}

// productGeneric is a tile of 2 rows and 4 columns.
func productGeneric(a *gemmArgs) {
	for i := 0; i < 2*a.tiles; i += 2 {
		x, y := floats(a.a, i*a.strideA, a.depth), floats(a.a, (i+1)*a.strideA, a.depth)
		panel := floats(a.b, 0, genericWidth*a.depth)
		var s genericTile
		y = y[:len(x)]
		for l, v := range x {
			b, w := panel[4*l:][:4], y[l]
			s[0] += v * b[0]
			s[1] += v * b[1]
			s[2] += v * b[2]
			s[3] += v * b[3]
			s[4] += w * b[0]
			s[5] += w * b[1]
			s[6] += w * b[2]
			s[7] += w * b[3]
		}
		a.store(i, &s)
	}
}

// productTAGeneric is productGeneric for A^T B.
func productTAGeneric(a *gemmArgs) {
	for i := 0; i < 2*a.tiles; i += 2 {
		var s genericTile
		for l := range a.depth {
			x := floats(a.a, 4*i+l*a.strideA, 2)
			v, w := x[0], x[1]
			for j, b := range floats(a.b, l*a.strideB, a.tail) {
				s[j] += v * b
				s[4+j] += w * b
			}
		}
		a.store(i, &s)
	}
}

// genericTile holds the sums of two rows of four columns.
type genericTile [2 * genericWidth]float32

func (a *gemmArgs) store(row int, s *genericTile) {
	for r := range 2 {
		c := floats(a.c, (row+r)*a.strideC, a.tail)
		for j := range c {
			if a.add == 0 {
				c[j] = 0
			}
			c[j] += s[genericWidth*r+j]
		}
	}
}

// packTwins copy panels of columns, with zeros behind the tail.
func packTwins(lanes int) (twins [maxAcross + 1]func(*gemmArgs)) {
	for across := range twins {
		twins[across] = func(a *gemmArgs) {
			for l := range a.depth {
				to := floats(a.a, 4*l*across*lanes, across*lanes)
				clear(to[copy(to, floats(a.b, l*a.strideB, (across-1)*lanes+a.tail)):])
			}
		}
	}
	return twins
}

// rowTwins are the kernels on rows, in the order of their names.
var rowTwins = [rowKernels]func(*rowArgs){
	copyRows: twin(2, 0, func(r *operands) { copy(r.p[0], r.p[1]) }),
	affine: twin(2, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j] = r.par[0][j]*x + r.par[1][j]
		}
	}),
	affineAdd: twin(3, 3, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j] = r.par[0][j]*x + r.par[1][j]*r.p[2][j] + r.par[2][j]
		}
	}),
	affineAddGate: gateTwin(3, 1, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j] = r.gate[0][j]*x + r.gate[1][j] + r.par[0][j]*r.p[2][j]
		}
	}),
	scaleRows: gateTwin(1, 0, 1, func(r *operands) {
		for j, x := range r.p[0] {
			r.p[0][j] = x * r.gate[0][j]
		}
	}),
	moments: twin(1, 2, func(r *operands) { r.moments(r.p[0]) }),
	momentsCopy: twin(2, 2, func(r *operands) {
		copy(r.p[0], r.p[1])
		r.moments(r.p[0])
	}),
	products: twin(2, 2, func(r *operands) {
		for j, x := range r.p[0] {
			r.par[0][j] += x
			r.par[1][j] += x * r.p[1][j]
		}
	}),
	productsGate: gateTwin(2, 2, 1, func(r *operands) {
		for j, x := range r.p[0] {
			x *= r.gate[0][j]
			r.par[0][j] += x
			r.par[1][j] += x * r.p[1][j]
		}
	}),
	gateProducts: gateTwin(2, 0, 2, func(r *operands) {
		for j, a := range r.p[0] {
			r.gate[1][j] += a * r.p[1][j]
			r.p[0][j] = a * r.gate[0][j]
		}
	}),
	mulProducts:         twin(4, 2, (*operands).mulProducts),
	mulProductsPast:     twin(4, 2, (*operands).mulProducts),
	mulProductsGate:     gateTwin(4, 2, 2, (*operands).mulProductsGate),
	mulProductsGatePast: gateTwin(4, 2, 2, (*operands).mulProductsGate),
	addClip: twin(3, 3, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = clipSlope(r.par[0][j]*x+r.par[1][j]*r.p[2][j]+r.par[2][j], r.top)
		}
	}),
	addClipGate: gateTwin(3, 1, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = clipSlope(r.gate[0][j]*x+r.gate[1][j]+r.par[0][j]*r.p[2][j], r.top)
		}
	}),
	clippedProducts: twin(4, 2, func(r *operands) {
		for j, d := range r.p[1] {
			_, slope := clipSlope(r.p[2][j], r.top)
			if slope == 0 {
				d = 0
			}
			r.p[0][j] = d
			r.par[0][j] += d
			r.par[1][j] += d * r.p[3][j]
		}
	}),
	normSiLU: normTwin(siluSlope), normSiLUSum: normSumTwin(siluSlope), normSiLUSlope: normSlopeTwin(siluSlope),
	slopeSiLUProducts: slopeTwin(siluSlope), slopeSiLUProductsGate: slopeGateTwin(siluSlope),
	normClip: normTwin(clipSlope), normClipSum: normSumTwin(clipSlope), normClipSlope: normSlopeTwin(clipSlope),
	slopeClipProducts: slopeTwin(clipSlope), slopeClipProductsGate: slopeGateTwin(clipSlope),
}

// activationTwin is an activation and its derivative, where top is the upper end of one that clips.
type activationTwin func(u, top float32) (a, slope float32)

// clipSlope is clip and its derivative.
func clipSlope(u, top float32) (a, slope float32) {
	if u > 0 && u < top {
		return u, 1
	}
	return min(max(u, 0), top), 0
}

// norm is the activation of par0 x + par1.
func (r *operands) norm(act activationTwin, j int, x float32) (a, slope float32) {
	return act(r.par[0][j]*x+r.par[1][j], r.top)
}

func normTwin(act activationTwin) func(*rowArgs) {
	return twin(2, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = r.norm(act, j, x)
		}
	})
}

func normSumTwin(act activationTwin) func(*rowArgs) {
	return gateTwin(2, 2, 1, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = r.norm(act, j, x)
			r.gate[0][j] += r.p[0][j]
		}
	})
}

func normSlopeTwin(act activationTwin) func(*rowArgs) {
	return twin(3, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], r.p[2][j] = r.norm(act, j, x)
		}
	})
}

func slopeTwin(act activationTwin) func(*rowArgs) {
	return twin(3, 4, func(r *operands) {
		for j, d := range r.p[1] {
			r.slopeProducts(act, j, d)
		}
	})
}

func slopeGateTwin(act activationTwin) func(*rowArgs) {
	return gateTwin(3, 4, 2, func(r *operands) {
		for j, d := range r.p[1] {
			r.slopeProducts(act, j, r.gate[0][j]*d+r.gate[1][j])
		}
	})
}

// operands are one row of each operand of a kernel on rows, of each parameter and of the group's gates.
type operands struct {
	p    [4][]float32
	par  [4][]float32
	gate [2][]float32
	top  float32
}

func (r *operands) moments(row []float32) {
	for j, x := range row {
		r.par[0][j] += x
		r.par[1][j] += x * x
	}
}

func (r *operands) slopeProducts(act activationTwin, j int, d float32) {
	z := r.p[2][j]
	_, slope := r.norm(act, j, z)
	d *= slope
	r.p[0][j] = d
	r.par[2][j] += d
	r.par[3][j] += d * z
}

func (r *operands) mulProducts() {
	for j, d := range r.p[1] {
		r.mulProduct(j, d)
	}
}

func (r *operands) mulProductsGate() {
	for j, d := range r.p[1] {
		r.mulProduct(j, r.gate[0][j]*d+r.gate[1][j])
	}
}

func (r *operands) mulProduct(j int, d float32) {
	d *= r.p[2][j]
	z := r.p[3][j]
	r.p[0][j] = d
	r.par[0][j] += d
	r.par[1][j] += d * z
}

// twin makes a kernel on rows of what it does with one row.
func twin(count, params int, row func(*operands)) func(*rowArgs) {
	return gateTwin(count, params, 0, row)
}

// gateTwin makes a kernel with gates.
func gateTwin(count, params, gates int, row func(*operands)) func(*rowArgs) {
	return func(a *rowArgs) {
		r := operands{top: a.top}
		for i := range params {
			r.par[i] = floats(a.par, i*a.parStride, a.cols)
		}
		var at [4]int
		for group := range a.images * a.groups {
			for i := range gates {
				r.gate[i] = floats(a.gate, group*a.gateGap+i*a.gateStride, a.cols)
			}
			for range a.each {
				for i := range count {
					r.p[i] = floats(a.p[i], at[i], a.cols)
					at[i] += a.stride[i]
				}
				row(&r)
			}
			for i := range count {
				at[i] += a.gap[i]
				if (group+1)%a.groups == 0 {
					at[i] += a.imageGap[i]
				}
			}
		}
	}
}

// flatTwins are the kernels on vectors, in the order of their names.
var flatTwins = [flatKernels]func(*rowArgs){
	addFlat:     flatTwin(func(y, x float32, _ *scalars) float32 { return y + x }),
	scaleFlat:   flatTwin(func(_, x float32, s *scalars) float32 { return s[0] * x }),
	blendFlat:   flatTwin(func(y, x float32, s *scalars) float32 { return s[0]*y + s[1]*x }),
	siluFlat:    flatTwin(func(_, x float32, _ *scalars) float32 { return x * sigmoid(x) }),
	sigmoidFlat: flatTwin(func(_, x float32, _ *scalars) float32 { return sigmoid(x) }),
	siluBackward: flatTwin(func(y, x float32, _ *scalars) float32 {
		_, slope := siluSlope(x, 0)
		return y * slope
	}),
	sigmoidBackward: flatTwin(func(y, x float32, _ *scalars) float32 { return y * x * (1 - x) }),
	sgd:             func(a *rowArgs) { sgdTwin(a, false) },
	sgdNesterov:     func(a *rowArgs) { sgdTwin(a, true) },
	rmsprop:         rmspropTwin,
}

// scalars are the parameters of a flat kernel.
type scalars [6]float32

func (a *rowArgs) scalars() *scalars {
	if a.par == nil {
		return nil
	}
	return (*scalars)(floats(a.par, 0, len(scalars{})))
}

// flatTwin makes a kernel of p0 = f(p0, p1).
func flatTwin(f func(y, x float32, s *scalars) float32) func(*rowArgs) {
	return func(a *rowArgs) {
		y, s := floats(a.p[0], 0, a.cols), a.scalars()
		for j, x := range floats(a.p[1], 0, a.cols) {
			y[j] = f(y[j], x, s)
		}
	}
}

// gradient is that of the loss, scaled, plus the decay's.
func (s *scalars) gradient(w, g float32) float32 { return s[3]*g + s[2]*w }

func sgdTwin(a *rowArgs, nesterov bool) {
	s, gradient, velocity := a.scalars(), floats(a.p[1], 0, a.cols), floats(a.p[2], 0, a.cols)
	weights := floats(a.p[0], 0, a.cols)
	for j, w := range weights {
		g := s.gradient(w, gradient[j])
		v := s[1]*velocity[j] + g
		velocity[j] = v
		if nesterov {
			v = g + s[1]*v
		}
		weights[j] = w - s[0]*v
	}
}

func rmspropTwin(a *rowArgs) {
	s, gradient := a.scalars(), floats(a.p[1], 0, a.cols)
	weights, velocity, square := floats(a.p[0], 0, a.cols), floats(a.p[2], 0, a.cols), floats(a.p[3], 0, a.cols)
	for j, w := range weights {
		g := s.gradient(w, gradient[j])
		square[j] = g*g + s[4]*(square[j]-g*g)
		velocity[j] = s[1]*velocity[j] + s[0]*g/float32(math.Sqrt(float64(square[j]+s[5])))
		weights[j] = w - velocity[j]
	}
}

// sigmoid is accurate to 3e-7 relative where the result is a normal number.
func sigmoid(x float32) float32 { return 1 / (1 + portable.Exp32(-x)) }

// siluSlope is a = x sigmoid(x) and its derivative s + a - a s.
func siluSlope(x, _ float32) (a, slope float32) {
	s := sigmoid(x)
	a = x * s
	return a, s + a - a*s
}

// depthwiseTwins are the depthwise kernels for vectors of so many lanes.
func depthwiseTwins(lanes int) map[window]*depthwiseKernels {
	kernels := map[window]*depthwiseKernels{}
	for _, kernel := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			w := window{kernel, stride}
			kernels[w] = &depthwiseKernels{
				forward: []pixelKernel{{1, func(a *depthwiseArgs) { w.forward(a, 1, lanes) }}},
				weights: func(a *depthwiseArgs) { w.weights(a, lanes) },
			}
			if stride == 2 {
				kernels[w].data = []pixelKernel{{1, func(a *depthwiseArgs) { w.data(a, 1, lanes) }}}
			}
		}
	}
	return kernels
}

// forward is a depthwise kernel of so many pixels a block.
func (w window) forward(a *depthwiseArgs, pixels, lanes int) {
	channels := a.vectors * lanes
	a.eachRow(1, w.stride, func(toOut, toIn int) {
		for x := range a.blocks * pixels {
			out := floats(a.out, toOut+x*a.pixel, channels)
			clear(out)
			w.taps(func(ky, kx, tap int) {
				mulAdd(out, floats(a.in, toIn+ky*a.strideIn+(x*w.stride+kx)*a.pixel, channels), floats(a.w, tap*a.pixel, channels))
			})
		}
	})
}

// eachRow visits the rows of all images with their places, where a row of the kernel is so many rows of out and of in.
func (a *depthwiseArgs) eachRow(out, in int, visit func(toOut, toIn int)) {
	for image := range a.images {
		for y := range a.rows {
			row := image*a.rows + y
			visit(row*out*a.strideOut+image*a.gapOut, row*in*a.strideIn+image*a.gapIn)
		}
	}
}

func (w window) weights(a *depthwiseArgs, lanes int) {
	channels := a.vectors * lanes
	a.eachRow(1, w.stride, func(toOut, toIn int) {
		for x := range a.blocks {
			d := floats(a.out, toOut+x*a.pixel, channels)
			w.taps(func(ky, kx, tap int) {
				mulAdd(floats(a.w, tap*a.pixel, channels), floats(a.in, toIn+ky*a.strideIn+(x*w.stride+kx)*a.pixel, channels), d)
			})
		}
	})
}

// data is the kernel of the input's gradient of stride 2, of so many squares a block.
func (w window) data(a *depthwiseArgs, squares, lanes int) {
	channels, pad := a.vectors*lanes, (w.kernel-1)/2
	// The first output pixel that the first square sees: the taps of pixel i are those k with an output (i + pad - k) / 2 that is whole.
	first := (pad - (w.kernel - 1) + (w.kernel-1+pad)%2) / 2
	a.eachRow(2, 1, func(toOut, toIn int) {
		for i := range 2 * 2 * squares * a.blocks {
			y, x := i%2, i/2 // of a row of squares
			dx := floats(a.out, toOut+y*a.strideOut+x*a.pixel, channels)
			clear(dx)
			w.taps(func(ky, kx, tap int) {
				oy, ox := y+pad-ky, x+pad-kx
				if oy%2 == 0 && ox%2 == 0 {
					mulAdd(dx, floats(a.in, toIn+(oy/2-first)*a.strideIn+(ox/2-first)*a.pixel, channels), floats(a.w, tap*a.pixel, channels))
				}
			})
		}
	})
}

func (w window) taps(visit func(ky, kx, tap int)) {
	for ky := range w.kernel {
		for kx := range w.kernel {
			visit(ky, kx, ky*w.kernel+kx)
		}
	}
}

// mulAdd adds the products of a and b to y.
func mulAdd(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] += a[i] * b[i]
	}
}
