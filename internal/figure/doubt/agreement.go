package doubt

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// mostPanels is the number of comparisons of conditions that a figure shows.
const mostPanels = 6

// RankAgreement shows the means of the same coefficients under two conditions, or at two phi, a
// panel for each comparison, with the correlation of the true means and the regret.
func RankAgreement(v values.Values) picture.Picture {
	shown := v.Agreements[:min(len(v.Agreements), mostPanels)]
	p := picture.Picture{Title: agreementTitle(v.Agreements), Note: v.Study,
		Rings: "best under the first condition", Wide: len(shown) > 1, Columns: min(len(shown), 3)}
	if named := shown[0].Named; named != "" {
		p.Note += ": points are named " + named
	}
	if more := len(v.Agreements) - len(shown); more > 0 {
		p.Note += fmt.Sprintf("; %d of %d comparisons are shown", len(shown), len(v.Agreements))
	}
	for _, a := range shown {
		p.Panels = append(p.Panels, agreement(a, v))
	}
	return p
}

// agreement is the panel of two conditions.
func agreement(a values.Agreement, v values.Values) picture.Panel {
	panel := picture.Panel{Height: 46,
		Title: correlation(a) + "\n" + regret(a),
		X:     picture.Axis{Label: fmt.Sprintf("%s at %s, %%", v.Metric, a.First)},
		Y:     picture.Axis{Label: fmt.Sprintf("%s at %s, %%", v.Metric, a.Second)}}
	panel.Marks = append(panel.Marks, alike(a))
	var trials []values.Trial
	for _, q := range a.Points {
		trials = append(trials, values.Trial{Name: q.Name, Family: q.Family})
	}
	short := names(trials)
	for _, look := range looks(trials) {
		series := picture.Dots{Name: look.Name(), Look: look}
		for i, q := range a.Points {
			if picture.Look(q.Family) == look {
				series.Dots = append(series.Dots, picture.Dot{Name: q.Name, X: 100 * q.First,
					Y: 100 * q.Second, Ring: i == a.Winner, Label: label(a, i, short)})
			}
		}
		panel.Marks = append(panel.Marks, series)
	}
	return panel
}

// mostLabels is the number of points that all have their names beside them.
const mostLabels = 12

// label names a point: all of a few, of many the winners.
func label(a values.Agreement, i int, short map[string]string) string {
	best := 0
	for j, q := range a.Points {
		if q.Second > a.Points[best].Second {
			best = j
		}
	}
	if len(a.Points) <= mostLabels || i == a.Winner || i == best {
		return short[a.Points[i].Name]
	}
	return ""
}

// alike is the line on which all would lie if all changed by as much.
func alike(a values.Agreement) picture.Line {
	low, high, shift := math.Inf(1), math.Inf(-1), 0.
	for _, q := range a.Points {
		low, high = min(low, 100*q.First), max(high, 100*q.First)
		shift += 100 * (q.Second - q.First) / float64(len(a.Points))
	}
	return picture.Line{Name: "all change alike", Look: picture.Plain, Dashed: true, Thin: true,
		Points: []picture.XY{{X: low, Y: low + shift}, {X: high, Y: high + shift}}}
}

// correlation says the correlation in a few words.
func correlation(a values.Agreement) string {
	c := a.Correlation
	if math.IsNaN(c.SD) {
		return "correlation not known"
	}
	if c.Span == nil {
		return fmt.Sprintf("correlation %.2f", c.SD)
	}
	return fmt.Sprintf("correlation %.2f (%.2f to %.2f)", c.SD, c.Span.Low, c.Span.High)
}

// regret says how far the winner is behind under the second condition.
func regret(a values.Agreement) string {
	switch {
	case math.IsNaN(a.Bound):
		return "regret not known"
	case a.Bound == 0:
		return "best at both"
	case a.Kept != nil && *a.Kept:
		return fmt.Sprintf("regret %.1f, at most %.1f points, tied", 100*a.Regret, 100*a.Bound)
	}
	return fmt.Sprintf("regret %.1f, at most %.1f points", 100*a.Regret, 100*a.Bound)
}

// agreementTitle says what is found.
func agreementTitle(list []values.Agreement) string {
	known, kept := 0, 0
	for _, a := range list {
		if a.Kept != nil {
			known++
			if *a.Kept {
				kept++
			}
		}
	}
	first := list[0].First
	var seconds []string
	for _, a := range list {
		seconds = append(seconds, a.Second)
	}
	second := strings.Join(seconds, ", ")
	if len(list) > 3 {
		second = fmt.Sprintf("all %d others", len(list))
	}
	unknown := func(a values.Agreement) bool { return math.IsNaN(a.Correlation.SD) }
	switch {
	case !slices.ContainsFunc(list, func(a values.Agreement) bool { return !unknown(a) }):
		return fmt.Sprintf("Whether the ranking at %s holds at %s is not known", first, second)
	case known == 0:
		return fmt.Sprintf("Accuracy at %s against %s", first, second)
	case kept == known && known == len(list):
		return fmt.Sprintf("The best at %s cannot be told from the best at %s", first, second)
	case kept == 0 && known == len(list):
		return fmt.Sprintf("The best at %s falls behind at %s", first, second)
	}
	return fmt.Sprintf("The best at %s cannot be told from the best in %d of %d others", first, kept, known)
}
