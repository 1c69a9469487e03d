package figure

import (
	"slices"
	"strings"
	"testing"
)

// full are values that every figure can be built from.
func full() Values {
	return Values{Title: "a study", Accuracy: "top-1, %", Points: []Point{{Trial: "base", Cost: 2}},
		Latencies: []Point{{Trial: "base", Cost: 3}},
		Curves:    []Curve{{Trial: "base", Highlight: true, Loss: []float64{2}, Top1: []float64{.5}}},
		Families: []Family{{Name: "width", Note: "ends"}, {Name: "depth"},
			{Name: Compound, Note: "ends too"}}}
}

// TestRegistry: every entry is whole, names are unique, and figures need nothing beyond full values
// and something.
func TestRegistry(t *testing.T) {
	for i, f := range All {
		if f.Name == "" || f.Caption == "" || f.Panels == nil ||
			slices.Index(Names(), f.Name) != i {
			t.Errorf("the entry %q is not whole, or there twice", f.Name)
		}
		if why := f.Lack(full()); why != "" {
			t.Errorf("%s of everything: %s", f.Name, why)
		}
		if got := f.Lack(Values{}); got != "no run is complete" {
			t.Errorf("%s of nothing: %q", f.Name, got)
		}
		if len(f.Panels(full())) == 0 {
			t.Errorf("%s has no panel", f.Name)
		}
	}
}

// TestLack: a figure says what of its own is missing.
func TestLack(t *testing.T) {
	for name, c := range map[string]struct {
		without func(*Values)
		want    string
	}{
		"accuracy-latency": {func(v *Values) { v.Latencies = nil }, "no latency of one image"},
		"training-curves":  {func(v *Values) { v.Curves = nil }, "no training curve"},
		"scaling-curves":   {func(v *Values) { v.Families = nil }, "no family makes a curve"},
		"scaling-panels":   {func(v *Values) { v.Families = v.Families[2:] }, "no family of width"},
	} {
		v := full()
		c.without(&v)
		for _, f := range All {
			why := f.Lack(v)
			if f.Name == name && !strings.HasPrefix(why, c.want) {
				t.Errorf("%s lacks %q, want %q", name, why, c.want)
			}
			if !strings.HasPrefix(f.Name, "scaling") && f.Name != name && why != "" {
				t.Errorf("without what %s needs, %s lacks %q", name, f.Name, why)
			}
		}
	}
}

// TestPanels: each figure shows the values of its own.
func TestPanels(t *testing.T) {
	v := full()
	p := accuracyCost(v)[0]
	if p.Points[0].Cost != 2 || p.Title != v.Title || p.Y != v.Accuracy || p.X != multiplyAdds {
		t.Errorf("accuracy against cost: %+v", p)
	}
	if p := accuracyLatency(v)[0]; p.Points[0].Cost != 3 || p.X != "latency of one image, ms" {
		t.Errorf("accuracy against latency: %+v", p)
	}
	lines := trainingCurves(v)
	loss, top1 := lines[0].Lines[0], lines[1].Lines[0]
	if len(lines) != 2 || loss.Values[0] != 2 || top1.Values[0] != 50 || !loss.Highlight ||
		!top1.Highlight || loss.Name != "base" {
		t.Errorf("training curves: %+v", lines)
	}
	panels := scalingPanels(v)
	if len(panels) != 2 || panels[0].Title != "width: ends" || panels[0].Y != v.Accuracy ||
		panels[1].Title != "depth" || panels[1].Y != "" || !panels[1].Labelled {
		t.Errorf("panels: %+v", panels)
	}
	curves := scalingCurves(v)
	const x = multiplyAdds + "\nwidth: ends\ncompound: ends too"
	if len(curves) != 1 || len(curves[0].Families) != 3 || curves[0].X != x || curves[0].Labelled {
		t.Errorf("curves: %+v", curves)
	}
}
