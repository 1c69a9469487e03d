// Package sample has made-up values for the tests of figures: a study of a base, controls, a grid
// and four families that has everything that figures show.
package sample

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/random"
)

// Values are those of a study that has everything.
func Values() values.Values {
	noise, images := .011, .004
	return values.Values{Study: "a study", Data: "motifs", Accuracy: "validation top-1, %",
		Metric: "top-1", Confidence: .95, Validation: 1200, Trials: trials(), Families: families(),
		Lead: lead(), Bases: bases(), Curves: curves(), Noise: &noise, ImageEffect: &images,
		Networks: Networks(), Maps: Maps(), Spread: spread(), Agreements: agreements(),
		Classes: classes(), Runs: runs(), Waiting: waiting(),
		Rule: &values.Rule{Quantity: values.Nominal, Low: 1.9, High: 2.1}}
}

// trials are a base, controls and a grid at about twice the cost.
func trials() []values.Trial {
	s := random.New(1, "trials")
	list := []values.Trial{{Name: "base", Family: "base", Control: true, Depth: 1, Width: 1,
		Resolution: 1, Labels: []values.Label{{Depth: 1, Width: 1, Resolution: 1}}, Pixels: 24,
		MAdds: 287e3, Params: 6e3, Activations: 1e4, Ratio: 1, Milliseconds: .05, Mean: .26,
		Nominal: 1}}
	for i, family := range []string{"width", "depth", "resolution", "paper", "dwr", "", "", "", "",
		""} {
		t := values.Trial{Name: fmt.Sprint("trial ", i), Family: family, Control: family != "",
			MAdds: 510e3 + 15e3*float64(i), Params: 7e3 + 300*float64(i), Activations: 2e4,
			Mean: .3 + .02*s.Norm(), Tied: i%3 == 0}
		place(&t, i)
		t.Pixels, t.Ratio = int(24*t.Resolution), t.MAdds/287e3
		t.Milliseconds = .08 + .003*float64(i)
		list = append(list, t)
	}
	best := 0.
	for _, t := range list {
		best = max(best, t.Mean)
	}
	for i := range list {
		d := list[i].Mean - best
		list[i].Behind = &values.Behind{Difference: d, Low: d - .02, High: d + .02}
		for range 3 {
			list[i].Scores = append(list[i].Scores, list[i].Mean+.011*s.Norm())
		}
	}
	return list
}

// waiting are two trials without a result, of which one has failed, among the others.
func waiting() []values.Trial {
	list := []values.Trial{{Name: "waits"}, {Name: "failed", Failed: true}}
	for i := range list {
		place(&list[i], 3+4*i)
		list[i].Shares[0].Width, list[i].Shares[0].Depth = list[i].Shares[0].Depth,
			list[i].Shares[0].Width
		list[i].Ratio = 1.9 + .2*float64(i)
	}
	return list
}

// place gives a trial its place in the triangle of shares, at twice the nominal cost. The sixth one
// is built by two points.
func place(t *values.Trial, i int) {
	a, b, c := share(i)
	t.Shares = []values.Shares{{Depth: a, Width: b, Resolution: c}}
	t.Nominal, t.Phi = 2, 1
	if i == 5 {
		t.Shares = append(t.Shares, values.Shares{Depth: a + .05, Width: b - .05, Resolution: c})
	}
	for _, s := range t.Shares {
		t.Labels = append(t.Labels, values.Label{Depth: math.Pow(2, s.Depth),
			Width: math.Pow(2, s.Width/2), Resolution: math.Pow(2, s.Resolution/2), Phi: 1})
	}
	t.Depth, t.Width, t.Resolution = t.Labels[0].Depth, t.Labels[0].Width, t.Labels[0].Resolution
}

// share spreads points over the triangle of shares, the corners first.
func share(i int) (depth, width, resolution float64) {
	switch i {
	case 0:
		return 0, 1, 0
	case 1:
		return 1, 0, 0
	case 2:
		return 0, 0, 1
	}
	a := .1 * float64(i-2)
	b := .9 - a*.9
	return a, b, 1 - a - b
}

func families() []values.Family {
	var list []values.Family
	for i, name := range []string{"width", "depth", "resolution", values.Compound} {
		base := values.Trial{Name: "base", Family: "base", MAdds: 1e6, Ratio: 1, Mean: .4,
			Behind: &values.Behind{Difference: -.1, Low: -.11, High: -.09}}
		f := values.Family{Name: name, Points: []values.FamilyPoint{{Trial: base, Phi: "0"}}}
		for phi := 1.; phi <= 3; phi++ {
			m := height(i, phi) + .004*math.Cos(3*phi+float64(i))
			f.Points = append(f.Points, values.FamilyPoint{
				Trial: values.Trial{Name: fmt.Sprint(name, " ", phi), Family: name,
					MAdds: 1e6 * math.Pow(2, phi), Ratio: math.Pow(2, phi), Mean: m, Phi: phi,
					Scores: []float64{m - .01, m, m + .01}, Half: .012,
					Behind: &values.Behind{Difference: m - .55, Low: m - .56, High: m - .54}},
				Label: fmt.Sprintf("x%.1f", math.Pow(1.4, phi)), Phi: fmt.Sprint(phi)})
		}
		list = append(list, f)
	}
	list[2].Points[3].Pixels = 28
	list[2].Note = "33 pixels are more than the data's native 28"
	for i := range list {
		list[i].Fit = fit(i, list[i])
	}
	return list
}

func curves() []values.Curve {
	var list []values.Curve
	for i := range 9 {
		c := values.Curve{Trial: fmt.Sprintf("d=1 w=1.%d px=24", i), Highlight: i%3 == 0, Mean: .5}
		for epoch := range 8 {
			v := math.Exp(-.2*float64(epoch)) + .02*float64(i)
			c.Loss, c.Top1 = append(c.Loss, 2*v), append(c.Top1, .8-.5*v)
		}
		list = append(list, c)
	}
	return list
}

// Networks are a small one, and the same wider, deeper, at a higher resolution, and all together.
func Networks() []values.Network {
	var list []values.Network
	for _, n := range []struct {
		title           string
		pixels, d, wide int
	}{{"base", 64, 1, 1}, {"width × 2", 64, 1, 2}, {"depth × 3", 64, 3, 1},
		{"resolution × 1.5", 96, 1, 1}, {"all together", 80, 2, 2}} {
		drawn := values.Network{Title: n.title, Pixels: n.pixels,
			Note:   fmt.Sprintf("%d px\n1.23 M multiply-adds\n4.5 k parameters", n.pixels),
			Blocks: []values.Block{{Stage: "stem", Channels: 12 * n.wide, Size: n.pixels / 2}}}
		for i, stage := range []string{"1: mbconv 3×3", "2: mbconv 5×5", "3: mbconv 3×3"} {
			for range n.d * (1 + i%2) {
				drawn.Blocks = append(drawn.Blocks, values.Block{Stage: stage,
					Channels: (8 + 16*i) * n.wide, Size: n.pixels / (2 << i)})
			}
		}
		list = append(list, drawn)
	}
	return list
}

// Maps are those of three networks on two images, of which one is grey, and one map is constant.
func Maps() *values.Maps {
	bright, grey := image.NewRGBA(image.Rect(0, 0, 12, 12)), image.NewGray(image.Rect(3, 4, 305, 306))
	for i := range bright.Pix {
		bright.Pix[i] = uint8(255 * (i % 4 / 3)) // opaque
	}
	for i := range 12 {
		bright.SetRGBA(i, i, color.RGBA{90, 230, 120, 255})
	}
	for i := range grey.Pix {
		grey.Pix[i] = uint8(i)
	}
	middle := values.ClassMap{Title: "ring", Probability: .83, Size: 3,
		Evidence: []float32{0, 1, 0, 1, 5, 1, 0, 1, -2}}
	constant := values.ClassMap{Title: "a class of a very long name", Probability: 1, Size: 1,
		Evidence: []float32{7}}
	corner := values.ClassMap{Title: "bars", Probability: .4, Size: 2, Evidence: []float32{1, 2, 3, 4}}
	return &values.Maps{Networks: []string{"base", "width\nd=1 w=1.4 px=24 seed=3", "depth × 2"},
		Rows: []values.Seen{
			{Title: "0: ring", Image: bright, Maps: []values.ClassMap{middle, constant, corner}},
			{Title: "photo.jpg", Image: grey, Maps: []values.ClassMap{corner, middle, constant}}}}
}
