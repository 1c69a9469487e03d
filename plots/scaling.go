package plots

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Family is a way to scale at growing cost: its points in the order of cost, the base network first.
type Family struct {
	Name   string // "width", "depth", "resolution" or "compound"
	Points []Point
	Note   string // what ends the curve, such as the data's native size; empty for nothing
}

// ScalingPanels draws one panel for each of the single dimensions, as [effnet] Figure 3 does, on common axes.
func ScalingPanels(families []Family) (*Figure, error) {
	var panels []*plot.Plot
	var all []Point
	for _, f := range families {
		all = append(all, f.Points...)
	}
	for i, f := range families {
		title, y := f.Name, ""
		if f.Note != "" {
			title += ": " + f.Note // a second line below the axis would make this panel's axes lower and shorter than the others'
		}
		if i == 0 {
			y = "validation top-1, %"
		}
		p := newPanel(title, cost, y)
		if err := frame(p, all); err != nil {
			return nil, err
		}
		if _, err := curve(p, f, true); err != nil {
			return nil, err
		}
		panels = append(panels, p)
	}
	if len(panels) == 0 {
		return nil, errEmpty
	}
	figure := newFigure(panels...)
	figure.explainBars(all)
	return figure, nil
}

// cost is what the x axis shows.
const cost = "multiply-adds of one image"

// costLabel is that of an x axis of all families, with what ends their curves below it.
func costLabel(families []Family) string {
	label := cost
	for _, f := range families {
		if f.Note != "" {
			label += fmt.Sprintf("\n%s: %s", f.Name, f.Note)
		}
	}
	return label
}

// ScalingCurves draws all families in one panel, as [effnet] Figure 8 does.
func ScalingCurves(families []Family) (*Figure, error) {
	p := newPanel("scaling one dimension, and all three", costLabel(families), "validation top-1, %")
	figure := newFigure(p)
	var all []Point
	for _, f := range families {
		all = append(all, f.Points...)
	}
	if err := frame(p, all); err != nil {
		return nil, err
	}
	for _, f := range families {
		thumbnails, err := curve(p, f, false)
		if err != nil {
			return nil, err
		}
		figure.legend.Add(f.Name, thumbnails...)
	}
	figure.explainBars(all)
	return figure, nil
}

// curve draws a family as a line with points, with their labels where it is named, and returns what stands for it in a legend.
func curve(p *plot.Plot, f Family, named bool) ([]plot.Thumbnailer, error) {
	s := styleOf(f.Name)
	line, err := plotter.NewLine(xys(f.Points))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	line.Color, line.Width = s.color, vg.Points(1.5)
	points, err := marks(s, f.Points)
	if err != nil {
		return nil, err
	}
	p.Add(line)
	p.Add(points...)
	if named {
		p.Add(labels(f.Points))
	}
	return []plot.Thumbnailer{line, points[len(points)-1].(*plotter.Scatter)}, nil
}
