package plots

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"gridsearch/internal/figure"
)

// explainBars explains the error bars in the legend, if there are any.
func (f *Figure) explainBars(points []figure.Point) {
	if slices.ContainsFunc(points, func(q figure.Point) bool { return q.Low < q.High }) {
		f.legend.Add("bars: 1 standard error")
	}
}

// scatter draws points in the styles of their families.
func (f *Figure) scatter(p *plot.Plot, points []figure.Point) error {
	for _, s := range styles {
		var members []figure.Point
		for _, q := range points {
			if styleOf(q.Family).name == s.name {
				members = append(members, q)
			}
		}
		if len(members) == 0 {
			continue
		}
		marks, err := marks(s, members)
		if err != nil {
			return err
		}
		p.Add(marks...)
		name := s.name
		if name == "" {
			name = "grid"
		}
		f.legend.Add(name, marks[len(marks)-1].(*plotter.Scatter))
	}
	return nil
}

// rings draws rings around the tied set.
func (f *Figure) rings(p *plot.Plot, points []figure.Point) error {
	var tied []figure.Point
	for _, q := range points {
		if q.Tied {
			tied = append(tied, q)
		}
	}
	if len(tied) == 0 {
		return nil
	}
	s, err := plotter.NewScatter(xys(tied))
	if err != nil {
		return err
	}
	s.GlyphStyle = draw.GlyphStyle{Color: black, Radius: ringRadius, Shape: draw.RingGlyph{}}
	p.Add(s)
	f.legend.Add("tied with the best", s)
	return nil
}

// frame checks the points and fits the axes to them.
func frame(p *plot.Plot, points []figure.Point) error {
	if len(points) == 0 {
		return errEmpty
	}
	left, right, low, high := math.Inf(1), 0., math.Inf(1), math.Inf(-1)
	for _, q := range points {
		if err := finite(q.Trial, q.Cost, q.Mean, q.Low, q.High); err != nil {
			return err
		}
		left, right = min(left, q.Cost), max(right, q.Cost)
		low, high = min(low, 100*q.Low), max(high, 100*q.High)
	}
	roomY(p, low, high)
	return costAxis(p, left, right)
}

func xys(points []figure.Point) plotter.XYs {
	list := make(plotter.XYs, len(points))
	for i, q := range points {
		list[i].X, list[i].Y = q.Cost, 100*q.Mean
	}
	return list
}

// bars are points with their intervals.
type bars []figure.Point

func (b bars) Len() int                { return len(b) }
func (b bars) XY(i int) (x, y float64) { return b[i].Cost, 100 * b[i].Mean }
func (b bars) YError(i int) (low, high float64) {
	return 100 * (b[i].Mean - b[i].Low), 100 * (b[i].High - b[i].Mean)
}

// Sizes of a mark, in points.
const (
	markerRadius = 3.6
	ringRadius   = 6.5 // of what marks the tied set
	barCap       = 5   // width of the line at the end of an error bar
)

// marks draws points with error bars; the scatter is last.
func marks(s style, points []figure.Point) ([]plot.Plotter, error) {
	errorBars, err := plotter.NewYErrorBars(bars(points))
	if err != nil {
		return nil, err
	}
	errorBars.Color, errorBars.Width, errorBars.CapWidth = faint(s.color), vg.Points(1), barCap
	scatter, err := plotter.NewScatter(xys(points))
	if err != nil {
		return nil, err
	}
	scatter.GlyphStyle = draw.GlyphStyle{Color: s.color, Radius: markerRadius, Shape: s.shape}
	return []plot.Plotter{errorBars, scatter}, nil
}

// faint is a colour half way to white.
func faint(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	half := func(v uint32) uint8 { return uint8((v>>8 + 255) / 2) }
	return color.RGBA{half(r), half(g), half(b), 255}
}
