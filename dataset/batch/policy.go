package batch

import (
	"math"

	"gridsearch/internal/random"
	"gridsearch/model/recipe"
)

// operations are RandAugment's, in the authors' order, which the random draws depend on.
var operations = []string{"AutoContrast", "Equalize", "Invert", "Rotate", "Posterize", "Solarize",
	"Color", "Contrast", "Brightness", "Sharpness",
	"ShearX", "ShearY", "TranslateX", "TranslateY", "Cutout", "SolarizeAdd"}

// chance is an operation of an AutoAugment pair, with its probability and magnitude.
type chance struct {
	operation   string
	probability float64
	magnitude   float64
}

// autoAugment is policy_v0.
var autoAugment = [25][2]chance{
	{{"Equalize", .8, 1}, {"ShearY", .8, 4}}, {{"Color", .4, 9}, {"Equalize", .6, 3}},
	{{"Color", .4, 1}, {"Rotate", .6, 8}}, {{"Solarize", .8, 3}, {"Equalize", .4, 7}},
	{{"Solarize", .4, 2}, {"Solarize", .6, 2}}, {{"Color", .2, 0}, {"Equalize", .8, 8}},
	{{"Equalize", .4, 8}, {"SolarizeAdd", .8, 3}}, {{"ShearX", .2, 9}, {"Rotate", .6, 8}},
	{{"Color", .6, 1}, {"Equalize", 1, 2}}, {{"Invert", .4, 9}, {"Rotate", .6, 0}},
	{{"Equalize", 1, 9}, {"ShearY", .6, 3}}, {{"Color", .4, 7}, {"Equalize", .6, 0}},
	{{"Posterize", .4, 6}, {"AutoContrast", .4, 7}}, {{"Solarize", .6, 8}, {"Color", .6, 9}},
	{{"Solarize", .2, 4}, {"Rotate", .8, 9}}, {{"Rotate", 1, 7}, {"TranslateY", .8, 9}},
	{{"ShearX", 0, 0}, {"Solarize", .8, 4}}, {{"ShearY", .8, 0}, {"Color", .6, 4}},
	{{"Color", 1, 0}, {"Rotate", .6, 2}}, {{"Equalize", .8, 4}, {"Equalize", 0, 8}},
	{{"Equalize", 1, 4}, {"AutoContrast", .6, 2}}, {{"ShearY", .4, 7}, {"SolarizeAdd", .6, 7}},
	{{"Posterize", .8, 2}, {"Solarize", .6, 10}}, {{"Solarize", .6, 8}, {"Equalize", .6, 1}},
	{{"Color", .8, 6}, {"Rotate", .4, 5}},
}

// Largest shift and half side of RandAugment's cutout and largest shift of AutoAugment, in the
// authors' pixels of images of 224: here they are fractions of the side.
const (
	randAugmentShift  = 100. / 224
	randAugmentCutout = 40. / 224
	autoAugmentShift  = 250. / 224
)

// distort applies the policy to an image. The draws are a function of the stream alone, and their
// number does not depend on the operation, so that trials of different resolution see the same
// changes.
func (a augmentation) distort(c *canvas, s *random.Stream) {
	switch a.Policy {
	case recipe.RandAugment:
		for range a.Layers {
			name := operations[s.IntN(len(operations))]
			c.apply(name, a.Magnitude/10, randAugmentShift, drawPlace(s))
		}
	case recipe.AutoAugment:
		for _, o := range autoAugment[s.IntN(len(autoAugment))] {
			wanted, at := s.Float64() < o.probability, drawPlace(s)
			if wanted {
				c.apply(o.operation, o.magnitude/10, autoAugmentShift, at)
			}
		}
	}
}

// place is what is drawn for an operation beside its magnitude.
type place struct{ sign, x, y float64 } // -1 or 1; 0..1 of the side

func drawPlace(s *random.Stream) place {
	sign, x, y := s.Float64(), s.Float64(), s.Float64()
	return place{math.Copysign(1, sign-.5), x, y}
}

// apply applies an operation at a level, 1 for magnitude 10 ([code], level_to_arg).
func (c *canvas) apply(name string, level, shift float64, at place) {
	side, factor := float64(c.size), float32(float64(level*1.8)+.1)
	switch name {
	case "AutoContrast":
		c.autoContrast()
	case "Equalize":
		c.equalize()
	case "Invert":
		c.invert()
	case "Rotate":
		c.rotate(at.sign * level * 30)
	case "Posterize":
		c.posterize(int(level * 4))
	case "Solarize":
		c.solarize(int(level * 256))
	case "SolarizeAdd":
		c.solarizeAdd(int(level * 110))
	case "Color":
		c.color(factor)
	case "Contrast":
		c.contrast(factor)
	case "Brightness":
		c.brightness(factor)
	case "Sharpness":
		c.sharpness(factor)
	case "ShearX":
		c.shearX(at.sign * level * .3)
	case "ShearY":
		c.shearY(at.sign * level * .3)
	case "TranslateX":
		c.translate(at.sign*level*shift*side, 0)
	case "TranslateY":
		c.translate(0, at.sign*level*shift*side)
	case "Cutout":
		c.cutout(int(at.x*side), int(at.y*side), int(math.Round(level*randAugmentCutout*side)))
	}
}
