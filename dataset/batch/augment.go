package batch

import (
	"math"

	"gridsearch/dataset/resample"
	"gridsearch/internal/random"
	"gridsearch/model/recipe"
)

// augmentation applies a recipe's augmentation.
type augmentation recipe.Augmentation

// rectangle draws a random crop of a native image, a function of the seed, the epoch and the
// example: the same for every trial. Its aspect ratio is uniform between 3:4 and 4:3, its height
// uniform among those that are large enough and fit, as in TensorFlow's
// sample_distorted_bounding_box.
func (a augmentation) rectangle(seed uint64, epoch, example, side int) resample.Rectangle {
	s := random.New(seed, "crop", epoch, example)
	shape := s.Uniform(3./4, 4./3)
	most := min(1, 1/shape)
	height := s.Uniform(min(math.Sqrt(a.Crop/shape), most), most)
	pixels := func(share float64) int {
		return min(side, max(1, int(math.Round(share*float64(side)))))
	}
	r := resample.Rectangle{Width: pixels(height * shape), Height: pixels(height)}
	r.X, r.Y = s.IntN(side-r.Width+1), s.IntN(side-r.Height+1)
	return r
}

// change is the augmentation of one image in one epoch, in pixels.
type change struct {
	dx, dy        int
	flip          bool
	cutX, cutY    int // centre
	cutHalf, side int // the square spans side pixels from cut - cutHalf on
}

// draw draws the change of an example in an epoch, a function of the seed and of both.
func (a augmentation) draw(seed uint64, epoch, example, size int) change {
	var c change
	if a.Flip == recipe.FlipAlternate {
		c.flip = (random.New(seed, "flip", example).Uint64()+uint64(epoch))%2 == 1
	}
	if a.Shift == 0 && a.Flip != recipe.FlipRandom && a.Cutout == 0 {
		return c
	}
	s := random.New(seed, "augment", epoch, example)
	// The conversion to float64 prevents a fused multiply-add, with which another processor could
	// draw another crop.
	pixels := func(share float64) int { return int(math.Floor(float64(share*float64(size)) + .5)) }
	// Always the same draws in the same order, so that one option does not change the numbers of
	// another.
	x, y, flip, cutX, cutY := s.Float64(), s.Float64(), s.Float64(), s.Float64(), s.Float64()
	c.dx, c.dy = pixels(a.Shift*(2*x-1)), pixels(a.Shift*(2*y-1))
	if a.Flip == recipe.FlipRandom {
		c.flip = flip < .5
	}
	c.side = pixels(a.Cutout)
	c.cutHalf = c.side / 2
	c.cutX, c.cutY = int(cutX*float64(size)), int(cutY*float64(size))
	return c
}

// normaliser converts bytes to numbers of mean 0 and standard deviation 1 per channel, by table.
type normaliser [][256]float32

func newNormaliser(mean, deviation []float32) normaliser {
	n := make(normaliser, len(mean))
	for c := range n {
		for v := range n[c] {
			n[c][v] = (float32(v)/255 - mean[c]) / deviation[c]
		}
	}
	return n
}

// write normalises an image [size, size, channels] with a change applied.
func (n normaliser) write(to []float32, from []uint8, size int, c change) {
	channels := len(n)
	for y := range size {
		row := from[reflect(y+c.dy, size)*size*channels:]
		for x := range size {
			ix := x
			if c.flip {
				ix = size - 1 - x
			}
			pixel := row[reflect(ix+c.dx, size)*channels:][:channels]
			out := to[(y*size+x)*channels:][:channels]
			for k, v := range pixel {
				out[k] = n[k][v]
			}
		}
	}
	for y := max(0, c.cutY-c.cutHalf); y < min(size, c.cutY-c.cutHalf+c.side); y++ {
		left, right := max(0, c.cutX-c.cutHalf), min(size, c.cutX-c.cutHalf+c.side)
		if left < right {
			clear(to[(y*size+left)*channels : (y*size+right)*channels])
		}
	}
}

// reflect maps a coordinate at most size-1 outside into the image by reflection, without repeating
// the edge.
func reflect(i, size int) int {
	if i < 0 {
		i = -i
	}
	if i >= size {
		i = 2*size - 2 - i
	}
	return max(0, i)
}
