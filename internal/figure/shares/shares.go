// Package shares makes the figure of the plane that a search lies in: each trial at the shares of
// the cost that depth, width and resolution take.
//
// With the logarithms of alpha, beta squared and gamma squared as parts of that of their product, a
// nominal cost leaves two numbers free: a triangle whose corners are the single dimensions.
package shares

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// several is the number of trials from which a phi has a triangle of its own where there are
// others, and most the number of triangles.
const (
	several = 5
	most    = 6
)

// Phis are those that have a triangle: the study's only one, or those of several trials, the ones
// of most trials where there are too many.
func Phis(v values.Values) []float64 {
	count := map[float64]int{}
	for _, t := range all(v) {
		if len(t.Shares) > 0 {
			count[t.Phi]++
		}
	}
	var list []float64
	for phi, n := range count {
		if n >= several || len(count) == 1 {
			list = append(list, phi)
		}
	}
	slices.SortFunc(list, func(a, b float64) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	list = list[:min(len(list), most)]
	slices.Sort(list)
	return list
}

// all are the trials with and without results.
func all(v values.Values) []values.Trial { return slices.Concat(v.Waiting, v.Trials) }

// Triangle shows each trial at its shares, one triangle for each phi. It needs Phis, no results: a
// study that runs fills it.
func Triangle(v values.Values) picture.Picture {
	phis := Phis(v)
	p := picture.Picture{Title: title(v, phis), Note: v.Study}
	scale := newScale(v, phis)
	p.Scale = scale.legend(v)
	for _, phi := range phis {
		panel, noted := triangle(v, phi, scale)
		if len(phis) > 1 {
			panel.Title = fmt.Sprintf("φ = %v", phi)
			if noted != "" {
				noted = panel.Title + ": " + noted
			}
		}
		if noted != "" {
			p.Note += "\n" + noted
		}
		p.Panels = append(p.Panels, panel)
	}
	if len(phis) == 1 && phis[0] != 1 {
		p.Note = fmt.Sprintf("%s, φ = %v", v.Study, phis[0]) + p.Note[len(v.Study):]
	}
	if len(phis) > 1 {
		p.Wide, p.Aligned, p.Columns = true, true, min(len(phis), 3)
		if len(phis) == 4 {
			p.Columns = 2
		}
	}
	if best, ok := v.Best(); ok && len(best.Shares) > 0 {
		p.Note += fmt.Sprintf("\nhighest: %.1f %%, %s", 100*best.Mean, mix(mean(best.Shares)))
	}
	if v.Tied() > 0 {
		p.Rings = "tied with the best"
	}
	return p
}

// title says which mix is best, or how many may be.
func title(v values.Values, phis []float64) string {
	placed, tied := 0, []values.Trial(nil)
	for _, t := range v.Trials {
		if len(t.Shares) == 0 || !slices.Contains(phis, t.Phi) || !t.Tied && t.Behind == nil {
			continue // what is not compared may be best or not
		}
		if placed++; t.Tied {
			tied = append(tied, t)
		}
	}
	switch {
	case len(tied) == 1 && v.Tied() == 1:
		return "One mix is best: " + mix(mean(tied[0].Shares))
	case len(tied) == placed && placed > 1:
		return fmt.Sprintf("No mix of depth, width and resolution is told from the others: all %d "+
			"may be best", placed)
	case len(tied) > 1:
		return fmt.Sprintf("%d of %d mixes of depth, width and resolution may be best", len(tied),
			placed)
	}
	return "Accuracy by the shares of depth, width and resolution"
}

// mix says shares in whole percent.
func mix(s values.Shares) string {
	text := ""
	for _, part := range []struct {
		share float64
		name  string
	}{{s.Depth, "depth"}, {s.Width, "width"}, {s.Resolution, "resolution"}} {
		if percent := math.Round(100 * part.share); percent != 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%.0f %% %s", percent, part.name)
		}
	}
	return text
}

// mean is the middle of the labels of a trial.
func mean(list []values.Shares) (m values.Shares) {
	for _, s := range list {
		m.Depth += s.Depth / float64(len(list))
		m.Width += s.Width / float64(len(list))
		m.Resolution += s.Resolution / float64(len(list))
	}
	return m
}

// height is that of the triangle, whose sides are 1.
var height = math.Sqrt(3) / 2

// at is the place of shares: depth alone is at the lower left, width at the lower right, resolution
// at the top.
func at(s values.Shares) picture.XY {
	return picture.XY{X: s.Width + s.Resolution/2, Y: s.Resolution * height}
}

// scale is the range of accuracies, in percent.
type scale struct{ low, high float64 }

func newScale(v values.Values, phis []float64) scale {
	s := scale{math.Inf(1), math.Inf(-1)}
	for _, t := range v.Trials {
		if len(t.Shares) > 0 && slices.Contains(phis, t.Phi) {
			s.low, s.high = min(s.low, 100*t.Mean), max(s.high, 100*t.Mean)
		}
	}
	return s
}

// legend is nil where there is no accuracy.
func (s scale) legend(v values.Values) *picture.Scale {
	if s.low > s.high {
		return nil
	}
	return &picture.Scale{Label: v.Accuracy, Low: s.low, High: s.high}
}

// shade is a trial's part of the scale.
func (s scale) shade(t values.Trial) *float64 {
	share := picture.Scale{Low: s.low, High: s.high}.Share(100 * t.Mean)
	return &share
}

// triangle is the panel of a phi, and what is to be said of its surface.
func triangle(v values.Values, phi float64, s scale) (p picture.Panel, noted string) {
	p = picture.Panel{Equal: true, Height: 67, Marks: frame(),
		X: picture.Axis{Kind: picture.Hidden, Include: []float64{-.06, 1.06}},
		Y: picture.Axis{Kind: picture.Hidden, Include: []float64{-.115, height + .07}}}
	var shown, waiting []values.Trial
	for _, t := range v.Trials {
		if len(t.Shares) > 0 && t.Phi == phi {
			shown = append(shown, t)
		}
	}
	for _, t := range v.Waiting {
		if len(t.Shares) > 0 && t.Phi == phi {
			waiting = append(waiting, t)
		}
	}
	lines, noted := contours(shown, waiting)
	p.Marks = append(p.Marks, lines...)
	p.Marks = append(p.Marks, empty(waiting)...)
	p.Marks = append(p.Marks, filled(v, shown, s)...)
	return p, noted
}

// empty are the marks of trials without a result.
func empty(trials []values.Trial) []picture.Mark {
	waiting := picture.Dots{Name: "without a result yet", Look: picture.Plain, Small: true}
	failed := picture.Dots{Name: "failed", Look: picture.Failed}
	for _, t := range trials {
		q := at(mean(t.Shares))
		d := picture.Dot{Name: t.Name, X: q.X, Y: q.Y}
		if t.Failed {
			failed.Dots = append(failed.Dots, d)
			continue
		}
		d.Hollow = true
		waiting.Dots = append(waiting.Dots, d)
	}
	var marks []picture.Mark
	for _, d := range []picture.Dots{waiting, failed} {
		if len(d.Dots) > 0 {
			marks = append(marks, d)
		}
	}
	return marks
}

// filled are the marks of trials with their accuracies: below them what their labels cover, the
// tied ones on top.
func filled(v values.Values, trials []values.Trial, s scale) []picture.Mark {
	var marks []picture.Mark
	best := ""
	if b, ok := v.Best(); ok {
		best = b.Name
	}
	trials = slices.Clone(trials)
	slices.SortStableFunc(trials, func(a, b values.Trial) int {
		return cmp.Compare(rank(a), rank(b))
	})
	for _, t := range trials {
		marks = append(marks, covered(t.Shares)...)
	}
	for _, t := range trials {
		q := at(mean(t.Shares))
		d := picture.Dot{Name: t.Name, X: q.X, Y: q.Y, Ring: t.Tied, Shade: s.shade(t)}
		if t.Control && !slices.Contains(singles, t.Family) {
			d.Label = t.Family
		}
		if t.Name == best {
			d.Label = strings.TrimPrefix(d.Label+", ", ", ") + "highest"
		}
		series := picture.Dots{Look: picture.Look(t.Family), Dots: []picture.Dot{d}}
		if t.Control && !slices.Contains(singles, t.Family) {
			series.Name = t.Family
		}
		marks = append(marks, series)
	}
	return marks
}

// singles are the families at the corners, which say what they are.
var singles = []string{"depth", "width", "resolution"}

// rank puts controls above the grid, and the tied above all.
func rank(t values.Trial) (n int) {
	if t.Control {
		n++
	}
	if t.Tied {
		n += 2
	}
	return n
}

// covered is a line or a patch over the labels that build one network.
func covered(labels []values.Shares) []picture.Mark {
	var points []picture.XY
	for _, s := range labels {
		points = append(points, at(s))
	}
	switch outline := hull(points); len(outline) {
	case 0, 1:
		return nil
	case 2:
		return []picture.Mark{picture.Line{Look: picture.Faint, Points: outline}}
	default:
		return []picture.Mark{picture.Area{Look: picture.Faint, Points: outline, Opacity: .45,
			Edge: true}}
	}
}

// frame is the triangle with its scales: each side has that of one dimension, from 0 to its corner,
// and its ticks lean along the lines of equal shares.
func frame() []picture.Mark {
	var marks []picture.Mark
	depth, width, resolution := values.Shares{Depth: 1}, values.Shares{Width: 1},
		values.Shares{Resolution: 1}
	for _, side := range []struct {
		from, to, other values.Shares
		name            string
		turn            float64
		align, rise     float64 // of the ticks' numbers
		away            float64 // distance of the name
	}{
		{depth, width, resolution, "share of width, %", 0, .7, 1, .1},
		{width, resolution, depth, "share of resolution, %", -60, 0, .5, .105},
		{resolution, depth, width, "share of depth, %", 60, 1, .1, .125},
	} {
		for step := 1; step < 5; step++ { // the corners say 0 and 100 by themselves
			share := float64(step) / 5
			from, to := between(side.from, side.to, share), between(side.other, side.to, share)
			a, b := at(from), at(to)
			marks = append(marks, picture.Line{Look: picture.Grid, Thin: true,
				Points: []picture.XY{a, b}}, picture.Line{Thin: true,
				Points: []picture.XY{a, beyond(b, a, .02)}},
				picture.Text{At: beyond(b, a, .03), Text: fmt.Sprint(20 * step), Small: true,
					Align: side.align, Rise: side.rise})
		}
		middle := at(between(side.from, side.to, .5))
		opposite := at(side.other)
		marks = append(marks, picture.Text{At: beyond(opposite, middle, side.away), Text: side.name,
			Turn: side.turn, Align: .5, Rise: .5})
	}
	corners := []picture.XY{at(depth), at(width), at(resolution), at(depth)}
	marks = append(marks, picture.Line{Thin: true, Points: corners})
	for _, corner := range []struct {
		at    picture.XY
		text  string
		align float64
	}{{picture.XY{X: -.06, Y: -.1}, "depth alone", 0}, {picture.XY{X: 1.06, Y: -.1},
		"width alone", 1}, {picture.XY{X: .5, Y: height + .06}, "resolution alone", .5}} {
		marks = append(marks, picture.Text{At: corner.at, Text: corner.text, Align: corner.align,
			Rise: .5})
	}
	return marks
}

// between is a part of the way from some shares to others.
func between(from, to values.Shares, part float64) values.Shares {
	mix := func(a, b float64) float64 { return a + part*(b-a) }
	return values.Shares{Depth: mix(from.Depth, to.Depth), Width: mix(from.Width, to.Width),
		Resolution: mix(from.Resolution, to.Resolution)}
}

// beyond is a place on the line through two, so far behind the second.
func beyond(from, to picture.XY, by float64) picture.XY {
	x, y := to.X-from.X, to.Y-from.Y
	length := math.Hypot(x, y)
	if length == 0 {
		return to
	}
	return picture.XY{X: to.X + x/length*by, Y: to.Y + y/length*by}
}
