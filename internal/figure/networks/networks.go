// Package networks draws networks beside each other, like [effnet] Figure 2.
//
// A network is a tower seen from a corner, a storey for each block: the left wall shows the block's
// channels, the right wall the pixels of its map, and the number of storeys is the depth. The image is
// the plate below it, with a grid. So each of the three dimensions has a direction of its own, and what
// scales one of them is seen in that direction. Walls are as broad as a square root, as networks have
// maps of 7 pixels and of 112 beside each other; the plate has the image's side.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet, 2019.
package networks

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// Sizes in mm of a page. Units of panels are mm, where there is room for as many as most.
const (
	most      = 5    // networks beside each other
	leftRoom  = 9.   // of the broadest left wall
	rightRoom = 9.5  // of the broadest plate, to each side
	labelRoom = 12.5 // of the text beside a stage
	tallest   = 84.  // the tower with the most blocks
	thickest  = 4.   // a storey
	line      = 2.6  // of text
	title     = 3.4  // below a plate
	slope     = .36  // of what goes back: how much it rises
	plateGap  = 2.   // between a plate and its tower
	cells     = 8    // pixels of an image's grid, or a multiple
	finest    = .8   // a cell
)

// Diagram shows the networks of a study.
func Diagram(v values.Values) (picture.Picture, error) {
	p, err := Picture("What each dimension makes of the base network", v.Networks)
	p.Note = v.Study + "\n" + p.Note
	return p, err
}

// Picture shows networks side by side, on one scale. At most five are as large as they can be.
func Picture(title string, networks []values.Network) (picture.Picture, error) {
	networks = slices.DeleteFunc(slices.Clone(networks), func(n values.Network) bool {
		return len(n.Blocks) == 0
	})
	p := picture.Picture{Title: title, Wide: true, Aligned: true}
	if len(networks) == 0 {
		return p, errors.New("there is nothing to draw: no network has a block")
	}
	s, err := newScale(networks)
	if err != nil {
		return p, err
	}
	p.Note = fmt.Sprintf("A storey is a block: its left wall is as broad as the square root of its "+
		"channels, its right wall as that of its map's side in pixels; the map is beside it. The plate "+
		"is the image, in cells of %d × %d pixels. All have one scale, and no head.", s.cell, s.cell)
	for _, n := range networks {
		p.Panels = append(p.Panels, s.panel(n))
	}
	return p, nil
}

// scale is what all networks share.
type scale struct {
	stages []string // in the order of execution
	lines  int      // of the longest note

	storey   float64 // mm
	channels float64 // most of a block
	pixels   float64 // of the largest image, on a side
	cell     int     // pixels
	height   float64 // mm of a panel's towers
}

func newScale(networks []values.Network) (scale, error) {
	var s scale
	blocks, channels, pixels := 0, 0, 0
	for _, n := range networks {
		blocks, pixels = max(blocks, len(n.Blocks)), max(pixels, n.Pixels)
		s.lines = max(s.lines, strings.Count(n.Note, "\n")+1)
		for _, b := range n.Blocks {
			if b.Channels < 1 || b.Size < 1 {
				return s, fmt.Errorf("%s has a block of %d channels at %d pixels, which cannot be "+
					"drawn", n.Title, b.Channels, b.Size)
			}
			channels, pixels = max(channels, b.Channels), max(pixels, b.Size)
			if !slices.Contains(s.stages, b.Stage) {
				s.stages = append(s.stages, b.Stage)
			}
		}
	}
	s.storey = min(thickest, tallest/float64(blocks))
	s.channels, s.pixels, s.cell = float64(channels), float64(pixels), cells
	for s.plate(s.cell) < finest {
		s.cell *= 2
	}
	for _, n := range networks {
		for i, b := range n.Blocks {
			left, right := s.walls(b)
			s.height = max(s.height, float64(i+1)*s.storey+slope*(left+right))
		}
	}
	return s, nil
}

// plate is mm of an image's side.
func (s scale) plate(pixels int) float64 { return rightRoom * float64(pixels) / s.pixels }

// walls are mm of a block's breadth to the left and to the right.
func (s scale) walls(b values.Block) (left, right float64) {
	return leftRoom * math.Sqrt(float64(b.Channels)/s.channels),
		rightRoom * math.Sqrt(float64(b.Size)/s.pixels)
}

// panel is a network.
func (s scale) panel(n values.Network) picture.Panel {
	ground := -plateGap - 2*slope*rightRoom - 1 // below the largest plate
	bottom := ground - title - line*float64(s.lines)
	p := picture.Panel{Height: s.height - bottom, Equal: true,
		X: picture.Axis{Kind: picture.Exact, Include: []float64{-max(leftRoom, rightRoom),
			rightRoom + labelRoom}},
		Y: picture.Axis{Kind: picture.Exact, Include: []float64{bottom, s.height}}}
	p.Marks = s.image(n)
	for i, b := range n.Blocks {
		p.Marks = append(p.Marks, s.block(b, float64(i)*s.storey)...)
	}
	p.Marks = append(p.Marks, s.labels(n)...)
	p.Marks = append(p.Marks, picture.Text{At: picture.XY{Y: ground}, Text: n.Title, Align: .5, Rise: 1})
	for i, text := range strings.Split(n.Note, "\n") {
		p.Marks = append(p.Marks, picture.Text{At: picture.XY{Y: ground - title - line*float64(i)},
			Text: text, Align: .5, Rise: 1, Small: true})
	}
	return p
}

// image is the plate: its corner in front is below the tower's, and its other corner behind it.
func (s scale) image(n values.Network) []picture.Mark {
	side := s.plate(n.Pixels)
	at := func(left, right float64) picture.XY { // of the plate's corner in front
		return picture.XY{X: right - left, Y: -plateGap - slope*(2*side-left-right)}
	}
	marks := []picture.Mark{picture.Area{Name: "image", Look: picture.Faint, Opacity: 1,
		Points: []picture.XY{at(0, 0), at(0, side), at(side, side), at(side, 0)}}}
	for cell := s.cell; cell < n.Pixels; cell += s.cell {
		v := s.plate(cell)
		marks = append(marks,
			picture.Line{Look: picture.White, Thin: true, Points: []picture.XY{at(v, 0), at(v, side)}},
			picture.Line{Look: picture.White, Thin: true, Points: []picture.XY{at(0, v), at(side, v)}})
	}
	return marks
}

// block is a storey that begins at a height: both walls, and the roof where the next storey leaves it
// free.
func (s scale) block(b values.Block, bottom float64) []picture.Mark {
	left, right := s.walls(b)
	top := bottom + s.storey
	shade := s.shade(b.Stage)
	wall := func(name string, opacity float64, points ...picture.XY) picture.Mark {
		return picture.Area{Name: name, Shade: &shade, Opacity: opacity, Edge: true,
			Look: picture.White, Points: points}
	}
	return []picture.Mark{
		wall("", .45, picture.XY{Y: top}, picture.XY{X: right, Y: top + slope*right},
			picture.XY{X: right - left, Y: top + slope*(right+left)},
			picture.XY{X: -left, Y: top + slope*left}),
		wall(b.Stage, 1, picture.XY{Y: bottom}, picture.XY{Y: top},
			picture.XY{X: -left, Y: top + slope*left}, picture.XY{X: -left, Y: bottom + slope*left}),
		wall("", .7, picture.XY{Y: bottom}, picture.XY{Y: top},
			picture.XY{X: right, Y: top + slope*right}, picture.XY{X: right, Y: bottom + slope*right}),
	}
}

// shade goes with the order of stages, from dark to light, so that neighbours differ in grey too.
func (s scale) shade(stage string) float64 {
	if len(s.stages) < 2 {
		return .3
	}
	return float64(slices.Index(s.stages, stage)) / float64(len(s.stages)-1)
}

// labels say at each stage what its last block gives: the side of its map twice, and its channels. They
// are moved up where they would overlap each other, and to the right where a storey below is in the way.
func (s scale) labels(n values.Network) []picture.Mark {
	var marks []picture.Mark
	from, lowest := 0, 0.
	for i, b := range n.Blocks {
		if i < len(n.Blocks)-1 && n.Blocks[i+1].Stage == b.Stage {
			continue
		}
		_, right := s.walls(b)
		at := picture.XY{X: right, Y: max(lowest, s.storey*float64(from+i+1)/2+slope*right)}
		for j, below := range n.Blocks[:from] {
			_, right := s.walls(below)
			if s.storey*float64(j+1)+slope*right > at.Y-line/2 {
				at.X = max(at.X, right)
			}
		}
		at.X++
		marks = append(marks, picture.Text{At: at, Rise: .5, Small: true,
			Text: fmt.Sprintf("%d×%d×%d", b.Size, b.Size, b.Channels)})
		from, lowest = i+1, at.Y+line
	}
	return marks
}
