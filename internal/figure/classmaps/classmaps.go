// Package classmaps shows where in images networks see a class, like [effnet] Figure 7.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet, 2019.
package classmaps

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"

	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
)

// Sizes in mm of a page, which are the units of the panel.
const (
	page, column = 168., 80. // the widths that there are
	highest      = 215.
	largest      = 34. // a cell
	roomy        = 22. // text below a cell, where the page is so broad
	gap          = 2.  // between cells
	line         = 2.9 // of text
	share        = 7.  // of a cell's text: the probability
	scaleHigh    = 2.2
	scaleWide    = 40.
)

// mostLines are those of a column's title, at most.
const mostLines = 3

// letter is mm of a small letter, about.
const letter = 1.1

// Maps shows the maps of a study.
func Maps(v values.Values) (picture.Picture, error) {
	return Picture("Where in an image the networks see the class that they name",
		v.Study+": validation images with their class; below a map what the network names, and how "+
			"probable it finds that", *v.Maps)
}

// Picture shows images as rows and networks as columns, like [effnet] Figure 7: the image, and
// each network's map overlaid on it, enlarged bilinearly, with the colour map scaled to its own
// minimum and maximum; a constant map has the minimum's colour. Images are square.
func Picture(title, note string, maps values.Maps) (picture.Picture, error) {
	p := picture.Picture{Title: title, Note: note}
	if len(maps.Rows) == 0 || len(maps.Networks) == 0 {
		return p, errors.New("there is nothing to draw: no image or no network")
	}
	s := newSheet(len(maps.Rows), maps.Networks)
	p.Wide = s.width == page
	s.columnTitle(0, "image")
	for j, network := range maps.Networks {
		s.columnTitle(j+1, network)
	}
	for i, r := range maps.Rows {
		if len(r.Maps) != len(maps.Networks) {
			return p, fmt.Errorf("%s has %d maps for %d networks", r.Title, len(r.Maps),
				len(maps.Networks))
		}
		seen := enlarge(r.Image, MapPixels)
		s.cell(i, 0, seen, r.Title, "")
		for j, m := range r.Maps {
			over, err := overlay(m, seen)
			if err != nil {
				return p, fmt.Errorf("%s, %s: %w", r.Title, maps.Networks[j], err)
			}
			s.cell(i, j+1, over, m.Title, fmt.Sprintf("%.0f %%", 100*m.Probability))
		}
	}
	s.scale()
	p.Panels = []picture.Panel{{Height: s.height, Marks: s.marks,
		X: picture.Axis{Kind: picture.Exact, Include: []float64{0, s.width}},
		Y: picture.Axis{Kind: picture.Exact, Include: []float64{0, s.height}}}}
	return p, nil
}

// sheet places the cells of a picture.
type sheet struct {
	side          float64 // of a cell
	text          float64 // width below it
	titles        int     // lines of the columns'
	left          float64 // of the first column
	width, height float64
	marks         []picture.Mark
}

func newSheet(rows int, titles []string) *sheet {
	foot := scaleHigh + line + 3
	n := float64(1 + len(titles))
	s := &sheet{width: page}
	s.side = min(largest, (page-gap*(n-1))/n,
		(highest-mostLines*line-1-foot)/float64(rows)-line-gap)
	s.text = max(s.side, min(roomy, (page-gap*(n-1))/n))
	for _, title := range titles {
		lines := 0
		for part := range strings.Lines(title) {
			lines += 1 + int(letter*float64(utf8.RuneCountInString(part))/s.text)
		}
		s.titles = max(s.titles, min(lines, mostLines))
	}
	total := s.text*n + gap*(n-1)
	if total <= column {
		s.width = column
	}
	s.left = (s.width - total) / 2
	s.height = float64(s.titles)*line + 1 + float64(rows)*(s.side+line+gap) + foot
	return s
}

// corner is the upper left corner of a cell with the text below it.
func (s *sheet) corner(row, column int) picture.XY {
	return picture.XY{X: s.left + float64(column)*(s.text+gap),
		Y: s.height - float64(s.titles)*line - 1 - float64(row)*(s.side+line+gap)}
}

func (s *sheet) columnTitle(column int, title string) {
	at := s.corner(0, column)
	s.marks = append(s.marks, picture.Text{At: picture.XY{X: at.X + s.text/2, Y: at.Y + .8},
		Text: title, Align: .5, Width: s.text + gap/2, Lines: s.titles, Small: true})
}

// cell is an image with a line below it: what it shows, and on the right a short addition.
func (s *sheet) cell(row, column int, shown image.Image, title, more string) {
	at := s.corner(row, column)
	bottom, room, left := at.Y-s.side, s.text, at.X+(s.text-s.side)/2
	s.marks = append(s.marks, picture.Raster{Image: shown, Low: picture.XY{X: left, Y: bottom},
		Top: picture.XY{X: left + s.side, Y: at.Y}})
	if more != "" {
		room -= share
		s.marks = append(s.marks, picture.Text{At: picture.XY{X: at.X + s.text, Y: bottom - .5},
			Text: more, Align: 1, Rise: 1, Small: true})
	}
	s.marks = append(s.marks, picture.Text{At: picture.XY{X: at.X, Y: bottom - .5}, Text: title,
		Rise: 1, Width: room, Small: true})
}

// scale says what colours mean, below all cells.
func (s *sheet) scale() {
	const steps = 128
	strip := image.NewRGBA(image.Rect(0, 0, steps, 1))
	grey := color.RGBA{128, 128, 128, 255} // the middle of what lies below a map
	for x := range steps {
		strip.Set(x, 0, mix(grey, heat(float64(x)/(steps-1))))
	}
	from, to := (s.width-scaleWide)/2, (s.width+scaleWide)/2
	y := line + 1
	s.marks = append(s.marks, picture.Raster{Image: strip, Low: picture.XY{X: from, Y: y},
		Top: picture.XY{X: to, Y: y + scaleHigh}},
		picture.Text{At: picture.XY{X: from, Y: y - .5}, Text: "least", Rise: 1, Small: true},
		picture.Text{At: picture.XY{X: s.width / 2, Y: y - .5}, Text: "evidence, each map by itself",
			Align: .5, Rise: 1, Small: true},
		picture.Text{At: picture.XY{X: to, Y: y - .5}, Text: "most", Align: 1, Rise: 1, Small: true})
}

// MapPixels is the side of a picture on a sheet of class maps. The caller should reduce larger
// images to it.
const MapPixels = 240

// mapWeight is the weight of a map's colour over its image.
const mapWeight = .5

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

// overlay lays a map over a picture.
func overlay(m values.ClassMap, picture *image.RGBA) (image.Image, error) {
	if m.Size < 1 || len(m.Evidence) != m.Size*m.Size {
		return nil, fmt.Errorf("a map of %d numbers does not have %d pixels on a side",
			len(m.Evidence), m.Size)
	}
	low, high := float64(slices.Min(m.Evidence)), float64(slices.Max(m.Evidence))
	for _, v := range []float64{low, high} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("the map has the value %v, which cannot be drawn", v)
		}
	}
	side := picture.Bounds().Dx()
	to := image.NewRGBA(picture.Bounds())
	for y := range side {
		for x := range side {
			share := 0.
			if high > low {
				share = (evidence(m, x, y, side) - low) / (high - low)
			}
			to.Set(x, y, mix(picture.RGBAAt(x, y), heat(share)))
		}
	}
	return to, nil
}

// evidence is that at a pixel of a picture with side pixels a side, bilinear between the centres
// of the map's pixels and constant outside them.
func evidence(m values.ClassMap, x, y, side int) float64 {
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
		return color.Black
	}
	return c
}

// mix overlays a colour on one of a picture, of which the lightness is kept: then all colour is
// evidence.
func mix(under color.RGBA, over color.Color) color.RGBA {
	light := float64(color.GrayModel.Convert(under).(color.Gray).Y)
	r, g, b, _ := over.RGBA()
	part := func(o uint32) uint8 {
		return uint8((1-mapWeight)*light + mapWeight*float64(o>>8) + .5)
	}
	return color.RGBA{part(r), part(g), part(b), 255}
}
