package glyphs

import (
	"math"
	"strings"

	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/text/encoding/charmap"
	_ "gonum.org/v1/plot" // puts the figures' own fonts into font.DefaultCache
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"gridsearch/plots/glyphs/fonts"
)

// Handler is a text.Handler for text of every script, into every format. Its zero value is ready
// for use.
type Handler struct{}

var _ text.Handler = Handler{}

// own draws text that needs nothing of this package.
var own = text.Plain{Fonts: font.DefaultCache}

// sans is the figures' own font.
func sans() *fonts.Face {
	return fonts.Own(own.Fonts.Lookup(font.Font{Typeface: "Liberation", Variant: "Sans"}, 1))
}

// Cache implements text.Handler.
func (Handler) Cache() *font.Cache { return own.Fonts }

// Extents implements text.Handler: those of the figures' own font, in points.
func (Handler) Extents(f font.Font) font.Extents { return own.Extents(f) }

// Lines implements text.Handler.
func (Handler) Lines(txt string) []string { return own.Lines(clean(txt)) }

// Box implements text.Handler. Letters that are taller or deeper than those of the figures' own
// font make the box so.
func (Handler) Box(txt string, f font.Font) (width, height, depth vg.Length) {
	txt = clean(txt)
	face := own.Fonts.Lookup(f, f.Size)
	if simple(txt, face) {
		return own.Box(txt, f)
	}
	runs := layout(txt, face)
	above, below := beyond(runs, face)
	for _, r := range runs {
		width += r.width * f.Size
	}
	e := face.Extents()
	return width, e.Ascent + above, e.Descent + below
}

// Draw implements text.Handler.
func (h Handler) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	c = innermost(c)
	txt = strings.TrimRight(clean(txt), "\n")
	face := own.Fonts.Lookup(sty.Font, sty.Font.Size)
	switch c := c.(type) {
	case *Audit:
		c.note(txt)
		return
	case PDF:
	default:
		if simple(txt, face) {
			own.Draw(c, txt, sty, pt)
			return
		}
	}
	h.drawLines(c, txt, sty, pt, face)
}

// innermost is the canvas of the file within those of its parts.
func innermost(c vg.Canvas) vg.Canvas {
	for {
		switch part := c.(type) {
		case draw.Canvas:
			c = part.Canvas
		case *draw.Canvas:
			c = part.Canvas
		default:
			return c
		}
	}
}

// drawLines draws lines that the figures' own font has not all characters of.
func (h Handler) drawLines(c vg.Canvas, txt string, sty text.Style, pt vg.Point, face font.Face) {
	c.SetColor(sty.Color)
	if sty.Rotation != 0 {
		c.Push()
		defer c.Pop()
		c.Rotate(sty.Rotation)
	}
	sin, cos := math.Sincos(sty.Rotation)
	x, y := float64(pt.X), float64(pt.Y)
	pt = vg.Point{X: vg.Length(y*sin + x*cos), Y: vg.Length(y*cos - x*sin)}
	lines := own.Lines(txt)
	laid := make([][]run, len(lines))
	for i, line := range lines {
		laid[i] = layout(line, face)
	}
	pt.Y += baseline(laid, sty, face)
	for i, runs := range laid {
		at := pt.Add(vg.Point{Y: -vg.Length(i) * sty.Font.Size})
		var width vg.Length
		for _, r := range runs {
			width += r.width * sty.Font.Size
		}
		at.X += vg.Length(sty.XAlign) * width
		if _, ok := c.(*SVG); ok {
			c.FillString(face, at, lines[i])
			continue
		}
		for _, r := range runs {
			r.draw(c, face, at)
			at.X += r.width * sty.Font.Size
		}
	}
}

// baseline is where the first line stands, from the point at which the text is aligned: there where
// text.Plain has it, but that letters beyond the extents of the figures' own font have their room.
func baseline(laid [][]run, sty text.Style, face font.Face) vg.Length {
	e := face.Extents()
	height := vg.Length(len(laid))*(e.Ascent+e.Descent) +
		vg.Length(len(laid)-1)*(e.Height-e.Ascent-e.Descent)
	above, _ := beyond(laid[0], face)
	_, below := beyond(laid[len(laid)-1], face)
	align := vg.Length(sty.YAlign)
	return height*align - e.Ascent + vg.Length(len(laid))*sty.Font.Size + above*align + below*(1+align)
}

// simple reports whether text.Plain draws lines as they should be.
func simple(txt string, face font.Face) bool {
	if plain(txt) {
		return true
	}
	shaping.Lock()
	defer shaping.Unlock()
	own := fonts.Own(face)
	for _, r := range txt {
		if r != '\n' && !own.Has(r) {
			return false
		}
	}
	return straight([]rune(txt))
}

// draw draws a run from a point of the baseline on.
func (r run) draw(c vg.Canvas, face font.Face, at vg.Point) {
	size := face.Font.Size
	if r.face == nil {
		drawBox(c, r.text[0], face, at)
		return
	}
	if r.glyphs == nil {
		if _, pdf := c.(PDF); !pdf {
			c.FillString(face, at, string(r.text))
			return
		}
		if drawWestern(c, r.text, face, at) {
			return
		}
	}
	shaping.Lock()
	path := r.outline(at, size)
	shaping.Unlock()
	if len(path) > 0 {
		c.Fill(path)
	}
}

// drawWestern draws text in the encoding of PDF's own fonts, and returns false where it has
// characters beyond. The canvas knows no kerning: what stands closer begins a string of its own.
func drawWestern(c vg.Canvas, letters []rune, face font.Face, at vg.Point) bool {
	encoded, err := charmap.Windows1252.NewEncoder().String(string(letters))
	if err != nil {
		return false
	}
	start, from := 0, vg.Length(0) // of the string, and where it is drawn
	width, last := vg.Length(0), vg.Length(0)
	for i := range letters {
		alone := face.Width(string(letters[i : i+1]))
		if i > 0 {
			kern := face.Width(string(letters[i-1:i+1])) - last - alone
			width += kern
			if math.Abs(float64(kern)) > 1e-6 {
				c.FillString(face, at.Add(vg.Point{X: from}), encoded[start:i])
				start, from = i, width
			}
		}
		width, last = width+alone, alone
	}
	c.FillString(face, at.Add(vg.Point{X: from}), encoded[start:])
	return true
}

// outline is the outline of a run's glyphs.
func (r run) outline(from vg.Point, size vg.Length) vg.Path {
	glyphs := r.glyphs
	if glyphs == nil {
		glyphs = r.sideBySide()
	}
	var path vg.Path
	for _, g := range glyphs {
		o, _ := r.face.Font.GlyphDataOutline(g.id)
		path = append(path, contours(o.Segments, size/r.face.Em,
			from.Add(vg.Point{X: g.x * size, Y: g.y * size}))...)
	}
	return path
}

// sideBySide are the glyphs of a run that the canvas cannot draw by itself.
func (r run) sideBySide() []glyph {
	var glyphs []glyph
	var x vg.Length
	for _, letter := range r.text {
		id, _ := r.face.Font.NominalGlyph(letter)
		glyphs = append(glyphs, glyph{id: id, x: x})
		x += vg.Length(r.face.Font.HorizontalAdvance(id)) / r.face.Em
	}
	return glyphs
}

// contours is a glyph's outline as a path. Quadratic curves become cubic ones, the only ones that
// all formats draw right.
func contours(segments []opentype.Segment, scale vg.Length, from vg.Point) vg.Path {
	var path vg.Path
	var last vg.Point
	for _, s := range segments {
		var p [3]vg.Point
		for i, a := range s.Args {
			p[i] = from.Add(vg.Point{X: vg.Length(a.X) * scale, Y: vg.Length(a.Y) * scale})
		}
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if len(path) > 0 {
				path.Close()
			}
			path.Move(p[0])
			last = p[0]
		case opentype.SegmentOpLineTo:
			path.Line(p[0])
			last = p[0]
		case opentype.SegmentOpQuadTo:
			first := last.Add(p[0].Sub(last).Scale(2. / 3))
			second := p[1].Add(p[0].Sub(p[1]).Scale(2. / 3))
			path.CubeTo(first, second, p[1])
			last = p[1]
		case opentype.SegmentOpCubeTo:
			path.CubeTo(p[0], p[1], p[2])
			last = p[2]
		}
	}
	if len(path) > 0 {
		path.Close()
	}
	return path
}

// beyond says how far the letters of a line reach above and below the extents of the figures' own
// font.
func beyond(runs []run, face font.Face) (above, below vg.Length) {
	shaping.Lock()
	defer shaping.Unlock()
	e := face.Extents()
	for _, r := range runs {
		if r.face == nil || r.face.Own {
			continue
		}
		for _, g := range r.glyphs {
			ink, ok := r.face.Font.GlyphExtents(g.id)
			if !ok {
				continue
			}
			top := g.y + vg.Length(ink.YBearing)/r.face.Em
			bottom := top + vg.Length(ink.Height)/r.face.Em
			above = max(above, top*face.Font.Size-e.Ascent)
			below = max(below, -bottom*face.Font.Size-e.Descent)
		}
	}
	return above, below
}
