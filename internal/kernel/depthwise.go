package kernel

import "fmt"

// depthwiseArgs are the arguments of the depthwise kernels; strides are in bytes. The assembly knows the offsets.
type depthwiseArgs struct {
	out, in, w          *float32
	strideOut, strideIn int // from a row of pixels to the next
	pixel               int // from a pixel to the next
	rows, blocks        int // of an image; blocks of pixels in a row
	vectors             int // of channels; counted down
	images              int
	gapOut, gapIn       int    // from the row behind an image to the next image
	_                   [3]int // for the kernels' own use
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

// Map is the maps of images with their padding around: pixel (y, x) of image i is Data[i*Image+y*Stride+x*channels:], with channels that are whole vectors.
type Map struct {
	Data          []float32
	Stride, Image int // from a row of pixels to the next, from an image to the next
}

// Area is what of each image is computed: rows of width pixels. The images of a map are as many.
type Area struct{ Images, Rows, Width, Channels int }

// check panics if height x width pixels of each image are not all there.
func (m Map) check(a Area, height, width int) {
	if need := (a.Images-1)*m.Image + (height-1)*m.Stride + width*a.Channels; need > len(m.Data) {
		panic(fmt.Sprintf("kernel: %d maps of %d x %d pixels of %d channels, rows %d and images %d apart, need %d numbers, not %d",
			a.Images, height, width, a.Channels, m.Stride, m.Image, need, len(m.Data)))
	}
}

// gap is the distance, in bytes, from the row behind so many of an image to the next image.
func (m Map) gap(rows int) int { return 4 * (m.Image - rows*m.Stride) }

// reach is the number of input pixels that n output pixels of a window see along an axis.
func (w window) reach(n int) int { return (n-1)*w.stride + w.kernel }

// Depthwise computes an area of output pixels: y = x * weights [kernel, kernel, channels]. x begins with the first pixel's padding.
func (k *Kernels) Depthwise(y, x Map, weights []float32, kernel, stride int, a Area) {
	w := window{kernel, stride}
	y.check(a, a.Rows, a.Width)
	x.check(a, w.reach(a.Rows), w.reach(a.Width))
	Matrix{weights, 0}.check(1, kernel*kernel*a.Channels)
	k.pixels(k.depthwise[w].forward, y, x, weights, 1, stride, a)
}

// DepthwiseData2 computes the gradient of the input of a stride 2 convolution, for an area of squares of 2 x 2 input pixels. dy begins with the first
// output pixel that the first square sees.
func (k *Kernels) DepthwiseData2(dx, dy Map, weights []float32, kernel int, a Area) {
	dx.check(a, 2*a.Rows, 2*a.Width)
	dy.check(a, a.Rows+kernel/2, a.Width+kernel/2)
	Matrix{weights, 0}.check(1, kernel*kernel*a.Channels)
	k.pixels(k.depthwise[window{kernel, 2}].data, dx, dy, weights, 2, 1, a)
}

// pixels cuts rows of pixels into blocks. A pixel of the kernels is out x out pixels of the result and in x in of what is read.
func (k *Kernels) pixels(kernels []pixelKernel, y, x Map, weights []float32, out, in int, a Area) {
	done := 0
	for _, p := range kernels {
		blocks := (a.Width - done) / p.pixels
		if blocks == 0 || wasteful(p.pixels, a.Width-done) {
			continue
		}
		k.convolve = depthwiseArgs{out: &y.Data[out*done*a.Channels], in: &x.Data[in*done*a.Channels], w: &weights[0],
			strideOut: 4 * y.Stride, strideIn: 4 * x.Stride, pixel: 4 * a.Channels, rows: a.Rows, blocks: blocks, vectors: a.Channels / k.Width,
			images: a.Images, gapOut: y.gap(out * a.Rows), gapIn: x.gap(in * a.Rows)}
		p.run(&k.convolve)
		done += blocks * p.pixels
	}
}

// wasteful says that a long block would leave many short ones: 8 pixels are 4 and 4 rather than 7 and 1.
func wasteful(pixels, width int) bool {
	return pixels == 7 && width%7 != 0 && (width%7 == 1 || width%4 == 0)
}

// DepthwiseWeights adds to the gradient of the weights what an area of output pixels gives.
func (k *Kernels) DepthwiseWeights(dw []float32, dy, x Map, kernel, stride int, a Area) {
	w := window{kernel, stride}
	dy.check(a, a.Rows, a.Width)
	x.check(a, w.reach(a.Rows), w.reach(a.Width))
	Matrix{dw, 0}.check(1, kernel*kernel*a.Channels)
	k.convolve = depthwiseArgs{out: &dy.Data[0], in: &x.Data[0], w: &dw[0],
		strideOut: 4 * dy.Stride, strideIn: 4 * x.Stride, pixel: 4 * a.Channels, rows: a.Rows, blocks: a.Width, vectors: a.Channels / k.Width,
		images: a.Images, gapOut: dy.gap(a.Rows), gapIn: x.gap(stride * a.Rows)}
	k.depthwise[w].weights(&k.convolve)
}
