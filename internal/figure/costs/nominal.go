package costs

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/si"
)

// even is the spread of promised costs, as a ratio, up to which they say nothing about an order.
const even = 1.002

// NominalReal shows what networks really cost beside what the rule promises, each of their labels
// as a point: those of one network are joined by a level line, so that the next step up is a cliff.
// The base is left out. Where all labels promise the same, their depth is on the axis instead.
func NominalReal(v values.Values) picture.Picture {
	trials := Counted(v)
	promised, real := spans(trials)
	p := picture.Picture{Title: trap(v, promised, real), Note: v.Study}
	panel := picture.Panel{X: picture.Axis{Label: "multiply-adds that the rule promises, × base"},
		Y: picture.Axis{Label: "real multiply-adds, × base"}, Height: 56}
	of := values.Label.Promised
	if promised.High < even*promised.Low {
		panel.X.Label = "multiple of the base's depth"
		of = func(l values.Label) float64 { return l.Depth }
		panel.Marks = append(panel.Marks, picture.Rule{Name: "what the rule promises",
			Look: picture.Base, At: promised.High})
	} else {
		panel.Marks = append(panel.Marks, picture.Rule{Name: "what the rule promises",
			Look: picture.Base, Equality: true})
		if promised.High-promised.Low < real.High-real.Low { // or else the networks lie in a strip
			panel.Y.Include = []float64{promised.Low, promised.High}
		}
	}
	panel.Marks = append(panel.Marks, plateaus(v, of)...)
	if v.Tied() > 0 && v.Tied() < len(trials) {
		p.Hollow = "not tied with the best"
	}
	if len(trials) > 0 && slices.ContainsFunc(trials, func(t values.Trial) bool {
		return len(t.Labels) > 1
	}) {
		p.Note += "\nA level line joins the coefficients that build one network."
	}
	p.Panels = []picture.Panel{panel}
	return p
}

// Counted are the trials whose coefficients and real costs are known, without the base, those that
// wait too.
func Counted(v values.Values) []values.Trial {
	var list []values.Trial
	for _, t := range slices.Concat(v.Trials, v.Waiting) {
		if t.Ratio > 0 && len(t.Labels) > 0 && t.Family != "base" {
			list = append(list, t)
		}
	}
	return list
}

// spans are the ranges of promised and real costs.
func spans(trials []values.Trial) (promised, real picture.Span) {
	promised = picture.Span{Low: math.Inf(1), High: math.Inf(-1)}
	real = promised
	for _, t := range trials {
		real.Low, real.High = min(real.Low, t.Ratio), max(real.High, t.Ratio)
		for _, l := range t.Labels {
			n := l.Promised()
			promised.Low, promised.High = min(promised.Low, n), max(promised.High, n)
		}
	}
	return promised, real
}

// trap says by how much promise and cost differ.
func trap(v values.Values, promised, real picture.Span) string {
	switch {
	case near(promised):
		return fmt.Sprintf("Networks cost %s times the base where the rule promises %s",
			fromTo(real), about(promised))
	case near(real):
		return fmt.Sprintf("For %s times the base's cost the rule promises %s", about(real),
			fromTo(promised))
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, t := range Counted(v) {
		for _, l := range t.Labels {
			low, high = min(low, t.Ratio/l.Promised()), max(high, t.Ratio/l.Promised())
		}
	}
	return fmt.Sprintf("Networks cost %s times what the rule promises",
		fromTo(picture.Span{Low: low, High: high}))
}

// near says whether a range is that of a target with a tolerance.
func near(s picture.Span) bool { return s.High <= 1.25*s.Low }

func about(s picture.Span) string {
	if s.High < even*s.Low {
		return si.Digits(s.High, 3)
	}
	return fmt.Sprintf("about %s", si.Digits((s.Low+s.High)/2, 2))
}

func fromTo(s picture.Span) string {
	low, high := si.Digits(s.Low, 2), si.Digits(s.High, 2)
	if low == high {
		return low
	}
	return low + " to " + high
}

// plateaus are the labels as dots, with a line through those of a network.
func plateaus(v values.Values, of func(values.Label) float64) []picture.Mark {
	var marks []picture.Mark
	all := Counted(v)
	for _, t := range all {
		var line []picture.XY
		for _, l := range t.Labels {
			line = append(line, picture.XY{X: of(l), Y: t.Ratio})
		}
		slices.SortFunc(line, func(a, b picture.XY) int { return cmp.Compare(a.X, b.X) })
		if len(line) > 1 {
			marks = append(marks, picture.Line{Look: picture.Faint, Thin: true, Points: line})
		}
	}
	trained := all[:len(all)-len(Counted(values.Values{Waiting: v.Waiting}))]
	judged := slices.ContainsFunc(trained, func(t values.Trial) bool { return t.Tied })
	best, _ := v.Best()
	for _, look := range looks(trained) {
		series := picture.Dots{Name: look.Name(), Look: look}
		for _, t := range trained {
			if picture.Look(t.Family) == look {
				dots := labelDots(t, of, judged && !t.Tied)
				if t.Name == best.Name {
					dots[0].Label = "highest"
				}
				series.Dots = append(series.Dots, dots...)
			}
		}
		marks = append(marks, series)
	}
	waiting := picture.Dots{Name: "without a result yet", Small: true}
	for _, t := range all[len(trained):] {
		waiting.Dots = append(waiting.Dots, labelDots(t, of, true)...)
	}
	if len(waiting.Dots) > 0 {
		marks = append(marks, waiting)
	}
	return marks
}

// labelDots are the labels of a trial.
func labelDots(t values.Trial, of func(values.Label) float64, hollow bool) []picture.Dot {
	var list []picture.Dot
	for _, l := range t.Labels {
		list = append(list, picture.Dot{Name: t.Name, X: of(l), Y: t.Ratio, Hollow: hollow})
	}
	return list
}
