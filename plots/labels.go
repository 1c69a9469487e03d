package plots

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"gridsearch/internal/figure"
)

// labels draws the labels of a curve's points next to them, where they overlap neither the curve
// nor bars, markers or each other. That depends on the size of the panel, so positions are chosen
// when the panel is drawn.
type labels []figure.Point

// Sizes around a label, in points.
const (
	labelSize   = 8
	labelMargin = 1.5 // kept free around a label
)

// distances of a label's edge from the centre of its marker, in points, the preferred ones first;
// close ones do not touch the marker.
var distances = []vg.Length{7, 10, 14, 19, 25}

// directions from a marker to its label, the preferred ones first: below, above, and then towards
// the right, where a curve that saturates leaves room below it.
var directions = []vg.Point{{X: 0, Y: -1}, {X: 0, Y: 1}, {X: 1, Y: -1}, {X: -1, Y: 1},
	{X: 1, Y: 0}, {X: -1, Y: 0}, {X: 1, Y: 1}, {X: -1, Y: -1}}

// Plot implements plot.Plotter.
func (l labels) Plot(c draw.Canvas, p *plot.Plot) {
	style := labelStyle()
	for i, box := range l.boxes(c, p) {
		if l[i].Label != "" {
			c.FillText(style, middle(box), l[i].Label)
		}
	}
}

func labelStyle() text.Style {
	return text.Style{Color: black,
		Font:   font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, labelSize),
		XAlign: text.XCenter, YAlign: text.YCenter, Handler: plot.DefaultTextHandler}
}

// boxes places the labels one after the other: each takes the first position with the fewest
// overlaps.
func (l labels) boxes(c draw.Canvas, p *plot.Plot) []vg.Rectangle {
	style, lines := labelStyle(), l.lines(c, p)
	boxes := make([]vg.Rectangle, len(l))
	for i, q := range l {
		if q.Label == "" {
			continue
		}
		size, least := style.Rectangle(q.Label).Size(), math.MaxInt
		for _, box := range places(l.at(c, p, i), size) {
			if n := crossings(box, c.Rectangle, lines, boxes[:i]); n < least {
				boxes[i], least = box, n
			}
		}
	}
	return boxes
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

// at is the position of a point on the canvas.
func (l labels) at(c draw.Canvas, p *plot.Plot, i int) vg.Point {
	x, y := p.Transforms(&c)
	return vg.Point{X: x(l[i].Cost), Y: y(100 * l[i].Mean)}
}

// line is a line segment.
type line struct{ from, to vg.Point }

// lines are those that the labels must not cross: the curve, the bars with their caps, and the
// diagonals of the markers.
func (l labels) lines(c draw.Canvas, p *plot.Plot) []line {
	var list []line
	x, y := p.Transforms(&c)
	for i, q := range l {
		at := l.at(c, p, i)
		if i > 0 {
			list = append(list, line{l.at(c, p, i-1), at})
		}
		low, high := vg.Point{X: x(q.Cost), Y: y(100 * q.Low)}, vg.Point{X: x(q.Cost), Y: y(100 * q.High)}
		end, corner := vg.Point{X: barCap / 2}, vg.Point{X: markerRadius, Y: markerRadius}
		across := vg.Point{X: corner.X, Y: -corner.Y}
		list = append(list, line{low, high},
			line{low.Sub(end), low.Add(end)}, line{high.Sub(end), high.Add(end)},
			line{at.Sub(corner), at.Add(corner)}, line{at.Sub(across), at.Add(across)})
	}
	return list
}

// crossings counts what a label would overlap: lines, other labels, and the edge of the panel.
func crossings(box, panel vg.Rectangle, lines []line, others []vg.Rectangle) int {
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
func (l line) crosses(box vg.Rectangle) bool {
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
