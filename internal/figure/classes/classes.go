// Package classes makes the figure of accuracies by class.
package classes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// Of many classes, those are shown in which the tied trials differ most, and the ends.
const (
	mostClasses  = 45
	mostDiffer   = 20 // of them by how far trials differ
	mostHigh     = 8  // of the highest accuracies; the rest are of the lowest
	few          = 4  // tied trials that all have a look of their own
	best         = 3  // of more, those that have one
	rowHeight    = 4.6
	lowRow       = 3.7 // of many rows
	manyRows     = 36
	clearlyApart = .05 // p value, for all classes
)

// PerClass shows the accuracy of the tied trials in each class, the highest first.
func PerClass(v values.Values) picture.Picture {
	sorted := slices.Clone(v.Classes)
	slices.SortStableFunc(sorted, func(a, b values.Class) int {
		return cmp.Compare(mean(b), mean(a))
	})
	shown := choose(sorted)
	trials := trialNames(v.Classes)
	panel := picture.Panel{X: picture.Axis{Label: v.Accuracy},
		Y: picture.Axis{Kind: picture.Names}}
	for _, c := range shown {
		panel.Y.Names = append(panel.Y.Names, rowName(c))
	}
	named := trials
	if len(trials) > few {
		named = trials[:best]
		panel.Marks = append(panel.Marks, ranges(shown, len(trials))...)
	}
	short := values.Short(trials)
	for i, trial := range named {
		panel.Marks = append(panel.Marks, series(shown, trial, short[trial], i, len(named)))
	}
	panel.Marks = append(panel.Marks, apart(shown)...)
	row := rowHeight
	if len(shown) > manyRows {
		row = lowRow
	}
	panel.Height = max(16, row*(float64(len(shown))+.5))
	return picture.Picture{Title: title(v.Classes, len(trials)), Note: note(v, len(shown)),
		Panels: []picture.Panel{panel}, Bars: bars(v.Classes, len(trials))}
}

// mean is that of the trials in a class.
func mean(c values.Class) float64 {
	sum := 0.
	for _, s := range c.Scores {
		sum += s.Mean / float64(len(c.Scores))
	}
	return sum
}

// choose picks the classes that there is room for, and keeps their order.
func choose(sorted []values.Class) []values.Class {
	if len(sorted) <= mostClasses {
		return sorted
	}
	chosen := map[string]bool{}
	byRange := slices.Clone(sorted)
	slices.SortStableFunc(byRange, func(a, b values.Class) int {
		return cmp.Or(cmp.Compare(significance(a), significance(b)),
			cmp.Compare(spread(b), spread(a)))
	})
	for _, c := range byRange[:mostDiffer] {
		chosen[c.Name] = true
	}
	for _, c := range sorted[:mostHigh] {
		chosen[c.Name] = true
	}
	for i := len(sorted) - 1; i >= 0 && len(chosen) < mostClasses; i-- { // names may be equal
		chosen[sorted[i].Name] = true
	}
	return slices.DeleteFunc(slices.Clone(sorted),
		func(c values.Class) bool { return !chosen[c.Name] })
}

// significance puts the classes with clear differences first.
func significance(c values.Class) int {
	if c.P < clearlyApart {
		return 0
	}
	return 1
}

// ends are the lowest and the highest accuracy of a trial in a class.
func ends(c values.Class) (low, high float64) {
	low, high = c.Scores[0].Mean, c.Scores[0].Mean
	for _, s := range c.Scores {
		low, high = min(low, s.Mean), max(high, s.Mean)
	}
	return low, high
}

func spread(c values.Class) float64 {
	low, high := ends(c)
	return high - low
}

// longest is the number of characters of a class's name that a row shows.
const longest = 18

func rowName(c values.Class) string {
	name := []rune(c.Name)
	if len(name) > longest {
		name = append(name[:longest-1], '…')
	}
	return fmt.Sprintf("%s (%d)", string(name), c.Images)
}

// trialNames are the trials of the classes, the best first.
func trialNames(classes []values.Class) []string {
	var list []string
	for _, s := range classes[0].Scores {
		list = append(list, s.Trial)
	}
	return list
}

// ranges are a line for each class from the lowest to the highest accuracy of many trials.
func ranges(shown []values.Class, trials int) []picture.Mark {
	var list []picture.Mark
	for row, c := range shown {
		low, high := ends(c)
		list = append(list, picture.Line{Look: picture.Faint,
			Name: fmt.Sprintf("from the lowest to the highest of %d tied trials", trials),
			Points: []picture.XY{{X: 100 * low, Y: float64(row)},
				{X: 100 * high, Y: float64(row)}}})
	}
	return list
}

// series are the dots of a trial. Those of a few trials lie above each other, so that none hides
// another.
func series(shown []values.Class, trial, name string, i, named int) picture.Dots {
	d := picture.Dots{Name: name, Look: picture.Accent(i)}
	lift := .2 * (float64(i) - float64(named-1)/2)
	for row, c := range shown {
		at := slices.IndexFunc(c.Scores, func(s values.ClassScore) bool { return s.Trial == trial })
		if at < 0 {
			continue
		}
		s := c.Scores[at]
		dot := picture.Dot{Name: c.Name, X: 100 * s.Mean, Y: float64(row) + lift}
		if s.SE > 0 && len(c.Scores) <= few {
			dot.XSpan = &picture.Span{Low: 100 * (s.Mean - s.SE), High: 100 * (s.Mean + s.SE)}
		}
		d.Dots = append(d.Dots, dot)
	}
	return d
}

// apart says by how much trials differ in the classes in which they clearly do.
func apart(shown []values.Class) []picture.Mark {
	first, last := 1., 0.
	for _, c := range shown {
		low, high := ends(c)
		first, last = min(first, low), max(last, high)
	}
	var list []picture.Mark
	for row, c := range shown {
		if !(c.P < clearlyApart) {
			continue
		}
		low, high := ends(c)
		text := picture.Text{At: picture.XY{X: 100 * high, Y: float64(row)}, Rise: .5, Small: true,
			Text: fmt.Sprintf("   %.1f apart", 100*(high-low))}
		if high-first > .7*(last-first) { // there is no room on the right
			text.At.X, text.Align = 100*low, 1
			text.Text = strings.TrimSpace(text.Text) + "   "
		}
		list = append(list, text)
	}
	return list
}

func title(classes []values.Class, trials int) string {
	if trials == 1 {
		return "Accuracy of the best trial by class"
	}
	n := 0
	for _, c := range classes {
		if c.P < clearlyApart {
			n++
		}
	}
	if n == 0 {
		return fmt.Sprintf("In no class do the %d tied trials clearly differ", trials)
	}
	return fmt.Sprintf("The %d tied trials differ in %d of %d classes", trials, n, len(classes))
}

func note(v values.Values, shown int) string {
	text := v.Study + "; in brackets the validation images of a class"
	if shown < len(v.Classes) {
		text += fmt.Sprintf("\n%d of %d classes: those in which trials differ most, the lowest and "+
			"the highest", shown, len(v.Classes))
	}
	return text
}

// bars says what bars are, where there are any.
func bars(classes []values.Class, trials int) string {
	has := func(c values.Class) bool {
		return slices.ContainsFunc(c.Scores, func(s values.ClassScore) bool { return s.SE > 0 })
	}
	if trials > few || !slices.ContainsFunc(classes, has) {
		return ""
	}
	return "1 standard error over seeds"
}
