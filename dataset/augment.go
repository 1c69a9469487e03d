package dataset

import (
	"fmt"
	"math"
	"slices"

	"gridsearch/internal/nearest"
	"gridsearch/internal/random"
)

// Augmentation changes training images at random. Sizes are shares of the image's side: trials of
// unlike resolution see the same changes.
type Augmentation struct {
	// largest shift along each axis; what comes in from outside is the image's reflection
	Shift  float64 `json:"shift"`
	Flip   string  `json:"flip"`   // FlipNone, FlipRandom or FlipAlternate
	Cutout float64 `json:"cutout"` // side of a square that is set to the mean; 0 for none

	// [code], preprocessing.py. They come before the others.
	// least share of the area that a random rectangle of the native image keeps, which is brought
	// to size; 0 for no crop
	Crop   float64 `json:"crop,omitempty"`
	Policy string  `json:"policy,omitempty"` // one of Policies; empty for none
	Layers int     `json:"layers,omitempty"` // of RandAugment: operations one after the other
	// of RandAugment: strength of every operation, 0..30
	Magnitude float64 `json:"magnitude,omitempty"`
}

// Ways to flip from left to right.
const (
	FlipNone      = "none"
	FlipRandom    = "random"
	FlipAlternate = "alternate" // every image in every second epoch, half of the images at a time
)

// Validate says what is wrong with an augmentation; no flip may be named "" too.
func (a Augmentation) Validate() error {
	flips := []string{FlipNone, FlipRandom, FlipAlternate}
	switch {
	case a.Shift < 0 || a.Shift > .5 || math.IsNaN(a.Shift):
		return fmt.Errorf("shift must be between 0 and 0.5 of the side, not %v", a.Shift)
	case a.Cutout < 0 || a.Cutout > 1 || math.IsNaN(a.Cutout):
		return fmt.Errorf("cutout must be between 0 and 1 of the side, not %v", a.Cutout)
	case a.Flip != "" && !slices.Contains(flips, a.Flip):
		return fmt.Errorf("flip %q is not known: did you mean %q?", a.Flip, nearest.Word(a.Flip, flips))
	case a.Crop < 0 || a.Crop > 1 || math.IsNaN(a.Crop):
		return fmt.Errorf("crop must be between 0 (no crop) and 1 of the area, not %v", a.Crop)
	case a.Policy != "" && !slices.Contains(Policies, a.Policy):
		return fmt.Errorf("policy %q is not known: did you mean %q?", a.Policy,
			nearest.Word(a.Policy, Policies))
	case a.Layers < 0 || !(a.Magnitude >= 0 && a.Magnitude <= MaxMagnitude):
		return fmt.Errorf("randaugment needs 0 layers or more and a magnitude between 0 and %d, "+
			"not %d and %v", MaxMagnitude, a.Layers, a.Magnitude)
	}
	return nil
}

// rectangle draws the part of a native image that is kept, a function of the seed, the epoch and
// the example: the same for every trial. Its shape is even between 3:4 and 4:3, its height even
// among those that keep enough and fit, as of TensorFlow's sample_distorted_bounding_box.
func (a Augmentation) rectangle(seed uint64, epoch, example, side int) rectangle {
	s := random.New(seed, "crop", epoch, example)
	shape := s.Uniform(3./4, 4./3)
	most := min(1, 1/shape)
	height := s.Uniform(min(math.Sqrt(a.Crop/shape), most), most)
	pixels := func(share float64) int {
		return min(side,
			max(1, int(math.Round(share*float64(side)))))
	}
	r := rectangle{width: pixels(height * shape), height: pixels(height)}
	r.x, r.y = s.IntN(side-r.width+1), s.IntN(side-r.height+1)
	return r
}

// change is what happens to one image in one epoch, in pixels.
type change struct {
	dx, dy        int
	flip          bool
	cutX, cutY    int // centre
	cutHalf, side int // the square spans side pixels from cut - cutHalf on
}

// draw decides the change of an example in an epoch, a function of the seed and of both.
func (a Augmentation) draw(seed uint64, epoch, example, size int) change {
	var c change
	if a.Flip == FlipAlternate {
		c.flip = (random.New(seed, "flip", example).Uint64()+uint64(epoch))%2 == 1
	}
	if a.Shift == 0 && a.Flip != FlipRandom && a.Cutout == 0 {
		return c
	}
	s := random.New(seed, "augment", epoch, example)
	// The conversion forbids fusing product and sum into one rounding, after which another
	// processor could draw another crop.
	pixels := func(share float64) int { return int(math.Floor(float64(share*float64(size)) + .5)) }
	// Always the same draws in the same order, so that one option does not change the numbers of
	// another.
	x, y, flip, cutX, cutY := s.Float64(), s.Float64(), s.Float64(), s.Float64(), s.Float64()
	c.dx, c.dy = pixels(a.Shift*(2*x-1)), pixels(a.Shift*(2*y-1))
	if a.Flip == FlipRandom {
		c.flip = flip < .5
	}
	c.side = pixels(a.Cutout)
	c.cutHalf = c.side / 2
	c.cutX, c.cutY = int(cutX*float64(size)), int(cutY*float64(size))
	return c
}

// normaliser turns bytes into numbers of mean 0 and deviation 1 a channel, by table.
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

// reflect brings a coordinate at most size-1 outside back in, without repeating the edge.
func reflect(i, size int) int {
	if i < 0 {
		i = -i
	}
	if i >= size {
		i = 2*size - 2 - i
	}
	return max(0, i)
}
