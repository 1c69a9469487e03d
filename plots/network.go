package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Network is a network to be drawn, its blocks in the order of execution.
type Network struct {
	Title  string
	Note   string // below it, such as its cost
	Blocks []NetworkBlock
}

// NetworkBlock is one block of a network.
type NetworkBlock struct {
	Stage    string // equal blocks in a row are of one stage
	Channels int    // of the output map
	Size     int    // side of the output map, in pixels
}

// Networks draws networks side by side, like [effnet] Figure 2: the image is at the bottom, every
// block a bar above it; the width is the square root of its channels, the thickness that of the
// side of its map. All share one scale.
func Networks(networks []Network) (*Figure, error) {
	widest, tallest := 0., 0.
	var notes []string
	for _, n := range networks {
		for _, b := range n.Blocks {
			if b.Channels < 1 || b.Size < 1 {
				return nil, fmt.Errorf("%s has a block of %d channels at %d pixels, which cannot be "+
					"drawn", n.Title, b.Channels, b.Size)
			}
			widest = max(widest, b.width())
		}
		tallest, notes = max(tallest, n.height()), append(notes, n.Note)
	}
	if tallest == 0 {
		return nil, errors.New("there is nothing to draw: no network has a block")
	}
	var panels []*plot.Plot
	for i, note := range level(notes) { // the images stand side by side
		n := networks[i]
		p := newPanel(n.Title, note, "")
		p.HideAxes()
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -widest, 2.3*widest, 0, tallest
		p.Add(stack(n))
		panels = append(panels, p)
	}
	f := newFigure(panels...)
	f.width, f.height = vg.Length(len(panels))*networkWidth+legendWidth, networkHeight
	for i, stage := range stagesOf(networks[0]) {
		f.legend.Add(stage, swatch{stageColor(i)})
	}
	return f, nil
}

// level pads texts to the same number of lines, so that panels beside each other have equal height.
func level(texts []string) []string {
	most := 0
	for _, t := range texts {
		most = max(most, strings.Count(t, "\n"))
	}
	leveled := make([]string, len(texts))
	for i, t := range texts {
		leveled[i] = t + strings.Repeat("\n ", most-strings.Count(t, "\n"))
	}
	return leveled
}

// Sizes of a drawn network.
const (
	networkWidth  = 6 * vg.Centimeter
	networkHeight = 15 * vg.Centimeter
	gap           = .6 // between bars, in units of their thickness
)

func (b NetworkBlock) width() float64     { return math.Sqrt(float64(b.Channels)) }
func (b NetworkBlock) thickness() float64 { return math.Sqrt(float64(b.Size)) }

func (n Network) height() (sum float64) {
	for _, b := range n.Blocks {
		sum += b.thickness() + gap
	}
	return sum
}

// stagesOf lists the stages of a network from the image on.
func stagesOf(n Network) []string {
	var stages []string
	for _, b := range n.Blocks {
		if len(stages) == 0 || stages[len(stages)-1] != b.Stage {
			stages = append(stages, b.Stage)
		}
	}
	return stages
}

// stageColor cycles through the colours.
func stageColor(i int) color.Color {
	colors := []color.Color{grey, blue, orange, green, purple, sky, vermilion, yellow, black}
	return colors[i%len(colors)]
}

// stack draws a network.
type stack Network

// Plot implements plot.Plotter.
func (n stack) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	right := 0.
	for _, b := range n.Blocks {
		right = max(right, b.width())
	}
	label := p.X.Label.TextStyle
	label.Font.Size, label.XAlign, label.YAlign = 7, text.XLeft, text.YCenter
	bottom, stage, last, free := 0., -1, "", vg.Length(math.Inf(-1))
	for i, b := range n.Blocks {
		if i == 0 || b.Stage != last {
			stage, last = stage+1, b.Stage
		}
		top := bottom + b.thickness()
		c.FillPolygon(stageColor(stage), []vg.Point{
			{X: x(-b.width()), Y: y(bottom)}, {X: x(b.width()), Y: y(bottom)},
			{X: x(b.width()), Y: y(top)}, {X: x(-b.width()), Y: y(top)}})
		if i == len(n.Blocks)-1 || n.Blocks[i+1].Stage != last {
			// At the stage's last block, above the label before it.
			at := max(y((bottom+top)/2), free+label.Font.Size)
			c.FillText(label, vg.Point{X: x(right) + 3, Y: at},
				fmt.Sprintf("%d × %d × %d", b.Size, b.Size, b.Channels))
			free = at
		}
		bottom = top + gap
	}
}

// swatch stands for a colour in a legend.
type swatch struct{ color color.Color }

// Thumbnail implements plot.Thumbnailer.
func (s swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(s.color,
		[]vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
}
