package ops

import (
	"fmt"
	"slices"

	"gridsearch/internal/kernel/abi"
)

// HasDepthwise reports whether there are kernels for a window.
func HasDepthwise(kernel, stride int) bool {
	return slices.Contains(abi.Windows, abi.Window{Kernel: kernel, Stride: stride})
}

// Map is a batch of NHWC images with their padding: pixel (y, x) of image i is
// Data[i*Image+y*Stride+x*channels:], with channels padded to whole vectors.
type Map struct {
	Data          []float32
	Stride, Image int // from a row of pixels to the next, from an image to the next
}

// Area is the part of each image that is computed: rows of width pixels, in as many images as
// given.
type Area struct{ Images, Rows, Width, Channels int }

// check panics if the map is too short for height x width pixels of each image.
func (m Map) check(a Area, height, width int) {
	if need := (a.Images-1)*m.Image + (height-1)*m.Stride + width*a.Channels; need > len(m.Data) {
		panic(fmt.Sprintf("ops: %d maps of %d x %d pixels of %d channels, rows %d and images "+
			"%d apart, need %d numbers, not %d",
			a.Images, height, width, a.Channels, m.Stride, m.Image, need, len(m.Data)))
	}
}

// gap is the distance in bytes from the end of an image's last row to the next image.
func (m Map) gap(rows int) int { return 4 * (m.Image - rows*m.Stride) }

// Depthwise computes an area of output pixels: y = x * weights [kernel, kernel, channels]. x begins
// at the padding of the first pixel.
func (k *Kernels) Depthwise(y, x Map, weights []float32, kernel, stride int, a Area) {
	w := abi.Window{Kernel: kernel, Stride: stride}
	y.check(a, a.Rows, a.Width)
	x.check(a, w.Reach(a.Rows), w.Reach(a.Width))
	Matrix{weights, 0}.check(1, kernel*kernel*a.Channels)
	k.pixels(k.Table.Depthwise[w].Forward, y, x, weights, 1, stride, a)
}

// DepthwiseData2 computes the gradient of the input of a stride 2 convolution, for an area of
// squares of 2 x 2 input pixels. dy begins at the first output pixel that the first square
// contributes to.
func (k *Kernels) DepthwiseData2(dx, dy Map, weights []float32, kernel int, a Area) {
	dx.check(a, 2*a.Rows, 2*a.Width)
	dy.check(a, a.Rows+kernel/2, a.Width+kernel/2)
	Matrix{weights, 0}.check(1, kernel*kernel*a.Channels)
	k.pixels(k.Table.Depthwise[abi.Window{Kernel: kernel, Stride: 2}].Data, dx, dy, weights, 2, 1, a)
}

// pixels cuts rows of pixels into blocks. A block's unit is out x out pixels of the result and in x
// in pixels of the operand that is read.
func (k *Kernels) pixels(kernels []abi.PixelKernel, y, x Map, weights []float32, out, in int,
	a Area) {
	done := 0
	for _, p := range kernels {
		blocks := (a.Width - done) / p.Pixels
		if blocks == 0 || wasteful(p.Pixels, a.Width-done) {
			continue
		}
		k.convolve = abi.DepthwiseArgs{Out: &y.Data[out*done*a.Channels],
			In: &x.Data[in*done*a.Channels], W: &weights[0],
			StrideOut: 4 * y.Stride, StrideIn: 4 * x.Stride, Pixel: 4 * a.Channels, Rows: a.Rows,
			Blocks: blocks, Vectors: a.Channels / k.Width,
			Images: a.Images, GapOut: y.gap(out * a.Rows), GapIn: x.gap(in * a.Rows)}
		p.Run(&k.convolve)
		done += blocks * p.Pixels
	}
}

// wasteful reports that a long block would leave many short ones: 8 pixels are better cut into 4
// and 4 than into 7 and 1.
func wasteful(pixels, width int) bool {
	return pixels == 7 && width%7 != 0 && (width%7 == 1 || width%4 == 0)
}

// DepthwiseWeights adds the contribution of an area of output pixels to the gradient of the
// weights.
func (k *Kernels) DepthwiseWeights(dw []float32, dy, x Map, kernel, stride int, a Area) {
	w := abi.Window{Kernel: kernel, Stride: stride}
	dy.check(a, a.Rows, a.Width)
	x.check(a, w.Reach(a.Rows), w.Reach(a.Width))
	Matrix{dw, 0}.check(1, kernel*kernel*a.Channels)
	k.convolve = abi.DepthwiseArgs{Out: &dy.Data[0], In: &x.Data[0], W: &dw[0],
		StrideOut: 4 * dy.Stride, StrideIn: 4 * x.Stride, Pixel: 4 * a.Channels, Rows: a.Rows,
		Blocks: a.Width, Vectors: a.Channels / k.Width,
		Images: a.Images, GapOut: dy.gap(a.Rows), GapIn: x.gap(stride * a.Rows)}
	k.Table.Depthwise[w].Weights(&k.convolve)
}
