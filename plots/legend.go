package plots

import (
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/si"
	"gridsearch/plots/glyphs"
)

// legend is what marks mean, in rows below the panels.
type legend struct {
	rows  [][]entry
	scale *picture.Scale
	width vg.Length
}

// entry is a sample of a mark and what it means.
type entry struct {
	name   string
	marks  []picture.Mark // drawn in a box from 0, 0 to 1, 1; none for text alone
	width  vg.Length
	sample vg.Length // width of the sample; 0 for none
}

// Sizes of a legend.
const (
	lineSample  = 16 // width of a line's sample
	dotSample   = 7
	sampleGap   = 2.5
	entryGap    = 9
	legendRow   = 10
	scaleWidth  = 90 // of a colour scale
	scaleHeight = 5
)

// newLegend gathers the named marks of a picture and flows them into rows.
func newLegend(p picture.Picture, width vg.Length) legend {
	l := legend{scale: p.Scale, width: width}
	var row []entry
	used := vg.Length(0)
	for _, e := range entries(p) {
		e.sample = e.room()
		e.name = glyphs.Fit(textStyle(tickSize), e.name, width-e.sample-sampleGap)
		e.width = e.sample + sampleGap + textStyle(tickSize).Width(e.name)
		if len(row) > 0 && used+e.width > width {
			l.rows, row, used = append(l.rows, row), nil, 0
		}
		row, used = append(row, e), used+e.width+entryGap
	}
	if len(row) > 0 {
		l.rows = append(l.rows, row)
	}
	return l
}

// room is the width of an entry's sample: lines need more than dots.
func (e entry) room() (width vg.Length) {
	for _, m := range e.marks {
		switch m.(type) {
		case picture.Dots, picture.Area:
			width = max(width, dotSample)
		default:
			width = lineSample
		}
	}
	return width
}

// entries are the marks that have names, each name once.
func entries(p picture.Picture) []entry {
	var list []entry
	add := func(name string, m picture.Mark) {
		if name == "" {
			return
		}
		i := slices.IndexFunc(list, func(e entry) bool { return e.name == name })
		if i < 0 {
			i, list = len(list), append(list, entry{name: name})
		}
		list[i].marks = append(list[i].marks, m)
	}
	for _, panel := range p.Panels {
		for _, m := range panel.Marks {
			name, sample := sampleOf(m)
			if d, ok := sample.(picture.Dots); ok && p.Hollow != "" { // which says what that means
				d.Dots[0].Hollow = false
			}
			add(name, sample)
		}
	}
	one := picture.Dot{X: .5, Y: .5}
	if p.Hollow != "" {
		hollow := one
		hollow.Hollow = true
		add(p.Hollow, picture.Dots{Dots: []picture.Dot{hollow}})
	}
	if p.Rings != "" {
		one.Ring, one.Hollow = true, true
		add(p.Rings, picture.Dots{Look: picture.Faint, Dots: []picture.Dot{one}})
	}
	if p.Bars != "" {
		list = append(list, entry{name: "bars: " + p.Bars})
	}
	return list
}

// sampleOf is a mark's name and a sample of it in a box from 0, 0 to 1, 1.
func sampleOf(m picture.Mark) (string, picture.Mark) {
	level := []picture.XY{{X: 0, Y: .5}, {X: 1, Y: .5}}
	box := []picture.XY{{X: .1, Y: .1}, {X: .9, Y: .1}, {X: .9, Y: .9}, {X: .1, Y: .9}}
	switch m := m.(type) {
	case picture.Dots:
		return m.Name, picture.Dots{Look: m.Look, Small: m.Small, Dots: []picture.Dot{sampleDot(m)}}
	case picture.Line:
		return m.Name, picture.Line{Look: m.Look, Dashed: m.Dashed, Solid: m.Solid, Thin: m.Thin,
			Points: level}
	case picture.Area:
		return m.Name, picture.Area{Look: m.Look, Opacity: m.Opacity, Shade: m.Shade, Points: box}
	case picture.Rule:
		return m.Name, picture.Line{Look: m.Look, Dashed: true, Thin: true, Points: level}
	case picture.Boxes:
		return m.Name, picture.Area{Look: m.Look, Opacity: 1, Points: box}
	}
	return "", nil
}

// sampleDot is a dot that stands for a series: hollow where all are, and of the middle of the scale
// where they have shades.
func sampleDot(m picture.Dots) picture.Dot {
	one := picture.Dot{X: .5, Y: .5}
	if len(m.Dots) == 0 {
		return one
	}
	one.Hollow = !slices.ContainsFunc(m.Dots, func(d picture.Dot) bool { return !d.Hollow })
	if m.Dots[0].Shade != nil {
		half := .5
		one.Shade = &half
	}
	return one
}

func (l legend) height() vg.Length {
	height := legendRow * vg.Length(len(l.rows))
	if l.scale != nil {
		height += 2*legendRow + scaleHeight
	}
	if height > 0 {
		height += spacing
	}
	return height
}

// draw draws the legend below a height of the canvas.
func (l legend) draw(c draw.Canvas, top vg.Length) {
	top -= spacing
	if l.scale != nil {
		l.drawScale(c, top)
		top -= 2*legendRow + scaleHeight
	}
	style := leftStyle(tickSize, black)
	style.YAlign = text.YCenter
	for _, row := range l.rows {
		left := c.Min.X
		for _, e := range row {
			at := left
			if e.sample > 0 {
				box := draw.Crop(c, left-c.Min.X, left+e.sample-c.Max.X, top-legendRow-c.Min.Y,
					top-c.Max.Y)
				drawSample(box, e.marks)
				at += e.sample + sampleGap
			}
			c.FillText(style, vg.Point{X: at, Y: top - legendRow/2}, e.name)
			left += e.width + entryGap
		}
		top -= legendRow
	}
}

func drawSample(box draw.Canvas, marks []picture.Mark) {
	panel := unitPlot()
	for _, m := range marks {
		plotterOf(m).Plot(box, panel)
	}
}

// drawScale draws the colours of shades with the values of both ends.
func (l legend) drawScale(c draw.Canvas, top vg.Length) {
	const steps = 64
	left := c.Min.X + (l.width-scaleWidth)/2
	label := textStyle(tickSize)
	label.YAlign = text.YTop
	c.FillText(label, vg.Point{X: left + scaleWidth/2, Y: top}, l.scale.Label)
	top -= legendRow
	for i := range steps {
		from := left + scaleWidth*vg.Length(i)/steps
		end := left + scaleWidth // below those that follow, so that there is no seam
		c.FillPolygon(shade(float64(i)/(steps-1)), []vg.Point{{X: from, Y: top}, {X: end, Y: top},
			{X: end, Y: top - scaleHeight}, {X: from, Y: top - scaleHeight}})
	}
	c.FillText(label, vg.Point{X: left, Y: top - scaleHeight - 2}, si.Digits(l.scale.Low, 3))
	c.FillText(label, vg.Point{X: left + scaleWidth, Y: top - scaleHeight - 2},
		si.Digits(l.scale.High, 3))
}
