package figures

import (
	"encoding/json"
	"math"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/space"
	"gridsearch/internal/figure/values"
	"gridsearch/plots"
)

// turning is a scene with the style of its marks: all that a page needs to draw it from elsewhere.
type turning struct {
	space.Scene
	Colours []string                `json:"colours"` // of the scale, from low to high
	Shapes  map[string][][2]float64 `json:"shapes"`  // outlines of the looks of points
}

// shades is the number of colours of a scale.
const shades = 33

// scene is what a page needs to turn the figure of the space, as JSON that HTML may have in a
// script.
func scene(v values.Values) ([]byte, error) {
	t := turning{Scene: space.NewScene(v), Colours: plots.Shades(shades),
		Shapes: map[string][][2]float64{}}
	for _, p := range t.Points {
		shape := plots.Shape(picture.Look(p.Look))
		for i, corner := range shape {
			shape[i] = [2]float64{thousandths(corner[0]), thousandths(corner[1])}
		}
		t.Shapes[p.Look] = shape
	}
	return json.Marshal(t)
}

func thousandths(v float64) float64 { return math.Round(1000*v) / 1000 }
