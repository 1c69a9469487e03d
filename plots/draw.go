package plots

import (
	"gonum.org/v1/plot"

	"gridsearch/internal/figure"
)

// Draw draws a figure of the registry from its panels, as figure.Figure.Panels builds them. Panels
// by cost share their axes. NaN, infinite values, costs of 0, and panels without values are errors.
func Draw(panels []figure.Panel) (*Figure, error) {
	if len(panels) == 0 {
		return nil, errEmpty
	}
	var axes []*plot.Plot
	var points []figure.Point
	for _, p := range panels {
		axes = append(axes, newPanel(p.Title, p.X, p.Y))
		points = append(points, p.Points...)
		for _, family := range p.Families {
			points = append(points, family.Points...)
		}
	}
	f := newFigure(axes...)
	for i, p := range panels {
		draw := func() error { return f.drawCosts(i, p, points) }
		if len(p.Lines) > 0 {
			draw = func() error { return f.drawLines(i, p.Lines) }
		}
		if err := draw(); err != nil {
			return nil, err
		}
	}
	f.explainBars(points)
	return f, nil
}

// drawCosts draws a panel by cost, with axes around all points of the figure.
func (f *Figure) drawCosts(panel int, values figure.Panel, all []figure.Point) error {
	p := f.panels[panel]
	if err := frame(p, all); err != nil {
		return err
	}
	if err := f.scatter(p, values.Points); err != nil {
		return err
	}
	if err := f.curves(p, values); err != nil {
		return err
	}
	return f.rings(p, values.Points)
}
