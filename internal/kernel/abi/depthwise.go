package abi

// DepthwiseArgs are the arguments of the depthwise kernels.
type DepthwiseArgs struct {
	Out, In, W          *float32
	StrideOut, StrideIn int // from a row of pixels to the next
	Pixel               int // from a pixel to the next
	Rows, Blocks        int // of an image; blocks of pixels in a row
	Vectors             int // of channels; counted down
	Images              int
	GapOut, GapIn       int    // from the row after an image to the next image
	_                   [3]int // for the kernels' own use
}

// Window is the side and the stride of a depthwise kernel, in pixels.
type Window struct{ Kernel, Stride int }

// Windows are the windows that every set has kernels for.
var Windows = []Window{{3, 1}, {3, 2}, {5, 1}, {5, 2}}

// Reach is the number of input pixels along an axis that n output pixels of a window read.
func (w Window) Reach(n int) int { return (n-1)*w.Stride + w.Kernel }

// DepthwiseKernels are the kernels of one window.
type DepthwiseKernels struct {
	Forward []PixelKernel // the most pixels first, the last takes one
	Data    []PixelKernel // of stride 2: squares of 2 x 2 input pixels
	Weights func(*DepthwiseArgs)
}

// PixelKernel computes a fixed number of pixels at a time.
type PixelKernel struct {
	Pixels int
	Run    func(*DepthwiseArgs)
}
