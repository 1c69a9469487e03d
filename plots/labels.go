package plots

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"gridsearch/internal/figure/picture"
)

// labels draws the labels of a panel's dots next to them, where they overlap neither lines nor bars,
// dots or each other; those that find no such place are left out. That depends on the size of the
// panel, so positions are chosen when the panel is drawn.
type labels struct{ picture.Panel }

// labelMargin is kept free around a label, in points.
const labelMargin = .8

// distances of a label's edge from the centre of its marker, in points, the preferred ones first;
// close ones do not touch the marker.
var distances = []vg.Length{4, 6, 9, 13}

// directions from a marker to its label, the preferred ones first: below, above, and then towards
// the right, where a curve that saturates leaves room below it.
var directions = []vg.Point{{X: 0, Y: -1}, {X: 0, Y: 1}, {X: 1, Y: -1}, {X: -1, Y: 1},
	{X: 1, Y: 0}, {X: -1, Y: 0}, {X: 1, Y: 1}, {X: -1, Y: -1}}

// Plot implements plot.Plotter.
func (l labels) Plot(c draw.Canvas, p *plot.Plot) {
	for _, label := range l.found(c, placer(&c, p)) {
		c.FillText(labelStyle(), middle(label.box), label.text)
	}
}

// label is a text with its place.
type label struct {
	text string
	box  vg.Rectangle
}

// found are the labels that have found a place, one after the other.
func (l labels) found(c draw.Canvas, at place) []label {
	rules, taken := l.rules(c, at)
	style, obstacles := labelStyle(), append(l.obstacles(at), rules...)
	var list []label
	taken = append(taken, l.texts(at)...)
	for _, dot := range l.labelled() {
		size := style.Rectangle(dot.Label).Size()
		for _, box := range places(at(picture.XY{X: dot.X, Y: dot.Y}), size) {
			if crossings(box, c.Rectangle, obstacles, taken) == 0 {
				list, taken = append(list, label{dot.Label, box}), append(taken, box)
				break
			}
		}
	}
	return list
}

// texts are the boxes of level texts.
func (l labels) texts(at place) []vg.Rectangle {
	var list []vg.Rectangle
	for _, m := range l.Marks {
		if t, ok := m.(picture.Text); ok && t.Turn == 0 {
			box, corner := words(t).style().Rectangle(t.Text), at(t.At)
			list = append(list, vg.Rectangle{Min: box.Min.Add(corner), Max: box.Max.Add(corner)})
		}
	}
	return list
}

func labelStyle() text.Style { return textStyle(smallSize) }

// labelled are the dots with labels.
func (l labels) labelled() []picture.Dot {
	var list []picture.Dot
	for _, m := range l.Marks {
		if d, ok := m.(picture.Dots); ok {
			for _, dot := range d.Dots {
				if dot.Label != "" {
					list = append(list, dot)
				}
			}
		}
	}
	return list
}

// places are the possible positions of a label around a marker.
func places(at, size vg.Point) []vg.Rectangle {
	var list []vg.Rectangle
	for _, distance := range distances {
		for _, d := range directions {
			from := distance
			if d.X != 0 && d.Y != 0 {
				from *= math.Sqrt2 / 2
			}
			center := at.Add(vg.Point{X: d.X * (from + size.X/2), Y: d.Y * (from + size.Y/2)})
			half := size.Scale(.5)
			list = append(list, vg.Rectangle{Min: center.Sub(half), Max: center.Add(half)})
		}
	}
	return list
}

func middle(box vg.Rectangle) vg.Point { return box.Min.Add(box.Max).Scale(.5) }

// segment is a line segment.
type segment struct{ from, to vg.Point }

// obstacles are what labels must not cross: lines, bars with their caps, and the diagonals of dots.
func (l labels) obstacles(at place) []segment {
	var list []segment
	for _, m := range l.Marks {
		switch m := m.(type) {
		case picture.Line:
			if m.Look == picture.Grid {
				continue
			}
			for i := 1; i < len(m.Points); i++ {
				list = append(list, segment{at(m.Points[i-1]), at(m.Points[i])})
			}
		case picture.Dots:
			for _, dot := range m.Dots {
				list = append(list, barLines(at, dot)...)
				radius := vg.Length(dotRadius)
				if dot.Ring {
					radius = ringRadius
				}
				list = append(list, diagonals(at(picture.XY{X: dot.X, Y: dot.Y}), radius)...)
			}
		}
	}
	return list
}

// rules are the lines across the panel, and where their labels stand.
func (l labels) rules(c draw.Canvas, at place) (list []segment, boxes []vg.Rectangle) {
	for _, m := range l.Marks {
		r, ok := m.(picture.Rule)
		switch {
		case !ok || r.Equality:
			continue
		case r.Vertical:
			x := at(picture.XY{X: r.At, Y: 1}).X // a logarithmic axis has no 0
			list = append(list, segment{vg.Point{X: x, Y: c.Min.Y}, vg.Point{X: x, Y: c.Max.Y}})
		default:
			y := at(picture.XY{X: 1, Y: r.At}).Y
			list = append(list, segment{vg.Point{X: c.Min.X, Y: y}, vg.Point{X: c.Max.X, Y: y}})
		}
		if last := list[len(list)-1]; r.Label != "" {
			boxes = append(boxes, rule(r).labelBox(c, last.from, last.to))
		}
	}
	return list, boxes
}

func diagonals(at vg.Point, radius vg.Length) []segment {
	up, down := vg.Point{X: radius, Y: radius}, vg.Point{X: radius, Y: -radius}
	return []segment{{at.Sub(up), at.Add(up)}, {at.Sub(down), at.Add(down)}}
}

// crossings counts what a label would overlap: lines, other labels, and the edge of the panel.
func crossings(box, panel vg.Rectangle, lines []segment, others []vg.Rectangle) int {
	margin := vg.Point{X: labelMargin, Y: labelMargin}
	box = vg.Rectangle{Min: box.Min.Sub(margin), Max: box.Max.Add(margin)}
	n := 0
	if box.Min.X < panel.Min.X || box.Min.Y < panel.Min.Y ||
		box.Max.X > panel.Max.X || box.Max.Y > panel.Max.Y {
		n++
	}
	for _, l := range lines {
		if l.crosses(box) {
			n++
		}
	}
	for _, o := range others {
		if o != (vg.Rectangle{}) && box.Min.X < o.Max.X && o.Min.X < box.Max.X &&
			box.Min.Y < o.Max.Y && o.Min.Y < box.Max.Y {
			n++
		}
	}
	return n
}

// crosses reports whether the line passes through a box, by clipping it at each of the four edges
// (Liang and Barsky 1984).
func (l segment) crosses(box vg.Rectangle) bool {
	first, last := 0., 1. // of the line, as shares of it
	for _, edge := range [][3]vg.Length{
		{l.from.X, l.to.X, box.Min.X}, {-l.from.X, -l.to.X, -box.Max.X},
		{l.from.Y, l.to.Y, box.Min.Y}, {-l.from.Y, -l.to.Y, -box.Max.Y},
	} {
		// Inside where from + share * rise >= 0.
		from, rise := float64(edge[0]-edge[2]), float64(edge[1]-edge[0])
		switch {
		case rise == 0 && from < 0:
			return false
		case rise > 0:
			first = max(first, -from/rise)
		case rise < 0:
			last = min(last, -from/rise)
		}
	}
	return first <= last
}
