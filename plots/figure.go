// Package plots draws figures from plain values, as package picture describes them: SVG, PNG, PDF.
//
// The house style: a column's width (84 mm) or a page's (174 mm) with the type of a journal, so
// that a figure can be printed as it is and is a slide when enlarged; a palette that is safe for
// colour-blind readers, and beside it a shape and a dash for each look, so that a figure reads in
// grey; the legend below the data, never over them; logarithmic cost axes with ticks at 1, 2 and 5
// and SI prefixes. NaN and infinite values are errors.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet, 2019: Figures 2, 3, 7 and 8.
//	[nunez]  J. Nuñez, C. Anderton, R. Renslow, Optimizing colormaps with consideration for color
//	         vision deficiency, PLOS ONE 13, 2018: cividis.
//	[okabe]  M. Okabe, K. Ito, Color Universal Design, 2008: the palette.
package plots

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"gridsearch/internal/figure/picture"
	"gridsearch/plots/glyphs"
)

// Figure is a picture that is laid out to be written.
type Figure struct {
	width, height vg.Length
	head          []textLine // title and note
	panels        [][]*plot.Plot
	row           vg.Length // height of a row of panels
	x             string    // the label below all panels
	legend        legend
}

// textLine is a line of text with its height.
type textLine struct {
	text  string
	style text.Style
}

// Sizes of a figure.
const (
	column     = 84 * vg.Millimeter
	page       = 174 * vg.Millimeter
	axesHeight = 50 * vg.Millimeter // of a panel, where it does not say
	margin     = 5                  // around all, in points
	spacing    = 5                  // between head, panels and legend
	panelGap   = 8                  // between panels
	resolution = 300                // dots an inch of a PNG
)

// Draw lays out a picture. NaN, infinite values, costs of 0 on logarithmic axes, and panels without
// marks are errors.
func Draw(p picture.Picture) (*Figure, error) {
	if len(p.Panels) == 0 {
		return nil, errEmpty
	}
	if err := check(p); err != nil {
		return nil, err
	}
	f := &Figure{width: column, x: p.X}
	if p.Wide {
		f.width = page
	}
	f.head = append(lines(p.Title, leftStyle(titleSize, black), f.inner()),
		lines(p.Note, leftStyle(noteSize, dark), f.inner())...)
	f.legend = newLegend(p, f.inner())
	columns := columns(p)
	for i := range p.Panels {
		drawn, height, err := newPanel(p, i)
		if err != nil {
			return nil, err
		}
		if i%columns == 0 {
			f.panels = append(f.panels, make([]*plot.Plot, columns))
		}
		f.panels[i/columns][i%columns] = drawn
		f.row = max(f.row, height)
	}
	f.height = f.headHeight() + f.row*vg.Length(len(f.panels)) + f.xHeight() + f.legend.height() +
		2*margin
	return f, nil
}

// Wide says whether the figure takes a page's width, not a column's.
func (f *Figure) Wide() bool { return f.width == page }

// columns is the number of panels beside each other.
func columns(p picture.Picture) int {
	if p.Columns <= 0 || p.Columns > len(p.Panels) {
		return len(p.Panels)
	}
	return p.Columns
}

func (f *Figure) inner() vg.Length { return f.width - 2*margin }

// lines breaks text at spaces so that it fits into a width.
func lines(text string, style text.Style, width vg.Length) []textLine {
	var list []textLine
	for paragraph := range strings.Lines(text) {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			word = glyphs.Fit(style, word, width)
			longer := strings.TrimSpace(line + " " + word)
			if line != "" && style.Width(longer) > width {
				list, longer = append(list, textLine{line, style}), word
			}
			line = longer
		}
		list = append(list, textLine{line, style})
	}
	return list
}

func (l textLine) height() vg.Length { return 1.25 * l.style.Font.Size }

func (f *Figure) headHeight() (sum vg.Length) {
	for _, l := range f.head {
		sum += l.height()
	}
	if sum > 0 {
		sum += spacing
	}
	return sum
}

func (f *Figure) xHeight() vg.Length {
	if f.x == "" {
		return 0
	}
	return labelSize + spacing
}

// draw puts head, panels and legend on a canvas.
func (f *Figure) draw(c draw.Canvas) {
	c = draw.Crop(c, margin, -margin, margin, -margin)
	top := c.Max.Y
	for _, l := range f.head {
		c.FillText(l.style, vg.Point{X: c.Min.X, Y: top}, l.text)
		top -= l.height()
	}
	top = c.Max.Y - f.headHeight()
	bottom := top - f.row*vg.Length(len(f.panels))
	f.drawPanels(draw.Crop(c, 0, 0, bottom-c.Min.Y, top-c.Max.Y))
	if f.x != "" {
		style := textStyle(labelSize)
		style.YAlign = text.YTop
		c.FillText(style, vg.Point{X: (c.Min.X + c.Max.X) / 2, Y: bottom - 1}, f.x)
		bottom -= f.xHeight()
	}
	f.legend.draw(c, bottom)
}

// drawPanels draws the panels so that the axes of rows and columns are level.
func (f *Figure) drawPanels(c draw.Canvas) {
	tiles := draw.Tiles{Rows: len(f.panels), Cols: len(f.panels[0]), PadX: panelGap, PadY: 4}
	for i, row := range plot.Align(f.panels, tiles, c) {
		for j, canvas := range row {
			if p := f.panels[i][j]; p != nil {
				fitTitle(p, canvas)
				p.Draw(canvas)
			}
		}
	}
}

// fitTitle shortens a panel's title, which stands over the middle of the axes, to the room on either
// side of that.
func fitTitle(p *plot.Plot, c draw.Canvas) {
	axes := p.DataCanvas(c)
	center := (axes.Min.X + axes.Max.X) / 2
	room := 2 * min(center-c.Min.X, c.Max.X-center)
	p.Title.Text = glyphs.Fit(p.Title.TextStyle, p.Title.Text, room)
}

// Write draws the figure as "svg", "png" or "pdf".
func (f *Figure) Write(w io.Writer, format string) error {
	switch format {
	case "svg":
		c := glyphs.NewSVG(f.width, f.height)
		f.draw(draw.New(c))
		_, err := c.WriteTo(w)
		return err
	case "pdf":
		c := glyphs.NewPDF(f.width, f.height)
		f.draw(draw.New(c))
		_, err := c.WriteTo(w)
		return err
	case "png":
		c := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(resolution))
		f.draw(draw.New(c))
		return writePNG(w, c.Image())
	}
	return fmt.Errorf("a figure cannot be written as %q: use svg, png or pdf", format)
}

// finite returns an error for values that cannot be drawn.
func finite(name string, values ...float64) error {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s has the value %v, which cannot be drawn", name, v)
		}
	}
	return nil
}

// errEmpty is the error for a figure without data.
var errEmpty = errors.New("there is nothing to draw: no run is complete")

// Warning names the characters that no font has, which are drawn as boxes in PNG and PDF, with a
// text that has them; it is empty where there are none.
func (f *Figure) Warning() string {
	audit := &glyphs.Audit{Width: f.width, Height: f.height}
	f.draw(draw.New(audit))
	return glyphs.Warning(audit.Gaps)
}
