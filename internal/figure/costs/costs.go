// Package costs makes the figures of accuracy against cost.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet, 2019.
package costs

import (
	"cmp"
	"fmt"
	"slices"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// multiplyAdds is the label of an axis of costs.
const multiplyAdds = "multiply-adds of one image"

// AccuracyCost shows all trials at their multiply-adds, with the Pareto front; the base is a line
// across.
func AccuracyCost(v values.Values) picture.Picture {
	return scatter(v, "Accuracy against multiply-adds", multiplyAdds,
		func(t values.Trial) float64 { return t.MAdds })
}

// Latency shows the trials at the milliseconds that one image takes.
func Latency(v values.Values) picture.Picture {
	return scatter(v, "Accuracy against latency", "latency of one image, ms",
		func(t values.Trial) float64 { return t.Milliseconds })
}

// scatter shows the trials that have a cost.
func scatter(v values.Values, title, x string, cost func(values.Trial) float64) picture.Picture {
	p := picture.Picture{Title: title, Note: note(v)}
	panel := picture.Panel{X: picture.Axis{Label: x, Kind: picture.Log},
		Y: picture.Axis{Label: v.Accuracy}}
	var shown []values.Trial
	for _, t := range v.Trials {
		if cost(t) > 0 {
			shown = append(shown, t)
		}
	}
	base, based := v.Base()
	if based && len(shown) > 1 { // a line: its point would press the others together
		shown = slices.DeleteFunc(shown, func(t values.Trial) bool { return t.Family == "base" })
		panel.Marks = append(panel.Marks, picture.Rule{Look: picture.Base, At: 100 * base.Mean,
			Name: fmt.Sprintf("base %.1f %%", 100*base.Mean)})
	}
	if front := pareto(shown, cost); len(front) > 1 {
		panel.Marks = append(panel.Marks, picture.Line{Name: "Pareto front", Look: picture.Faint,
			Points: steps(front)})
	}
	best, _ := v.Leader()
	judged := slices.ContainsFunc(shown, func(t values.Trial) bool { return t.Tied })
	for _, look := range looks(shown) {
		series := picture.Dots{Name: look.Name(), Look: look}
		for _, t := range shown {
			if picture.Look(t.Family) == look {
				d := dot(t, cost(t), judged)
				if t.Name == best.Name && len(shown) > 1 {
					d.Label = v.Called(t.Name)
				}
				series.Dots = append(series.Dots, d)
			}
		}
		panel.Marks = append(panel.Marks, series)
	}
	explain(&p, v, judged)
	p.Panels = []picture.Panel{panel}
	return p
}

// explain says in the legend what marks mean.
func explain(p *picture.Picture, v values.Values, judged bool) {
	if judged && v.Tied() < len(v.Trials) {
		p.Hollow = "not tied with the best"
	}
	if slices.ContainsFunc(v.Trials, func(t values.Trial) bool { return t.Behind != nil }) {
		p.Bars = fmt.Sprintf("simultaneous %.0f %% intervals of the distance from the best",
			100*v.Confidence)
	}
}

// note names the study, counts the tied and names the best.
func note(v values.Values) string {
	best, ok := v.Leader()
	switch n := v.Tied(); {
	case n == 1:
		return fmt.Sprintf("%s: %s is the best", v.Study, v.Called(best.Name))
	case n > 1 && ok:
		return fmt.Sprintf("%s: %d of %d trials cannot be told from the best, %s", v.Study, n,
			v.Compared(), v.Called(best.Name))
	}
	return v.Study
}

// looks are those of the trials, each once, the grid's first, as the others lie above it.
func looks(trials []values.Trial) []picture.Look {
	var list []picture.Look
	for _, t := range trials {
		if look := picture.Look(t.Family); !slices.Contains(list, look) {
			list = append(list, look)
		}
	}
	slices.SortStableFunc(list, func(a, b picture.Look) int {
		return cmp.Compare(len(a[:min(1, len(a))]), len(b[:min(1, len(b))]))
	})
	return list
}

// dot is a trial at its cost with the simultaneous interval of its distance from the best.
func dot(t values.Trial, cost float64, judged bool) picture.Dot {
	d := picture.Dot{Name: t.Name, X: cost, Y: 100 * t.Mean, Hollow: judged && !t.Tied}
	if b := t.Behind; b != nil {
		d.YSpan = &picture.Span{Low: 100 * (t.Mean + b.Low - b.Difference),
			High: 100 * (t.Mean + b.High - b.Difference)}
	}
	return d
}

// pareto are the trials of the front: those that no trial of the same or a lower cost beats.
func pareto(trials []values.Trial, cost func(values.Trial) float64) []picture.XY {
	sorted := slices.Clone(trials)
	slices.SortStableFunc(sorted, func(a, b values.Trial) int {
		return cmp.Or(cmp.Compare(cost(a), cost(b)), cmp.Compare(b.Mean, a.Mean))
	})
	var front []picture.XY
	for _, t := range sorted {
		if len(front) == 0 || 100*t.Mean > front[len(front)-1].Y {
			front = append(front, picture.XY{X: cost(t), Y: 100 * t.Mean})
		}
	}
	return front
}

// steps are the corners of a staircase over points: what a cost buys at most.
func steps(points []picture.XY) []picture.XY {
	list := points[:1:1]
	for i := 1; i < len(points); i++ {
		list = append(list, picture.XY{X: points[i].X, Y: points[i-1].Y}, points[i])
	}
	return list
}
