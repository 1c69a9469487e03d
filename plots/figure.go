// Package plots draws figures from plain values, SVG and PNG: those of the registry in package
// figure by Draw, from their panels, and others by a function each.
//
// The common style: logarithmic cost axes with ticks at 1, 2 and 5 and SI prefixes; a palette that
// is safe for colour-blind readers, with a marker of its own for each colour; error bars; the
// legend beside the data, never over it. Accuracies are passed as fractions and drawn in percent.
// NaN and infinite values are errors.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet, 2019: Figures 2, 3 and 8.
//	[okabe]  M. Okabe, K. Ito, Color Universal Design, 2008: the palette.
package plots

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is one or more panels side by side with one legend on the right.
type Figure struct {
	panels []*plot.Plot
	legend plot.Legend
	width  vg.Length
	height vg.Length
}

// Sizes of a figure.
const (
	panelWidth  = 11 * vg.Centimeter
	legendWidth = 4.2 * vg.Centimeter
	height      = 9 * vg.Centimeter
	resolution  = 150 // dots an inch of a PNG
)

// style is how a kind of trial is drawn.
type style struct {
	name  string
	color color.Color
	shape draw.GlyphDrawer
}

// The palette of [okabe].
var (
	black     = color.RGBA{0, 0, 0, 255}
	grey      = color.RGBA{140, 140, 140, 255}
	pale      = color.RGBA{225, 225, 225, 255}
	orange    = color.RGBA{230, 159, 0, 255}
	sky       = color.RGBA{86, 180, 233, 255}
	green     = color.RGBA{0, 158, 115, 255}
	blue      = color.RGBA{0, 114, 178, 255}
	vermilion = color.RGBA{213, 94, 0, 255}
	purple    = color.RGBA{204, 121, 167, 255}
	yellow    = color.RGBA{240, 228, 66, 255}
)

// styles of the families that a trial can belong to, in the order of the legend. The last is for
// all others.
var styles = []style{
	{"base", black, draw.BoxGlyph{}},
	{"width", blue, polygon{{X: -1.2, Y: -.8}, {X: 1.2, Y: -.8}, {X: 0, Y: 1.2}}},
	{"depth", vermilion, polygon{{X: -1.2, Y: .8}, {X: 1.2, Y: .8}, {X: 0, Y: -1.2}}},
	{"resolution", green, polygon{{X: -1.3, Y: 0}, {X: 0, Y: 1.3}, {X: 1.3, Y: 0}, {X: 0, Y: -1.3}}},
	{"compound", purple, draw.CircleGlyph{}},
	{"paper", orange, draw.PlusGlyph{}},
	{"dwr", sky, draw.CrossGlyph{}},
	{"dWr", sky, draw.PlusGlyph{}},
	{"", grey, draw.CircleGlyph{}},
}

// polygon is a filled marker; its corners are in units of the marker's radius.
type polygon []vg.Point

// DrawGlyph implements draw.GlyphDrawer.
func (p polygon) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	var path vg.Path
	for i, corner := range p {
		place := at.Add(corner.Scale(s.Radius))
		if i == 0 {
			path.Move(place)
			continue
		}
		path.Line(place)
	}
	path.Close()
	c.SetColor(s.Color)
	c.Fill(path)
}

// styleOf is the style of a family, or that of grid points for any other name.
func styleOf(family string) style {
	for _, s := range styles {
		if s.name == family {
			return s
		}
	}
	return styles[len(styles)-1]
}

func newPanel(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	for _, t := range []*text.Style{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle,
		&p.X.Tick.Label, &p.Y.Tick.Label} {
		t.Font.Variant = "Sans"
	}
	p.Title.TextStyle.Font.Size, p.Title.Padding = 11, 6
	p.X.Label.TextStyle.Font.Size, p.Y.Label.TextStyle.Font.Size = 10, 10
	p.X.Label.Padding, p.Y.Label.Padding = 4, 4
	p.X.Padding, p.Y.Padding = 6, 6
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = pale, pale
	p.Add(grid)
	return p
}

func newFigure(panels ...*plot.Plot) *Figure {
	f := &Figure{panels: panels, legend: plot.NewLegend(), height: height}
	f.width = vg.Length(len(panels))*panelWidth + legendWidth
	f.legend.TextStyle.Font = font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, 9)
	f.legend.Top, f.legend.Left, f.legend.Padding, f.legend.ThumbnailWidth = true, true, 3, 18
	return f
}

// draw puts the panels and the legend on a canvas.
func (f *Figure) draw(c draw.Canvas) {
	const margin = 8
	c = draw.Crop(c, margin, -margin, margin, -margin)
	each := (c.Max.X - c.Min.X - legendWidth) / vg.Length(len(f.panels))
	for i, p := range f.panels {
		left := vg.Length(i) * each
		p.Draw(draw.Crop(c, left, left+each-(c.Max.X-c.Min.X), 0, 0))
	}
	f.legend.Draw(draw.Crop(c, vg.Length(len(f.panels))*each+12, 0, 0, -20))
}

// Write draws the figure as "svg" or "png".
func (f *Figure) Write(w io.Writer, format string) error {
	switch format {
	case "svg":
		c := vgsvg.New(f.width, f.height)
		f.draw(draw.New(c))
		_, err := c.WriteTo(w)
		return err
	case "png":
		c := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(resolution))
		f.draw(draw.New(c))
		_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
		return err
	}
	return fmt.Errorf("a figure cannot be written as %q: use svg or png", format)
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
