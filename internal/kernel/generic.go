package kernel

import (
	"math"
	"unsafe"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/portable"
)

// genericWidth is the vector of the Go set: the columns that a product computes at a time, whose sums the compiler keeps in registers.
const genericWidth = 4

// GenericSlowdown is how many times longer a training step takes with the Go set than with AVX2: 26 to 30 on scaled B0, one AMD Zen 4 core.
const GenericSlowdown = 30

// generic is the set in plain Go: what other processors run, and what the assembly is held against.
var generic = Set{
	Name: Generic, Width: genericWidth,
	table: abi.Table{
		Tiles: [abi.MaxAcross + 1][]abi.Tile{
			1: {
				{Rows: 2, Product: productGeneric, ProductTA: productTAGeneric},
				{Rows: 1, Product: productTwin(1, 1, genericWidth), ProductTA: productTATwin(1, 1, genericWidth)},
			},
			2: {{Rows: 1, Product: productTwin(1, 2, genericWidth), ProductTA: productTATwin(1, 2, genericWidth)}},
			3: {{Rows: 1, Product: productTwin(1, 3, genericWidth), ProductTA: productTATwin(1, 3, genericWidth)}},
		},
		PackPanel: packTwins(genericWidth),
		Rows:      rowTwins,
		Flat:      flatTwins,
		Depthwise: depthwiseTwins(genericWidth),
		Peak:      peakGeneric, Read: readGeneric, Copy: copyGeneric,
	},
}

// floats are n numbers in memory, from a pointer and a distance in bytes on.
func floats(p *float32, bytes, n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(p), bytes)), n)
}

// productTwin computes what a product kernel of a tile's size does, for vectors of so many lanes.
func productTwin(rows, across, lanes int) func(*abi.GemmArgs) {
	return func(a *abi.GemmArgs) { eachTile(a, rows, across, lanes, a.StrideA, 4) }
}

// productTATwin is productTwin for A^T B.
func productTATwin(rows, across, lanes int) func(*abi.GemmArgs) {
	return func(a *abi.GemmArgs) { eachTile(a, rows, across, lanes, 4, a.StrideA) }
}

// eachTile sums up with A's element (i, l) at i row + l step bytes.
func eachTile(a *abi.GemmArgs, rows, across, lanes, row, step int) {
	columns := (across-1)*lanes + a.Tail
	for i := range rows * a.Tiles {
		c := floats(a.C, i*a.StrideC, columns)
		if a.Add == 0 {
			clear(c)
		}
		for l := range a.Depth {
			v := floats(a.A, i*row+l*step, 1)[0]
			for j, w := range floats(a.B, l*a.StrideB, columns) {
				c[j] += v * w
			}
		}
	}
}

// productGeneric is a tile of 2 rows and 4 columns.
func productGeneric(a *abi.GemmArgs) {
	for i := 0; i < 2*a.Tiles; i += 2 {
		x, y := floats(a.A, i*a.StrideA, a.Depth), floats(a.A, (i+1)*a.StrideA, a.Depth)
		panel := floats(a.B, 0, genericWidth*a.Depth)
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
		s.store(a, i)
	}
}

// productTAGeneric is productGeneric for A^T B.
func productTAGeneric(a *abi.GemmArgs) {
	for i := 0; i < 2*a.Tiles; i += 2 {
		var s genericTile
		for l := range a.Depth {
			x := floats(a.A, 4*i+l*a.StrideA, 2)
			v, w := x[0], x[1]
			for j, b := range floats(a.B, l*a.StrideB, a.Tail) {
				s[j] += v * b
				s[4+j] += w * b
			}
		}
		s.store(a, i)
	}
}

// genericTile holds the sums of two rows of four columns.
type genericTile [2 * genericWidth]float32

func (s *genericTile) store(a *abi.GemmArgs, row int) {
	for r := range 2 {
		c := floats(a.C, (row+r)*a.StrideC, a.Tail)
		for j := range c {
			if a.Add == 0 {
				c[j] = 0
			}
			c[j] += s[genericWidth*r+j]
		}
	}
}

// packTwins copy panels of columns, with zeros behind the tail.
func packTwins(lanes int) (twins [abi.MaxAcross + 1]func(*abi.GemmArgs)) {
	for across := range twins {
		twins[across] = func(a *abi.GemmArgs) {
			for l := range a.Depth {
				to := floats(a.A, 4*l*across*lanes, across*lanes)
				clear(to[copy(to, floats(a.B, l*a.StrideB, (across-1)*lanes+a.Tail)):])
			}
		}
	}
	return twins
}

// rowTwins are the kernels on rows, in the order of their names.
var rowTwins = [abi.RowKernels]func(*abi.RowArgs){
	abi.CopyRows: twin(2, 0, func(r *operands) { copy(r.p[0], r.p[1]) }),
	abi.Affine: twin(2, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j] = r.par[0][j]*x + r.par[1][j]
		}
	}),
	abi.AffineAdd: twin(3, 3, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j] = r.par[0][j]*x + r.par[1][j]*r.p[2][j] + r.par[2][j]
		}
	}),
	abi.AffineAddGate: gateTwin(3, 1, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j] = r.gate[0][j]*x + r.gate[1][j] + r.par[0][j]*r.p[2][j]
		}
	}),
	abi.ScaleRows: gateTwin(1, 0, 1, func(r *operands) {
		for j, x := range r.p[0] {
			r.p[0][j] = x * r.gate[0][j]
		}
	}),
	abi.Moments: twin(1, 2, func(r *operands) { r.moments(r.p[0]) }),
	abi.MomentsCopy: twin(2, 2, func(r *operands) {
		copy(r.p[0], r.p[1])
		r.moments(r.p[0])
	}),
	abi.Products: twin(2, 2, func(r *operands) {
		for j, x := range r.p[0] {
			r.par[0][j] += x
			r.par[1][j] += x * r.p[1][j]
		}
	}),
	abi.ProductsGate: gateTwin(2, 2, 1, func(r *operands) {
		for j, x := range r.p[0] {
			x *= r.gate[0][j]
			r.par[0][j] += x
			r.par[1][j] += x * r.p[1][j]
		}
	}),
	abi.GateProducts: gateTwin(2, 0, 2, func(r *operands) {
		for j, a := range r.p[0] {
			r.gate[1][j] += a * r.p[1][j]
			r.p[0][j] = a * r.gate[0][j]
		}
	}),
	abi.MulProducts:         twin(4, 2, (*operands).mulProducts),
	abi.MulProductsPast:     twin(4, 2, (*operands).mulProducts),
	abi.MulProductsGate:     gateTwin(4, 2, 2, (*operands).mulProductsGate),
	abi.MulProductsGatePast: gateTwin(4, 2, 2, (*operands).mulProductsGate),
	abi.AddClip: twin(3, 3, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = clipSlope(r.par[0][j]*x+r.par[1][j]*r.p[2][j]+r.par[2][j], r.top)
		}
	}),
	abi.AddClipGate: gateTwin(3, 1, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = clipSlope(r.gate[0][j]*x+r.gate[1][j]+r.par[0][j]*r.p[2][j], r.top)
		}
	}),
	abi.ClippedProducts: twin(4, 2, func(r *operands) {
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
	abi.NormSiLU: normTwin(siluSlope), abi.NormSiLUSum: normSumTwin(siluSlope), abi.NormSiLUSlope: normSlopeTwin(siluSlope),
	abi.SlopeSiLUProducts: slopeTwin(siluSlope), abi.SlopeSiLUProductsGate: slopeGateTwin(siluSlope),
	abi.NormClip: normTwin(clipSlope), abi.NormClipSum: normSumTwin(clipSlope), abi.NormClipSlope: normSlopeTwin(clipSlope),
	abi.SlopeClipProducts: slopeTwin(clipSlope), abi.SlopeClipProductsGate: slopeGateTwin(clipSlope),
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

func normTwin(act activationTwin) func(*abi.RowArgs) {
	return twin(2, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = r.norm(act, j, x)
		}
	})
}

func normSumTwin(act activationTwin) func(*abi.RowArgs) {
	return gateTwin(2, 2, 1, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = r.norm(act, j, x)
			r.gate[0][j] += r.p[0][j]
		}
	})
}

func normSlopeTwin(act activationTwin) func(*abi.RowArgs) {
	return twin(3, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], r.p[2][j] = r.norm(act, j, x)
		}
	})
}

func slopeTwin(act activationTwin) func(*abi.RowArgs) {
	return twin(3, 4, func(r *operands) {
		for j, d := range r.p[1] {
			r.slopeProducts(act, j, d)
		}
	})
}

func slopeGateTwin(act activationTwin) func(*abi.RowArgs) {
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
func twin(count, params int, row func(*operands)) func(*abi.RowArgs) {
	return gateTwin(count, params, 0, row)
}

// gateTwin makes a kernel with gates.
func gateTwin(count, params, gates int, row func(*operands)) func(*abi.RowArgs) {
	return func(a *abi.RowArgs) {
		r := operands{top: a.Top}
		for i := range params {
			r.par[i] = floats(a.Par, i*a.ParStride, a.Cols)
		}
		var at [4]int
		for group := range a.Images * a.Groups {
			for i := range gates {
				r.gate[i] = floats(a.Gate, group*a.GateGap+i*a.GateStride, a.Cols)
			}
			for range a.Each {
				for i := range count {
					r.p[i] = floats(a.P[i], at[i], a.Cols)
					at[i] += a.Stride[i]
				}
				row(&r)
			}
			for i := range count {
				at[i] += a.Gap[i]
				if (group+1)%a.Groups == 0 {
					at[i] += a.ImageGap[i]
				}
			}
		}
	}
}

// flatTwins are the kernels on vectors, in the order of their names.
var flatTwins = [abi.FlatKernels]func(*abi.RowArgs){
	abi.AddFlat:     flatTwin(func(y, x float32, _ *scalars) float32 { return y + x }),
	abi.ScaleFlat:   flatTwin(func(_, x float32, s *scalars) float32 { return s[0] * x }),
	abi.BlendFlat:   flatTwin(func(y, x float32, s *scalars) float32 { return s[0]*y + s[1]*x }),
	abi.SiLUFlat:    flatTwin(func(_, x float32, _ *scalars) float32 { return x * sigmoid(x) }),
	abi.SigmoidFlat: flatTwin(func(_, x float32, _ *scalars) float32 { return sigmoid(x) }),
	abi.SiLUBackward: flatTwin(func(y, x float32, _ *scalars) float32 {
		_, slope := siluSlope(x, 0)
		return y * slope
	}),
	abi.SigmoidBackward: flatTwin(func(y, x float32, _ *scalars) float32 { return y * x * (1 - x) }),
	abi.SGD:             func(a *abi.RowArgs) { sgdTwin(a, false) },
	abi.SGDNesterov:     func(a *abi.RowArgs) { sgdTwin(a, true) },
	abi.RMSProp:         rmspropTwin,
}

// scalars are the parameters of a flat kernel.
type scalars [6]float32

func scalarsOf(a *abi.RowArgs) *scalars {
	if a.Par == nil {
		return nil
	}
	return (*scalars)(floats(a.Par, 0, len(scalars{})))
}

// flatTwin makes a kernel of p0 = f(p0, p1).
func flatTwin(f func(y, x float32, s *scalars) float32) func(*abi.RowArgs) {
	return func(a *abi.RowArgs) {
		y, s := floats(a.P[0], 0, a.Cols), scalarsOf(a)
		for j, x := range floats(a.P[1], 0, a.Cols) {
			y[j] = f(y[j], x, s)
		}
	}
}

// gradient is that of the loss, scaled, plus the decay's.
func (s *scalars) gradient(w, g float32) float32 { return s[3]*g + s[2]*w }

func sgdTwin(a *abi.RowArgs, nesterov bool) {
	s, gradient, velocity := scalarsOf(a), floats(a.P[1], 0, a.Cols), floats(a.P[2], 0, a.Cols)
	weights := floats(a.P[0], 0, a.Cols)
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

func rmspropTwin(a *abi.RowArgs) {
	s, gradient := scalarsOf(a), floats(a.P[1], 0, a.Cols)
	weights, velocity, square := floats(a.P[0], 0, a.Cols), floats(a.P[2], 0, a.Cols), floats(a.P[3], 0, a.Cols)
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
func depthwiseTwins(lanes int) map[abi.Window]*abi.DepthwiseKernels {
	kernels := map[abi.Window]*abi.DepthwiseKernels{}
	for _, kernel := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			w := abi.Window{Kernel: kernel, Stride: stride}
			kernels[w] = &abi.DepthwiseKernels{
				Forward: []abi.PixelKernel{{Pixels: 1, Run: func(a *abi.DepthwiseArgs) { forward(w, a, lanes) }}},
				Weights: func(a *abi.DepthwiseArgs) { weights(w, a, lanes) },
			}
			if stride == 2 {
				kernels[w].Data = []abi.PixelKernel{{Pixels: 1, Run: func(a *abi.DepthwiseArgs) { data(w, a, lanes) }}}
			}
		}
	}
	return kernels
}

// forward is a depthwise kernel of blocks of one pixel.
func forward(w abi.Window, a *abi.DepthwiseArgs, lanes int) {
	channels := a.Vectors * lanes
	eachRow(a, 1, w.Stride, func(toOut, toIn int) {
		for x := range a.Blocks {
			out := floats(a.Out, toOut+x*a.Pixel, channels)
			clear(out)
			taps(w, func(ky, kx, tap int) {
				mulAdd(out, floats(a.In, toIn+ky*a.StrideIn+(x*w.Stride+kx)*a.Pixel, channels), floats(a.W, tap*a.Pixel, channels))
			})
		}
	})
}

// eachRow visits the rows of all images with their places, where a row of the kernel is so many rows of out and of in.
func eachRow(a *abi.DepthwiseArgs, out, in int, visit func(toOut, toIn int)) {
	for image := range a.Images {
		for y := range a.Rows {
			row := image*a.Rows + y
			visit(row*out*a.StrideOut+image*a.GapOut, row*in*a.StrideIn+image*a.GapIn)
		}
	}
}

func weights(w abi.Window, a *abi.DepthwiseArgs, lanes int) {
	channels := a.Vectors * lanes
	eachRow(a, 1, w.Stride, func(toOut, toIn int) {
		for x := range a.Blocks {
			d := floats(a.Out, toOut+x*a.Pixel, channels)
			taps(w, func(ky, kx, tap int) {
				mulAdd(floats(a.W, tap*a.Pixel, channels), floats(a.In, toIn+ky*a.StrideIn+(x*w.Stride+kx)*a.Pixel, channels), d)
			})
		}
	})
}

// data is the kernel of the input's gradient of stride 2, of blocks of one square.
func data(w abi.Window, a *abi.DepthwiseArgs, lanes int) {
	channels, pad := a.Vectors*lanes, (w.Kernel-1)/2
	// The first output pixel that the first square sees: the taps of pixel i are those k with an output (i + pad - k) / 2 that is whole.
	first := (pad - (w.Kernel - 1) + (w.Kernel-1+pad)%2) / 2
	eachRow(a, 2, 1, func(toOut, toIn int) {
		for i := range 2 * 2 * a.Blocks {
			y, x := i%2, i/2 // of a row of squares
			dx := floats(a.Out, toOut+y*a.StrideOut+x*a.Pixel, channels)
			clear(dx)
			taps(w, func(ky, kx, tap int) {
				oy, ox := y+pad-ky, x+pad-kx
				if oy%2 == 0 && ox%2 == 0 {
					mulAdd(dx, floats(a.In, toIn+(oy/2-first)*a.StrideIn+(ox/2-first)*a.Pixel, channels), floats(a.W, tap*a.Pixel, channels))
				}
			})
		}
	})
}

func taps(w abi.Window, visit func(ky, kx, tap int)) {
	for ky := range w.Kernel {
		for kx := range w.Kernel {
			visit(ky, kx, ky*w.Kernel+kx)
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
