package plots

import (
	"cmp"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"gridsearch/internal/figure/picture"
	"gridsearch/plots/glyphs"
)

// Sizes of marks, in points.
const (
	dotRadius  = 2.2
	smallDot   = 1.3
	ringRadius = 3.9
	dotEdge    = .8 // line around a hollow dot
	barWidth   = .7
	barCap     = 3 // length of the line at a bar's end
	lineWidth  = 1.1
	thinWidth  = .6
)

// plotterOf draws a mark.
func plotterOf(m picture.Mark) plot.Plotter {
	switch m := m.(type) {
	case picture.Dots:
		return dots(m)
	case picture.Line:
		return line(m)
	case picture.Area:
		return area(m)
	case picture.Rule:
		return rule(m)
	case picture.Text:
		return words(m)
	case picture.Boxes:
		return boxes(m)
	case picture.Raster:
		return raster(m)
	}
	panic(fmt.Sprintf("a mark of an unknown type %T", m)) // the interface is sealed: impossible
}

// place is a point of a panel on its canvas.
type place func(picture.XY) vg.Point

func placer(c *draw.Canvas, p *plot.Plot) place {
	x, y := p.Transforms(c)
	return func(q picture.XY) vg.Point { return vg.Point{X: x(q.X), Y: y(q.Y)} }
}

func (at place) all(points []picture.XY) []vg.Point {
	list := make([]vg.Point, len(points))
	for i, q := range points {
		list[i] = at(q)
	}
	return list
}

type dots picture.Dots

// Plot implements plot.Plotter: all bars lie below all dots.
func (d dots) Plot(c draw.Canvas, p *plot.Plot) {
	at, s := placer(&c, p), styleOf(d.Look)
	radius := vg.Length(dotRadius)
	if d.Small {
		radius = smallDot
	}
	for _, dot := range d.Dots {
		drawBars(c, at, dot, s)
	}
	for _, dot := range d.Dots {
		drawDot(&c, at(picture.XY{X: dot.X, Y: dot.Y}), dot, s, radius)
	}
}

// drawBars draws the intervals of a dot.
func drawBars(c draw.Canvas, at place, dot picture.Dot, s style) {
	for _, l := range barLines(at, dot) {
		c.StrokeLine2(stroke(opaque(s.color, .55), barWidth, nil), l.from.X, l.from.Y, l.to.X, l.to.Y)
	}
}

// barLines are the lines of a dot's intervals with their caps.
func barLines(at place, dot picture.Dot) []segment {
	var list []segment
	if s := dot.YSpan; s != nil && s.High > s.Low {
		low, high := at(picture.XY{X: dot.X, Y: s.Low}), at(picture.XY{X: dot.X, Y: s.High})
		cap := vg.Point{X: barCap / 2}
		list = append(list, segment{low, high}, segment{low.Sub(cap), low.Add(cap)},
			segment{high.Sub(cap), high.Add(cap)})
	}
	if s := dot.XSpan; s != nil && s.High > s.Low {
		low, high := at(picture.XY{X: s.Low, Y: dot.Y}), at(picture.XY{X: s.High, Y: dot.Y})
		cap := vg.Point{Y: barCap / 2}
		list = append(list, segment{low, high}, segment{low.Sub(cap), low.Add(cap)},
			segment{high.Sub(cap), high.Add(cap)})
	}
	return list
}

func drawDot(c *draw.Canvas, at vg.Point, dot picture.Dot, s style, radius vg.Length) {
	color := s.color
	if dot.Shade != nil {
		color = shade(*dot.Shade)
	}
	shape := outline(s.shape.at(at, radius))
	switch {
	case dot.Hollow:
		c.SetColor(white)
		c.Fill(shape)
		c.SetLineStyle(stroke(color, dotEdge, nil))
		c.Stroke(shape)
	case dot.Shade != nil: // light colours need an edge on white
		c.SetColor(color)
		c.Fill(shape)
		c.SetLineStyle(stroke(dark, .4, nil))
		c.Stroke(shape)
	default:
		c.SetColor(color)
		c.Fill(shape)
	}
	if dot.Ring {
		c.SetLineStyle(stroke(black, dotEdge, nil))
		c.Stroke(outline(circle.at(at, ringRadius)))
	}
}

type line picture.Line

// Plot implements plot.Plotter.
func (l line) Plot(c draw.Canvas, p *plot.Plot) {
	c.StrokeLines(l.style(), placer(&c, p).all(l.Points))
}

func (l line) style() draw.LineStyle {
	s, width := styleOf(l.Look), vg.Length(lineWidth)
	if l.Thin {
		width = thinWidth
	}
	dash := s.dash
	switch {
	case l.Dashed:
		dash = []vg.Length{3, 2}
	case l.Solid:
		dash = nil
	}
	return stroke(tone(l.Look), width, dash)
}

type area picture.Area

// Plot implements plot.Plotter.
func (a area) Plot(c draw.Canvas, p *plot.Plot) {
	corners := placer(&c, p).all(a.Points)
	if len(corners) < 3 {
		return
	}
	c.FillPolygon(a.color(), corners)
	if a.Edge {
		c.SetLineStyle(stroke(tone(a.Look), thinWidth, nil))
		c.Stroke(outline(corners))
	}
}

func (a area) color() (c color.Color) {
	if a.Shade != nil {
		return opaque(shade(*a.Shade), cmp.Or(a.Opacity, 1))
	}
	if a.Opacity == 0 { // bands lie above each other: all of them must show
		r, g, b, _ := tone(a.Look).RGBA()
		return color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 46}
	}
	return opaque(tone(a.Look), a.Opacity)
}

type rule picture.Rule

// Plot implements plot.Plotter. A label stands at the end, above the line.
func (r rule) Plot(c draw.Canvas, p *plot.Plot) {
	at := placer(&c, p)
	from, to := at(picture.XY{X: p.X.Min, Y: r.At}), at(picture.XY{X: p.X.Max, Y: r.At})
	if r.Vertical {
		from, to = at(picture.XY{X: r.At, Y: p.Y.Min}), at(picture.XY{X: r.At, Y: p.Y.Max})
	}
	if r.Equality {
		low, high := max(p.X.Min, p.Y.Min), min(p.X.Max, p.Y.Max)
		from, to = at(picture.XY{X: low, Y: low}), at(picture.XY{X: high, Y: high})
	}
	c.StrokeLine2(stroke(tone(r.Look), thinWidth, []vg.Length{3, 2}), from.X, from.Y, to.X, to.Y)
	if r.Label != "" {
		c.FillText(labelStyle(), middle(r.labelBox(c, from, to)), r.Label)
	}
}

// labelBox is where the label of a rule stands: at the left end of a level one, and at the top of an
// upright one.
func (r rule) labelBox(c draw.Canvas, from, to vg.Point) vg.Rectangle {
	size := labelStyle().Rectangle(r.Label).Size()
	corner := vg.Point{X: from.X + 2, Y: from.Y + 1}
	if r.Vertical {
		corner = vg.Point{X: to.X + 2, Y: to.Y - size.Y}
		if corner.X+size.X > c.Max.X {
			corner.X = to.X - 2 - size.X
		}
	}
	if corner.Y+size.Y > c.Max.Y {
		corner.Y = from.Y - 1 - size.Y
	}
	return vg.Rectangle{Min: corner, Max: corner.Add(size)}
}

type words picture.Text

// Plot implements plot.Plotter: lines are one block at the place.
func (w words) Plot(c draw.Canvas, p *plot.Plot) {
	at, style := placer(&c, p), w.style()
	place := at(w.At)
	shown := []textLine{{w.Text, style}}
	if w.Width > 0 {
		room := at(picture.XY{X: w.At.X + w.Width, Y: w.At.Y}).X - place.X
		shown = atMost(lines(w.Text, style, room), max(1, w.Lines), room)
	}
	step := style.Font.Size * 1.2
	place.Y += step * vg.Length(1-w.Rise) * vg.Length(len(shown)-1)
	for _, l := range shown {
		c.FillText(style, place, l.text)
		place.Y -= step
	}
}

// atMost joins the lines beyond the most that there is room for to the last one, and cuts it.
func atMost(list []textLine, most int, room vg.Length) []textLine {
	if len(list) <= most {
		return list
	}
	last := &list[most-1]
	for _, l := range list[most:] {
		last.text += " " + l.text
	}
	last.text = glyphs.Fit(last.style, last.text, room)
	return list[:most]
}

func (w words) style() text.Style {
	s := textStyle(tickSize)
	if w.Small {
		s = textStyle(smallSize)
	}
	s.Color = tone(w.Look)
	s.XAlign, s.YAlign = text.XAlignment(-w.Align), text.YAlignment(-w.Rise)
	s.Rotation = w.Turn * math.Pi / 180
	return s
}

type boxes picture.Boxes

// Plot implements plot.Plotter.
func (b boxes) Plot(c draw.Canvas, p *plot.Plot) {
	at, s := placer(&c, p), styleOf(b.Look)
	for _, box := range b.Boxes {
		one, other := at(picture.XY{X: box.X.Low, Y: box.Y.Low}), at(picture.XY{X: box.X.High, Y: box.Y.High})
		low := vg.Point{X: min(one.X, other.X), Y: min(one.Y, other.Y)}
		high := vg.Point{X: max(one.X, other.X), Y: max(one.Y, other.Y)}
		corners := []vg.Point{low, {X: high.X, Y: low.Y}, high, {X: low.X, Y: high.Y}}
		c.FillPolygon(s.color, corners)
		c.SetLineStyle(stroke(white, .3, nil))
		c.Stroke(outline(corners))
		style := labelStyle()
		if size := style.Rectangle(box.Label).Size(); box.Label != "" &&
			size.X < high.X-low.X-2 && size.Y < high.Y-low.Y {
			style.Color = contrast(s.color)
			c.FillText(style, middle(vg.Rectangle{Min: low, Max: high}), box.Label)
		}
	}
}

// contrast is black or white, whichever reads better on a colour.
func contrast(on color.Color) color.Color {
	r, g, b, _ := on.RGBA()
	linear := func(v uint32) float64 { return math.Pow(float64(v)/65535, 2.2) }
	if .2126*linear(r)+.7152*linear(g)+.0722*linear(b) > .18 {
		return black
	}
	return white
}

type raster picture.Raster

// Plot implements plot.Plotter.
func (r raster) Plot(c draw.Canvas, p *plot.Plot) {
	at := placer(&c, p)
	c.DrawImage(vg.Rectangle{Min: at(r.Low), Max: at(r.Top)}, r.Image)
}
