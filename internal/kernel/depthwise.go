package kernel

import "fmt"

// depthwiseArgs are the arguments of the depthwise kernels; strides are in bytes. The assembly knows the offsets.
type depthwiseArgs struct {
	out, in, w          *float32
	strideOut, strideIn int    // from a row of pixels to the next
	pixel               int    // from a pixel to the next
	rows, blocks        int    // blocks of pixels in a row
	vectors             int    // of channels; counted down
	_                   [2]int // for the kernels' own use
}

// window is a kernel's side and stride.
type window struct{ kernel, stride int }

// depthwiseKernels are those of a window.
type depthwiseKernels struct {
	forward []pixelKernel // the most pixels first, the last takes one
	data    []pixelKernel // of stride 2: squares of 2 x 2 input pixels
	weights func(*depthwiseArgs)
}

// pixelKernel computes so many pixels at a time.
type pixelKernel struct {
	pixels int
	run    func(*depthwiseArgs)
}

// HasDepthwise says whether there are kernels for a window.
func HasDepthwise(kernel, stride int) bool {
	_, ok := generic.depthwise[window{kernel, stride}]
	return ok
}

// Map is a map with its padding around: pixel (y, x) is Data[y*Stride+x*channels:], with channels that are whole vectors.
type Map struct {
	Data   []float32
	Stride int // from a row of pixels to the next
}

// check panics if a map of height x width pixels is not all there.
func (m Map) check(height, width, channels int) {
	if need := (height-1)*m.Stride + width*channels; need > len(m.Data) {
		panic(fmt.Sprintf("kernel: a map of %d x %d pixels of %d channels, rows %d apart, needs %d numbers, not %d", height, width, channels, m.Stride, need, len(m.Data)))
	}
}

// reach is the number of input pixels that n output pixels of a window see along an axis.
func (w window) reach(n int) int { return (n-1)*w.stride + w.kernel }

// Depthwise computes rows x width output pixels: y = x * weights [kernel, kernel, channels]. x begins with the first pixel's padding.
func (k *Kernels) Depthwise(y, x Map, weights []float32, kernel, stride, rows, width, channels int) {
	w := window{kernel, stride}
	y.check(rows, width, channels)
	x.check(w.reach(rows), w.reach(width), channels)
	Matrix{weights, 0}.check(1, kernel*kernel*channels)
	k.pixels(k.depthwise[w].forward, y, x, weights, 1, stride, rows, width, channels)
}

// DepthwiseData2 computes the gradient of the input of a stride 2 convolution, for rows x width squares of 2 x 2 input pixels. dy begins with the first
// output pixel that the first square sees.
func (k *Kernels) DepthwiseData2(dx, dy Map, weights []float32, kernel, rows, width, channels int) {
	dx.check(2*rows, 2*width, channels)
	dy.check(rows+kernel/2, width+kernel/2, channels)
	Matrix{weights, 0}.check(1, kernel*kernel*channels)
	k.pixels(k.depthwise[window{kernel, 2}].data, dx, dy, weights, 2, 1, rows, width, channels)
}

// pixels cuts rows of pixels into blocks. A pixel of the kernels is out pixels of the result and in of what is read.
func (k *Kernels) pixels(kernels []pixelKernel, y, x Map, weights []float32, out, in, rows, width, channels int) {
	done := 0
	for _, p := range kernels {
		blocks := (width - done) / p.pixels
		if blocks == 0 || wasteful(p.pixels, width-done) {
			continue
		}
		k.convolve = depthwiseArgs{out: &y.Data[out*done*channels], in: &x.Data[in*done*channels], w: &weights[0],
			strideOut: 4 * y.Stride, strideIn: 4 * x.Stride, pixel: 4 * channels, rows: rows, blocks: blocks, vectors: channels / k.Width}
		p.run(&k.convolve)
		done += blocks * p.pixels
	}
}

// wasteful says that a long block would leave many short ones: 8 pixels are 4 and 4 rather than 7 and 1.
func wasteful(pixels, width int) bool {
	return pixels == 7 && width%7 != 0 && (width%7 == 1 || width%4 == 0)
}

// DepthwiseWeights adds to the gradient of the weights what rows x width output pixels give.
func (k *Kernels) DepthwiseWeights(dw []float32, dy, x Map, kernel, stride, rows, width, channels int) {
	w := window{kernel, stride}
	dy.check(rows, width, channels)
	x.check(w.reach(rows), w.reach(width), channels)
	Matrix{dw, 0}.check(1, kernel*kernel*channels)
	k.convolve = depthwiseArgs{out: &dy.Data[0], in: &x.Data[0], w: &dw[0],
		strideOut: 4 * dy.Stride, strideIn: 4 * x.Stride, pixel: 4 * channels, rows: rows, blocks: width, vectors: channels / k.Width}
	k.depthwise[w].weights(&k.convolve)
}
