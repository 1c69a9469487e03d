package report

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/report/made"
	"gridsearch/search/planner"
)

// scaling is the table of a study of four families at five costs: accuracy grows with log cost by a
// slope of each family's own, with what no curve explains.
func scaling(slopes map[string]float64) Results {
	r := Results{Confidence: .95, Trials: []Trial{scaled("base", 1, 0)}}
	for family, name := range []string{"compound", "width", "depth", "resolution"} {
		slope, ok := slopes[name]
		for i, cost := range []float64{1.4, 2, 2.8, 4, 5.7} {
			if ok {
				off := .0007 * math.Cos(float64(7*i+3*family))
				r.Trials = append(r.Trials, scaled(name, cost, slope*math.Log(cost)+off))
			}
		}
	}
	return r
}

// scaled is a trial with three runs.
func scaled(family string, cost, lead float64) Trial {
	t := Trial{Name: fmt.Sprint(family, cost), MAdds: int64(1e6 * cost), MAddsRatio: cost,
		Labels: []planner.Label{{Control: family}}}
	for seed := range 3 {
		top1 := .6 + lead + .01*float64(seed) + .0005*math.Sin(1e3*cost+float64(seed))
		t.Runs = append(t.Runs, Run{Seed: seed, State: "complete", Top1: &top1})
	}
	return t
}

var slopes = map[string]float64{"compound": .05, "width": .04, "depth": .02, "resolution": .045}

// TestFamiliesSentence: a lead is claimed at four times the base's cost, in points.
func TestFamiliesSentence(t *testing.T) {
	r := scaling(slopes)
	got := r.FamiliesSentence()
	const want = "compound scaling is better than width, depth and resolution alone" +
		" at 4 times the base's cost"
	const basis = "with 90 % intervals by the scatter of 21 networks"
	if len(got) != 2 || got[0] != want || !strings.Contains(got[1], basis) {
		t.Errorf("got %q", got)
	}
	r.Confidence = .9
	if got := r.FamiliesSentence(); !strings.Contains(got[1], "80 % intervals") {
		t.Errorf("at another level: %q", got)
	}
	got = scaling(map[string]float64{"compound": .04, "resolution": .05}).FamiliesSentence()
	if !strings.HasPrefix(got[0], "compound scaling is worse than resolution alone") {
		t.Errorf("of two families: %q", got)
	}
}

// TestFamilyComparisons compares the JSON with the truth, and its keys.
func TestFamilyComparisons(t *testing.T) {
	r := scaling(slopes)
	list := r.FamilyComparisons()
	if len(list) != 1 || list[0].Claim != "better" || *list[0].MAddsRatio != 4 {
		t.Fatalf("got %+v", list)
	}
	if f := list[0]; f.Networks != 21 || f.ScatterDF != 12 || f.RunDF != 40 {
		t.Errorf("degrees of freedom are %+v", f)
	}
	if f := list[0]; *f.Scatter > .002 || *f.RunSD > .002 {
		t.Errorf("noise is %+v", f)
	}
	for i, name := range []string{"width", "depth", "resolution"} {
		c, want := list[0].Contrasts[i], (slopes["compound"]-slopes[name])*math.Log(4)
		if c.Against != name || math.Abs(c.Difference-want) > .002 || !(c.Low < want && want < c.High) {
			t.Errorf("over %s: %+v, want %g", name, c, want)
		}
		if !(c.RunLow < c.Difference && c.Difference < c.RunHigh && c.RunP < .05 && c.RunSE > 0) {
			t.Errorf("by the noise of runs: %+v", c)
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"family", "claim", "reason", "p", "madds_ratio", "networks", "aside",
		"scatter_sd", "scatter_df", "run_sd", "run_df", "contrasts", "against", "difference",
		"standard_error", "low", "high", "worse", "run_standard_error", "run_low", "run_high", "run_p"} {
		if !strings.Contains(string(text), `"`+key+`":`) {
			t.Errorf("no %s in %s", key, text)
		}
	}
}

// TestFamiliesTakeTheRunsThatThereAre: failed runs are holes, networks that are not trained and
// those of other controls are left out, and one network may be of two families.
func TestFamiliesTakeTheRunsThatThereAre(t *testing.T) {
	r := scaling(slopes)
	r.Trials[3].Runs[0] = Run{Seed: 0, State: "failed"}
	r.Trials[8].Runs = slices.Clone(r.Trials[8].Runs)
	slices.Reverse(r.Trials[8].Runs)
	r.Trials = append(r.Trials, scaled("paper", 3, .3), Trial{MAdds: 8e6,
		Labels: []planner.Label{{Control: "resolution"}}, ExcludedBy: "68 pixels are too many"})
	r.Trials[1].Labels = append(r.Trials[1].Labels, planner.Label{Control: "depth"})
	c, _ := r.compareFamilies()
	if c.Networks != 21 || c.Runs.Freedom != 39 || c.Cost != 4 {
		t.Errorf("got %+v", c)
	}
	plain, _ := scaling(slopes).compareFamilies()
	for i := range plain.Contrasts {
		if d := c.Contrasts[i].Difference - plain.Contrasts[i].Difference; d == 0 || math.Abs(d) > .002 {
			t.Errorf("%s moves by %g", plain.Contrasts[i].Against, d)
		}
	}
}

// TestFamiliesNameDivergedTrials: a trial with a diverged run is left out and named.
func TestFamiliesNameDivergedTrials(t *testing.T) {
	r := scaling(slopes)
	diverged := .1
	r.Trials[7].Runs[1].Top1 = &diverged
	name := r.Trials[7].Name
	if list := r.FamilyComparisons(); len(list[0].Aside) != 1 || list[0].Aside[0] != name {
		t.Errorf("got %+v", list)
	}
	if got := r.FamiliesSentence(); !strings.HasSuffix(got[1], "must have diverged: "+name) {
		t.Errorf("got %q", got)
	}
}

// TestNoFamilies: studies without both kinds of scaling say nothing of it, others why they cannot.
func TestNoFamilies(t *testing.T) {
	for _, some := range []map[string]float64{{"compound": .05}, {"width": .04, "depth": .04}, {}} {
		r := scaling(some)
		if got := r.FamiliesSentence(); got != nil || len(r.FamilyComparisons()) != 0 {
			t.Errorf("%v: %q", some, got)
		}
	}
	failed := scaling(slopes)
	for i := range failed.Trials {
		failed.Trials[i].Runs = []Run{{State: "failed"}}
	}
	if got := failed.FamiliesSentence(); got != nil || len(failed.FamilyComparisons()) != 0 {
		t.Errorf("of failed runs: %q", got)
	}
	r := New(made.Study(t))
	const want = "the curve of compound needs 2 trained networks of unlike cost beside the base," +
		" and has 1"
	if got := r.FamiliesSentence(); len(got) != 1 || !strings.HasSuffix(got[0], ": "+want) {
		t.Errorf("got %q", got)
	}
	list := r.FamilyComparisons()
	if c := list[0]; c.Claim != "none" || c.Reason != want || c.P != nil || c.MAddsRatio != nil {
		t.Errorf("got %+v", c)
	}
	text, err := json.Marshal(list)
	if err != nil || !strings.Contains(string(text), `"contrasts":[]`) {
		t.Errorf("got %s (%v)", text, err)
	}
}
