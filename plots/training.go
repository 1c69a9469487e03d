package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Curve is the training of a trial, the mean over its seeds at the end of each epoch.
type Curve struct {
	Trial     string
	Family    string    // as of Point
	Highlight bool      // drawn in colour and named in the legend
	Loss      []float64 // of each epoch, with label smoothing and augmentation
	Top1      []float64 // of each epoch, fraction of training images
}

// TrainingCurves draws loss and training accuracy by epoch. Curves that are not highlighted are grey, behind the others.
func TrainingCurves(title string, curves []Curve) (*Figure, error) {
	loss, top1 := newPanel(title+": training loss", "epoch", "cross-entropy with label smoothing"), newPanel("training top-1", "epoch", "%")
	f := newFigure(loss, top1)
	for _, p := range f.panels {
		p.X.Tick.Marker, p.Y.Tick.Marker = wholeTicks{}, plainTicks{}
	}
	if len(curves) == 0 {
		return nil, errEmpty
	}
	next := 0
	for _, highlight := range []bool{false, true} {
		for _, c := range curves {
			if c.Highlight != highlight {
				continue
			}
			tone := color.Color(faint(grey))
			if highlight {
				tone = accents[next%len(accents)]
				next++
			}
			if err := f.addCurve(c, tone); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

// accents are the colours of highlighted curves, in turn.
var accents = []color.Color{blue, vermilion, green, purple, orange, sky, black}

func (f *Figure) addCurve(c Curve, tone color.Color) error {
	if err := finite(c.Trial, append(append([]float64{}, c.Loss...), c.Top1...)...); err != nil {
		return err
	}
	for i, values := range [][]float64{c.Loss, c.Top1} {
		xy := make(plotter.XYs, len(values))
		for epoch, v := range values {
			xy[epoch].X, xy[epoch].Y = float64(epoch+1), v
			if i == 1 {
				xy[epoch].Y = 100 * v
			}
		}
		line, err := plotter.NewLine(xy)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Trial, err)
		}
		line.Color, line.Width = tone, vg.Points(1.5)
		f.panels[i].Add(line)
		if i == 0 && c.Highlight {
			f.legend.Add(c.Trial, line)
		}
	}
	return nil
}

// wholeTicks puts ticks at whole numbers.
type wholeTicks struct{}

func (wholeTicks) Ticks(low, high float64) []plot.Tick {
	step := max(1, math.Ceil((high-low)/8))
	var ticks []plot.Tick
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprint(v)})
	}
	return ticks
}
