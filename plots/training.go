package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"gridsearch/internal/figure"
)

// drawLines draws a panel of lines by epoch; the first panel of a figure adds their names to the
// legend. Lines that are not highlighted are grey, behind the others.
func (f *Figure) drawLines(panel int, lines []figure.Line) error {
	p := f.panels[panel]
	p.X.Tick.Marker, p.Y.Tick.Marker = wholeTicks{}, plainTicks{}
	next := 0
	for _, highlight := range []bool{false, true} {
		for _, l := range lines {
			if l.Highlight != highlight {
				continue
			}
			tone := color.Color(faint(grey))
			if highlight {
				tone = accents[next%len(accents)]
				next++
			}
			drawn, err := newLine(l, tone)
			if err != nil {
				return err
			}
			p.Add(drawn)
			if panel == 0 && highlight {
				f.legend.Add(l.Name, drawn)
			}
		}
	}
	return nil
}

// accents are the colours of highlighted curves, in this order.
var accents = []color.Color{blue, vermilion, green, purple, orange, sky, black}

func newLine(l figure.Line, tone color.Color) (*plotter.Line, error) {
	if err := finite(l.Name, l.Values...); err != nil {
		return nil, err
	}
	xy := make(plotter.XYs, len(l.Values))
	for epoch, v := range l.Values {
		xy[epoch].X, xy[epoch].Y = float64(epoch+1), v
	}
	line, err := plotter.NewLine(xy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	line.Color, line.Width = tone, vg.Points(1.5)
	return line, nil
}

// wholeTicks puts ticks at integers.
type wholeTicks struct{}

func (wholeTicks) Ticks(low, high float64) []plot.Tick {
	step := max(1, math.Ceil((high-low)/8))
	var ticks []plot.Tick
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprint(v)})
	}
	return ticks
}
