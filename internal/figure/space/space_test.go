package space

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/sample"
	"gridsearch/internal/figure/values"
)

func trial(name string, width, depth, resolution, mean float64) values.Trial {
	return values.Trial{Name: name, Phi: 1, Mean: mean, Labels: []values.Label{{Width: width,
		Depth: depth, Resolution: resolution, Phi: 1}}}
}

// label is what a place of the cube stands for.
func (s Scene) label(p Place) (l values.Label) {
	m := func(i int) float64 { return s.Axes[i].Low + p[i]*(s.Axes[i].High-s.Axes[i].Low) }
	l.Width, l.Depth, l.Resolution = m(0), m(1), m(2)
	return l
}

// TestSurface: every corner of its triangles has the nominal cost, and the corners of the surface
// are the single dimensions.
func TestSurface(t *testing.T) {
	s := NewScene(sample.Values())
	if s.Surface.Cost != 2 || s.Surface.Name != "nominal cost 2 × base" ||
		len(s.Surface.Triangles) != cells*cells {
		t.Fatalf("%d triangles of %v, %q", len(s.Surface.Triangles), s.Surface.Cost, s.Surface.Name)
	}
	alone := map[string]bool{}
	for _, triangle := range s.Surface.Triangles {
		for _, p := range triangle {
			l := s.label(p)
			if math.Abs(l.Promised()-2) > 1e-9 {
				t.Fatalf("%+v costs %v", l, l.Promised())
			}
			alone[fmt.Sprintf("%.4f %.4f %.4f", l.Width, l.Depth, l.Resolution)] = true
		}
	}
	for _, corner := range []string{"1.4142 1.0000 1.0000", "1.0000 2.0000 1.0000",
		"1.0000 1.0000 1.4142"} {
		if !alone[corner] {
			t.Errorf("%s is not on the surface", corner)
		}
	}
}

// TestSurfaceCost: it is the nominal target at the phi of most trials, the target of real cost, or
// what the best trial is said to cost.
func TestSurfaceCost(t *testing.T) {
	a, b, c := trial("a", 1.1, 1.1, 1, .5), trial("b", 1.2, 1, 1.1, .9), trial("c", 1, 2, 1, .7)
	a.Phi, b.Phi = 3, 3
	v := values.Values{Trials: []values.Trial{a, b, c}}
	for _, k := range []struct {
		rule *values.Rule
		want float64
	}{
		{&values.Rule{Quantity: values.Nominal, Low: 1.9, High: 2.1}, 8},
		{&values.Rule{Quantity: values.MAddsRatio, Low: 7, High: 9}, 8},
		{&values.Rule{Quantity: "params_ratio", Low: 5, High: 6}, 1.2 * 1.2 * 1.1 * 1.1},
		{nil, 1.2 * 1.2 * 1.1 * 1.1},
	} {
		v.Rule = k.rule
		if got := NewScene(v).Surface.Cost; math.Abs(got-k.want) > 1e-9 {
			t.Errorf("with the rule %+v: %v, want %v", k.rule, got, k.want)
		}
	}
}

// TestLine: it starts at the base, meets the surface between its parts, and is that of the best
// trial which scales more than one dimension, or the paper's.
func TestLine(t *testing.T) {
	v := values.Values{Rule: &values.Rule{Quantity: values.Nominal, Low: 2, High: 2},
		Trials: []values.Trial{trial("base", 1, 1, 1, .4), trial("deep", 1, 2, 1, .9)}}
	for _, c := range []struct {
		name    string
		through values.Label
	}{
		{"compound line of the paper's 1.2, 1.1, 1.15", values.Label{Width: 1.1, Depth: 1.2,
			Resolution: 1.15}},
		{"compound line through the best mixture", values.Label{Width: 1.3, Depth: 1.1,
			Resolution: 1.05}},
	} {
		s := NewScene(v)
		base, met := s.label(s.Line.Below[0]), s.label(s.Line.Below[len(s.Line.Below)-1])
		if s.Line.Name != c.name || math.Abs(base.Promised()-1) > 1e-9 ||
			math.Abs(met.Promised()-2) > 1e-9 || s.Line.Beyond[0] != s.Line.Below[len(s.Line.Below)-1] {
			t.Errorf("%q from %+v to %+v", s.Line.Name, base, met)
		}
		want := math.Log(c.through.Width) / math.Log(c.through.Depth)
		if got := math.Log(met.Width) / math.Log(met.Depth); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: the direction is %v, want %v", c.name, got, want)
		}
		for _, p := range append(s.Line.Below, s.Line.Beyond...) {
			for _, v := range p {
				if v < -1e-9 || v > 1+1e-9 {
					t.Fatalf("%s: %v is outside the cube", c.name, p)
				}
			}
		}
		v.Trials = append(v.Trials, trial("mixed", 1.3, 1.1, 1.05, .8))
	}
}

// TestPoints: each trial is at the middle of its labels, with its accuracy as a shade and in words;
// those without a result have no shade.
func TestPoints(t *testing.T) {
	two := trial("two", 1.2, 1, 1, .8)
	two.Labels = append(two.Labels, values.Label{Width: 1.2, Depth: 1.5, Resolution: 1})
	two.Tied = true
	lost := trial("lost", 1.1, 1.1, 1.1, 0)
	lost.Failed = true
	s := NewScene(values.Values{Trials: []values.Trial{trial("one", 1.4, 1, 1, .7), two},
		Waiting: []values.Trial{trial("waits", 1, 1, 1.2, 0), lost}})
	if l := s.label(s.Points[1].At); math.Abs(l.Depth-1.25) > 1e-9 || math.Abs(l.Width-1.2) > 1e-9 {
		t.Errorf("a trial of two labels is at %+v", l)
	}
	for i, want := range []string{"width × 1.4, depth × 1, resolution × 1: 70.0 %",
		"width × 1.2, depth × 1, resolution × 1: 80.0 %, the highest, tied with the best",
		"width × 1, depth × 1, resolution × 1.2: without a result yet",
		"width × 1.1, depth × 1.1, resolution × 1.1: failed"} {
		if got := s.Points[i].Text; got != want {
			t.Errorf("point %d: %q, want %q", i, got, want)
		}
		if shade := s.Points[i].Shade; (shade != nil) != (i < 2) || shade != nil && *shade != float64(i) {
			t.Errorf("point %d has the shade %v", i, shade)
		}
	}
	for _, a := range s.Axes {
		if len(a.Ticks) < 3 || a.Low > 1 {
			t.Errorf("%s from %v to %v has the ticks %v", a.Name, a.Low, a.High, a.Ticks)
		}
	}
}

// TestCamera: a projection keeps lengths across the view, and the walls are behind the cube.
func TestCamera(t *testing.T) {
	for azimuth := 0.; azimuth < 360; azimuth += 17 {
		for elevation := -80.; elevation <= 80; elevation += 23 {
			c := View{azimuth, elevation}.camera()
			for i, pair := range [][2]Place{{c.right, c.right}, {c.up, c.up}, {c.towards, c.towards},
				{c.right, c.up}, {c.right, c.towards}, {c.up, c.towards}} {
				want := 0.
				if i < 3 {
					want = 1
				}
				if got := dot(pair[0], pair[1]); math.Abs(got-want) > 1e-12 {
					t.Fatalf("%v, %v: pair %d gives %v", azimuth, elevation, i, got)
				}
			}
			walls := c.walls()
			for axis := range walls {
				middle := Place{.5, .5, .5}
				if dot(c.towards, on(middle, axis, walls[axis])) > dot(c.towards, middle) {
					t.Errorf("%v, %v: wall %d is in front", azimuth, elevation, axis)
				}
			}
		}
	}
	c := View{0, 0}.camera() // along the axis of width: depth to the right, resolution up
	if got := c.project(Place{.3, 1, 1}); math.Hypot(got.X-.5, got.Y-.5) > 1e-12 {
		t.Errorf("got %v", got)
	}
}

// TestPicture: points come from the back to the front, and each has three shadows; the tied are
// ringed; the legend names a family once.
func TestPicture(t *testing.T) {
	v := sample.Values()
	p := Picture(v)
	c := Front.camera()
	s := NewScene(v)
	depth := map[string]float64{}
	for _, q := range s.Points {
		depth[q.Name] = dot(c.towards, q.At)
	}
	last, shadows, names := math.Inf(-1), 0, map[string]int{}
	for _, m := range p.Panels[0].Marks {
		d, ok := m.(picture.Dots)
		if !ok {
			continue
		}
		if d.Look == picture.Faint {
			shadows += len(d.Dots)
			continue
		}
		if d.Name != "" {
			names[d.Name]++
		}
		if depth[d.Dots[0].Name] < last {
			t.Errorf("%s is drawn too late", d.Dots[0].Name)
		}
		last = depth[d.Dots[0].Name]
		for _, one := range v.Trials {
			if one.Name == d.Dots[0].Name && one.Tied != d.Dots[0].Ring {
				t.Errorf("%s has a ring: %v", one.Name, d.Dots[0].Ring)
			}
		}
	}
	if shadows != 3*len(s.Points) || names["paper"] != 1 || names["failed"] != 1 {
		t.Errorf("%d shadows, %v", shadows, names)
	}
	if want := fmt.Sprintf("%d of %d networks may be best", v.Tied(), len(v.Trials)); !strings.Contains(
		p.Title, want) {
		t.Errorf("the title is %q", p.Title)
	}
}

// TestScript: a scene in HTML's script cannot end it, and places are short.
func TestScript(t *testing.T) {
	text, err := json.Marshal(NewScene(values.Values{Trials: []values.Trial{
		trial("</script><b>", 1, 1.123456789, 1, .5), trial("b", 1, 3, 1, .6)}}))
	if err != nil || strings.Contains(string(text), "<") ||
		regexp.MustCompile(`"at":\[[^]]*[0-9]{6}`).Match(text) {
		t.Errorf("%v, %s", err, text)
	}
	var back struct{ Points []struct{ Name string } }
	if err := json.Unmarshal(text, &back); err != nil || back.Points[0].Name != "</script><b>" {
		t.Errorf("read again: %v, %+v", err, back)
	}
}
