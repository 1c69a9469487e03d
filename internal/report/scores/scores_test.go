package scores

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/predictions"
	"gridsearch/internal/recall"
	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/search/images"
	"gridsearch/search/planner"
)

// trialOf is a trial of results with runs of seeds 0, 1, ...; a score of NaN is a failed run.
func trialOf(name string, top1 ...float64) report.Trial {
	t := report.Trial{Name: name}
	sum := 0.
	for seed, v := range top1 {
		run := report.Run{Key: fmt.Sprintf("%s%d", name, seed), Seed: seed}
		if !math.IsNaN(v) {
			loss := 3 - 2*v
			run.Top1, run.Loss = &v, &loss
			t.N, sum = t.N+1, sum+v
		}
		t.Runs = append(t.Runs, run)
	}
	if t.N > 0 {
		mean := sum / float64(t.N)
		t.MeanTop1 = &mean
	}
	return t
}

func tied(t report.Trial, in bool) report.Trial {
	t.Tied = &in
	return t
}

// runOf is a run on six images, three of each of two classes: x is a correct one.
func runOf(trial string, seed int, marks string) run {
	r := run{key: fmt.Sprintf("%s%d", trial, seed), trial: trial, seed: seed,
		names: []string{"cat", "dog"}, classes: make([]images.ClassCount, 2)}
	for i, mark := range marks {
		r.correct = append(r.correct, mark == 'x')
		r.losses = append(r.losses, 1)
		r.classes[i/3].Images++
		if mark == 'x' {
			r.losses[i] = .25
			r.classes[i/3].Correct++
		}
	}
	return r
}

func wantJSON(t *testing.T, what string, got any, want string) {
	t.Helper()
	text, err := json.Marshal(got)
	if err != nil || string(text) != want {
		t.Errorf("%s is\n%s (%v), want\n%s", what, text, err, want)
	}
}

// TestScores: trials are sorted by what is better, those without a run come last, trials that are
// not trained are left out, and n, mean and s.d. are those of the runs.
func TestScores(t *testing.T) {
	excluded := trialOf("large")
	excluded.ExcludedBy = "too large"
	r := report.Results{Trials: []report.Trial{trialOf("none", math.NaN()), trialOf("a", 0, 0),
		excluded, trialOf("b", 0)}}
	values := map[string]float64{"a0": .25, "a1": .75, "b0": .375}
	loss, _ := images.FindMetric("loss")
	top1, _ := images.FindMetric("top1")
	wantJSON(t, "loss", newScores(r, loss, values),
		`{"metric":"loss","lower_is_better":true,"trials":[`+
			`{"trial":"b","n":1,"mean":0.375,"sd":null,"runs":[`+
			`{"key":"b0","seed":0,"value":0.375}]},`+
			`{"trial":"a","n":2,"mean":0.5,"sd":0.3535533905932738,"runs":[`+
			`{"key":"a0","seed":0,"value":0.25},{"key":"a1","seed":1,"value":0.75}]},`+
			`{"trial":"none","n":0,"mean":null,"sd":null,"runs":[]}]}`)
	var out bytes.Buffer
	if err := (Document{Scores: newScores(r, top1, values)}).Write(&out, "table"); err != nil {
		t.Fatal(err)
	}
	const want = "trial  n  top-1 %  sd\n" +
		"a      2  50.00    35.36\n" +
		"b      1  37.50    ?\n" +
		"none   0  ?        ?\n" +
		"\nhigher is better; "
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("the table is\n%s", out.String())
	}
}

// TestRecorded: top-1, top-5 and loss are those of the record, and others are not on it.
func TestRecorded(t *testing.T) {
	s := &study.Study{Records: []store.Record{
		{Run: stages.Run{Key: "a"}, Result: &store.Result{Top1: .25, Top5: .5, Loss: 2}},
		{Run: stages.Run{Key: "b"}},
	}}
	for metric, want := range map[string]map[string]float64{"top1": {"a": .25}, "top5": {"a": .5},
		"loss": {"a": 2}, "brier": nil, "": nil} {
		if got := recorded(s, metric); !maps.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%s: %v, want %v", metric, got, want)
		}
	}
}

// compared is a study of six images: the best and two others that are tied with it, and a fourth.
func compared() (report.Results, []run) {
	r := report.Results{Confidence: .9, Trials: []report.Trial{
		tied(trialOf("base", .1, .2), false), tied(trialOf("a", .5, .6), true),
		tied(trialOf("best", .6, .8), true),
		tied(trialOf("late", math.NaN(), math.NaN(), .3), true),
		tied(trialOf("far", .2, .2), false)}}
	return r, []run{runOf("base", 0, "x....."), runOf("base", 1, "x....."),
		runOf("a", 0, "xx.x.."), runOf("a", 1, "x.xx.x"),
		runOf("best", 1, "xxxxx."), runOf("best", 0, "xxx..x"),
		runOf("late", 2, "x.x.x."), runOf("far", 0, "......")}
}

// TestImages compares a small comparison with values computed by hand.
func TestImages(t *testing.T) {
	r, runs := compared()
	v := newImages(r, runs)
	if v.N != 6 || v.Best != "best" || len(v.Pairs) != 1 {
		t.Fatalf("%+v", v)
	}
	// Seed 0: both 0, 1; best alone 2, 5; a alone 3.
	// Seed 1: both 0, 2, 3; best alone 1, 4; a alone 5.
	p := v.Pairs[0]
	if p.Trial != "a" || !slices.Equal(p.Seeds, []int{0, 1}) ||
		!slices.Equal(p.BestAlone, []int{2, 2}) || !slices.Equal(p.TrialAlone, []int{1, 1}) ||
		*p.P != 1 || p.McNemar[0] != 1 {
		t.Errorf("the pair is %+v", p)
	}
	if math.Abs(p.Top1.Mean+1./6) > 1e-12 || math.Abs(p.Loss.Mean-.75/6) > 1e-12 {
		t.Errorf("differences of %v and %v, want -1/6 and 1/8", p.Top1.Mean, p.Loss.Mean)
	}
	if p.Top1.Low >= p.Top1.Mean || p.Top1.High <= p.Top1.Mean || p.Loss.Low >= p.Loss.Mean {
		t.Errorf("the intervals are %+v and %+v", p.Top1, p.Loss)
	}
	kappa := (0 + (.5-(4./6*5/6+2./6*1/6))/(1-(4./6*5/6+2./6*1/6))) / 2
	if math.Abs(p.Agreement-.5) > 1e-12 || math.Abs(*p.Kappa-kappa) > 1e-12 {
		t.Errorf("agreement %v, kappa %v, want .5 and %v", p.Agreement, *p.Kappa, kappa)
	}
	// The best's runs agree on images 0, 1, 2: chance is 4/6 5/6 + 2/6 1/6 = 11/18.
	kappa = (.5 - 11./18) / (7. / 18)
	if own := v.Own; math.Abs(own.Agreement-.5) > 1e-12 || math.Abs(*own.Kappa-kappa) > 1e-12 {
		t.Errorf("the best with itself: %+v", v.Own)
	}
	wantJSON(t, "class dog", v.Classes[1], `{"class":"dog","images":3,"trials":[`+
		`{"trial":"base","accuracy":0},{"trial":"a","accuracy":0.5},`+
		`{"trial":"best","accuracy":0.5},{"trial":"late","accuracy":0.3333333333333333},`+
		`{"trial":"far","accuracy":0}]}`)
	if *v.Classes[1].best != .5 || math.Abs(*v.Classes[1].all-7./24) > 1e-12 {
		t.Errorf("dogs: %v and %v", *v.Classes[1].best, *v.Classes[1].all)
	}
	// The losses spread twice as far. Without base and late: a .5 .6, best .6 .8, far .2 .2.
	want := images.SignalToNoise([][]float64{{.5, .6}, {.6, .8}, {.2, .2}})
	for i, name := range []string{"top1", "loss"} {
		if s := v.Spreads[i]; s.Metric != name || s.Trials != 3 || s.Seeds != 2 ||
			math.Abs(*s.Ratio-want.Ratio()) > 1e-9 ||
			math.Abs(*s.Signal-float64(i+1)*want.Signal) > 1e-9 {
			t.Errorf("the spread is %+v, want %+v", s, want)
		}
	}
}

// TestPairRow: units and signs of a pair's row.
func TestPairRow(t *testing.T) {
	combined, kappa := .0625, .5
	p := Pair{Trial: "a", Seeds: []int{0, 1}, Top1: Interval{-.25, -.5, .125},
		Loss: Interval{.5, -.25, .75}, BestAlone: []int{3, 4}, TrialAlone: []int{1, 1}, P: &combined,
		Concord: Concord{Agreement: .875, Kappa: &kappa}}
	want := []string{"a", "2", "-25.00", "-50.00..+12.50", "+0.5000", "-0.2500..+0.7500", "3.5", "1.0",
		"0.062", "87.5 %", "0.50"}
	if got := p.row(); !slices.Equal(got, want) {
		t.Errorf("the row is %q, want %q", got, want)
	}
}

// TestNew reads the predictions of a study: the Brier score of a run that gives both classes one
// half is 1/2, that of one that is sure and right is 0.
func TestNew(t *testing.T) {
	s := made.Study(t)
	s.Records, s.Plan.Trials = nil, []planner.DocumentTrial{{Name: "even"}, {Name: "sure"}}
	for key, logits := range map[string][]float32{"even": {0, 0, 0, 0}, "sure": {999, 0, 0, 999}} {
		p := predictions.File{Key: key, Trial: key, Names: []string{"cat", "dog"},
			Predictions: images.Predictions{Labels: []int32{0, 1}, Logits: logits, Classes: 2}}
		keep(t, s, p)
	}
	d, err := New(s, Request{Metric: "brier", Images: true, Predictions: recall.Each})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, trial := range d.Scores.Trials {
		got[trial.Trial] = *trial.Mean
	}
	if want := map[string]float64{"even": .5, "sure": 0}; !maps.Equal(got, want) || d.Images.N != 2 {
		t.Errorf("the scores are %v of %d images, want %v of 2", got, d.Images.N, want)
	}
	if d, err = New(s, Request{Images: true, Predictions: recall.Each}); err != nil || d.Scores != nil || d.Images == nil {
		t.Errorf("images without a metric: %+v (%v)", d, err)
	}
}

// TestReadsNoMoreThanAsked: what is on record, and a request of nothing, read no predictions; what they are
// needed for passes on why they cannot be read.
func TestReadsNoMoreThanAsked(t *testing.T) {
	unread := errors.New("unread")
	refuse := func(*study.Study, func(string), func(predictions.File) error) error { return unread }
	for _, c := range []struct {
		metric string
		images bool
		want   error
	}{{"", false, nil}, {"top1", false, nil}, {"loss", false, nil}, {"top1", true, unread},
		{"brier", false, unread}} {
		_, err := New(made.Study(t), Request{Metric: c.metric, Images: c.images, Predictions: refuse})
		if !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// keep writes predictions into the study's folder, and a complete run into its record.
func keep(t *testing.T, s *study.Study, p predictions.File) {
	t.Helper()
	text, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	path := s.Folder.Predictions(p.Key)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	s.Records = append(s.Records, store.Record{Run: stages.Run{Key: p.Key, Trial: p.Trial},
		State:  store.Complete,
		Result: &store.Result{Top1: p.TopK(1), Loss: p.LogLoss(), Examples: p.N()}})
}

// TestOpponents: the best is compared with the tied trials, a lone winner with the runner-up, and
// with all where no tied set is known; a higher mean that was not compared is not the best.
func TestOpponents(t *testing.T) {
	a, b, c := trialOf("a", .1), trialOf("b", .3), trialOf("c", .2)
	none := trialOf("none", math.NaN())
	for _, c := range []struct {
		trials []report.Trial
		best   string
		others []string
	}{
		{[]report.Trial{tied(a, false), tied(b, true), tied(c, true)}, "b", []string{"c"}},
		{[]report.Trial{tied(a, false), tied(b, true), tied(c, false)}, "b", []string{"c"}},
		{[]report.Trial{a, none, b, c}, "b", []string{"c", "a"}},
		{[]report.Trial{trialOf("high", .9), tied(b, true), tied(c, true)}, "b", []string{"c"}},
		{[]report.Trial{a}, "a", nil},
	} {
		best, others := opponents(report.Results{Trials: c.trials})
		if best != c.best || !slices.Equal(others, c.others) {
			t.Errorf("%s against %v, want %s against %v", best, others, c.best, c.others)
		}
	}
}

// TestUnevenSeeds: trials that lack a seed are left out of the spread, and no two seeds mix.
func TestUnevenSeeds(t *testing.T) {
	nan := math.NaN()
	r := report.Results{Trials: []report.Trial{trialOf("a", .1, nan, .3), trialOf("b", .2, .4),
		trialOf("c", .3, .5, .6), trialOf("d", .2, .3, .8)}}
	want := images.SignalToNoise([][]float64{{.3, .5, .6}, {.2, .3, .8}})
	if s := spread(r, "top1"); s.Trials != 2 || s.Seeds != 3 ||
		math.Abs(*s.Noise-want.Noise) > 1e-12 {
		t.Errorf("%+v, want %+v", s, want)
	}
	r.Trials = r.Trials[:2]
	if s := spread(r, "top1"); s.Trials != 1 || s.Ratio != nil || s.Signal != nil {
		t.Errorf("one trial has the spread %+v", s)
	}
}

// TestImagesTable: what people read, of a comparison, of one run alone, and of nothing.
func TestImagesTable(t *testing.T) {
	table := func(v *Images) string {
		var out bytes.Buffer
		if err := (Document{Images: v}).Write(&out, "table"); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	text := table(newImages(compared()))
	for _, want := range []string{"6 validation images; the best is best\n",
		"dog    3       50.0     29.2\n", "\na                 2      -16.67 ", "90 %",
		"  2.0         1.0       1.000      50.0 %     -0.14",
		"runs of the best with each other: agreement 50.0 %, kappa -0.29\n",
		"signal-to-noise over 3 trials and 2 seeds", "run: top-1 3.56 (25.17 over 7.07 points), ",
		"loss 3.56 (0.5033 over 0.1414 nats)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	one := report.Results{Trials: []report.Trial{trialOf("a", .5)}}
	text = table(newImages(one, []run{runOf("a", 0, "xxx...")}))
	for _, want := range []string{"no other trial has a seed in common",
		"signal-to-noise is not known"} {
		if !strings.Contains(text, want) || strings.Contains(text, "with each other") {
			t.Errorf("one run: the table lacks %q:\n%s", want, text)
		}
	}
	text = table(newImages(report.Results{Trials: []report.Trial{trialOf("a")}}, nil))
	if !strings.Contains(text, "no run is complete yet") {
		t.Errorf("nothing is shown as\n%s", text)
	}
	quiet := report.Results{Trials: []report.Trial{trialOf("a", .5, .5), trialOf("b", .25, .25)}}
	text = table(newImages(quiet, []run{runOf("a", 0, "xxx..."), runOf("b", 0, "......")}))
	if !strings.Contains(text, "top-1 no noise (17.68 over 0.00 points)") {
		t.Errorf("scores without noise:\n%s", text)
	}
}

// TestDocument: the fields of the results stay as they are, and others stand beside them.
func TestDocument(t *testing.T) {
	r := report.Results{SchemaVersion: 1, Study: "s", Metric: "val/top1", Trials: []report.Trial{}}
	plain, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	d := Document{Results: r, Scores: &Scores{Metric: "ece"}}
	if err := d.Write(&out, "json"); err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(out.String(), strings.TrimSuffix(string(plain), "\n}"))
	if !ok || !strings.HasPrefix(rest, ",\n \"scores\": {\n  \"metric\": \"ece\"") {
		t.Errorf("the document is\n%s", out.String())
	}
}
