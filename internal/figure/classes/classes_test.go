package classes

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// class is one in which trials have these accuracies.
func class(name string, p float64, means ...float64) values.Class {
	c := values.Class{Name: name, Images: 40, P: p}
	for i, m := range means {
		c.Scores = append(c.Scores, values.ClassScore{Trial: fmt.Sprint("trial ", i), Mean: m, SE: .02})
	}
	return c
}

// series are the dots of a panel by their names.
func seriesOf(p picture.Panel) map[string][]picture.Dot {
	all := map[string][]picture.Dot{}
	for _, m := range p.Marks {
		if d, ok := m.(picture.Dots); ok {
			all[d.Name] = d.Dots
		}
	}
	return all
}

// TestFewTrials: classes are rows by their means, trials have bars, and clear differences are said.
func TestFewTrials(t *testing.T) {
	p := PerClass(values.Values{Study: "s", Accuracy: "top-1, %", Classes: []values.Class{
		class("dog", .9, .2, .3), class("cat", .01, .9, .7)}})
	panel := p.Panels[0]
	if !slices.Equal(panel.Y.Names, []string{"cat (40)", "dog (40)"}) {
		t.Errorf("rows are %q", panel.Y.Names)
	}
	dots := seriesOf(panel)["trial 1"]
	if len(dots) != 2 || dots[0].X != 70 || math.Abs(dots[0].XSpan.Low-68) > 1e-9 || dots[1].X != 30 {
		t.Errorf("trial 1 is %+v", dots)
	}
	text, ok := panel.Marks[len(panel.Marks)-1].(picture.Text)
	if !ok || strings.TrimSpace(text.Text) != "20.0 apart" || text.At.Y != 0 || text.Align != 1 {
		t.Errorf("the last mark is %+v", panel.Marks[len(panel.Marks)-1])
	}
	if p.Title != "The 2 tied trials differ in 1 of 2 classes" || p.Bars == "" {
		t.Errorf("words are %q and %q", p.Title, p.Bars)
	}
	alone := PerClass(values.Values{Classes: []values.Class{class("dog", math.NaN(), .2)}})
	if alone.Title != "Accuracy of the best trial by class" {
		t.Errorf("of one: %q", alone.Title)
	}
}

// TestManyTrials: the best have looks of their own, the others are a range without bars.
func TestManyTrials(t *testing.T) {
	p := PerClass(values.Values{Classes: []values.Class{class("dog", .9, .3, .5, .2, .4, .35, .1)}})
	if got := seriesOf(p.Panels[0]); len(got) != best || got["trial 2"][0].XSpan != nil {
		t.Errorf("series are %+v", got)
	}
	line, ok := p.Panels[0].Marks[0].(picture.Line)
	if !ok || line.Points[0].X != 10 || line.Points[1].X != 50 || p.Bars != "" ||
		p.Title != "In no class do the 6 tied trials clearly differ" {
		t.Errorf("the range is %+v, words are %q, %q", p.Panels[0].Marks[0], p.Title, p.Bars)
	}
}

// TestManyClasses: those are kept in which trials clearly differ, and the ends, in their order.
func TestManyClasses(t *testing.T) {
	var list []values.Class
	for i := range 100 {
		v := .9 - float64(i)/200
		c := class(fmt.Sprint(i), 1, v, v-.01)
		if i == 40 {
			c.P = .02
		}
		list = append(list, c)
	}
	p := PerClass(values.Values{Classes: list})
	rows := p.Panels[0].Y.Names
	if len(rows) != mostClasses || rows[0] != "0 (40)" || rows[mostClasses-1] != "99 (40)" ||
		!slices.Contains(rows, "40 (40)") || slices.Contains(rows, "45 (40)") ||
		!strings.Contains(p.Note, "45 of 100 classes") || p.Panels[0].Height > 200 {
		t.Errorf("rows are %q, note %q, height %.0f", rows, p.Note, p.Panels[0].Height)
	}
}
