package plots

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// explainBars says in the legend what the error bars are, where there are any.
func (f *Figure) explainBars(points []Point) {
	if slices.ContainsFunc(points, func(q Point) bool { return q.Low < q.High }) {
		f.legend.Add("bars: 1 standard error")
	}
}

// Point is a trial's mean accuracy at its cost. Low and High are one standard error below and above, equal to Mean where there is none: the t interval
// of a few seeds would fill the figure, and the tied set, not an overlap of intervals, says what can be told apart.
type Point struct {
	Trial  string
	Family string  // "base", "width", "depth", "resolution", "compound", another control's name, or empty
	Label  string  // written beside the point in panels; empty for none
	Cost   float64 // multiply-adds of one image, or milliseconds for AccuracyLatency
	Mean   float64 // fraction
	Low    float64
	High   float64
	Tied   bool // cannot be told from the best
}

// AccuracyCost draws accuracy against multiply-adds for all trials. Trials of the tied set are ringed.
func AccuracyCost(title string, points []Point) (*Figure, error) {
	return accuracy(title, "multiply-adds of one image", points)
}

// NameMetric writes on the y axis that the figure is of another share of images than top-1.
func (f *Figure) NameMetric(metric string) { f.panels[0].Y.Label.Text = metric + ", %" }

// AccuracyLatency draws accuracy against the time that one image takes, as AccuracyCost does against multiply-adds.
func AccuracyLatency(title string, points []Point) (*Figure, error) {
	return accuracy(title, "latency of one image, ms", points)
}

func accuracy(title, cost string, points []Point) (*Figure, error) {
	p := newPanel(title, cost, "validation top-1, %")
	f := newFigure(p)
	if err := frame(p, points); err != nil {
		return nil, err
	}
	for _, s := range styles {
		var members []Point
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
			return nil, err
		}
		p.Add(marks...)
		name := s.name
		if name == "" {
			name = "grid"
		}
		f.legend.Add(name, marks[len(marks)-1].(*plotter.Scatter))
	}
	if err := f.rings(p, points); err != nil {
		return nil, err
	}
	f.explainBars(points)
	return f, nil
}

// rings marks the tied set.
func (f *Figure) rings(p *plot.Plot, points []Point) error {
	var tied []Point
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
	s.GlyphStyle = draw.GlyphStyle{Color: black, Radius: 6.5, Shape: draw.RingGlyph{}}
	p.Add(s)
	f.legend.Add("tied with the best", s)
	return nil
}

// frame checks the points and sets the axes around them.
func frame(p *plot.Plot, points []Point) error {
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

func xys(points []Point) plotter.XYs {
	list := make(plotter.XYs, len(points))
	for i, q := range points {
		list[i].X, list[i].Y = q.Cost, 100*q.Mean
	}
	return list
}

// bars are points with their intervals.
type bars []Point

func (b bars) Len() int                { return len(b) }
func (b bars) XY(i int) (x, y float64) { return b[i].Cost, 100 * b[i].Mean }
func (b bars) YError(i int) (low, high float64) {
	return 100 * (b[i].Mean - b[i].Low), 100 * (b[i].High - b[i].Mean)
}

// Sizes of a mark, in points.
const (
	markerRadius = 3.6
	barCap       = 5 // width of the line at the end of an error bar
)

// marks draws points with error bars; the scatter is last.
func marks(s style, points []Point) ([]plot.Plotter, error) {
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
