// Package training makes the figures of how training went.
package training

import (
	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// Curves are loss and top-1 by epoch, the best trials and the base named. Validation is measured at
// the end alone: a mark right of the last epoch, joined with the training's end.
func Curves(v values.Values) picture.Picture {
	p := picture.Picture{Title: "Training by epoch, and validation at its end", Wide: true,
		X: "epoch", Note: v.Study + ": means over seeds; training " + v.Metric +
			" is on augmented images while the network learns, validation at the end alone"}
	loss := picture.Panel{Title: "training loss", X: picture.Axis{Kind: picture.Whole},
		Y: picture.Axis{Label: "cross-entropy with label smoothing"}}
	top1 := picture.Panel{Title: v.Metric, X: picture.Axis{Kind: picture.Whole},
		Y: picture.Axis{Label: "%"}}
	short := shortNames(v.Curves)
	named, epochs := 0, 0
	for _, c := range v.Curves {
		epochs = max(epochs, len(c.Top1))
	}
	every := 1 + len(v.Curves)/mostFaint
	for _, highlight := range []bool{false, true} { // those that are named lie above the others
		for i, c := range v.Curves {
			if c.Highlight != highlight || len(c.Top1) == 0 || !highlight && i%every != 0 {
				continue
			}
			look, name := picture.Faint, ""
			if highlight {
				look, name = lookOf(c.Trial, v, named), short[c.Trial]
				named++
			}
			loss.Marks = append(loss.Marks, curve(name, look, c.Loss, 1))
			top1.Marks = append(top1.Marks, curve(name, look, c.Top1, 100))
			if highlight {
				top1.Marks = append(top1.Marks, validation(name, look, c, epochs, named)...)
			}
		}
	}
	top1.X.Last = float64(epochs)
	if epochs == 1 { // its marks would be far apart
		top1.X.Include = []float64{.5, 1.5}
	}
	p.Panels = []picture.Panel{loss, top1}
	return p
}

// Of many trials in the background every second is drawn, or every third, and so on, and of long
// curves there as few points: more would not be seen.
const (
	mostFaint  = 100
	mostPoints = 60
)

func shortNames(curves []values.Curve) map[string]string {
	var names []string
	for _, c := range curves {
		names = append(names, c.Trial)
	}
	return values.Short(names)
}

// lookOf is the look of a named trial: the base has its own.
func lookOf(trial string, v values.Values, named int) picture.Look {
	if base, ok := v.Base(); ok && base.Name == trial {
		return picture.Base
	}
	return picture.Accent(named)
}

// curve is a line whose values are multiplied by a factor; of one epoch it is a point.
func curve(name string, look picture.Look, list []float64, factor float64) picture.Mark {
	if len(list) == 1 {
		return picture.Dots{Name: name, Look: look, Dots: []picture.Dot{{Name: name, X: 1,
			Y: factor * list[0], Hollow: true}}}
	}
	l := picture.Line{Name: name, Look: look, Thin: look == picture.Faint}
	every := 1
	if l.Thin {
		every += len(list) / mostPoints
	}
	for i, y := range list {
		if i%every == 0 || i == len(list)-1 {
			l.Points = append(l.Points, picture.XY{X: float64(i + 1), Y: factor * y})
		}
	}
	return l
}

// validation is the mark of a trial's validation right of the last epoch, a step further for each
// trial, joined with the end of its training.
func validation(name string, look picture.Look, c values.Curve, epochs, step int) []picture.Mark {
	last := len(c.Top1) - 1
	at := picture.XY{X: float64(epochs) + max(float64(epochs-1), 1)*(.02+.022*float64(step)),
		Y: 100 * c.Mean}
	return []picture.Mark{
		picture.Line{Look: look, Thin: true, Dashed: true,
			Points: []picture.XY{{X: float64(last + 1), Y: 100 * c.Top1[last]}, at}},
		picture.Dots{Name: name, Look: look,
			Dots: []picture.Dot{{Name: c.Trial + ", validation", X: at.X, Y: at.Y}}},
	}
}
