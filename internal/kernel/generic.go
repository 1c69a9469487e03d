package kernel

import (
	"math"
	"unsafe"
)

// genericWidth is the vector of the Go set: the columns that a product computes at a time, whose sums the compiler keeps in registers.
const genericWidth = 4

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
	copyRows:  twin(2, 0, func(v *values) { v.p[0] = v.p[1] }),
	affine:    twin(2, 2, func(v *values) { v.p[0] = v.par[0]*v.p[1] + v.par[1] }),
	affineAdd: twin(3, 3, func(v *values) { v.p[0] = v.par[0]*v.p[1] + v.par[1]*v.p[2] + v.par[2] }),
	scaleRows: twin(1, 1, func(v *values) { v.p[0] *= v.par[0] }),
	moments:   twin(1, 2, func(v *values) { v.moments(v.p[0]) }),
	momentsCopy: twin(2, 2, func(v *values) {
		v.p[0] = v.p[1]
		v.moments(v.p[1])
	}),
	products: twin(2, 2, func(v *values) {
		v.par[0] += v.p[0]
		v.par[1] += v.p[0] * v.p[1]
	}),
	normSiLU: twin(2, 2, func(v *values) { v.p[0], _ = v.norm(1) }),
	normSiLUSum: twin(2, 3, func(v *values) {
		v.p[0], _ = v.norm(1)
		v.par[2] += v.p[0]
	}),
	normSiLUSlope:     twin(3, 2, func(v *values) { v.p[0], v.p[2] = v.norm(1) }),
	slopeProducts:     twin(3, 4, func(v *values) { v.slopeProducts(v.p[1]) }),
	slopeProductsGate: twin(3, 6, func(v *values) { v.slopeProducts(v.par[4]*v.p[1] + v.par[5]) }),
	gateProducts: twin(2, 2, func(v *values) {
		v.par[1] += v.p[0] * v.p[1]
		v.p[0] *= v.par[0]
	}),
	mulProducts:         twin(4, 2, func(v *values) { v.mulProducts(v.p[1]) }),
	mulProductsPast:     twin(4, 2, func(v *values) { v.mulProducts(v.p[1]) }),
	mulProductsGate:     twin(4, 4, func(v *values) { v.mulProducts(v.par[2]*v.p[1] + v.par[3]) }),
	mulProductsGatePast: twin(4, 4, func(v *values) { v.mulProducts(v.par[2]*v.p[1] + v.par[3]) }),
}

// values are what a kernel on rows sees of one channel in one row: an element of each operand, and the channel's parameters.
type values struct {
	p   [4]float32
	par [6]float32
}

func (v *values) moments(x float32) {
	v.par[0] += x
	v.par[1] += x * x
}

// norm is silu of par0 p + par1 and its derivative.
func (v *values) norm(i int) (a, slope float32) { return siluSlope(v.par[0]*v.p[i] + v.par[1]) }

func (v *values) slopeProducts(d float32) {
	_, slope := v.norm(2)
	v.p[0] = d * slope
	v.par[2] += v.p[0]
	v.par[3] += v.p[0] * v.p[2]
}

func (v *values) mulProducts(d float32) {
	v.p[0] = d * v.p[2]
	v.par[0] += v.p[0]
	v.par[1] += v.p[0] * v.p[3]
}

// twin makes a kernel on rows of what it does with one element. Operands and parameters are written back whether changed or not: they are the same
// numbers then.
func twin(operands, params int, element func(*values)) func(*rowArgs) {
	return func(a *rowArgs) {
		var base [4]int
		for range a.groups {
			for r := range a.each {
				var v values
				for j := range a.cols {
					for i := range params {
						v.par[i] = floats(a.par, i*a.parStride+4*j, 1)[0]
					}
					for i := range operands {
						v.p[i] = floats(a.p[i], base[i]+r*a.stride[i]+4*j, 1)[0]
					}
					element(&v)
					for i := range params {
						floats(a.par, i*a.parStride+4*j, 1)[0] = v.par[i]
					}
					for i := operands - 1; i >= 0; i-- { // the result last: it may be in an operand's place
						floats(a.p[i], base[i]+r*a.stride[i]+4*j, 1)[0] = v.p[i]
					}
				}
			}
			for i := range operands {
				base[i] += a.each*a.stride[i] + a.gap[i]
			}
		}
	}
}

// flatTwins are the kernels on vectors, in the order of their names.
var flatTwins = [flatKernels]func(*rowArgs){
	addFlat:     flatTwin(2, func(p *[4]float32, _ []float32) { p[0] += p[1] }),
	scaleFlat:   flatTwin(2, func(p *[4]float32, s []float32) { p[0] = s[0] * p[1] }),
	blendFlat:   flatTwin(2, func(p *[4]float32, s []float32) { p[0] = s[0]*p[0] + s[1]*p[1] }),
	siluFlat:    flatTwin(2, func(p *[4]float32, _ []float32) { p[0], _ = siluSlope(p[1]) }),
	sigmoidFlat: flatTwin(2, func(p *[4]float32, _ []float32) { p[0] = sigmoid(p[1]) }),
	siluBackward: flatTwin(2, func(p *[4]float32, _ []float32) {
		_, slope := siluSlope(p[1])
		p[0] *= slope
	}),
	sigmoidBackward: flatTwin(2, func(p *[4]float32, _ []float32) { p[0] *= p[1] * (1 - p[1]) }),
	sgd: flatTwin(3, func(p *[4]float32, s []float32) {
		p[2] = s[1]*p[2] + gradient(p, s)
		p[0] -= s[0] * p[2]
	}),
	sgdNesterov: flatTwin(3, func(p *[4]float32, s []float32) {
		g := gradient(p, s)
		p[2] = s[1]*p[2] + g
		p[0] -= s[0] * (g + s[1]*p[2])
	}),
	rmsprop: flatTwin(4, func(p *[4]float32, s []float32) {
		g := gradient(p, s)
		p[3] = g*g + s[4]*(p[3]-g*g)
		p[2] = s[1]*p[2] + s[0]*g/float32(math.Sqrt(float64(p[3]+s[5])))
		p[0] -= p[2]
	}),
}

// gradient is that of the loss, scaled, plus the decay's.
func gradient(p *[4]float32, s []float32) float32 { return s[3]*p[1] + s[2]*p[0] }

func flatTwin(operands int, element func(p *[4]float32, scalars []float32)) func(*rowArgs) {
	return func(a *rowArgs) {
		var scalars []float32
		if a.par != nil {
			scalars = floats(a.par, 0, 6)
		}
		var p [4]float32
		for j := range a.cols {
			for i := range operands {
				p[i] = floats(a.p[i], 4*j, 1)[0]
			}
			element(&p, scalars)
			for i := operands - 1; i >= 0; i-- {
				floats(a.p[i], 4*j, 1)[0] = p[i]
			}
		}
	}
}

// sigmoid is accurate to 3e-7 relative where the result is a normal number.
func sigmoid(x float32) float32 { return 1 / (1 + exp(-x)) }

// siluSlope is a = x sigmoid(x) and its derivative s + a - a s.
func siluSlope(x float32) (a, slope float32) {
	s := sigmoid(x)
	a = x * s
	return a, s + a - a*s
}

// expLimit keeps exp a normal number. NaN passes the comparisons and goes through.
const expLimit = 87

// exp computes e^x as 2^n 2^f with a whole n and |f| <= 1/2; 2^f by its Taylor polynomial, whose error is below half a unit in the last place.
func exp(x float32) float32 {
	if x < -expLimit {
		x = -expLimit
	} else if x > expLimit {
		x = expLimit
	}
	const round = 1 << 23 * 1.5 // added and taken away, it leaves the nearest whole number
	t := x * math.Log2E
	n := float32(t+round) - round
	// The product's rounding error is up to 4e-6 at the bounds; the remainder is formed from x with ln 2 in two parts instead.
	f := (x - n*0.693359375) + n*2.12194440e-4
	p := 1 + f*(1+f*(1./2+f*(1./6+f*(1./24+f*(1./120+f*(1./720))))))
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
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
	for y := range a.rows {
		for x := range a.blocks * pixels {
			out := floats(a.out, y*a.strideOut+x*a.pixel, channels)
			clear(out)
			w.taps(func(ky, kx, tap int) {
				mulAdd(out, floats(a.in, (y*w.stride+ky)*a.strideIn+(x*w.stride+kx)*a.pixel, channels), floats(a.w, tap*a.pixel, channels))
			})
		}
	}
}

func (w window) weights(a *depthwiseArgs, lanes int) {
	channels := a.vectors * lanes
	for y := range a.rows {
		for x := range a.blocks {
			d := floats(a.out, y*a.strideOut+x*a.pixel, channels)
			w.taps(func(ky, kx, tap int) {
				mulAdd(floats(a.w, tap*a.pixel, channels), floats(a.in, (y*w.stride+ky)*a.strideIn+(x*w.stride+kx)*a.pixel, channels), d)
			})
		}
	}
}

// data is the kernel of the input's gradient of stride 2, of so many squares a block.
func (w window) data(a *depthwiseArgs, squares, lanes int) {
	channels, pad := a.vectors*lanes, (w.kernel-1)/2
	// The first output pixel that the first square sees: the taps of pixel i are those k with an output (i + pad - k) / 2 that is whole.
	first := (pad - (w.kernel - 1) + (w.kernel-1+pad)%2) / 2
	for y := range 2 * a.rows {
		for x := range 2 * squares * a.blocks {
			dx := floats(a.out, y*a.strideOut+x*a.pixel, channels)
			clear(dx)
			w.taps(func(ky, kx, tap int) {
				oy, ox := y+pad-ky, x+pad-kx
				if oy%2 == 0 && ox%2 == 0 {
					mulAdd(dx, floats(a.in, (oy/2-first)*a.strideIn+(ox/2-first)*a.pixel, channels), floats(a.w, tap*a.pixel, channels))
				}
			})
		}
	}
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
