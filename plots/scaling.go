package plots

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
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
	noted := slices.ContainsFunc(families, func(f Family) bool { return f.Note != "" })
	for i, f := range families {
		x, y := costLabel(f), ""
		if noted && f.Note == "" {
			x += "\n " // as high as the label of the panel with the note: the axes stand side by side
		}
		if i == 0 {
			y = "validation top-1, %"
		}
		p := newPanel(f.Name, x, y)
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

// costLabel is that of the x axis, with what ends a curve below it.
func costLabel(families ...Family) string {
	label := "multiply-adds of one image"
	for _, f := range families {
		if f.Note != "" {
			label += fmt.Sprintf("\n%s: %s", f.Name, f.Note)
		}
	}
	return label
}

// ScalingCurves draws all families in one panel, as [effnet] Figure 8 does.
func ScalingCurves(families []Family) (*Figure, error) {
	p := newPanel("scaling one dimension, and all three", costLabel(families...), "validation top-1, %")
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

// curve draws a family as a line with points, and returns what stands for it in a legend.
func curve(p *plot.Plot, f Family, labels bool) ([]plot.Thumbnailer, error) {
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
	if labels {
		if err := annotate(p, f.Points); err != nil {
			return nil, err
		}
	}
	return []plot.Thumbnailer{line, points[len(points)-1].(*plotter.Scatter)}, nil
}

// annotate writes the labels of points below them, towards the right.
func annotate(p *plot.Plot, points []Point) error {
	list := plotter.XYLabels{XYs: xys(points)}
	for _, q := range points {
		list.Labels = append(list.Labels, q.Label)
	}
	labels, err := plotter.NewLabels(list)
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font.Size, labels.TextStyle[i].Font.Variant = 8, "Sans"
		labels.TextStyle[i].XAlign, labels.TextStyle[i].YAlign = text.XCenter, text.YTop
	}
	labels.Offset.Y = -7
	p.Add(labels)
	return nil
}
