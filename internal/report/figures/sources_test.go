package figures

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"gridsearch/internal/figure"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/predictions"
	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/search"
	"gridsearch/search/images"
	"gridsearch/search/planner"
)

// attempt is an execution so many seconds after a moment.
func attempt(host, outcome string, from, to int) store.Execution {
	at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	return store.Execution{Host: host, Outcome: outcome,
		Started: at.Add(time.Duration(from) * time.Second),
		Ended:   at.Add(time.Duration(to) * time.Second)}
}

// TestAttempts: all executions are there, by their starts; those that overlap on a host are of
// workers of their own, and what a clock that was set back makes is left out.
func TestAttempts(t *testing.T) {
	s := made.Study(t)
	s.Experiment.Execution.ThreadsPerRun = 3
	s.Records[0].Executions = []store.Execution{attempt("a", "crashed", 0, 10),
		attempt("a", "complete", 20, 30)}
	s.Records[1].Executions = []store.Execution{attempt("a", "complete", 5, 25)}
	s.Records[2].Executions = []store.Execution{attempt("b", "complete", 7, 9),
		attempt("b", "complete", 9, 3)}
	s.Later = []store.Record{{Run: stages.Run{Trial: "late"},
		Executions: []store.Execution{attempt("b", "complete", 9, 12)}}}
	var got []string
	for _, r := range attempts(s) {
		got = append(got, fmt.Sprint(r.Worker, " ", r.Outcome, " ", r.Ended.Sub(r.Started).Seconds(),
			" ", r.Threads))
	}
	want := []string{"a 1 crashed 10 3", "a 2 complete 20 3", "b complete 2 3", "b complete 3 3",
		"a 1 complete 10 3"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSpread: components are those of the trials without the base, as far as they have all seeds.
func TestSpread(t *testing.T) {
	noise := .01
	r := report.Results{Confidence: .95, Noise: &noise, NoiseFreedom: 4}
	trials := []values.Trial{{Name: "base", Family: "base", Scores: []float64{0, 0, 0}},
		{Scores: []float64{.1, .1, .4}}, {Scores: []float64{.3, .5, .7}},
		{Scores: []float64{.9, math.NaN(), .9}}}
	got := spread(r, trials)
	// By hand, as in package components: between trials (.135 - .005) / 3.
	if got == nil || !near(got.Trial.SD, math.Sqrt((.135-.005)/3)) || got.Run.SD != .01 ||
		got.Run.Span == nil || got.Seed.Span != nil || !(got.P < .05) {
		t.Errorf("got %+v", got)
	}
	if got := spread(r, trials[:2]); got != nil {
		t.Errorf("of one trial beside the base: %+v", got)
	}
	r.Noise = nil
	if got := spread(r, trials); got != nil {
		t.Errorf("without a verdict: %+v", got)
	}
}

// atPhi is a trial of a grid with a run of each seed.
func atPhi(alpha, phi search.Decimal, scores ...float64) report.Trial {
	p := search.Point{Alpha: alpha, Beta: "1.1", Gamma: "1", Phi: phi}
	mean := 0.
	t := report.Trial{Name: fmt.Sprintf("d=%s phi=%s", alpha, phi), N: len(scores),
		Labels: []planner.Label{{Point: p, Nominal: p.Nominal()}}}
	for i, v := range scores {
		mean += v / float64(len(scores))
		t.Runs = append(t.Runs, report.Run{Seed: i, Top1: &scores[i]})
	}
	t.MeanTop1 = &mean
	return t
}

// TestAgreementsOfPhi: the lowest phi is compared with each other one on the coefficients that both
// have; networks that are the same at both, or of several coefficients, count once or not.
func TestAgreementsOfPhi(t *testing.T) {
	r := report.Results{Confidence: .95}
	for i, alpha := range []search.Decimal{"1.1", "1.2", "1.3", "1.4"} {
		v := .1 * float64(i)
		r.Trials = append(r.Trials, atPhi(alpha, "1", v, v+.01), atPhi(alpha, "2", .5-v, .5-v))
	}
	r.Trials = append(r.Trials, atPhi("1.9", "1", .8, .8), atPhi("1.9", "3", .8, .8))
	same, twice := atPhi("1.8", "1", .9, .9), &r.Trials[0]
	same.Labels = append(same.Labels, atPhi("1.8", "2").Labels...)
	r.Trials = append(r.Trials, same)
	twice.Labels = append(twice.Labels, atPhi("1.15", "1").Labels...) // builds what 1.1 builds
	control := atPhi("1.4", "1").Labels[0]
	control.Control = "paper"
	r.Trials[6].Labels = append([]planner.Label{control}, r.Trials[6].Labels...)
	r.Trials[1].Labels = append(r.Trials[1].Labels, atPhi("1.15", "2").Labels...)
	list := ofPhi(r)
	if len(list) != 1 {
		t.Fatalf("got %+v", list)
	}
	a := list[0]
	if a.First != "φ = 1" || a.Second != "φ = 2" || len(a.Points) != 4 || a.Winner != 3 ||
		a.Points[0].Name != "1.1/1.1/1" || a.Points[3].Family != "paper" || !near(a.Points[3].First, .305) ||
		!near(a.Points[3].Second, .2) {
		t.Errorf("got %+v", a)
	}
	if a.Kept == nil || *a.Kept || !near(a.Regret, .3) || a.Bound < .3 || !(a.Correlation.SD < -.9) {
		t.Errorf("the winner at the first is the last at the second: %+v", a)
	}
	if list := ofPhi(report.Results{Trials: r.Trials[:4]}); list != nil {
		t.Errorf("of two coefficients: %+v", list)
	}
}

// TestAgreementsOfConditions: runs of later stages are compared with the search's, by condition.
func TestAgreementsOfConditions(t *testing.T) {
	s := made.Study(t)
	r := report.New(s)
	for seed := range 3 {
		for i, trial := range []string{"base", "d=1 w=1.4 px=16", "d=1.2 w=1.1 px=18"} {
			run := stages.Run{Trial: trial, Seed: seed, Condition: "epochs=8", Stage: "late"}
			s.Later = append(s.Later, store.Record{Run: run, State: store.Complete,
				Result: &store.Result{Top1: .5 + .1*float64(i) + .001*float64(seed*i)}})
		}
	}
	s.Later = append(s.Later, store.Record{Run: stages.Run{Trial: "base", Condition: "epochs=2"},
		State: store.Waiting})
	list := agreements(s, r)
	if len(list) != 1 || list[0].Second != "epochs=8" || len(list[0].Points) != 3 ||
		list[0].Points[2].Family != "compound" || list[0].Winner != 2 || list[0].Regret != 0 {
		t.Fatalf("got %+v", list)
	}
	if !near(list[0].Points[1].Second, .601) || !near(list[0].Points[2].First, .81) {
		t.Errorf("points are %+v", list[0].Points)
	}
}

// file is a run's predictions of four images of two classes, and none of a third.
func file(trial string, seed int, correct ...bool) predictions.File {
	f := predictions.File{Trial: trial, Seed: seed, Names: []string{"cat", "dog", "cow"},
		Predictions: images.Predictions{Labels: []int32{0, 0, 1, 1}, Classes: 3}}
	for i, right := range correct {
		row := make([]float32, 3)
		row[2] = 1
		if right {
			row[f.Labels[i]] = 2
		}
		f.Logits = append(f.Logits, row...)
	}
	return f
}

// TestClasses: accuracies are those of the tied trials by class, over seeds; classes without images
// are left out.
func TestClasses(t *testing.T) {
	s := made.Study(t)
	r := report.New(s)
	best := "d=1.2 w=1.1 px=18"
	if got := Predicted(r); !slices.Equal(got, []string{best}) {
		t.Fatalf("tied are %q", got)
	}
	from := Sources{Predictions: func(visit func(predictions.File) error) error {
		return errors.Join(visit(file("base", 0, true, true, true, true)),
			visit(file(best, 0, true, true, true, false)),
			visit(file(best, 2, true, false, true, false)))
	}}
	list, err := classes(r, from)
	if err != nil || len(list) != 2 || list[0].Name != "cat" || list[1].Images != 2 ||
		len(list[0].Scores) != 1 {
		t.Fatalf("got %+v, %v", list, err)
	}
	cat, dog := list[0].Scores[0], list[1].Scores[0]
	if cat.Trial != best || !near(cat.Mean, .75) || !near(cat.SE, .25) || dog.SE != 0 ||
		!math.IsNaN(list[0].P) {
		t.Errorf("got %+v and %+v", cat, dog)
	}
}

// TestUnreadPredictions: files that cannot be read leave one figure undrawn, and say why; without a
// source, or a file, the figure says what it lacks.
func TestUnreadPredictions(t *testing.T) {
	for want, from := range map[string]Sources{
		"the file is damaged": {Predictions: func(func(predictions.File) error) error {
			return errors.New("the file is damaged")
		}},
		"no predictions of the tied trials are kept": {},
	} {
		s := made.Study(t)
		list, o := Pictures(s, report.New(s), from, []string{"per-class", "behind-best"})
		if len(list) != 1 || list[0].Name != "behind-best" || len(o.Failed) != 1 ||
			o.Failed[0].Name != "per-class" || !strings.HasPrefix(o.Failed[0].Why, want) {
			t.Errorf("got %d pictures, %+v", len(list), o)
		}
	}
}

// TestOneCondition: a study of one condition says that there is nothing to compare.
func TestOneCondition(t *testing.T) {
	s := made.Study(t)
	v := Sources{}.gathered(s, report.New(s), figure.Names())
	for _, f := range figure.All {
		if why := f.Lack(v); f.Name == "rank-agreement" &&
			!strings.HasPrefix(why, "there is one condition") {
			t.Errorf("it lacks %q", why)
		}
	}
}
