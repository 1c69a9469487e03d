// Package doubt makes the figures that say how far the results can be trusted.
package doubt

import (
	"cmp"
	"fmt"
	"slices"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// Rows of a figure that still fits on a page, and their heights in millimetres.
const (
	mostRows  = 60
	rowHeight = 3.9
	lowRow    = 3.15 // of many rows
	manyRows  = 45
)

// BehindBest shows every trial's distance from the best other one with its simultaneous interval, a
// row for each. Of more than a page has room for, it shows the tied ones, the base and the
// controls, and says how far behind the others are. A bar that would press the others together ends
// at the edge.
func BehindBest(v values.Values) picture.Picture {
	ranked := judged(v.Trials)
	shown, rest := fitting(ranked)
	low, cut := window(shown)
	panel := picture.Panel{Y: picture.Axis{Kind: picture.Names},
		X:     picture.Axis{Label: "points of " + v.Metric + " above the best other trial"},
		Marks: []picture.Mark{picture.Rule{Look: picture.Plain, Vertical: true}}}
	if cut {
		panel.X.Include = []float64{low}
	}
	short := names(v.Trials)
	for _, t := range shown {
		panel.Y.Names = append(panel.Y.Names, short[t.Name])
	}
	for _, look := range looks(shown) {
		series := picture.Dots{Name: look.Name(), Look: look}
		for row, t := range shown {
			if picture.Look(t.Family) != look {
				continue
			}
			if d := t.Behind; cut && 100*d.Low < low {
				panel.Marks = append(panel.Marks, beyond(row, low, *d))
				continue
			}
			series.Dots = append(series.Dots, distance(row, t))
		}
		if len(series.Dots) > 0 {
			panel.Marks = append(panel.Marks, series)
		}
	}
	if len(rest) > 0 {
		panel.Y.Names = append(panel.Y.Names, fmt.Sprintf("… %d more", len(rest)))
		panel.Marks = append(panel.Marks, others(len(shown), low, cut, rest))
	}
	panel.Height = height(len(panel.Y.Names))
	p := picture.Picture{Title: behindTitle(v, short), Note: v.Study,
		Panels: []picture.Panel{panel},
		Bars:   fmt.Sprintf("%.0f %% intervals, for all trials at once", 100*v.Confidence)}
	if left := len(v.Trials) - len(ranked); left > 0 {
		p.Note += fmt.Sprintf("; %d without a verdict", left)
	}
	if tied(ranked) < len(ranked) {
		p.Hollow = "not tied with the best"
	}
	return p
}

// judged are the trials with a verdict, the best first.
func judged(trials []values.Trial) []values.Trial {
	list := slices.DeleteFunc(slices.Clone(trials),
		func(t values.Trial) bool { return t.Behind == nil })
	slices.SortStableFunc(list, func(a, b values.Trial) int {
		return cmp.Compare(b.Behind.Difference, a.Behind.Difference)
	})
	return list
}

// fitting picks what there is room for: of too many the tied trials first, then the base and the
// controls, then the best of the others. Both lists are ranked.
func fitting(ranked []values.Trial) (shown, rest []values.Trial) {
	if len(ranked) <= mostRows {
		return ranked, nil
	}
	order := slices.Clone(ranked)
	class := func(t values.Trial) int {
		switch {
		case t.Family == "base":
			return 0
		case t.Control:
			return 1
		case t.Tied:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(order, func(a, b values.Trial) int {
		return cmp.Compare(class(a), class(b))
	})
	chosen := map[string]bool{}
	for _, t := range order[:mostRows-1] {
		chosen[t.Name] = true
	}
	for _, t := range ranked {
		if chosen[t.Name] {
			shown = append(shown, t)
		} else {
			rest = append(rest, t)
		}
	}
	return shown, rest
}

// window finds the lower end of the axis in points: a few trials that are far behind, such as the
// base, may not press the others together.
func window(shown []values.Trial) (low float64, cut bool) {
	var lows []float64
	high := 0.
	for _, t := range shown {
		lows = append(lows, 100*t.Behind.Low)
		high = max(high, 100*t.Behind.High)
	}
	slices.Sort(lows)
	few := max(1, len(lows)/10)
	if len(lows) < 4 {
		return lows[0], false
	}
	for i := range few { // the first that is no further than twice what the rest takes up
		if next := lows[i+1]; high-lows[i] > 2*(high-next) {
			low, cut = next-.12*(high-next), true
		}
	}
	return low, cut
}

// distance is a trial's row.
func distance(row int, t values.Trial) picture.Dot {
	return picture.Dot{Name: t.Name, X: 100 * t.Behind.Difference, Y: float64(row),
		XSpan:  &picture.Span{Low: 100 * t.Behind.Low, High: 100 * t.Behind.High},
		Hollow: !t.Tied}
}

// beyond stands in the row of a trial that is too far behind to be drawn.
func beyond(row int, low float64, d values.Behind) picture.Text {
	return picture.Text{At: picture.XY{X: low, Y: float64(row)}, Rise: .5, Small: true,
		Text: fmt.Sprintf("← %.1f behind, not to scale", -100*d.Difference)}
}

// others says how far behind those are that are not shown.
func others(row int, low float64, cut bool, rest []values.Trial) picture.Text {
	said := fmt.Sprintf("%.1f to %.1f behind", -100*rest[0].Behind.Difference,
		-100*rest[len(rest)-1].Behind.Difference)
	if n := tied(rest); n > 0 {
		said += fmt.Sprintf(", %d of them tied", n)
	}
	at := picture.XY{X: 0, Y: float64(row)}
	if cut {
		return picture.Text{At: picture.XY{X: low, Y: at.Y}, Rise: .5, Small: true, Text: said}
	}
	return picture.Text{At: at, Align: 1, Rise: .5, Small: true, Text: said + "  "}
}

func behindTitle(v values.Values, short map[string]string) string {
	ranked := judged(v.Trials)
	n := tied(ranked)
	switch {
	case len(ranked) < 2:
		return "Distance from the best other trial"
	case n == len(ranked):
		return fmt.Sprintf("None of %d trials can be told from the best", n)
	case n == 1 && len(ranked) == 2:
		return short[ranked[0].Name] + " is ahead of the other trial"
	case n == 1:
		return fmt.Sprintf("%s is ahead of the other %d trials", short[ranked[0].Name],
			len(ranked)-1)
	}
	return fmt.Sprintf("%d of %d trials cannot be told from the best", n, len(ranked))
}

// tied counts the trials that cannot be told from the best.
func tied(trials []values.Trial) (n int) {
	for _, t := range trials {
		if t.Tied {
			n++
		}
	}
	return n
}

// height is what rows need.
func height(rows int) float64 {
	h := rowHeight
	if rows > manyRows {
		h = lowRow
	}
	return max(16, h*(float64(rows)+.5))
}

// names are the trials' short names.
func names(trials []values.Trial) map[string]string {
	var list []string
	for _, t := range trials {
		list = append(list, t.Name)
	}
	return values.Short(list)
}

// looks are those of the trials, each once, the grid's first and the base's last.
func looks(trials []values.Trial) []picture.Look {
	var list []picture.Look
	for _, t := range trials {
		if look := picture.Look(t.Family); !slices.Contains(list, look) {
			list = append(list, look)
		}
	}
	place := func(l picture.Look) int {
		switch l {
		case picture.Plain:
			return 0
		case picture.Base:
			return 2
		}
		return 1
	}
	slices.SortStableFunc(list, func(a, b picture.Look) int {
		return cmp.Compare(place(a), place(b))
	})
	return list
}
