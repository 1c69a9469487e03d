package figures

import (
	"math"
	"strings"
	"testing"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	scaling "gridsearch/search/curves"
	"gridsearch/search/planner"
)

// TestFit: a curve is sampled from its first network to its last, where the inside ends, and a fifth
// of the cost beyond, with heights, bands and words of its own.
func TestFit(t *testing.T) {
	var f scaling.Family
	for _, x := range []float64{0, .5, 1, 1.5, 2, 2.5} {
		f.Points = append(f.Points, scaling.Point{Cost: 1e6 * math.Exp2(x), Mean: .5 + .02*x})
	}
	f.Name = "depth"
	s := scaling.Study{Families: []scaling.Family{f}, Confidence: .95,
		Noise: scaling.Noise{SD: .001, Freedom: 20}}
	c := scaling.Fit(s)[0]
	v := fit(c)
	last := v.Curve[v.Inside-1]
	if v.Curve[0].MAdds != 1e6 || math.Abs(last.MAdds/c.Last-1) > 1e-9 ||
		math.Abs(v.Curve[len(v.Curve)-1].MAdds/c.Last-1.2) > 1e-9 {
		t.Errorf("from %g by %g to %g", v.Curve[0].MAdds, last.MAdds, v.Curve[len(v.Curve)-1].MAdds)
	}
	for i, q := range v.Curve {
		at := c.At(q.MAdds)
		if q.Value != at.Value || q.Low != at.Low || q.High != at.High || !(q.Low < q.High) ||
			i > 0 && q.MAdds <= v.Curve[i-1].MAdds {
			t.Fatalf("point %d is %+v", i, q)
		}
	}
	if v.Shows != "rising" || v.Finding != "still rises" || v.Says != c.Sentence() {
		t.Errorf("words are %q, %q, %q", v.Shows, v.Finding, v.Says)
	}
	s.Families[0].Points = f.Points[:2]
	if v := fit(scaling.Fit(s)[0]); v.Shows != "" || len(v.Curve) != v.Inside {
		t.Errorf("two networks show %q, and %d points", v.Shows, len(v.Curve))
	}
}

// TestCurvesOfMade: the families of a study have curves, and the comparison that it has.
func TestCurvesOfMade(t *testing.T) {
	v, r := ofMade(t)
	for _, f := range v.Families {
		if f.Fit == nil || !strings.HasPrefix(f.Fit.Says, f.Name+": ") {
			t.Errorf("the curve of %s is %+v", f.Name, f.Fit)
		}
		if f.Points[1].Pixels == 0 || f.Points[1].Half == 0 {
			t.Errorf("a point is %+v", f.Points[1])
		}
	}
	if v.Lead != nil {
		t.Errorf("two networks are compared: %+v", v.Lead)
	}
	ratio := 4.
	r.Families = []report.FamilyComparison{{Claim: "worse", MAddsRatio: &ratio,
		Contrasts: []report.FamilyContrast{{Against: "width", Difference: -.02, Low: -.03, High: -.01}}}}
	addCurves(&v, r)
	if l := v.Lead; l.Claim != "worse" || l.MAdds != 4*float64(r.Trials[0].MAdds) ||
		!near(l.Confidence, 2*r.Confidence-1) ||
		l.Over[0] != (values.Over{Name: "width", Difference: -.02, Low: -.03, High: -.01}) {
		t.Errorf("the lead is %+v", l)
	}
}

// TestHalf: with one degree of freedom Student's 97.5 % point is 12.706, with 40 it is 2.021.
func TestHalf(t *testing.T) {
	noise := .01
	r := report.Results{Confidence: .95, Noise: &noise}
	for freedom, student := range map[int]float64{1: 12.706, 40: 2.021} {
		r.NoiseFreedom = freedom
		want := student * noise / 2
		if got := half(r, report.Trial{N: 4}); math.Abs(got/want-1) > 1e-3 {
			t.Errorf("with %d degrees of freedom %g, want %g", freedom, got, want)
		}
	}
	if half(r, report.Trial{}) != 0 {
		t.Error("a trial without a run has an interval")
	}
}

// TestBases: networks of several widths belong together where depth and resolution are the same; of
// one base alone nothing is compared.
func TestBases(t *testing.T) {
	of := func(depth, width, resolution float64) values.Trial {
		return values.Trial{Depth: depth, Width: width, Resolution: resolution, MAdds: 1}
	}
	trials := []values.Trial{of(1, 2, 1), of(1, 1, 1), of(2, 1, 1), of(2, 1.2, 1.1), of(2, 1.4, 1),
		of(2, 3, 1), of(1, 1, 1.3), of(1, 1, 1.3), {}}
	list := bases(trials)
	if len(list) != 2 || list[0].Depth != 2 || len(list[0].Trials) != 3 || list[1].Depth != 1 ||
		list[1].Resolution != 1 || list[1].Trials[0].Width != 1 || list[1].Trials[1].Width != 2 {
		t.Errorf("bases are %+v", list)
	}
	if list := bases(trials[:3]); list != nil {
		t.Errorf("one base alone: %+v", list)
	}
}

// TestSheetWithoutPhi: coefficients without phi do not say by what a network is scaled.
func TestSheetWithoutPhi(t *testing.T) {
	l := planner.Label{Control: "width", Nominal: "4"}
	l.Alpha, l.Beta, l.Gamma = "1", "2", "1"
	if label, phi, ok := member(report.Trial{Labels: []planner.Label{l}}, "width"); label != "" ||
		phi != "" || !ok {
		t.Errorf("the label is %q, phi %q", label, phi)
	}
}
