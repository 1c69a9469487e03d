package plots

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Seen is an image and the class maps of networks on it.
type Seen struct {
	Title string // below the image
	Image image.Image
	Maps  []ClassMap // one a network
}

// ClassMap is the evidence of a class in an image, pixel by pixel.
type ClassMap struct {
	Title    string    // below the map, such as the class
	Size     int       // side, in pixels
	Evidence []float32 // [Size, Size]
}

// ClassMaps draws images as rows and networks as columns, like [effnet] Figure 7: the image, and
// each network's map overlaid on it, enlarged bilinearly, with the colour map scaled to its own
// minimum and maximum; a constant map has the minimum's colour. Images are square.
func ClassMaps(networks []string, rows []Seen) (*Figure, error) {
	if len(rows) == 0 || len(networks) == 0 {
		return nil, errors.New("there is nothing to draw: no image or no network")
	}
	columns := make([]mapColumn, 1+len(networks))
	for _, r := range rows {
		if len(r.Maps) != len(networks) {
			return nil, fmt.Errorf("%s has %d maps for %d networks", r.Title, len(r.Maps), len(networks))
		}
		picture := enlarge(r.Image, MapPixels)
		columns[0] = append(columns[0], mapCell{picture, r.Title})
		for i, m := range r.Maps {
			over, err := m.over(picture)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", r.Title, networks[i], err)
			}
			columns[i+1] = append(columns[i+1], mapCell{over, m.Title})
		}
	}
	var panels []*plot.Plot
	titles := level(append([]string{"image"}, networks...)) // the cells stand side by side
	for i, title := range titles {
		p := newPanel(title, "", "")
		p.Title.TextStyle.Font.Size = 7.5
		p.HideAxes()
		p.Add(columns[i])
		panels = append(panels, p)
	}
	f := newFigure(panels...)
	f.width = vg.Length(len(panels))*(mapSide+mapGap) + legendWidth + 2*mapGap
	f.height = vg.Length(len(rows))*(mapSide+mapLabel) + mapTitle
	for i, name := range []string{"most evidence", "", "", "", "least"} {
		f.legend.Add(name, swatch{heat(.9 - .2*float64(i))})
	}
	return f, nil
}

// MapPixels is the side of a picture on a sheet of ClassMaps. The caller should reduce larger
// images to it.
const MapPixels = 240

// Sizes of a cell of the sheet.
const (
	mapSide   = MapPixels * vg.Inch / resolution // drawn one to one in a PNG
	mapGap    = 10                               // between columns
	mapLabel  = 16                               // height of the line below a cell
	mapTitle  = 50                               // height of the titles, with margins
	mapWeight = .5                               // of a map's colour over its image
)

// mapCell is a picture with a line below it.
type mapCell struct {
	picture image.Image
	title   string
}

// mapColumn draws cells below each other.
type mapColumn []mapCell

// Plot implements plot.Plotter.
func (m mapColumn) Plot(c draw.Canvas, p *plot.Plot) {
	label := p.X.Label.TextStyle
	label.Font.Size, label.XAlign, label.YAlign = 8, text.XCenter, text.YTop
	left, top := (c.Min.X+c.Max.X-mapSide)/2, c.Max.Y
	for _, cell := range m {
		low, high := vg.Point{X: left, Y: top - mapSide}, vg.Point{X: left + mapSide, Y: top}
		c.DrawImage(vg.Rectangle{Min: low, Max: high}, cell.picture)
		c.FillText(label, vg.Point{X: left + mapSide/2, Y: top - mapSide - 3}, cell.title)
		top -= mapSide + mapLabel
	}
}

// enlarge resizes a picture by nearest-neighbour sampling.
func enlarge(from image.Image, side int) *image.RGBA {
	to, b := image.NewRGBA(image.Rect(0, 0, side, side)), from.Bounds()
	for y := range side {
		for x := range side {
			to.Set(x, y, from.At(b.Min.X+x*b.Dx()/side, b.Min.Y+y*b.Dy()/side))
		}
	}
	return to
}

// over overlays the map on a picture.
func (m ClassMap) over(picture *image.RGBA) (image.Image, error) {
	if m.Size < 1 || len(m.Evidence) != m.Size*m.Size {
		return nil, fmt.Errorf("a map of %d numbers does not have %d pixels on a side",
			len(m.Evidence), m.Size)
	}
	low, high := float64(slices.Min(m.Evidence)), float64(slices.Max(m.Evidence))
	if err := finite("the map", low, high); err != nil {
		return nil, err
	}
	side := picture.Bounds().Dx()
	to := image.NewRGBA(picture.Bounds())
	for y := range side {
		for x := range side {
			share := 0.
			if high > low {
				share = (m.at(x, y, side) - low) / (high - low)
			}
			to.Set(x, y, mix(picture.RGBAAt(x, y), heat(share)))
		}
	}
	return to, nil
}

// at is the evidence at a pixel of a picture with side pixels a side, bilinear between the centres
// of the map's pixels and constant outside them.
func (m ClassMap) at(x, y, side int) float64 {
	place := func(i int) (first, second int, share float64) {
		v := (float64(i)+.5)*float64(m.Size)/float64(side) - .5
		v = max(0, min(v, float64(m.Size-1)))
		first = int(v)
		return first, min(first+1, m.Size-1), v - float64(first)
	}
	left, right, right1 := place(x)
	top, bottom, bottom1 := place(y)
	row := func(r int) float64 {
		return float64(m.Evidence[r*m.Size+left])*(1-right1) + float64(m.Evidence[r*m.Size+right])*right1
	}
	return row(top)*(1-bottom1) + row(bottom)*bottom1
}

// heats goes from dark to light in even steps, so that it can be read without colours too.
var heats = func() palette.ColorMap {
	m := moreland.ExtendedBlackBody()
	m.SetMin(0)
	m.SetMax(1)
	return m
}()

// heat is the colour of a share of the evidence, 0 to 1.
func heat(share float64) color.Color {
	c, err := heats.At(math.Max(0, math.Min(share, 1)))
	if err != nil { // impossible within the bounds
		return black
	}
	return c
}

// mix overlays a colour on one of a picture.
func mix(under color.RGBA, over color.Color) color.RGBA {
	r, g, b, _ := over.RGBA()
	part := func(u uint8, o uint32) uint8 {
		return uint8((1-mapWeight)*float64(u) + mapWeight*float64(o>>8) + .5)
	}
	return color.RGBA{part(under.R, r), part(under.G, g), part(under.B, b), 255}
}
