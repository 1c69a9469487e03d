package reference

import "gridsearch/internal/kernel/abi"

// Depthwise are the depthwise kernels for vectors of a number of lanes.
func Depthwise(lanes int) map[abi.Window]*abi.DepthwiseKernels {
	kernels := map[abi.Window]*abi.DepthwiseKernels{}
	for _, w := range abi.Windows {
		kernels[w] = &abi.DepthwiseKernels{
			Forward: []abi.PixelKernel{{Pixels: 1,
				Run: func(a *abi.DepthwiseArgs) { forward(w, a, lanes) }}},
			Weights: func(a *abi.DepthwiseArgs) { weights(w, a, lanes) },
		}
		if w.Stride == 2 {
			kernels[w].Data = []abi.PixelKernel{{Pixels: 1,
				Run: func(a *abi.DepthwiseArgs) { data(w, a, lanes) }}}
		}
	}
	return kernels
}

// forward is a depthwise kernel with blocks of one pixel.
func forward(w abi.Window, a *abi.DepthwiseArgs, lanes int) {
	channels := a.Vectors * lanes
	eachRow(a, 1, w.Stride, func(toOut, toIn int) {
		for x := range a.Blocks {
			out := floats(a.Out, toOut+x*a.Pixel, channels)
			clear(out)
			taps(w, func(ky, kx, tap int) {
				mulAdd(out, floats(a.In, toIn+ky*a.StrideIn+(x*w.Stride+kx)*a.Pixel, channels),
					floats(a.W, tap*a.Pixel, channels))
			})
		}
	})
}

// eachRow visits the rows of all images with their offsets, where a row of the kernel covers out
// rows of the result and in rows of the operand that is read.
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
				mulAdd(floats(a.W, tap*a.Pixel, channels),
					floats(a.In, toIn+ky*a.StrideIn+(x*w.Stride+kx)*a.Pixel, channels), d)
			})
		}
	})
}

// data is the kernel of the input's gradient at stride 2, with blocks of one square.
func data(w abi.Window, a *abi.DepthwiseArgs, lanes int) {
	channels, pad := a.Vectors*lanes, (w.Kernel-1)/2
	// The first output pixel that the first square sees: the taps of pixel i are those k with an
	// output (i + pad - k) / 2 that is whole.
	first := (pad - (w.Kernel - 1) + (w.Kernel-1+pad)%2) / 2
	eachRow(a, 2, 1, func(toOut, toIn int) {
		for i := range 2 * 2 * a.Blocks {
			y, x := i%2, i/2 // of a row of squares
			dx := floats(a.Out, toOut+y*a.StrideOut+x*a.Pixel, channels)
			clear(dx)
			taps(w, func(ky, kx, tap int) {
				oy, ox := y+pad-ky, x+pad-kx
				if oy%2 == 0 && ox%2 == 0 {
					mulAdd(dx, floats(a.In, toIn+(oy/2-first)*a.StrideIn+(ox/2-first)*a.Pixel,
						channels), floats(a.W, tap*a.Pixel, channels))
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
