package glyphs

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"io"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"gridsearch/internal/plural"
)

func init() {
	// A figure is the same file whenever it is drawn.
	fpdf.SetDefaultCreationDate(time.Unix(0, 0).UTC())
	fpdf.SetDefaultModificationDate(time.Unix(0, 0).UTC())
	fpdf.SetDefaultCatalogSort(true)
}

// PDF is a document of one page. Its file depends on what is drawn alone.
type PDF struct{ *vgpdf.Canvas }

// NewPDF makes a document whose page has this size.
func NewPDF(width, height vg.Length) PDF { return PDF{vgpdf.New(width, height)} }

// SetColor implements vg.Canvas. The canvas below takes the components of a color that lets others
// through as they are multiplied by its opacity, which makes it grey.
func (p PDF) SetColor(c color.Color) {
	if c != nil {
		c = unmultiplied(color.NRGBAModel.Convert(c).(color.NRGBA))
	}
	p.Canvas.SetColor(c)
}

// unmultiplied is a color whose components are not multiplied by its opacity.
type unmultiplied color.NRGBA

// RGBA implements color.Color but for the multiplication.
func (u unmultiplied) RGBA() (r, g, b, a uint32) {
	return uint32(u.R) * 0x101, uint32(u.G) * 0x101, uint32(u.B) * 0x101, uint32(u.A) * 0x101
}

// DrawImage implements vg.Canvas. The canvas below draws images upside down.
func (p PDF) DrawImage(in vg.Rectangle, img image.Image) {
	b := img.Bounds()
	turned := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			turned.Set(x, b.Dy()-1-y, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	p.Canvas.DrawImage(in, turned)
}

// SVG is a drawing whose text is text. It takes the room that it was measured to take, whatever
// fonts its viewer has.
type SVG struct {
	*vgsvg.Canvas
	widths []vg.Length // of the texts
}

// NewSVG makes a drawing of this size.
func NewSVG(width, height vg.Length) *SVG { return &SVG{Canvas: vgsvg.New(width, height)} }

// FillString implements vg.Canvas.
func (s *SVG) FillString(f font.Face, at vg.Point, txt string) {
	width, _, _ := Handler{}.Box(txt, f.Font)
	s.widths = append(s.widths, width)
	s.Canvas.FillString(f, at, txt)
}

// family is how the canvas names the figures' own font, families what stands there instead: the
// same font, those of its widths, and whatever the viewer has.
const (
	family   = `style="font-family:Liberation Sans;`
	families = `style="font-family:'Liberation Sans',Arimo,Helvetica,Arial,sans-serif;`
	element  = "<text "
)

// mistaken is what the canvas calls images that it encodes as PNG.
const (
	mistaken = `xlink:href="data:image/jpg;base64,iVBOR`
	meant    = `xlink:href="data:image/png;base64,iVBOR`
)

// WriteTo implements vg.CanvasWriterTo.
func (s *SVG) WriteTo(w io.Writer) (int64, error) {
	var picture bytes.Buffer
	if _, err := s.Canvas.WriteTo(&picture); err != nil {
		return 0, err
	}
	// Names in it have their angle brackets and quotation marks escaped, and look like none of these.
	text := strings.NewReplacer(family, families, mistaken, meant).Replace(picture.String())
	parts := strings.Split(text, element)
	for i, width := range s.widths {
		if width > 0 {
			parts[i+1] = fmt.Sprintf(`textLength="%.5g" lengthAdjust="spacingAndGlyphs" %s`,
				width.Points(), parts[i+1])
		}
	}
	n, err := io.WriteString(w, strings.Join(parts, element))
	return int64(n), err
}

// Gap is a text and its characters that are drawn as boxes.
type Gap struct {
	Text    string
	Missing []rune
}

// Warning says in a line which characters are drawn as boxes, and where; it is empty for no gaps.
func Warning(gaps []Gap) string {
	if len(gaps) == 0 {
		return ""
	}
	var missing []rune
	for _, g := range gaps {
		missing = append(missing, g.Missing...)
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	const shown = 8
	var points []string
	for _, r := range missing[:min(len(missing), shown)] {
		points = append(points, fmt.Sprintf("%U", r))
	}
	if more := len(missing) - shown; more > 0 {
		points = append(points, fmt.Sprintf("%d more", more))
	}
	where := fmt.Sprintf("%q", gaps[0].Text)
	if len(gaps) > 1 {
		where += fmt.Sprintf(" and %s", plural.Of(len(gaps)-1, "other text"))
	}
	return fmt.Sprintf("no font here has %s in %s: drawn as boxes with these numbers in PNG and PDF; "+
		"SVG shows what its reader's fonts have", strings.Join(points, ", "), where)
}

// Audit is a canvas that draws nothing and keeps what a Handler cannot draw.
type Audit struct {
	Width, Height vg.Length
	Gaps          []Gap // each text once, in the order of drawing
}

var _ vg.CanvasSizer = (*Audit)(nil)

func (a *Audit) note(txt string) {
	missing := Missing(txt)
	if len(missing) == 0 {
		return
	}
	for _, g := range a.Gaps {
		if g.Text == txt {
			return
		}
	}
	a.Gaps = append(a.Gaps, Gap{txt, missing})
}

// Size implements vg.CanvasSizer.
func (a *Audit) Size() (x, y vg.Length) { return a.Width, a.Height }

// SetLineWidth implements vg.Canvas, as do the following.
func (a *Audit) SetLineWidth(vg.Length) {}

// SetLineDash does nothing.
func (a *Audit) SetLineDash([]vg.Length, vg.Length) {}

// SetColor does nothing.
func (a *Audit) SetColor(color.Color) {}

// Rotate does nothing.
func (a *Audit) Rotate(float64) {}

// Translate does nothing.
func (a *Audit) Translate(vg.Point) {}

// Scale does nothing.
func (a *Audit) Scale(x, y float64) {}

// Push does nothing.
func (a *Audit) Push() {}

// Pop does nothing.
func (a *Audit) Pop() {}

// Stroke does nothing.
func (a *Audit) Stroke(vg.Path) {}

// Fill does nothing.
func (a *Audit) Fill(vg.Path) {}

// FillString does nothing.
func (a *Audit) FillString(font.Face, vg.Point, string) {}

// DrawImage does nothing.
func (a *Audit) DrawImage(vg.Rectangle, image.Image) {}
