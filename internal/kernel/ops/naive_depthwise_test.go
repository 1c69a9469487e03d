package ops_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/check"
	"gridsearch/internal/kernel/ops"
)

// pixels are maps of images with guards, and what they should become.
type pixels struct {
	ops.Map
	got, want check.Guarded
	channels  int
}

// newPixels draws maps of height x width pixels of channels for each image, with gaps behind rows
// and images.
func newPixels(dice *rand.Rand, images, height, width, channels int) *pixels {
	stride := width*channels + dice.IntN(9)
	image := height*stride + dice.IntN(9)
	g := check.Random(dice, (images-1)*image+(height-1)*stride+width*channels)
	return &pixels{ops.Map{g.Data, stride, image}, g, g.Clone(), channels}
}

// number is the place of a number in what the maps should become.
func (p *pixels) number(image, y, x, channel int) *float32 {
	return &p.want.Data[image*p.Image+y*p.Stride+x*p.channels+channel]
}

// depthwiseCase is a depthwise convolution on an area: weights [kernel, kernel, channels].
type depthwiseCase struct {
	ops.Area
	kernel, stride int
	weights        *pixels
	small, large   *pixels // the output, and the input with its padding
}

// newDepthwiseCase draws one, with maps that are as large as the area needs.
func newDepthwiseCase(dice *rand.Rand, kernel, stride, width, channels int) depthwiseCase {
	a := ops.Area{1 + dice.IntN(3), 1 + dice.IntN(4), width, channels}
	reach := func(n int) int { return (n-1)*stride + kernel }
	g := check.Random(dice, kernel*kernel*channels)
	w := &pixels{ops.Map{g.Data, kernel * channels, 0}, g, g.Clone(), channels}
	return depthwiseCase{a, kernel, stride, w, newPixels(dice, a.Images, a.Rows, width, channels),
		newPixels(dice, a.Images, reach(a.Rows), reach(width), channels)}
}

// taps visits each product of an output pixel, an input pixel and a weight: their numbers' places.
func (c depthwiseCase) taps(visit func(small, large, weight *float32)) {
	for i := range c.Images * c.Rows * c.Width * c.Channels {
		channel, x := i%c.Channels, i/c.Channels%c.Width
		y, image := i/c.Channels/c.Width%c.Rows, i/c.Channels/c.Width/c.Rows
		for ky := range c.kernel {
			for kx := range c.kernel {
				visit(c.small.number(image, y, x, channel),
					c.large.number(image, y*c.stride+ky, x*c.stride+kx, channel),
					c.weights.number(0, ky, kx, channel))
			}
		}
	}
}

// wrong says which maps are not what they should be.
func (c depthwiseCase) wrong() error {
	for name, p := range map[string]*pixels{"output": c.small, "input": c.large,
		"weights": c.weights} {
		if err := p.want.Same(p.got, check.Tolerance); err != nil {
			return fmt.Errorf("%s of %+v: %w", name, c.Area, err)
		}
	}
	return nil
}

// forward holds the output against its sum.
func (c depthwiseCase) forward(k *ops.Kernels) error {
	sums := map[*float32]float64{}
	c.taps(func(y, x, w *float32) { sums[y] += float64(*x) * float64(*w) })
	for y, sum := range sums {
		*y = float32(sum)
	}
	k.Depthwise(c.small.Map, c.large.Map, c.weights.Data, c.kernel, c.stride, c.Area)
	return c.wrong()
}

// gradient holds that of the weights, which is added to what was there, against its sum.
func (c depthwiseCase) gradient(k *ops.Kernels) error {
	sums := map[*float32]float64{}
	c.taps(func(dy, x, dw *float32) { sums[dw] += float64(*dy) * float64(*x) })
	for dw, sum := range sums {
		*dw += float32(sum)
	}
	k.DepthwiseWeights(c.weights.Data, c.small.Map, c.large.Map, c.kernel, c.stride, c.Area)
	return c.wrong()
}

// TestDepthwise holds depthwise convolutions of every set, and the gradients of their weights,
// against sums in float64, for rows that all blocks of pixels cut.
func TestDepthwise(t *testing.T) {
	eachSet(t, func(t *testing.T, s *ops.Set) {
		dice, k := rand.New(rand.NewPCG(19, 20)), s.New()
		for _, kernel := range []int{3, 5} {
			for _, stride := range []int{1, 2} {
				for width := 1; width <= 17; width++ {
					channels := s.Width * (1 + width%2)
					err := newDepthwiseCase(dice, kernel, stride, width, channels).forward(k)
					if err != nil {
						t.Fatalf("%d x %d, stride %d: %v", kernel, kernel, stride, err)
					}
					err = newDepthwiseCase(dice, kernel, stride, width, channels).gradient(k)
					if err != nil {
						t.Fatalf("weights of %d x %d, stride %d: %v", kernel, kernel, stride, err)
					}
				}
			}
		}
	})
}

// TestDepthwiseData2 holds the gradient of the input of a convolution of stride 2 against its sum
// in float64: input pixel i has weight k of output o where i = 2 o + k - padding. The first output
// that the first two pixels see is 0 of a kernel of side 3, -1 of one of side 5.
func TestDepthwiseData2(t *testing.T) {
	eachSet(t, func(t *testing.T, s *ops.Set) {
		dice, k := rand.New(rand.NewPCG(21, 22)), s.New()
		for kernel, first := range map[int]int{3: 0, 5: -1} {
			for width := 1; width <= 17; width++ {
				channels := s.Width * (1 + width%2)
				if err := data2(k, dice, kernel, first, width, channels); err != nil {
					t.Fatalf("%d x %d, %d squares across: %v", kernel, kernel, width, err)
				}
			}
		}
	})
}

// newDataCase draws one whose area is squares of 2 x 2 pixels of the input, without padding.
func newDataCase(dice *rand.Rand, kernel, width, channels int) depthwiseCase {
	a := ops.Area{1 + dice.IntN(3), 1 + dice.IntN(4), width, channels}
	return depthwiseCase{a, kernel, 2, newDepthwiseCase(dice, kernel, 2, 1, channels).weights,
		newPixels(dice, a.Images, a.Rows+kernel/2, width+kernel/2, channels),
		newPixels(dice, a.Images, 2*a.Rows, 2*width, channels)}
}

func data2(k *ops.Kernels, dice *rand.Rand, kernel, first, width, channels int) error {
	c, padding := newDataCase(dice, kernel, width, channels), kernel/2
	a := c.Area
	for i := range a.Images * 2 * a.Rows * 2 * width * channels {
		channel, x := i%channels, i/channels%(2*width)
		y, image := i/channels/(2*width)%(2*a.Rows), i/channels/(2*width)/(2*a.Rows)
		sum := 0.
		for tap := range kernel * kernel {
			ky, kx := tap/kernel, tap%kernel
			// twice the output's place, from the first one on
			oy, ox := y+padding-ky-2*first, x+padding-kx-2*first
			if oy%2 == 0 && ox%2 == 0 {
				sum += float64(*c.small.number(image, oy/2, ox/2, channel)) *
					float64(*c.weights.number(0, ky, kx, channel))
			}
		}
		*c.large.number(image, y, x, channel) = float32(sum)
	}
	k.DepthwiseData2(c.large.Map, c.small.Map, c.weights.Data, kernel, a)
	return c.wrong()
}

// TestPixelsOnce: the blocks that rows are cut into compute each pixel once, whatever the width.
func TestPixelsOnce(t *testing.T) {
	eachSet(t, func(t *testing.T, s *ops.Set) {
		dice := rand.New(rand.NewPCG(31, 32))
		for window, kernels := range s.Table.Depthwise {
			pixels, counting := 0, *s
			var counted []abi.PixelKernel
			for _, p := range kernels.Forward {
				counted = append(counted, abi.PixelKernel{Pixels: p.Pixels,
					Run: func(a *abi.DepthwiseArgs) { pixels += a.Blocks * p.Pixels; p.Run(a) }})
			}
			counting.Table.Depthwise = map[abi.Window]*abi.DepthwiseKernels{
				window: {Forward: counted}}
			k := counting.New()
			for width := 1; width <= 17; width++ {
				pixels = 0
				c := newDepthwiseCase(dice, window.Kernel, window.Stride, width, s.Width)
				if err := c.forward(k); err != nil {
					t.Fatal(err)
				}
				if pixels != width {
					t.Errorf("%+v: %d pixels are computed for rows of %d", window, pixels, width)
				}
			}
		}
	})
}
