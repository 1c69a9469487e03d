package costs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// Params shows accuracy against parameters, beside published models where there are some for the
// data, as in [effnet] Figure 1.
func Params(v values.Values) picture.Picture {
	return beside(v, size{"parameters", "parameters", "millions", 1e6,
		func(t values.Trial) float64 { return t.Params },
		func(m values.Published) float64 { return m.Params }})
}

// FLOPs shows the same against multiply-adds, as in [effnet] Figure 5, where they are called FLOPS.
func FLOPs(v values.Values) picture.Picture {
	return beside(v, size{"multiply-adds", multiplyAdds, "billions", 1e9,
		func(t values.Trial) float64 { return t.MAdds },
		func(m values.Published) float64 { return m.MAdds }})
}

// size is what a figure shows accuracy against.
type size struct {
	name, label string
	units       string // of an axis with published models, and what they are
	unit        float64
	of          func(values.Trial) float64
	published   func(values.Published) float64
}

// beside shows the trials, families joined by lines, above the published models. Published ones make
// a linear axis from 0, as in [effnet]: models of growing size level off there.
func beside(v values.Values, s size) picture.Picture {
	p := picture.Picture{Title: s.title(v), Note: note(v)}
	panel := picture.Panel{X: picture.Axis{Label: s.label, Kind: picture.Log},
		Y: picture.Axis{Label: v.Accuracy}}
	unit := 1.
	if shown, far := s.reference(v); len(shown) > 0 {
		unit = s.unit
		panel.Height = 80
		panel.X = picture.Axis{Label: s.label + ", " + s.units, Include: []float64{0}}
		panel.Marks = s.models(shown)
		p.Note += s.explain(v, shown, far)
		p.Wide = true
	}
	panel.Marks = append(panel.Marks, s.trials(v, unit)...)
	p.Panels = []picture.Panel{panel}
	return p
}

// title says how the best compares with the base.
func (s size) title(v values.Values) string {
	best, _ := v.Leader()
	base, based := v.Base()
	if !based || best.Name == base.Name || s.of(base) == 0 || s.of(best) == 0 {
		return "Accuracy against " + s.name
	}
	times := fmt.Sprintf("%.2g times the base's", s.of(best)/s.of(base))
	if times == "1 times the base's" {
		times = "as many as the base"
	}
	return fmt.Sprintf("Accuracy against %s: the best has %s, and is %.1f points above it", s.name,
		times, 100*(best.Mean-base.Mean))
}

// trials are the study's own, a line through each family.
func (s size) trials(v values.Values, unit float64) []picture.Mark {
	var marks []picture.Mark
	for _, f := range v.Families {
		l := picture.Line{Look: picture.Look(f.Name)}
		for _, q := range f.Points {
			if s.of(q.Trial) > 0 {
				l.Points = append(l.Points, picture.XY{X: s.of(q.Trial) / unit, Y: 100 * q.Mean})
			}
		}
		if len(l.Points) > 1 {
			marks = append(marks, l)
		}
	}
	var shown []values.Trial
	for _, t := range v.Trials {
		if s.of(t) > 0 {
			shown = append(shown, t)
		}
	}
	for _, look := range looks(shown) {
		series := picture.Dots{Name: look.Name(), Look: look}
		for _, t := range shown {
			if picture.Look(t.Family) == look {
				series.Dots = append(series.Dots, picture.Dot{Name: t.Name, X: s.of(t) / unit,
					Y: 100 * t.Mean, Label: label(t, len(shown))})
			}
		}
		marks = append(marks, series)
	}
	return marks
}

// fewTrials are so many that each can have its name beside it.
const fewTrials = 12

// label is a trial's name where there are few trials, and it is short.
func label(t values.Trial, trials int) string {
	if trials > fewTrials || utf8.RuneCountInString(t.Name) > 16 {
		return ""
	}
	return t.Name
}

// reference are the published models with a size that are none of the study's trials, and those that
// are so much larger than all others that they would press these together.
func (s size) reference(v values.Values) (shown, far []values.Published) {
	if v.Reference == nil {
		return nil, nil
	}
	for _, m := range v.Reference.Models {
		own := slices.ContainsFunc(v.Trials, func(t values.Trial) bool {
			return strings.EqualFold(t.Name, m.Name)
		})
		if s.published(m) > 0 && m.Top1 > 0 && !own {
			shown = append(shown, m)
		}
	}
	for {
		largest, next := -1, 0.
		for i, m := range shown {
			if largest < 0 || s.published(m) > s.published(shown[largest]) {
				largest = i
			}
		}
		for i, m := range shown {
			if i != largest {
				next = max(next, s.published(m))
			}
		}
		if len(shown) < 3 || s.published(shown[largest]) < 2*next {
			return shown, far
		}
		far = append(far, shown[largest])
		shown = slices.Delete(shown, largest, largest+1)
	}
}

// models are the published models with their names, a line through each family: [effnet]'s own is
// the one that all others are held against.
func (s size) models(shown []values.Published) []picture.Mark {
	own := picture.Dots{Name: "EfficientNet", Look: picture.Known}
	others := picture.Dots{Name: "other published models", Look: picture.Published}
	curves, names := map[string][]picture.XY{}, []string{}
	slices.SortStableFunc(shown, func(a, b values.Published) int { // the left ones have less room
		return cmp.Compare(s.published(a), s.published(b))
	})
	for _, m := range shown {
		at := picture.XY{X: s.published(m) / s.unit, Y: 100 * m.Top1}
		one := picture.Dot{Name: m.Name, X: at.X, Y: at.Y, Label: m.Name}
		if m.Family == own.Name {
			one.Label = strings.TrimPrefix(m.Name, own.Name+"-")
			own.Dots = append(own.Dots, one)
		} else {
			others.Dots = append(others.Dots, one)
		}
		if m.Family == "" {
			continue
		}
		if curves[m.Family] == nil {
			names = append(names, m.Family)
		}
		curves[m.Family] = append(curves[m.Family], at)
	}
	var marks []picture.Mark
	for _, name := range names {
		l := picture.Line{Look: picture.Published, Points: curves[name]}
		if name == own.Name {
			l = picture.Line{Name: name, Look: picture.Known, Points: curves[name]}
		}
		marks = append(marks, l)
	}
	for _, d := range []picture.Dots{others, own} {
		if len(d.Dots) > 0 {
			marks = append(marks, d)
		}
	}
	return marks
}

// explain says who publishes the models, and which lie beyond the axis.
func (s size) explain(v values.Values, shown, far []values.Published) string {
	r := v.Reference
	text := fmt.Sprintf("\nPublished for %s: %s", r.Title, r.Source)
	if r.Tuned {
		text += ", trained on ImageNet and tuned"
	}
	for i, m := range far {
		if i == 0 {
			text += "; beyond the axis:"
		}
		text += fmt.Sprintf(" %s (%.4g %s, %.1f %%)", m.Name, s.published(m)/s.unit, s.units,
			100*m.Top1)
	}
	return text
}
