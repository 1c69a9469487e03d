package plots

import (
	"fmt"
	"image/color"
	"math"

	"gridsearch/internal/figure/picture"
)

// cividis is a colour map whose lightness rises evenly, so that it reads in grey, and whose hues
// people with every kind of colour vision tell apart ([nunez]): at 0, 1/8, and so on to 1.
var cividis = []color.RGBA{{0, 34, 78, 255}, {26, 56, 111, 255}, {67, 78, 108, 255},
	{94, 100, 110, 255}, {125, 124, 120, 255}, {157, 148, 118, 255}, {190, 174, 109, 255},
	{224, 202, 90, 255}, {254, 232, 56, 255}}

// shade is the colour of a share of a scale, 0 to 1.
func shade(share float64) color.Color {
	share = math.Max(0, math.Min(share, 1)) * float64(len(cividis)-1)
	i := min(int(share), len(cividis)-2)
	part, low, high := share-float64(i), cividis[i], cividis[i+1]
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + part*(float64(b)-float64(a)) + .5) }
	return color.RGBA{mix(low.R, high.R), mix(low.G, high.G), mix(low.B, high.B), 255}
}

// Shades are colours at equal steps of a scale, as #rrggbb: what a page needs that draws marks
// itself.
func Shades(n int) []string {
	list := make([]string, n)
	for i := range list {
		r, g, b, _ := shade(float64(i) / float64(n-1)).RGBA()
		list[i] = fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
	}
	return list
}

// Shape is the outline of a look's marker, of a radius of about 1, with y upwards.
func Shape(l picture.Look) [][2]float64 {
	var list [][2]float64
	for _, corner := range styleOf(l).shape {
		list = append(list, [2]float64{float64(corner.X), float64(corner.Y)})
	}
	return list
}
