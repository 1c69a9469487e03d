// Package space makes the figure of a search in space: each network at what it multiplies width,
// depth and resolution by, with its shadows on the walls, the surface of equal cost, and the line
// of compound scaling through it.
//
// A Scene is the figure before it is looked at: points, lines and triangles in a cube from 0 to 1.
// A View makes a picture of it. A page that lets its readers turn the scene projects it alike.
package space

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/si"
)

// Name is the figure's name in the registry.
const Name = "space-3d"

// Scene is all that the figure shows, in a cube: width, depth and resolution from 0 to 1.
type Scene struct {
	Axes    [3]Axis `json:"axes"` // of width, depth and resolution
	Points  []Point `json:"points"`
	Surface Surface `json:"surface"`
	Line    Line    `json:"line"`
	Scale   *Scale  `json:"scale"` // of colours; nil where nothing has a result
	View    View    `json:"view"`  // at first
}

// Place is a point of the cube.
type Place [3]float64

// MarshalJSON writes the place to a thousandth, which is finer than a screen shows.
func (p Place) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%.4g,%.4g,%.4g]", p[0], p[1], p[2]), nil
}

// Axis is one of the cube's.
type Axis struct {
	Name      string  `json:"name"`
	Low, High float64 `json:"-"` // multiples at 0 and at 1
	Ticks     []Tick  `json:"ticks"`
}

// Tick is a number at a place of an axis.
type Tick struct {
	At   float64 `json:"at"`
	Text string  `json:"text"`
}

// Point is a network.
type Point struct {
	Name  string   `json:"name"`
	At    Place    `json:"at"`
	Shade *float64 `json:"shade"` // of the scale; nil without a result
	Look  string   `json:"look"`  // family; empty for the grid
	Tied  bool     `json:"tied"`
	Label string   `json:"label"` // empty for none
	Text  string   `json:"text"`  // what is known of it, in a line
}

// Surface is where the nominal cost is equal.
type Surface struct {
	Cost      float64    `json:"-"` // as a multiple of the base's
	Name      string     `json:"name"`
	Triangles [][3]Place `json:"triangles"`
}

// Line is that of compound scaling: from the base to the surface, and beyond.
type Line struct {
	Name   string  `json:"name"`
	Below  []Place `json:"below"`
	Beyond []Place `json:"beyond"`
}

// Scale is the range of accuracies, in percent.
type Scale struct {
	Label string  `json:"label"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Placed are the trials whose coefficients are known, those that wait last.
func Placed(v values.Values) []values.Trial {
	return slices.DeleteFunc(slices.Concat(v.Trials, v.Waiting), func(t values.Trial) bool {
		return len(t.Labels) == 0
	})
}

// NewScene makes the scene of values.
func NewScene(v values.Values) Scene {
	trials := Placed(v)
	cost := surfaceCost(v, trials)
	end, name := direction(v)
	s := Scene{View: Front, Surface: Surface{Cost: cost}}
	s.axes(trials, cost)
	s.scale(v)
	s.points(v, trials)
	if cost > 1 {
		s.Surface.Name = fmt.Sprintf("nominal cost %s × base", digits(cost))
		s.Surface.Triangles = s.triangles(cost)
	}
	s.line(end, cost)
	s.Line.Name = name
	return s
}

// surfaceCost is the nominal cost that the surface has: the target at the phi of most trials, or
// that of the best trial.
func surfaceCost(v values.Values, trials []values.Trial) float64 {
	count := map[float64]int{}
	often := 0.
	for _, t := range trials {
		if t.Family == "base" {
			continue
		}
		if count[t.Phi]++; count[t.Phi] > count[often] {
			often = t.Phi
		}
	}
	switch r := v.Rule; {
	case r != nil && r.Quantity == values.Nominal:
		return math.Pow(r.Middle(), often)
	case r != nil && r.Quantity == values.MAddsRatio: // holds at the phi of the point
		return r.Middle()
	}
	for _, t := range byMean(v) {
		if len(t.Labels) > 0 && t.Family != "base" {
			return t.Labels[0].Promised()
		}
	}
	cost := 1.
	for _, t := range trials {
		cost = max(cost, t.Labels[0].Promised())
	}
	return cost
}

// byMean are the trials with results, the best first.
func byMean(v values.Values) []values.Trial {
	list := slices.Clone(v.Trials)
	slices.SortStableFunc(list, func(a, b values.Trial) int {
		switch {
		case a.Mean > b.Mean:
			return -1
		case a.Mean < b.Mean:
			return 1
		}
		return 0
	})
	return list
}

// direction is a point that the line of compound scaling goes through: the best trial that scales
// more than one dimension, or the paper's choice.
func direction(v values.Values) (l values.Label, name string) {
	for _, t := range byMean(v) {
		if len(t.Labels) == 0 {
			continue
		}
		l := t.Labels[0]
		scaled := 0
		for _, m := range []float64{l.Depth, l.Width, l.Resolution} {
			if m > 1+1e-9 {
				scaled++
			}
		}
		if scaled > 1 && l.Promised() > 1 {
			return l, "compound line through the best mixture"
		}
	}
	return values.Label{Depth: 1.2, Width: 1.1, Resolution: 1.15, Phi: 1},
		"compound line of the paper's 1.2, 1.1, 1.15"
}

// axes fits the cube to the base, all trials and the corners of the surface.
func (s *Scene) axes(trials []values.Trial, cost float64) {
	corner := values.Label{Width: math.Sqrt(cost), Depth: cost, Resolution: math.Sqrt(cost)}
	for i, name := range []string{"width", "depth", "resolution"} {
		a := Axis{Name: name, Low: 1, High: max(1.05, multiple(corner, i))}
		for _, t := range trials {
			for _, l := range t.Labels {
				a.Low, a.High = min(a.Low, multiple(l, i)), max(a.High, multiple(l, i))
			}
		}
		a.High += .03 * (a.High - a.Low)
		step := si.Step((a.High - a.Low) / 4.5)
		for m := math.Ceil(a.Low/step-1e-9) * step; m <= a.High; m += step {
			a.Ticks = append(a.Ticks, Tick{a.place(m), digits(m)})
		}
		s.Axes[i] = a
	}
}

func (a Axis) place(multiple float64) float64 { return (multiple - a.Low) / (a.High - a.Low) }

// multiple is that of width, depth or resolution.
func multiple(l values.Label, axis int) float64 {
	return [3]float64{l.Width, l.Depth, l.Resolution}[axis]
}

func (s *Scene) at(l values.Label) (p Place) {
	for i := range p {
		p[i] = s.Axes[i].place(multiple(l, i))
	}
	return p
}

func (s *Scene) scale(v values.Values) {
	for _, t := range Placed(values.Values{Trials: v.Trials}) {
		if s.Scale == nil {
			s.Scale = &Scale{v.Accuracy, 100 * t.Mean, 100 * t.Mean}
		}
		s.Scale.Low, s.Scale.High = min(s.Scale.Low, 100*t.Mean), max(s.Scale.High, 100*t.Mean)
	}
}

// points places each trial at the middle of its labels.
func (s *Scene) points(v values.Values, trials []values.Trial) {
	best, _ := v.Best()
	trained := len(Placed(values.Values{Trials: v.Trials}))
	for i, t := range trials {
		p := Point{Name: t.Name, Look: t.Family, Tied: t.Tied,
			Text: "without a result yet"}
		for _, l := range t.Labels {
			for axis, at := range s.at(l) {
				p.At[axis] += at / float64(len(t.Labels))
			}
		}
		if t.Control && t.Family != "base" && farthest(trials, t) {
			p.Label = t.Family
		}
		if t.Failed {
			p.Text, p.Look = "failed", string(picture.Failed)
		}
		if i < trained {
			share := picture.Scale(*s.Scale).Share(100 * t.Mean)
			p.Shade = &share
			p.Text = fmt.Sprintf("%.1f %%", 100*t.Mean)
			if t.Name == best.Name {
				p.Text += ", the highest"
				p.Label = "highest"
			}
			if t.Tied {
				p.Text += ", tied with the best"
			}
		}
		l := t.Labels[0]
		if t.Family != "" {
			p.Text += " (" + t.Family + ")"
		}
		p.Text = fmt.Sprintf("width × %s, depth × %s, resolution × %s: %s", digits(l.Width),
			digits(l.Depth), digits(l.Resolution), p.Text)
		s.Points = append(s.Points, p)
	}
}

// farthest says whether a trial is the one of its family that is scaled most.
func farthest(trials []values.Trial, of values.Trial) bool {
	return !slices.ContainsFunc(trials, func(t values.Trial) bool {
		return t.Family == of.Family && t.Labels[0].Promised() > of.Labels[0].Promised()
	})
}

// cells is the number of triangles along a side of the surface.
const cells = 10

// triangles are the surface of a nominal cost, in equal steps of the shares of that cost.
func (s *Scene) triangles(cost float64) (list [][3]Place) {
	at := func(width, depth int) Place {
		w, d := float64(width)/cells, float64(depth)/cells
		return s.at(values.Label{Width: math.Pow(cost, w/2), Depth: math.Pow(cost, d),
			Resolution: math.Pow(cost, (1-w-d)/2)})
	}
	for i := range cells {
		for j := range cells - i {
			list = append(list, [3]Place{at(i, j), at(i+1, j), at(i, j+1)})
			if i+j < cells-1 {
				list = append(list, [3]Place{at(i+1, j), at(i+1, j+1), at(i, j+1)})
			}
		}
	}
	return list
}

// line goes from the base through a point until it leaves the cube.
func (s *Scene) line(through values.Label, cost float64) {
	const steps = 24
	along := func(part float64) values.Label {
		return values.Label{Width: math.Pow(through.Width, part),
			Depth:      math.Pow(through.Depth, part),
			Resolution: math.Pow(through.Resolution, part)}
	}
	surface := max(math.Log(cost)/math.Log(through.Promised()), 0)
	end := math.Inf(1)
	for i, a := range s.Axes {
		if m := multiple(through, i); m > 1 {
			end = min(end, math.Log(a.High)/math.Log(m))
		} else if m < 1 {
			end = min(end, math.Log(a.Low)/math.Log(m))
		}
	}
	surface = min(surface, end)
	for i := range steps + 1 {
		part := float64(i) / steps
		s.Line.Below = append(s.Line.Below, s.at(along(part*surface)))
		if end > surface*1.001 {
			s.Line.Beyond = append(s.Line.Beyond, s.at(along(surface+part*(end-surface))))
		}
	}
}

// digits prints a number with three digits at most.
func digits(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
