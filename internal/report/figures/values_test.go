package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure"
	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
)

// values are those of the study that is made, with its results.
func values(t *testing.T) (figure.Values, report.Results) {
	t.Helper()
	s := made.Timed(t)
	r := report.New(s)
	return studyValues(s, r), r
}

// near compares what is computed with what was written down.
func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

// TestPoints: trials with a run are at their multiply-adds, with one standard error to either side,
// and those that are tied with the best say so.
func TestPoints(t *testing.T) {
	v, _ := values(t)
	se := math.Sqrt(2*.01*.01/2) / math.Sqrt(3) // of .80, .81 and .82
	want := figure.Point{Trial: "d=1.2 w=1.1 px=18", Family: "compound", Cost: 1950000,
		Mean: .81, Low: .81 - se, High: .81 + se, Tied: true}
	var tied []bool
	for _, p := range v.Points {
		tied = append(tied, p.Tied)
	}
	if !slices.Equal(tied, []bool{false, false, true}) {
		t.Fatalf("tied are %v of %+v", tied, v.Points)
	}
	got := v.Points[2]
	if got.Trial != want.Trial || got.Family != want.Family || got.Cost != want.Cost ||
		!near(got.Mean, want.Mean) || !near(got.Low, want.Low) || !near(got.High, want.High) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if v.Title != "made" || v.Accuracy != "validation top-1, %" {
		t.Errorf("words are %q and %q", v.Title, v.Accuracy)
	}
}

// TestLatencies: the time of one image is the shortest one, in milliseconds.
func TestLatencies(t *testing.T) {
	v, _ := values(t)
	if len(v.Latencies) != 2 || !near(v.Latencies[0].Cost, .123) ||
		!near(v.Latencies[1].Cost, .246) || v.Latencies[1].Mean != v.Points[1].Mean {
		t.Errorf("got %+v", v.Latencies)
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
	v, r := values(t)
	if len(v.Families) != 2 || v.Families[0].Name != "width" || v.Families[1].Name != "compound" {
		t.Fatalf("families are %+v", v.Families)
	}
	for i, label := range []string{"w=1.4", "phi=1"} {
		f := v.Families[i].Points
		if len(f) != 2 || f[0].Trial != "base" || f[0].Label != "" || f[1].Label != label {
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
