package recipe

import (
	"math"
	"strings"
	"testing"
)

func TestAugmentationValidate(t *testing.T) {
	good := Augmentation{Flip: FlipNone}
	for want, change := range map[string]func(*Augmentation){
		"": func(a *Augmentation) {
			a.Policy, a.Layers, a.Magnitude,
				a.Crop = RandAugment, 2, 28, .08
		},
		"shift must be":        func(a *Augmentation) { a.Shift = .6 },
		"cutout must be":       func(a *Augmentation) { a.Cutout = math.NaN() },
		`mean "alternate"`:     func(a *Augmentation) { a.Flip = "alternat" },
		"crop must be":         func(a *Augmentation) { a.Crop = 1.1 },
		`mean "randaugment"`:   func(a *Augmentation) { a.Policy = "randaugments" },
		"magnitude between 0 ": func(a *Augmentation) { a.Magnitude = 31 },
	} {
		a := good
		change(&a)
		if err := a.Validate(); (err == nil) != (want == "") || err != nil &&
			!strings.Contains(err.Error(), want) {
			t.Errorf("%+v gives %v, want %q", a, err, want)
		}
	}
}
