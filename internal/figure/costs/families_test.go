package costs

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/sample"
	"gridsearch/internal/figure/values"
)

// TestSingle: each panel has a family's band, its curve, dashed beyond its networks, and all its
// networks at their places with phi and multiplier; its title says what the end shows.
func TestSingle(t *testing.T) {
	v := sample.Values()
	p := Single(v)
	if len(p.Panels) != 3 || p.Title !=
		"Scaling one dimension alone: width reaches a plateau; none is seen of depth and resolution" {
		t.Fatalf("%d panels, %q", len(p.Panels), p.Title)
	}
	for i, f := range v.Singles() {
		one := picture.Picture{Panels: p.Panels[i : i+1]}
		if got, want := one.Panels[0].Title, f.Name+": "+f.Fit.Finding; got != want {
			t.Errorf("the title is %q, want %q", got, want)
		}
		lines, areas := marks[picture.Line](one), marks[picture.Area](one)
		inside, beyond, last := lines[0], lines[1], f.Points[3].MAdds
		if !inside.Solid || inside.Dashed || !beyond.Dashed || len(inside.Points) != 25 ||
			beyond.Points[0] != inside.Points[24] || math.Abs(beyond.Points[0].X/last-1) > 1e-9 {
			t.Errorf("%s: lines are %+v", f.Name, lines)
		}
		n := len(f.Fit.Curve)
		if c := areas[0].Points; len(c) != 2*n || c[3].Y != 100*f.Fit.Curve[3].High ||
			c[2*n-4].Y != 100*f.Fit.Curve[3].Low || c[2*n-4].X != c[3].X {
			t.Errorf("%s: the band is %+v", f.Name, c)
		}
		dots := marks[picture.Dots](one)
		want := []string{"φ 1\nx1.4", "φ 2\nx2.0", "φ 3\nx2.7"}
		if f.Name == "resolution" {
			want[2] += "\nends at 28 px"
		}
		for j, d := range dots[0].Dots {
			of := f.Points[j+1]
			if d.Label != want[j] || d.X != of.MAdds || d.Y != 100*of.Mean || d.Name != of.Name {
				t.Errorf("%s: %+v", f.Name, d)
			}
		}
		if len(dots[0].Dots) != 3 || dots[1].Look != picture.Base || len(dots[1].Dots) != 1 {
			t.Errorf("%s: dots are %+v", f.Name, dots)
		}
		if !strings.Contains(p.Note, f.Fit.Says) {
			t.Errorf("the note lacks %q", f.Fit.Says)
		}
	}
	if !strings.HasSuffix(p.Note, "; ends at 28 px: 33 pixels are more than the data's native 28") {
		t.Errorf("the note is %q", p.Note)
	}
}

// TestSingleTitle says no more than what is shown.
func TestSingleTitle(t *testing.T) {
	for shows, want := range map[string]string{
		"open,open":       ": no plateau seen",
		"open,":           ": no plateau seen",
		",":               "",
		"rising,rising":   ": no plateau; all still rise where they end",
		"rising,open":     ": no plateau seen",
		"plateau,plateau": " reaches a plateau",
		"rising,plateau":  ": b reaches a plateau; none is seen of a",
		"plateau,":        ": a reaches a plateau; none is seen of b",
		"falling,open":    ": no plateau seen",
	} {
		a, b, _ := strings.Cut(shows, ",")
		got := singleTitle([]values.Family{{Name: "a", Fit: &values.Fit{Shows: a}},
			{Name: "b", Fit: &values.Fit{Shows: b}}})
		if got != "Scaling one dimension alone"+want {
			t.Errorf("%s: %q", shows, got)
		}
	}
}

// TestCompound: all families, the cost at which they are compared, and phi of compound scaling and
// where the others end.
func TestCompound(t *testing.T) {
	v := sample.Values()
	p := Compound(v)
	labels := map[picture.Look]string{}
	for _, d := range marks[picture.Dots](p) {
		for _, one := range d.Dots {
			labels[d.Look] += one.Label + ";"
		}
	}
	for look, want := range map[picture.Look]string{picture.Width: ";;φ 3;", picture.Depth: ";;φ 3;",
		picture.Resolution: ";;φ 3;", picture.Compound: "φ 1;φ 2;φ 3;", picture.Base: ";;;;"} {
		if labels[look] != want {
			t.Errorf("labels of %s are %q, want %q", look, labels[look], want)
		}
	}
	rules := marks[picture.Rule](p)
	if len(rules) != 1 || rules[0].At != 4e6 || !rules[0].Vertical || rules[0].Label != "4 × base" {
		t.Errorf("rules are %+v", rules)
	}
	const note = "a study\nits lead in points, with 90 % intervals: over width +6.40 (+5.10 to +7.70), " +
		"over depth +5.00 (+3.70 to +6.30), over resolution +3.00 (+1.70 to +4.30)\n" +
		"resolution ends at 28 px: 33 pixels are more than the data's native 28"
	if p.Note != note {
		t.Errorf("the note is %q", p.Note)
	}
	var named []string
	for _, l := range marks[picture.Line](p) {
		if l.Name != "" {
			named = append(named, l.Name)
		}
	}
	if want := []string{"width", "depth", "resolution", "compound",
		"beyond the data"}; !slices.Equal(named, want) {
		t.Errorf("lines are %v", named)
	}
}

// TestCompoundTitle: the title says what the comparison shows.
func TestCompoundTitle(t *testing.T) {
	for claim, want := range map[string]string{
		"better":    "Compound scaling leads each single dimension at 3.85 times the base's cost",
		"worse":     "Compound scaling falls behind a single dimension at 3.85 times the base's cost",
		"not shown": "Compound scaling: a lead over each single dimension is not shown at 3.85 times the base's cost",
	} {
		if got := compoundTitle(&values.Lead{Claim: claim, Ratio: 3.8501}); got != want {
			t.Errorf("%s: %q", claim, got)
		}
	}
	if got := compoundTitle(nil); got != "Scaling one dimension, and all together" {
		t.Errorf("without a comparison: %q", got)
	}
}

// TestWithoutCurves: networks without a curve are points, and the legend speaks of no band.
func TestWithoutCurves(t *testing.T) {
	v := sample.Values()
	v.Lead = nil
	for i := range v.Families {
		v.Families[i].Fit = nil
	}
	for _, p := range []picture.Picture{Single(v), Compound(v)} {
		if len(marks[picture.Area](p))+len(marks[picture.Line](p))+len(marks[picture.Rule](p)) > 0 ||
			len(marks[picture.Dots](p)) < 2 {
			t.Errorf("marks are %+v", p.Panels[0].Marks)
		}
	}
	v = sample.Values()
	for i := range v.Families[0].Fit.Curve {
		v.Families[0].Fit.Curve[i].Low = math.NaN()
	}
	if p := Single(v); len(marks[picture.Area](p)) > 0 || len(marks[picture.Line](p)) != 2 {
		t.Errorf("without noise: %+v", p.Panels[0].Marks)
	}
}

// TestPhi: phi has two digits, and the base's is not marked.
func TestPhi(t *testing.T) {
	for text, want := range map[string]string{"1.9975": "φ 2", "0.4525": "φ 0.45", "2.5": "φ 2.5",
		"0": "", "": ""} {
		if got := phi(values.FamilyPoint{Phi: text}); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestWidthByBase: a line for each base, with the widths of its networks; of many bases the first.
func TestWidthByBase(t *testing.T) {
	v := sample.Values()
	p := WidthByBase(v)
	lines, dots := marks[picture.Line](p), marks[picture.Dots](p)
	if len(lines) != 3 || lines[2].Name != "d=2 r=1.3" || lines[0].Look == lines[1].Look {
		t.Fatalf("lines are %+v", lines)
	}
	for i, of := range v.Bases[1].Trials {
		d := dots[1].Dots[i]
		if d.X != of.MAdds || d.Y != 100*of.Mean || d.YSpan.High != 100*(of.Mean+.01) ||
			lines[1].Points[i] != (picture.XY{X: d.X, Y: d.Y}) {
			t.Errorf("%+v of %+v", d, of)
		}
	}
	if dots[0].Dots[3].Label != "w=2.2" || dots[0].Dots[1].Label != "" || p.Bars == "" || p.Note != "a study" {
		t.Errorf("words are %q, %q, %q", dots[0].Dots[3].Label, p.Bars, p.Note)
	}
	v.Bases = nil
	for i := range 24 {
		b := values.Base{Depth: float64(i), Resolution: 1}
		for range 3 - i%2 { // half of them have a network less
			b.Trials = append(b.Trials, values.Trial{MAdds: float64(100 - i)})
		}
		v.Bases = append(v.Bases, b)
	}
	slices.SortStableFunc(v.Bases, func(a, b values.Base) int { return len(b.Trials) - len(a.Trials) })
	p = WidthByBase(v)
	var names []string
	for _, l := range marks[picture.Line](p) {
		names = append(names, l.Name)
	}
	if want := []string{"d=22 r=1", "d=18 r=1", "d=12 r=1", "d=6 r=1",
		"d=0 r=1"}; !slices.Equal(names, want) || p.Note !=
		"a study: 5 of 24 depths and resolutions, from the cheapest to the most costly" {
		t.Errorf("lines are %v, %q", names, p.Note)
	}
}
