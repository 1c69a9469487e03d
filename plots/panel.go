package plots

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"gridsearch/internal/figure/picture"
	"gridsearch/plots/glyphs"
)

// newPanel makes the panel of an index, and says how high it is with its axes.
func newPanel(of picture.Picture, index int) (*plot.Plot, vg.Length, error) {
	values := of.Panels[index]
	p := plot.New()
	room := panelWidth(of)
	p.Title.TextStyle = panelTitle()
	p.Title.Text = glyphs.Fit(p.Title.TextStyle, values.Title, room)
	// gonum keeps room for a label on either side of the middle of the axis
	p.X.Label.Text = glyphs.Fit(panelTitle(), values.X.Label, .75*room)
	p.Y.Label.Text = glyphs.Fit(panelTitle(), values.Y.Label, panelHeight(values))
	axisStyle(&p.X)
	axisStyle(&p.Y)
	p.BackgroundColor = nil
	x, y := ranges(values)
	if of.Aligned {
		for _, other := range of.Panels {
			otherX, otherY := ranges(other)
			x, y = x.union(otherX), y.union(otherY)
		}
	}
	if x.empty() || y.empty() {
		return nil, 0, errEmpty
	}
	if err := setAxis(&p.X, values.X, x); err != nil {
		return nil, 0, err
	}
	if err := setAxis(&p.Y, values.Y, y); err != nil {
		return nil, 0, err
	}
	if values.Y.Kind == picture.Names {
		p.Y.Scale = plot.InvertedScale{Normalizer: plot.LinearScale{}}
	}
	p.Add(background(values)...)
	for _, m := range values.Marks {
		p.Add(plotterOf(m))
	}
	p.Add(labels{values})
	return p, panelHeight(values), nil
}

// panelWidth is the room for a panel with its axes.
func panelWidth(p picture.Picture) vg.Length {
	width := vg.Length(column)
	if p.Wide {
		width = page
	}
	n := vg.Length(columns(p))
	return (width - 2*margin - panelGap*(n-1)) / n
}

func panelTitle() text.Style {
	style := textStyle(labelSize)
	style.YAlign = text.YTop
	return style
}

// axisStyle gives an axis the type and lines of the house style; gonum turns the label.
func axisStyle(a *plot.Axis) {
	align, level := a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign
	a.Label.TextStyle = textStyle(labelSize)
	a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign = align, level
	a.Label.Padding = 2
	align, level = a.Tick.Label.XAlign, a.Tick.Label.YAlign
	a.Tick.Label = textStyle(tickSize)
	a.Tick.Label.XAlign, a.Tick.Label.YAlign = align, level
	a.LineStyle.Width, a.Tick.LineStyle.Width, a.Tick.Length = .5, .5, 3
	a.Padding = 2
}

// setAxis fits an axis to the values that it shows.
func setAxis(a *plot.Axis, values picture.Axis, r extent) error {
	a.Tick.Marker = plainTicks{}
	switch values.Kind {
	case picture.Log:
		if r.low <= 0 {
			return fmt.Errorf("a cost of %v cannot be drawn on a logarithmic axis", r.low)
		}
		room := max(math.Pow(r.high/r.low, .06), 1.02)
		a.Min, a.Max = r.low/room, r.high*room
		a.Scale, a.Tick.Marker = plot.LogScale{}, costTicks{}
	case picture.Names:
		a.Min, a.Max = -.7, float64(len(values.Names))-.3
		a.Tick.Marker, a.Tick.Length, a.LineStyle.Width = nameTicks(values.Names), 0, 0
	case picture.Exact:
		a.Min, a.Max = r.low, r.high
	default:
		room := .05 * (r.high - r.low)
		if room == 0 {
			room = max(.05*math.Abs(r.low), 1e-9)
		}
		a.Min, a.Max = r.low-room, r.high+room
	}
	switch values.Kind {
	case picture.Whole:
		last := math.Inf(1)
		if values.Last != 0 {
			last = values.Last
		}
		a.Tick.Marker = wholeTicks{last}
	case picture.Clock:
		a.Tick.Marker = clockTicks{}
	case picture.Hidden, picture.Exact:
		a.Tick.Marker, a.Tick.Length = plot.ConstantTicks{}, 0
		a.LineStyle.Width, a.Padding = 0, 0
	}
	return nil
}

func hidden(a picture.Axis) bool { return a.Kind == picture.Hidden || a.Kind == picture.Exact }

// Sizes of a panel.
const (
	nameHeight = 3.9 * vg.Millimeter // of a row on an axis of names
	fewRows    = 16 * vg.Millimeter  // the least height of axes with names
)

// panelHeight is the height of a panel with title, axes and their labels.
func panelHeight(values picture.Panel) vg.Length {
	height := vg.Length(values.Height) * vg.Millimeter
	if height == 0 {
		height = axesHeight
		if values.Y.Kind == picture.Names {
			height = max(fewRows, nameHeight*(vg.Length(len(values.Y.Names))+.5))
		}
	}
	if values.Title != "" {
		height += (labelSize+1)*vg.Length(1+strings.Count(values.Title, "\n")) + 2
	}
	if values.X.Label != "" {
		height += labelSize + 4
	}
	if !hidden(values.X) {
		height += tickSize + 6
	}
	return height
}

// background is what lies below the marks: a grid where there are axes, and what makes units equal.
func background(values picture.Panel) []plot.Plotter {
	var list []plot.Plotter
	if values.Equal {
		list = append(list, equalUnits{})
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = pale, pale
	grid.Vertical.Width, grid.Horizontal.Width = .4, .4
	if hidden(values.X) || values.X.Kind == picture.Names {
		grid.Vertical.Color = nil
	}
	if hidden(values.Y) {
		grid.Horizontal.Color = nil
	}
	return append(list, grid)
}

// equalUnits widens the range of one of the axes, so that units are equal in the space that there
// is.
type equalUnits struct{}

// Plot implements plot.Plotter.
func (equalUnits) Plot(c draw.Canvas, p *plot.Plot) {
	size := c.Rectangle.Size()
	x, y := (p.X.Max-p.X.Min)/float64(size.X), (p.Y.Max-p.Y.Min)/float64(size.Y)
	if x < y {
		widen(&p.X, y/x)
	} else {
		widen(&p.Y, x/y)
	}
}

func widen(a *plot.Axis, factor float64) {
	middle, half := (a.Min+a.Max)/2, (a.Max-a.Min)/2*factor
	a.Min, a.Max = middle-half, middle+half
}

// extent is a range of values, empty where low is above high.
type extent struct{ low, high float64 }

func nothing() extent { return extent{math.Inf(1), math.Inf(-1)} }

func (e extent) empty() bool { return e.low > e.high }

func (e extent) union(o extent) extent { return extent{min(e.low, o.low), max(e.high, o.high)} }

func (e *extent) add(values ...float64) {
	for _, v := range values {
		*e = e.union(extent{v, v})
	}
}

func (e *extent) span(s *picture.Span) {
	if s != nil {
		e.add(s.Low, s.High)
	}
}

// ranges are what the marks of a panel take up on its axes.
func ranges(p picture.Panel) (x, y extent) {
	x, y = nothing(), nothing()
	x.add(p.X.Include...)
	y.add(p.Y.Include...)
	for _, m := range p.Marks {
		switch m := m.(type) {
		case picture.Dots:
			for _, d := range m.Dots {
				x.add(d.X)
				y.add(d.Y)
				x.span(d.XSpan)
				y.span(d.YSpan)
			}
		case picture.Line:
			addAll(&x, &y, m.Points)
		case picture.Area:
			addAll(&x, &y, m.Points)
		case picture.Text:
			addAll(&x, &y, []picture.XY{m.At})
		case picture.Boxes:
			for _, b := range m.Boxes {
				x.span(&b.X)
				y.span(&b.Y)
			}
		case picture.Raster:
			addAll(&x, &y, []picture.XY{m.Low, m.Top})
		case picture.Rule:
			addRule(&x, &y, m)
		}
	}
	return x, y
}

func addAll(x, y *extent, points []picture.XY) {
	for _, q := range points {
		x.add(q.X)
		y.add(q.Y)
	}
}

func addRule(x, y *extent, r picture.Rule) {
	switch {
	case r.Equality:
	case r.Vertical:
		x.add(r.At)
	default:
		y.add(r.At)
	}
}

// check returns an error for a picture with values that cannot be drawn.
func check(p picture.Picture) error {
	for _, panel := range p.Panels {
		for _, m := range panel.Marks {
			if err := checkMark(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkMark(m picture.Mark) error {
	switch m := m.(type) {
	case picture.Dots:
		for _, d := range m.Dots {
			values := []float64{d.X, d.Y}
			for _, s := range []*picture.Span{d.XSpan, d.YSpan} {
				if s != nil {
					values = append(values, s.Low, s.High)
				}
			}
			if d.Shade != nil {
				values = append(values, *d.Shade)
			}
			if err := finite(d.Name, values...); err != nil {
				return err
			}
		}
	case picture.Line:
		return finitePoints(m.Name, m.Points)
	case picture.Area:
		return finitePoints(m.Name, m.Points)
	case picture.Rule:
		return finite(m.Name, m.At)
	case picture.Text:
		return finite(m.Text, m.At.X, m.At.Y)
	case picture.Boxes:
		for _, b := range m.Boxes {
			if err := finite(b.Name, b.X.Low, b.X.High, b.Y.Low, b.Y.High); err != nil {
				return err
			}
		}
	case picture.Raster:
		return finite("a picture's corner", m.Low.X, m.Low.Y, m.Top.X, m.Top.Y)
	}
	return nil
}

func finitePoints(name string, points []picture.XY) error {
	for _, q := range points {
		if err := finite(name, q.X, q.Y); err != nil {
			return err
		}
	}
	return nil
}

// unitPlot has axes from 0 to 1.
func unitPlot() *plot.Plot {
	p := plot.New()
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	return p
}
