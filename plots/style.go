package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"gridsearch/internal/figure/picture"
	"gridsearch/plots/glyphs"
)

// The palette of [okabe], and greys.
var (
	black     = color.RGBA{0, 0, 0, 255}
	dark      = color.RGBA{90, 90, 90, 255}
	grey      = color.RGBA{140, 140, 140, 255}
	pale      = color.RGBA{228, 228, 228, 255}
	white     = color.RGBA{255, 255, 255, 255}
	orange    = color.RGBA{230, 159, 0, 255}
	sky       = color.RGBA{86, 180, 233, 255}
	green     = color.RGBA{0, 158, 115, 255}
	blue      = color.RGBA{0, 114, 178, 255}
	vermilion = color.RGBA{213, 94, 0, 255}
	purple    = color.RGBA{204, 121, 167, 255}
)

// style is how a look is drawn: shapes and dashes tell looks apart where colours do not.
type style struct {
	color color.Color
	shape polygon
	dash  []vg.Length // of lines; nil for solid
}

var styles = map[picture.Look]style{
	picture.Base:       {black, square, nil},
	picture.Width:      {blue, upward, []vg.Length{5, 1.5}},
	picture.Depth:      {vermilion, downward, []vg.Length{2.5, 1.5}},
	picture.Resolution: {green, diamond, []vg.Length{6, 1.5, 1.5, 1.5}},
	picture.Compound:   {purple, circle, nil},
	"paper":            {orange, star, nil},
	"dwr":              {sky, pentagon, []vg.Length{1.5, 1.5}},
	"dWr":              {sky, hexagon, []vg.Length{1, 2}},
	picture.Plain:      {grey, circle, nil},
	picture.Faint:      {color.RGBA{190, 190, 190, 255}, circle, nil},
	picture.White:      {white, circle, nil},
	picture.Published:  {grey, cross, []vg.Length{2, 1.5}}, // no trial has its shape
	picture.Known:      {dark, pentagon, nil},
	picture.Grid:       {color.RGBA{214, 214, 214, 255}, circle, nil},
	"surface":          {color.RGBA{150, 180, 210, 255}, circle, nil},
	picture.Failed:     {vermilion, cross, nil},

	picture.Accents[0]: {blue, circle, nil},
	picture.Accents[1]: {vermilion, square, []vg.Length{5, 1.5}},
	picture.Accents[2]: {green, upward, []vg.Length{2.5, 1.5}},
	picture.Accents[3]: {purple, diamond, []vg.Length{6, 1.5, 1.5, 1.5}},
	picture.Accents[4]: {orange, downward, []vg.Length{1.5, 1.5}},
	picture.Accents[5]: {sky, pentagon, []vg.Length{8, 2}},
	picture.Accents[6]: {black, star, []vg.Length{1, 2}},
}

// styleOf is the style of a look; one that has none is drawn as the grid's.
func styleOf(l picture.Look) style {
	if s, ok := styles[l]; ok {
		return s
	}
	return styles[picture.Plain]
}

// tone is the colour of lines and text of a look: black where the look says nothing.
func tone(l picture.Look) color.Color {
	if l == picture.Plain {
		return black
	}
	return styleOf(l).color
}

// polygon is a marker; its corners are in units of the marker's radius.
type polygon []vg.Point

var (
	square   = polygon{{X: -.9, Y: -.9}, {X: .9, Y: -.9}, {X: .9, Y: .9}, {X: -.9, Y: .9}}
	upward   = polygon{{X: -1.15, Y: -.8}, {X: 1.15, Y: -.8}, {X: 0, Y: 1.2}}
	downward = polygon{{X: -1.15, Y: .8}, {X: 1.15, Y: .8}, {X: 0, Y: -1.2}}
	diamond  = polygon{{X: -1.25, Y: 0}, {X: 0, Y: 1.25}, {X: 1.25, Y: 0}, {X: 0, Y: -1.25}}
	pentagon = regular(5, 1, 1)
	hexagon  = regular(6, 1.05, 1.05)
	star     = regular(10, 1.45, .6)
	circle   = regular(24, 1, 1)
	cross    = polygon{{X: 0, Y: .35}, {X: .85, Y: 1.2}, {X: 1.2, Y: .85}, {X: .35, Y: 0},
		{X: 1.2, Y: -.85}, {X: .85, Y: -1.2}, {X: 0, Y: -.35}, {X: -.85, Y: -1.2},
		{X: -1.2, Y: -.85}, {X: -.35, Y: 0}, {X: -1.2, Y: .85}, {X: -.85, Y: 1.2}}
)

// regular is a polygon of n corners that lie on two circles by turns, the first one at the top.
func regular(n int, even, odd float64) polygon {
	p := make(polygon, n)
	for i := range p {
		r := even
		if i%2 == 1 {
			r = odd
		}
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		p[i] = vg.Point{X: vg.Length(r * sin), Y: vg.Length(r * cos)}
	}
	return p
}

// at is the polygon around a place.
func (p polygon) at(place vg.Point, radius vg.Length) []vg.Point {
	list := make([]vg.Point, len(p))
	for i, corner := range p {
		list[i] = place.Add(corner.Scale(radius))
	}
	return list
}

// outline is the closed path of corners.
func outline(corners []vg.Point) vg.Path {
	var path vg.Path
	for i, c := range corners {
		if i == 0 {
			path.Move(c)
			continue
		}
		path.Line(c)
	}
	path.Close()
	return path
}

// Sizes of type, in points: those of journals, at a figure's real size.
const (
	titleSize = 8.5
	noteSize  = 7
	labelSize = 7.5 // of axes
	tickSize  = 7
	smallSize = 6.2 // beside marks
)

// textStyle is a style of black text around its middle.
func textStyle(size vg.Length) text.Style {
	return text.Style{Color: black, Handler: glyphs.Handler{},
		Font:   font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		XAlign: text.XCenter, YAlign: text.YCenter}
}

// leftStyle is a style of text that begins at its place, with its top there.
func leftStyle(size vg.Length, c color.Color) text.Style {
	s := textStyle(size)
	s.Color, s.XAlign, s.YAlign = c, text.XLeft, text.YTop
	return s
}

func stroke(c color.Color, width vg.Length, dash []vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width, Dashes: dash}
}

// opaque is what a colour looks like through which so much of the white below is seen: PDF and SVG
// then need no transparency, and greys of prints stay as they are here.
func opaque(c color.Color, opacity float64) color.Color {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) uint8 { return uint8(255 - opacity*(255-float64(v>>8)) + .5) }
	return color.RGBA{part(r), part(g), part(b), 255}
}
