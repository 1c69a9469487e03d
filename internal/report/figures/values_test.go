package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
)

// ofMade are those of the study that is made, with its results.
func ofMade(t *testing.T) (values.Values, report.Results) {
	t.Helper()
	s := made.Timed(t)
	r := report.New(s)
	return studyValues(s, r), r
}

// near compares what is computed with what was written down.
func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

// TestTrials: trials with a run have their cost, their scores and what the statistics say of them.
func TestTrials(t *testing.T) {
	v, r := ofMade(t)
	var tied []bool
	for _, p := range v.Trials {
		tied = append(tied, p.Tied)
	}
	if !slices.Equal(tied, []bool{false, false, true}) {
		t.Fatalf("tied are %v of %+v", tied, v.Trials)
	}
	got, of := v.Trials[2], r.Trials[2]
	if got.Name != "d=1.2 w=1.1 px=18" || got.Family != "compound" || got.MAdds != 1950000 ||
		got.Params != 7000 || !near(got.Mean, .81) || !slices.Equal(got.Scores, []float64{.8, .81, .82}) {
		t.Errorf("got %+v", got)
	}
	if got.Behind.Difference != *of.Behind || got.Behind.Low != *of.BehindLow ||
		got.Behind.High != *of.BehindHigh {
		t.Errorf("behind the best it is %+v", got.Behind)
	}
	if v.Study != "made" || v.Accuracy != "validation top-1, %" || v.Validation != 400 {
		t.Errorf("words are %q and %q, images %d", v.Study, v.Accuracy, v.Validation)
	}
	if s := v.Trials[0].Scores; len(s) != 3 || !math.IsNaN(s[2]) {
		t.Errorf("the base's failed run has the score %v", s)
	}
	if len(v.Excluded) != 1 || v.Excluded[0].Why != "40 pixels are more than the data's native 28" {
		t.Errorf("excluded are %+v", v.Excluded)
	}
}

// TestPlaces: a trial has its multiples and the parts of the cost that its dimensions take, by the
// logarithms of alpha, beta^2 and gamma^2; the base has none.
func TestPlaces(t *testing.T) {
	v, _ := ofMade(t)
	if b := v.Trials[0]; b.Depth != 1 || b.Width != 1 || b.Resolution != 1 || b.Shares != nil {
		t.Errorf("the base is at %+v", b)
	}
	all := math.Log(1.2) + 2*math.Log(1.1) + 2*math.Log(1.15)
	c := v.Trials[2]
	if c.Depth != 1.2 || c.Width != 1.1 || c.Resolution != 1.15 || !near(c.Nominal, 1.92027) ||
		len(c.Shares) != 1 || !near(c.Shares[0].Depth, math.Log(1.2)/all) ||
		!near(c.Shares[0].Resolution, 2*math.Log(1.15)/all) || c.Phi != 1 {
		t.Errorf("the compound trial is at %+v", c)
	}
	if s := v.Trials[1].Shares[0]; !near(s.Width, 1) || !near(s.Depth, 0) {
		t.Errorf("the wide one takes %+v", s)
	}
}

// TestLatencies: the time of one image is the shortest one, in milliseconds.
func TestLatencies(t *testing.T) {
	v, _ := ofMade(t)
	if !near(v.Trials[0].Milliseconds, .123) || !near(v.Trials[1].Milliseconds, .246) ||
		v.Trials[2].Milliseconds != 0 {
		t.Errorf("got %+v", v.Trials)
	}
}

// TestCurves: a curve is the mean over the runs that are complete, up to the last epoch of all.
func TestCurves(t *testing.T) {
	s := made.Study(t)
	for i, r := range s.Records {
		if r.Result != nil {
			r.Result.Curve[1].Loss = 1.5 + .1*float64(r.Seed)
			more := store.CurvePoint{Epoch: 3, Loss: 1, Top1: 1}
			if i == 0 {
				r.Result.Curve = append(r.Result.Curve, more)
			}
		}
	}
	list := curves(s.Records, report.New(s))
	want := []struct {
		trial      string
		loss, top1 float64 // of the second epoch
	}{{"d=1.2 w=1.1 px=18", 1.6, .81}, {"d=1 w=1.4 px=16", 1.6, 1.825 / 3}, {"base", 1.55, .51}}
	if len(list) != len(want) {
		t.Fatalf("got %+v", list)
	}
	for i, w := range want {
		c := list[i]
		if c.Trial != w.trial || len(c.Loss) != 2 || len(c.Top1) != 2 || !near(c.Loss[0], 2) ||
			!near(c.Top1[0], .3) || !near(c.Loss[1], w.loss) || !near(c.Top1[1], w.top1) {
			t.Errorf("got %+v, want %+v", c, w)
		}
	}
}

// TestHighlights: the five best trials are highlighted, and the base wherever it is.
func TestHighlights(t *testing.T) {
	var r report.Results
	var records []store.Record
	for i, mean := range []float64{.2, .1, .9, .3, .8, .4, .7, .6} {
		name := fmt.Sprint(mean)
		r.Trials = append(r.Trials, report.Trial{Name: name, N: 1, MeanTop1: &mean})
		records = append(records, store.Record{Run: stages.Run{Trial: name, Seed: i},
			Result: &store.Result{Curve: []store.CurvePoint{{Loss: 1, Top1: mean}}}})
	}
	var got []string
	for _, c := range curves(records, r) {
		if c.Highlight {
			got = append(got, c.Trial)
		}
	}
	if want := []string{"0.9", "0.8", "0.7", "0.6", "0.4", "0.2"}; !slices.Equal(got, want) {
		t.Errorf("highlighted are %v, want %v", got, want)
	}
}

// TestFamilies: families have the base and their labels in the order of cost, and what ends them;
// they make curves in studies that scale all dimensions together.
func TestFamilies(t *testing.T) {
	v, r := ofMade(t)
	if len(v.Families) != 2 || v.Families[0].Name != "width" || v.Families[1].Name != "compound" {
		t.Fatalf("families are %+v", v.Families)
	}
	for i, label := range []string{"w=1.4", "phi=1"} {
		f := v.Families[i].Points
		if len(f) != 2 || f[0].Name != "base" || f[0].Label != "" || f[1].Label != label {
			t.Errorf("points are %+v", f)
		}
	}
	n, mean := &r.Trials[3], .7
	n.N, n.MeanTop1 = 1, &mean
	n.Labels = append(n.Labels, r.Trials[1].Labels...)
	if f := family(r, "width"); f.Note != n.ExcludedBy || len(f.Points) != 1 {
		t.Errorf("a family that ends: %+v", f)
	}
	s := made.Study(t)
	s.Records = slices.DeleteFunc(s.Records, func(r store.Record) bool {
		return strings.HasPrefix(r.Trial, "d=1.2")
	})
	if v := studyValues(s, report.New(s)); len(v.Families) != 0 {
		t.Errorf("without compound scaling there are %+v", v.Families)
	}
}

// TestLabelsAreShort: coefficients have two digits beside a point.
func TestLabelsAreShort(t *testing.T) {
	for v, want := range map[float64]string{1.4: "1.4", 1.2137: "1.2", 2: "2", 1.96: "2", .25: "0.25"} {
		if got := short(v); got != want {
			t.Errorf("%v is labelled %s, want %s", v, got, want)
		}
	}
}
