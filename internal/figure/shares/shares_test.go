package shares

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/sample"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/random"
)

// trial is one with given shares and accuracy.
func trial(name string, depth, width, resolution, mean float64) values.Trial {
	return values.Trial{Name: name, Phi: 1, Mean: mean,
		Shares: []values.Shares{{Depth: depth, Width: width, Resolution: resolution}}}
}

// spread are n trials all over the triangle, of the accuracies that a function of the shares of
// width and resolution gives.
func spread(n int, of func(width, resolution float64) float64) []values.Trial {
	s := random.New(3, "spread")
	var list []values.Trial
	for i := range n {
		w, r := s.Float64(), s.Float64()
		if w+r > 1 {
			w, r = 1-w, 1-r
		}
		list = append(list, trial(fmt.Sprint("trial ", i), 1-w-r, w, r, of(w, r)))
	}
	return list
}

// dots are the dots of all marks by their names.
func dots(p picture.Panel) map[string]picture.Dot {
	all := map[string]picture.Dot{}
	for _, m := range p.Marks {
		if d, ok := m.(picture.Dots); ok {
			for _, dot := range d.Dots {
				all[dot.Name] = dot
			}
		}
	}
	return all
}

// TestPlaces: the corners are the single dimensions, and a trial of several labels is in their
// middle, with a line over them.
func TestPlaces(t *testing.T) {
	two := trial("two", .6, .2, .2, .8)
	two.Shares = append(two.Shares, values.Shares{Depth: .4, Width: .4, Resolution: .2})
	v := values.Values{Study: "s", Trials: []values.Trial{trial("d", 1, 0, 0, .7),
		trial("w", 0, 1, 0, .75), trial("r", 0, 0, 1, .9), two}}
	p := Triangle(v)
	got := dots(p.Panels[0])
	for name, want := range map[string]picture.XY{"d": {X: 0, Y: 0}, "w": {X: 1, Y: 0},
		"r": {X: .5, Y: math.Sqrt(.75)}, "two": {X: .3 + .1, Y: .2 * math.Sqrt(.75)}} {
		if d := got[name]; math.Hypot(d.X-want.X, d.Y-want.Y) > 1e-12 {
			t.Errorf("%s is at %v, %v, want %v", name, d.X, d.Y, want)
		}
	}
	for name, want := range map[string]float64{"d": 0, "w": .25, "two": .5, "r": 1} {
		if d := got[name]; d.Shade == nil || math.Abs(*d.Shade-want) > 1e-9 {
			t.Errorf("%s has the shade %v, want %v", name, d.Shade, want)
		}
	}
	if s := p.Scale; s == nil || s.Low != 70 || s.High != 90 {
		t.Errorf("the scale is %+v", s)
	}
	if got["r"].Label != "highest" || got["w"].Label != "" ||
		!strings.Contains(p.Note, "highest: 90.0 %, 100 % resolution") {
		t.Errorf("the label is %q, the note %q", got["r"].Label, p.Note)
	}
	if !slices.ContainsFunc(p.Panels[0].Marks, func(m picture.Mark) bool {
		l, ok := m.(picture.Line)
		return ok && l.Look == picture.Faint && len(l.Points) == 2
	}) {
		t.Error("no line joins the labels of one trial")
	}
}

// TestFilling: a study that runs has marks of trials without a result, of those that have failed
// another one, and needs no result at all.
func TestFilling(t *testing.T) {
	failed := trial("failed", .2, .2, .6, 0)
	failed.Failed = true
	v := values.Values{Study: "s", Waiting: []values.Trial{trial("waits", .5, .5, 0, 0), failed}}
	p := Triangle(v)
	got := dots(p.Panels[0])
	if !got["waits"].Hollow || got["failed"].Hollow || p.Scale != nil || len(got) != 2 {
		t.Errorf("got %+v with the scale %v", got, p.Scale)
	}
	var names []string
	for _, m := range p.Panels[0].Marks {
		if d, ok := m.(picture.Dots); ok {
			names = append(names, d.Name)
		}
	}
	if fmt.Sprint(names) != "[without a result yet failed]" {
		t.Errorf("the legend has %q", names)
	}
}

// TestTitle: it says how many may be best, of those in the triangle.
func TestTitle(t *testing.T) {
	v := values.Values{Study: "s", Trials: []values.Trial{{Name: "base", Family: "base"},
		trial("a", 1, 0, 0, .7), trial("b", .25, .5, .25, .8), trial("c", 0, 0, 1, .7)}}
	for _, c := range []struct {
		tied []int
		want string
	}{
		{nil, "Accuracy by the shares of depth, width and resolution"},
		{[]int{2}, "One mix is best: 25 % depth, 50 % width, 25 % resolution"},
		{[]int{1, 2}, "2 of 3 mixes of depth, width and resolution may be best"},
		{[]int{1, 2, 3}, "No mix of depth, width and resolution is told from the others: all 3 " +
			"may be best"},
		{[]int{0}, "Accuracy by the shares of depth, width and resolution"},
	} {
		for i := range v.Trials {
			v.Trials[i].Tied, v.Trials[i].Behind = slices.Contains(c.tied, i), &values.Behind{}
		}
		if got := Triangle(v).Title; got != c.want {
			t.Errorf("with %v tied: %q, want %q", c.tied, got, c.want)
		}
	}
}

// TestPhis: a phi of few trials has no triangle where there are others; the only one always has.
func TestPhis(t *testing.T) {
	var v values.Values
	add := func(phi float64, n int) {
		for range n {
			one := trial("t", .5, .3, .2, .5)
			one.Phi = phi
			v.Trials = append(v.Trials, one)
		}
	}
	check := func(want string) {
		t.Helper()
		if got := fmt.Sprint(Phis(v)); got != want {
			t.Errorf("got the phis %s, want %s", got, want)
		}
	}
	check("[]")
	add(2, 2)
	check("[2]")
	add(1, 5)
	check("[1]")
	add(3, 6)
	check("[1 3]")
	if p := Triangle(v); len(p.Panels) != 2 || p.Panels[1].Title != "φ = 3" || !p.Wide {
		t.Errorf("%d panels, the last %q", len(p.Panels), p.Panels[len(p.Panels)-1].Title)
	}
	for phi := 4; phi < 9; phi++ {
		add(float64(phi), 7)
	}
	check("[3 4 5 6 7 8]") // those of most trials
}

// TestFit: a quadratic is found again, noise has none, and places on a line determine none.
func TestFit(t *testing.T) {
	bowl := func(w, r float64) float64 { return .8 - (w-.3)*(w-.3) - .5*(r-.4)*(r-.4) + .2*w*r }
	trials := spread(12, bowl)
	s, ok := fit(trials)
	if !ok || s.r2 < 1-1e-9 || s.p > 1e-6 {
		t.Fatalf("got %+v, %v", s, ok)
	}
	for _, one := range spread(40, bowl) {
		if got := s.value(at(one.Shares[0])); math.Abs(got-100*one.Mean) > 1e-6 {
			t.Errorf("at %v: %v, want %v", one.Shares[0], got, 100*one.Mean)
		}
	}
	if _, ok := fit(trials[:7]); ok {
		t.Error("seven trials have a surface")
	}
	for i := range trials {
		trials[i] = trial("t", 1-float64(i)/20, float64(i)/20, 0, float64(i*i))
	}
	if _, ok := fit(trials); ok {
		t.Error("trials on a side have a surface")
	}
	found := 0
	noise := random.New(5, "noise")
	for range 100 {
		s, ok := fit(spread(12, func(_, _ float64) float64 { return .5 + .01*noise.Norm() }))
		if !ok || s.p < 0 || s.p > 1 || s.r2 < 0 {
			t.Fatalf("got %+v, %v", s, ok)
		}
		if s.p <= level {
			found++
		}
	}
	if found > 13 { // of 100, five are expected
		t.Errorf("%d of 100 fields of noise have a surface", found)
	}
}

// TestContours: lines are where the surface has their value, inside the trials alone; a bowl has
// rings that close.
func TestContours(t *testing.T) {
	trials := spread(60, func(w, r float64) float64 {
		q := at(values.Shares{Depth: 1 - w - r, Width: w, Resolution: r})
		return 1 - (q.X-.5)*(q.X-.5) - (q.Y-.3)*(q.Y-.3)
	})
	s, ok := fit(trials)
	if !ok {
		t.Fatal("no surface")
	}
	const radius = .15
	lines := trace(s, 100*(1-radius*radius))
	if len(lines) != 1 || lines[0][0] != lines[0][len(lines[0])-1] {
		t.Fatalf("%d lines, want a ring", len(lines))
	}
	if got := length(lines[0]); math.Abs(got-2*math.Pi*radius) > .01 {
		t.Errorf("the ring is %v long, want %v", got, 2*math.Pi*radius)
	}
	for _, q := range lines[0] {
		if got := math.Hypot(q.X-.5, q.Y-.3); math.Abs(got-radius) > 1e-3 {
			t.Fatalf("%v is %v from the middle", q, got)
		}
	}
	marks, noted := contours(trials, nil)
	texts := 0
	for _, m := range marks {
		switch m := m.(type) {
		case picture.Line:
			for _, q := range m.Points {
				if !inside(q, hull(places(trials))) {
					t.Fatalf("%v is outside the trials", q)
				}
			}
		case picture.Text:
			texts++
		}
	}
	if texts < 3 || !strings.Contains(noted, "R² 1.00") {
		t.Errorf("%d labels, %q", texts, noted)
	}
	noise := random.New(7, "noise")
	marks, noted = contours(spread(30, func(_, _ float64) float64 { return noise.Norm() }), nil)
	if len(marks) != 0 || !strings.HasPrefix(noted, "no contours: ") {
		t.Errorf("noise has %d marks, %q", len(marks), noted)
	}
}

func places(trials []values.Trial) []picture.XY {
	var list []picture.XY
	for _, t := range trials {
		list = append(list, at(t.Shares[0]))
	}
	return list
}

// TestHull: all points are inside, and no corner can be spared; few points and lines are no shape.
func TestHull(t *testing.T) {
	for n := range 40 {
		points := places(spread(n, func(_, _ float64) float64 { return 0 }))
		outline := hull(points)
		for _, q := range points {
			if n > 2 && !inside(q, outline) {
				t.Errorf("%v is outside the hull of %d points", q, n)
			}
		}
		for i, q := range outline {
			if rest := slices.Delete(slices.Clone(outline), i, i+1); len(rest) > 2 && inside(q, rest) {
				t.Errorf("%v is no corner of %d points", q, n)
			}
		}
	}
	line := []picture.XY{{X: 0, Y: 0}, {X: 1, Y: 1}, {X: .5, Y: .5}, {X: 1, Y: 1}}
	if got := hull(line); len(got) != 2 {
		t.Errorf("the hull of a line is %v", got)
	}
}

// TestAnySize: pictures of one to 400 trials have a dot for each, all finite.
func TestAnySize(t *testing.T) {
	for _, n := range []int{1, 2, 6, 65, 400} {
		v := sample.Values()
		v.Waiting = nil
		v.Trials = spread(n, func(w, r float64) float64 { return w + r*r })
		p := Triangle(v).Panels[0]
		got := dots(p)
		if len(got) != n {
			t.Errorf("%d trials have %d dots", n, len(got))
		}
		for _, d := range got {
			if !(math.Abs(d.X-.5) <= .5 && math.Abs(d.Y-.5) <= .5) {
				t.Errorf("of %d: %v, %v", n, d.X, d.Y)
			}
		}
	}
}
