package plain

// Depthwise is a depthwise convolution on square maps with padding of (Kernel-1)/2, less Shift rows
// and columns at the top and left: x is [Batch, InSize, InSize, Channels], y [Batch, OutSize,
// OutSize, Channels] with OutSize = ceil(InSize/Stride), the weights [Kernel, Kernel, Channels].
type Depthwise struct {
	Batch, InSize, OutSize, Channels, Kernel, Stride, Shift int
}

// Forward computes y from x and the weights.
func (g Depthwise) Forward(y, x, w []float32) {
	clear(y[:g.Batch*g.OutSize*g.OutSize*g.Channels])
	g.runs(func(out, in, tap, taps int) {
		mulAddTaps(y[out:][:g.Channels], x[in:], w[tap:], taps)
	})
}

// BackwardData computes the gradient of the input.
func (g Depthwise) BackwardData(dx, dy, w []float32) {
	clear(dx[:g.Batch*g.InSize*g.InSize*g.Channels])
	g.runs(func(out, in, tap, taps int) {
		d := dy[out:][:g.Channels]
		for range taps {
			mulAdd(dx[in:][:g.Channels], d, w[tap:])
			in, tap = in+g.Channels, tap+g.Channels
		}
	})
}

// BackwardWeights computes the gradient of the weights, summed over the batch.
func (g Depthwise) BackwardWeights(dw, dy, x []float32) {
	clear(dw[:g.Kernel*g.Kernel*g.Channels])
	g.runs(func(out, in, tap, taps int) {
		d := dy[out:][:g.Channels]
		for range taps {
			mulAdd(dw[tap:][:g.Channels], d, x[in:])
			in, tap = in+g.Channels, tap+g.Channels
		}
	})
}

// runs visits, for every pixel of the output and every row of the kernel, the run of taps that lie
// inside the image: the offset of the output pixel, of the first input pixel, of the first tap, and
// how many taps follow each other.
func (g Depthwise) runs(visit func(out, in, tap, taps int)) {
	pad, c, out := (g.Kernel-1)/2-g.Shift, g.Channels, 0
	for n := range g.Batch {
		image := n * g.InSize * g.InSize
		for oy := range g.OutSize {
			top := oy*g.Stride - pad
			for ox := range g.OutSize {
				left := ox*g.Stride - pad
				first, last := max(0, -left), min(g.Kernel, g.InSize-left)
				for ky := max(0, -top); ky < min(g.Kernel, g.InSize-top); ky++ {
					visit(out, (image+(top+ky)*g.InSize+left+first)*c, (ky*g.Kernel+first)*c, last-first)
				}
				out += c
			}
		}
	}
}

// mulAddTaps adds to y the products of taps rows of x with as many rows of w, three at a time: that
// saves two of three loads and stores of y.
func mulAddTaps(y, x, w []float32, taps int) {
	c := len(y)
	for ; taps >= 3; taps -= 3 {
		x0, x1, x2 := x[:c], x[c:][:c], x[2*c:][:c]
		w0, w1, w2 := w[:c], w[c:][:c], w[2*c:][:c]
		for i := range y {
			y[i] += x0[i]*w0[i] + x1[i]*w1[i] + x2[i]*w2[i]
		}
		x, w = x[3*c:], w[3*c:]
	}
	for range taps {
		mulAdd(y, x, w)
		x, w = x[c:], w[c:]
	}
}
