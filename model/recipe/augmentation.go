package recipe

import (
	"fmt"
	"math"
	"slices"

	"gridsearch/internal/nearest"
)

// Augmentation is random changes of training images. Lengths are fractions of the image's side, so
// that trials of different resolution see the same changes.
type Augmentation struct {
	// largest shift along each axis; what is outside the image is filled by reflection
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

// Validate reports what is wrong with an augmentation; "" means no flip, like NoFlip.
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

// Augmentation policies ([code], autoaugment.py).
const (
	RandAugment = "randaugment" // Layers operations of 16, drawn uniformly, at one magnitude
	AutoAugment = "autoaugment" // one of the 25 pairs of operations that were found for ImageNet (v0)
)

// Policies lists them.
var Policies = []string{RandAugment, AutoAugment}

// MaxMagnitude is the upper bound of RandAugment's magnitude; the highest of AutoAugment is 10, the
// authors' for B7 is 28.
const MaxMagnitude = 30
