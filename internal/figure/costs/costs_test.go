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

// marks are those of a kind in the first panel.
func marks[M picture.Mark](p picture.Picture) (list []M) {
	for _, m := range p.Panels[0].Marks {
		if one, ok := m.(M); ok {
			list = append(list, one)
		}
	}
	return list
}

// TestAccuracyCost: every trial but the base is a dot at its cost, filled where it is tied, with the
// interval of its distance; the base is a line.
func TestAccuracyCost(t *testing.T) {
	v := sample.Values()
	p := AccuracyCost(v)
	rules := marks[picture.Rule](p)
	if len(rules) != 1 || rules[0].At != 26 || rules[0].Name != "base 26.0 %" {
		t.Errorf("rules are %+v", rules)
	}
	seen := map[string]picture.Dot{}
	for _, series := range marks[picture.Dots](p) {
		for _, d := range series.Dots {
			seen[d.Name] = d
		}
	}
	if len(seen) != len(v.Trials)-1 {
		t.Fatalf("%d of %d trials are drawn", len(seen), len(v.Trials)-1)
	}
	for _, trial := range v.Trials[1:] {
		d := seen[trial.Name]
		low := 100 * (trial.Mean - .02) // the sample's intervals
		if d.X != trial.MAdds || d.Y != 100*trial.Mean || d.Hollow == trial.Tied ||
			math.Abs(d.YSpan.Low-low) > 1e-9 {
			t.Errorf("%s is %+v", trial.Name, d)
		}
	}
	if p.Hollow == "" || p.Bars == "" || p.Note != "a study: 4 of 11 trials cannot be told from the "+
		"best, trial 0" {
		t.Errorf("words are %q, %q and %q", p.Hollow, p.Bars, p.Note)
	}
}

// TestUnjudged: without statistics nothing is hollow, and the legend speaks of no intervals.
func TestUnjudged(t *testing.T) {
	v := sample.Values()
	for i := range v.Trials {
		v.Trials[i].Tied, v.Trials[i].Behind = false, nil
	}
	p := AccuracyCost(v)
	if p.Hollow != "" || p.Bars != "" || p.Note != "a study" {
		t.Errorf("words are %q, %q and %q", p.Hollow, p.Bars, p.Note)
	}
	for _, series := range marks[picture.Dots](p) {
		for _, d := range series.Dots {
			if d.Hollow || d.YSpan != nil {
				t.Errorf("%s is %+v", d.Name, d)
			}
		}
	}
	v.Trials = v.Trials[:1] // the base alone is a point
	if p := AccuracyCost(v); len(marks[picture.Dots](p)) != 1 || len(marks[picture.Rule](p)) != 0 {
		t.Errorf("the base alone: %+v", p.Panels[0].Marks)
	}
}

// TestLatency: trials stand at their milliseconds, those that have none nowhere.
func TestLatency(t *testing.T) {
	v := sample.Values()
	v.Trials[3].Milliseconds = 0
	var costs []float64
	for _, series := range marks[picture.Dots](Latency(v)) {
		for _, d := range series.Dots {
			costs = append(costs, d.X)
		}
	}
	if len(costs) != len(v.Trials)-2 || slices.Max(costs) > .2 || slices.Min(costs) < .08 {
		t.Errorf("milliseconds are %v", costs)
	}
}

// TestPareto against its definition: a trial is on the front where no other is better and costs no
// more, nor as good and cheaper.
func TestPareto(t *testing.T) {
	trials := []values.Trial{{MAdds: 3, Mean: .5}, {MAdds: 1, Mean: .2}, {MAdds: 2, Mean: .5},
		{MAdds: 2, Mean: .4}, {MAdds: 4, Mean: .45}, {MAdds: 5, Mean: .6}}
	got := pareto(trials, func(t values.Trial) float64 { return t.MAdds })
	if want := []picture.XY{{X: 1, Y: 20}, {X: 2, Y: 50}, {X: 5, Y: 60}}; !slices.Equal(got, want) {
		t.Errorf("the front is %v, want %v", got, want)
	}
	if got, want := steps(got[:2]), []picture.XY{{X: 1, Y: 20}, {X: 2, Y: 20}, {X: 2,
		Y: 50}}; !slices.Equal(got, want) {
		t.Errorf("the staircase is %v, want %v", got, want)
	}
}

// TestUncompared: a trial with too few runs to be compared is in no statement about the tied ones,
// though its mean is the highest.
func TestUncompared(t *testing.T) {
	v := values.Values{Study: "a study", Trials: []values.Trial{
		{Name: "lucky", Mean: .9, MAdds: 3}, {Name: "first", Mean: .8, MAdds: 2, Tied: true},
		{Name: "second", Mean: .7, MAdds: 1, Tied: true}}}
	want := "a study: 2 of 2 trials cannot be told from the best, first"
	if got := AccuracyCost(v).Note; !strings.HasPrefix(got, want) {
		t.Errorf("the note is %q, want %q", got, want)
	}
	v.Trials[2].Tied = false
	if got := AccuracyCost(v).Note; !strings.HasPrefix(got, "a study: first is the best") {
		t.Errorf("the note is %q, want first as the best", got)
	}
}

// TestSameSize: of resolution alone parameters are as many, not 1 times as many.
func TestSameSize(t *testing.T) {
	v := values.Values{Study: "a study", Trials: []values.Trial{
		{Name: "base", Family: "base", Mean: .3, Params: 100}, {Name: "r", Mean: .4, Params: 100}}}
	want := "Accuracy against parameters: the best has as many as the base, and is 10.0 points above it"
	if got := Params(v).Title; got != want {
		t.Errorf("the title is %q, want %q", got, want)
	}
}
