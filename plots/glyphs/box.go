package glyphs

import (
	"fmt"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// Sizes of a box, in ems of the font.
const (
	boxTop    = .86
	boxBottom = -.2
	boxLine   = .05
	boxGap    = .06 // between its line and a digit, and beside the box
	digitWide = .3
)

// digits are the code point of a character in two lines.
func digits(r rune) [2]string {
	hex := fmt.Sprintf("%04X", r)
	if len(hex) > 4 {
		hex = fmt.Sprintf("%06X", r)
	}
	return [2]string{hex[:len(hex)/2], hex[len(hex)/2:]}
}

// boxWidth is the room that a box takes, in ems.
func boxWidth(r rune) vg.Length {
	return vg.Length(len(digits(r)[0]))*digitWide + 2*boxLine + 4*boxGap
}

// drawBox draws a box with the code point of a character in it.
func drawBox(c vg.Canvas, r rune, face font.Face, at vg.Point) {
	em := face.Font.Size
	left, right := at.X+boxGap*em, at.X+(boxWidth(r)-boxGap)*em
	bottom, top := at.Y+boxBottom*em, at.Y+boxTop*em
	line := vg.Length(boxLine) * em
	frame := rectangle(left, bottom, right, top)
	// the other way round, so that it is a hole
	frame = append(frame, rectangle(right-line, bottom+line, left+line, top-line)...)
	c.Fill(frame)
	for i, txt := range digits(r) {
		height := (top - bottom - 2*line) / 2
		base := top - line - vg.Length(i+1)*height
		c.Fill(digitPath(txt, vg.Rectangle{
			Min: vg.Point{X: left + line + boxGap*em/2, Y: base + .1*height},
			Max: vg.Point{X: right - line - boxGap*em/2, Y: base + .9*height}}))
	}
}

func rectangle(x0, y0, x1, y1 vg.Length) vg.Path {
	var p vg.Path
	p.Move(vg.Point{X: x0, Y: y0})
	p.Line(vg.Point{X: x1, Y: y0})
	p.Line(vg.Point{X: x1, Y: y1})
	p.Line(vg.Point{X: x0, Y: y1})
	p.Close()
	return p
}

// digitPath are digits of the figures' own font side by side in a rectangle, as tall as it is.
func digitPath(txt string, in vg.Rectangle) vg.Path {
	const tall = .72 // ems of a digit's height
	f := sans()
	shaping.Lock()
	defer shaping.Unlock()
	size := in.Size().Y / tall
	each := in.Size().X / vg.Length(len(txt))
	var path vg.Path
	for i, d := range txt {
		id, _ := f.Font.NominalGlyph(d)
		wide := vg.Length(f.Font.HorizontalAdvance(id)) / f.Em * size
		o, _ := f.Font.GlyphDataOutline(id)
		x := in.Min.X + (vg.Length(i)+.5)*each - wide/2
		path = append(path, contours(o.Segments, size/f.Em, vg.Point{X: x, Y: in.Min.Y})...)
	}
	return path
}
