package plots

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"gridsearch/internal/figure"
)

// curves draws the families of a panel, each named in the legend where its points are not labelled.
func (f *Figure) curves(p *plot.Plot, panel figure.Panel) error {
	for _, family := range panel.Families {
		thumbnails, err := curve(p, family, panel.Labelled)
		if err != nil {
			return err
		}
		if !panel.Labelled {
			f.legend.Add(family.Name, thumbnails...)
		}
	}
	return nil
}

// curve draws a family as a line with points, with labels at them if labelled is set, and returns
// its entry for the legend.
func curve(p *plot.Plot, f figure.Family, labelled bool) ([]plot.Thumbnailer, error) {
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
	if labelled {
		p.Add(labels(f.Points))
	}
	return []plot.Thumbnailer{line, points[len(points)-1].(*plotter.Scatter)}, nil
}
