// Package timeline makes the figure of which worker trained what, and when.
package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// Sizes of the figure. Boxes that are thinner than a thousandth of the axis, some half a point, are
// drawn as one with their neighbours of the same outcome.
const (
	thinnest  = .001
	halfBox   = .38 // of a row
	rowHeight = 5.
	mostMM    = 170 // of all rows
	manyRows  = 40  // more have no names of their own
)

// Pauses are times without any run that take up so much of the rest; shorter ones are idle workers.
const pauseShare = .05

// Timeline shows every attempt at a run as a box in the row of its worker. Pauses in which nobody
// trained are cut out.
func Timeline(v values.Values) picture.Picture {
	lanes := lanesOf(v.Runs)
	c := newClock(v.Runs)
	panel := picture.Panel{X: picture.Axis{Kind: picture.Clock, Label: c.label(),
		Include: []float64{0, c.length()}}, Y: picture.Axis{Kind: picture.Names}}
	var cells []cell
	for row, l := range lanes {
		panel.Y.Names = append(panel.Y.Names, l.name)
		panel.Marks = append(panel.Marks, idle(row, l, c))
		cells = append(cells, merged(row, l, c)...)
	}
	if len(lanes) > manyRows {
		thinNames(panel.Y.Names)
	}
	for _, p := range c.pauses {
		panel.Marks = append(panel.Marks, picture.Rule{Vertical: true, Look: picture.Plain,
			At: p.at, Name: "a pause, cut out"})
	}
	panel.Marks = append(panel.Marks, outcomes(cells, labels(v))...)
	panel.Height = min(mostMM, max(12, rowHeight*(float64(len(lanes))+.5)))
	return picture.Picture{Title: title(v.Runs), Note: note(v, lanes, c), Wide: true,
		Panels: []picture.Panel{panel}}
}

// clock turns moments into seconds of an axis without pauses.
type clock struct {
	start, end time.Time
	pauses     []pause
}

// pause is a time without a run.
type pause struct {
	from, to time.Time
	length   time.Duration
	at       float64 // on the axis
}

func newClock(runs []values.Run) clock {
	sorted := slices.Clone(runs)
	slices.SortStableFunc(sorted, func(a, b values.Run) int { return a.Started.Compare(b.Started) })
	c := clock{start: sorted[0].Started, end: sorted[0].Ended}
	var gaps []pause
	total := time.Duration(0)
	for _, r := range sorted {
		if gap := r.Started.Sub(c.end); gap > 0 {
			gaps = append(gaps, pause{from: c.end, to: r.Started, length: gap})
			total += gap
		}
		if r.Ended.After(c.end) {
			c.end = r.Ended
		}
	}
	busy := c.end.Sub(c.start) - total
	for _, g := range gaps {
		if g.length > time.Duration(pauseShare*float64(busy)) {
			g.at = c.at(g.from)
			c.pauses = append(c.pauses, g)
		}
	}
	return c
}

// at is a moment on the axis.
func (c clock) at(t time.Time) float64 {
	d := t.Sub(c.start)
	for _, p := range c.pauses {
		if !t.Before(p.to) {
			d -= p.length
		}
	}
	return d.Seconds()
}

func (c clock) length() float64 { return c.at(c.end) }

func (c clock) label() string {
	if len(c.pauses) > 0 {
		return "time since the study's start, without pauses"
	}
	return "time since the study's start"
}

// lane is a row: the runs of one worker, none of which overlap.
type lane struct {
	name string
	runs []values.Run
}

// lanesOf are the workers in the order of their names.
func lanesOf(runs []values.Run) []lane {
	var list []lane
	for _, r := range runs {
		i := slices.IndexFunc(list, func(l lane) bool { return l.name == r.Worker })
		if i < 0 {
			i, list = len(list), append(list, lane{name: r.Worker})
		}
		list[i].runs = append(list[i].runs, r)
	}
	slices.SortStableFunc(list, func(a, b lane) int { return natural(a.name, b.name) })
	return list
}

// natural orders names so that numbers at their ends count.
func natural(a, b string) int {
	if len(a) != len(b) && strings.TrimRight(a, "0123456789") == strings.TrimRight(b, "0123456789") {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// thinNames leaves the first of a host's rows its name.
func thinNames(names []string) {
	last := ""
	for i, name := range names {
		host := strings.TrimRight(strings.TrimRight(name, "0123456789"), " ")
		if host == last {
			names[i] = ""
		} else {
			names[i] = host
		}
		last = host
	}
}

// idle lies behind a worker's boxes: what is seen of it is time without a run.
func idle(row int, l lane, c clock) picture.Area {
	first, last := c.at(l.runs[0].Started), c.at(l.runs[0].Ended)
	for _, r := range l.runs {
		first, last = min(first, c.at(r.Started)), max(last, c.at(r.Ended))
	}
	low, high := float64(row)-halfBox, float64(row)+halfBox
	return picture.Area{Name: "idle", Look: picture.Faint, Opacity: .4, Points: []picture.XY{
		{X: first, Y: low}, {X: last, Y: low}, {X: last, Y: high}, {X: first, Y: high}}}
}

// cell is a box to be drawn: of one run, or of several thin ones.
type cell struct {
	row      int
	from, to float64
	end      float64 // of the last run: before to where the box is wider than it
	outcome  string
	trial    string // empty for several
}

// merged are a worker's boxes.
func merged(row int, l lane, c clock) []cell {
	least := thinnest * c.length()
	runs := slices.Clone(l.runs)
	slices.SortStableFunc(runs, func(a, b values.Run) int { return a.Started.Compare(b.Started) })
	var list []cell
	for _, r := range runs {
		one := cell{row, c.at(r.Started), c.at(r.Ended), c.at(r.Ended), r.Outcome, r.Trial}
		one.to = max(one.to, one.from+least)
		if last := len(list) - 1; last >= 0 && list[last].outcome == one.outcome &&
			one.from-list[last].end < least &&
			(one.to-one.from < 2*least || list[last].to-list[last].from < 2*least) {
			list[last].to, list[last].end = max(list[last].to, one.to), one.end
			list[last].trial = ""
			continue
		}
		list = append(list, one)
	}
	return list
}

// look is how boxes of an outcome are drawn; a sign at their middle tells them apart without
// colours.
type look struct {
	outcome string
	look    picture.Look
	sign    bool
}

var lookOf = []look{{"complete", picture.Accents[0], false},
	{"interrupted", picture.Accents[5], true}, {"crashed", picture.Accents[4], true},
	{"failed", picture.Accents[1], true}, {"differs", picture.Accents[3], true}}

// outcomes are the boxes, with signs where a run ended without a result.
func outcomes(cells []cell, labels map[string]string) []picture.Mark {
	var list []picture.Mark
	for _, l := range lookOf {
		boxes := picture.Boxes{Name: l.outcome, Look: l.look}
		signs := picture.Dots{Name: l.outcome, Look: l.look}
		for _, c := range cells {
			if c.outcome != l.outcome {
				continue
			}
			text := labels[c.trial]
			if l.sign {
				text = ""
			}
			boxes.Boxes = append(boxes.Boxes, picture.Box{Name: c.trial, Label: text,
				X: picture.Span{Low: c.from, High: c.to},
				Y: picture.Span{Low: float64(c.row) - halfBox, High: float64(c.row) + halfBox}})
			signs.Dots = append(signs.Dots, picture.Dot{Name: c.trial, X: (c.from + c.to) / 2,
				Y: float64(c.row), Hollow: true})
		}
		if len(boxes.Boxes) > 0 {
			list = append(list, boxes)
		}
		if l.sign && len(signs.Dots) > 0 {
			list = append(list, signs)
		}
	}
	return list
}

// labels are what boxes say where there is room.
func labels(v values.Values) map[string]string {
	var names []string
	for _, r := range v.Runs {
		names = append(names, r.Trial)
	}
	return values.Short(names)
}

func title(runs []values.Run) string {
	counts := map[string]int{}
	for _, r := range runs {
		counts[r.Outcome]++
	}
	var ends []string
	for _, l := range lookOf[1:] {
		if n := counts[l.outcome]; n > 0 {
			ends = append(ends, fmt.Sprintf("%d %s", n, l.outcome))
		}
	}
	text := "No run is complete"
	switch n := counts["complete"]; {
	case n == 1:
		text = "1 run is complete"
	case n > 1:
		text = fmt.Sprintf("%d runs are complete", n)
	}
	if len(ends) > 0 {
		text += ", attempts: " + strings.Join(ends, ", ")
	}
	return text
}

// note says what it cost, and what part of it workers trained.
func note(v values.Values, lanes []lane, c clock) string {
	trained, processors := time.Duration(0), 0.
	for _, r := range v.Runs {
		d := r.Ended.Sub(r.Started)
		trained += d
		processors += d.Hours() * float64(max(1, r.Threads))
	}
	share := 100.
	if all := c.length() * float64(len(lanes)); all > 0 {
		share = 100 * trained.Seconds() / all
	}
	text := fmt.Sprintf("%s: %s of training by %s, in %s", v.Study, hours(processors),
		workers(len(lanes)), short(c.end.Sub(c.start)))
	if len(c.pauses) > 0 {
		text += fmt.Sprintf(" (%s without pauses)", short(time.Duration(c.length()*1e9)))
	}
	return text + fmt.Sprintf("; busy %.0f %% of that time", share)
}

func workers(n int) string {
	if n == 1 {
		return "1 worker"
	}
	return fmt.Sprintf("%d workers", n)
}

// hours prints processor hours.
func hours(h float64) string {
	if h < 1./60 {
		return fmt.Sprintf("%.1f processor seconds", 3600*h)
	}
	if h < .1 {
		return fmt.Sprintf("%.1f processor minutes", 60*h)
	}
	if h < 10 {
		return fmt.Sprintf("%.2f processor hours", h)
	}
	return fmt.Sprintf("%.0f processor hours", h)
}

// short prints a time in its two largest units.
func short(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()+.5))
	case d < 24*time.Hour:
		m := int(d.Minutes() + .5)
		return fmt.Sprintf("%d h %02d", m/60, m%60)
	}
	h := int(d.Hours() + .5)
	return fmt.Sprintf("%d d %d h", h/24, h%24)
}
