package tables

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gridsearch/experiments"
	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/search"
	"gridsearch/search/planner"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenForms compares every form of the table, without latencies and with them, narrow and
// wide, with the one that was read.
func TestGoldenForms(t *testing.T) {
	goldenForms(t, "made", report.New(made.Study(t)))
	goldenForms(t, "timed", report.New(made.Timed(t)))
}

func goldenForms(t *testing.T, name string, r report.Results) {
	t.Helper()
	for _, format := range append([]string{"wide"}, Formats...) {
		var text bytes.Buffer
		path := filepath.Join("..", "testdata", name+"."+format)
		wide := format == "wide"
		if wide {
			format = "table"
		}
		if err := Write(&text, r, format, wide); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text.Bytes(), want) {
			t.Errorf("%s: got\n%s\nwant\n%s", format, text.String(), want)
		}
	}
}

// findings are all sentences about results.
func findings(r report.Results) string { return strings.Join(results{r}.findings(), "\n") }

func TestFindings(t *testing.T) {
	r := report.New(made.Study(t))
	tied := r.TiedSet()
	if len(tied) != 1 || tied[0].Name != "d=1.2 w=1.1 px=18" {
		t.Errorf("tied are %+v", tied)
	}
	text := findings(r)
	for _, want := range []string{"best: alpha 1.2, beta 1.1, gamma 1.15 (d=1.2 w=1.1 px=18); " +
		"95 % of such searches keep every best one", "noise of one run: s.d. 0.",
		"permutation within seeds", "allowed for by least squares: 1 of 9",
		"binomial standard error on 400 validation images: 1.96 points at 81.00 %, the best mean, " +
			"and 2.50 at 50 %", "warning: validation images: 400; the binomial standard error of an " +
			"accuracy is 2.5 points at 50 %", "failed: base seed=2: the loss became NaN"} {
		if !strings.Contains(text, want) {
			t.Errorf("findings lack %q: %s", want, text)
		}
	}
}

// TestSignFlipColumn: it is there where the seeds allow the check and the file asks for it.
func TestSignFlipColumn(t *testing.T) {
	s := made.Study(t)
	s.Experiment.Replication.Seeds = 8
	for i, first := range []float64{.5, .6, .8} {
		for seed := range 8 {
			s.Records = append(s.Records, complete(s.Plan.Trials[i].Name, seed,
				store.Result{Top1: first + .01*float64(seed), Examples: 400}))
		}
	}
	for _, c := range []struct {
		check string
		want  bool
	}{{experiments.CheckSignFlip, true}, {experiments.CheckNone, false}} {
		s.Experiment.Analysis.Check = c.check
		r := report.New(s)
		var table bytes.Buffer
		if err := Write(&table, r, "md", true); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"| sign flip p |", "| 0.016 |", "\nsign flip p: "} {
			if strings.Contains(table.String(), part) != c.want {
				t.Errorf("%s: %q in the table is not %v: %s", c.check, part, c.want, table.String())
			}
		}
	}
}

// complete is a run with its result.
func complete(trial string, seed int, result store.Result) store.Record {
	return store.Record{Run: stages.Run{Trial: trial, Seed: seed}, State: store.Complete,
		Result: &result}
}

// scored is the same study with other scores, in percent, of its three trials that are trained.
func scored(t *testing.T, scores [3][]float64) *study.Study {
	s := made.Study(t)
	s.Records = nil
	for i, list := range scores {
		for seed, top1 := range list {
			s.Records = append(s.Records, complete(s.Plan.Trials[i].Name, seed,
				store.Result{Top1: top1 / 100, Examples: 1000}))
		}
	}
	return s
}

// TestVerdicts: one sentence says which trials are tied, of how many that were compared, and no
// more.
func TestVerdicts(t *testing.T) {
	for want, scores := range map[string][3][]float64{
		"3 of 3 trials cannot be told from the best (*); 95 % of such searches keep every best one; " +
			"the highest mean is that of alpha 1, beta 1.4,": {{50, 52, 51}, {51, 52, 53}, {51, 51, 51}},
		"no tied set yet": {{50}, {51}, {52}},
		"d=1.2 w=1.1 px=18 has a higher mean, 70.00 % of 1, and is not compared": {
			{50, 52, 51}, {51, 52, 53}, {70}},
	} {
		text := findings(report.New(scored(t, scores)))
		if !strings.Contains(text, want) {
			t.Errorf("findings lack %q: %s", want, text)
		}
	}
	ahead := [3][]float64{{50, 52, 51}, {80, 82, 81}, {60, 61, 60}}
	lone := findings(report.New(scored(t, ahead)))
	if !strings.Contains(lone, "best: alpha 1, beta 1.4") || strings.Contains(lone, "neighbour") {
		t.Errorf("findings are %s", lone)
	}
	yes, no, low := true, false, -.0085
	near := results{report.Results{Confidence: .95, Trials: []report.Trial{
		{Name: "a", Tied: &yes, BehindLow: &low, Rival: "b"}, {Name: "b", Tied: &no}}}}
	const end = "keep every best one; a neighbour within 0.85 points is not excluded: b"
	if got := near.verdict(); !strings.HasSuffix(got, end) {
		t.Errorf("the verdict is %s", got)
	}
}

// TestEveryRunFailed: there are no statistics, and the table says why.
func TestEveryRunFailed(t *testing.T) {
	s := made.Study(t)
	for i := range s.Records {
		s.Records[i].State, s.Records[i].Result, s.Records[i].Error = store.Failed, nil, "boom"
	}
	r := report.New(s)
	text := findings(r)
	const nothing = "every run failed: there is nothing to compare\n"
	if !strings.HasPrefix(text, nothing+"not") &&
		!strings.HasPrefix(text, nothing+"failed: base seed=0: boom") {
		t.Errorf("findings are %s", text)
	}
	var table bytes.Buffer
	if err := Write(&table, r, "table", true); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(table.String(), "NaN") || strings.Contains(table.String(), "tied set") {
		t.Errorf("%s", table.String())
	}
}

// TestDroppedRuns: runs that a decision has dropped are counted in the table and below it, and are
// listed with that state where every run is.
func TestDroppedRuns(t *testing.T) {
	s := made.Study(t)
	dropped := func(seed int) {
		for i := range s.Records {
			if r := &s.Records[i]; r.Trial == "base" && r.Seed == seed {
				r.State, r.Result, r.Error = store.Dropped, nil, ""
			}
		}
	}
	if text := findings(report.New(s)); strings.Contains(text, "dropped") {
		t.Errorf("nothing is dropped: %s", text)
	}
	dropped(1)
	r := report.New(s)
	const line = "dropped: 1 run, which a decision of the study has found not worth training"
	if text := findings(r); !strings.Contains(text, line) ||
		!strings.Contains(text, "failed: base seed=2") {
		t.Errorf("findings are %s", text)
	}
	for format, want := range map[string]string{"md": "| 1 (1 failed, 1 dropped) |",
		"csv": ",dropped,", "json": `"state": "dropped"`} {
		var out bytes.Buffer
		if err := Write(&out, r, format, true); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s lacks %q (%v): %s", format, want, err, out.String())
		}
	}
	dropped(2)
	if text := findings(report.New(s)); !strings.Contains(text, "dropped: 2 runs, which") {
		t.Errorf("findings are %s", text)
	}
}

// TestImages: with the bits of all runs on record, the sentence is about what images do to a
// comparison.
func TestImages(t *testing.T) {
	s := made.Study(t)
	s.Records = nil
	const images = 400
	draw := func(unlike bool) string {
		s.Records = nil
		for i := range 3 {
			for seed := range 3 {
				correct := make([]byte, images/8)
				for image := range images {
					who := seed
					if unlike { // every trial has images of its own that it gets right, whatever the seed
						who = 0
					}
					if (image*7+i*(image%11)+who*(image%5))%3 > 0 {
						correct[image/8] |= 1 << (image % 8)
					}
				}
				top1 := .6 + .01*float64((seed*2+i)%3)
				s.Records = append(s.Records, complete(s.Plan.Trials[i].Name, seed,
					store.Result{Top1: top1, Examples: images, Correct: correct}))
			}
		}
		return findings(report.New(s))
	}
	const sentence, on = "images: another 400 would move a trial by", "best means best on these images"
	if text := draw(true); !strings.Contains(text, sentence) || !strings.Contains(text, on) ||
		strings.Contains(text, "binomial") {
		t.Errorf("findings are %s", text)
	}
	if text := draw(false); !strings.Contains(text, sentence) {
		t.Errorf("findings are %s", text)
	}
}

// TestImageEffect: what other images would do is said beside what other runs would, and that the
// images decide from a fifth of a mean's variance on.
func TestImageEffect(t *testing.T) {
	noise, mean := .02, .8
	r := report.Results{Validation: 400, Noise: &noise, Trials: []report.Trial{
		{Name: "a", N: 4, MeanTop1: &mean}, {Name: "b", N: 3, MeanTop1: &mean}}}
	for effect, want := range map[float64]string{
		.0045: "images: another 400 would move a trial by 0.45 points against the others, " +
			"its 4 runs by 1.00: best means best on these images, and seeds alone do not change that " +
			"(raise validation_fraction)",
		.0044: "images: another 400 would move a trial by 0.44 points against the others, " +
			"its 4 runs by 1.00",
	} {
		r.ImageEffect = &effect
		if got := (results{r}).images(); got != want {
			t.Errorf("an effect of %g: %s", effect, got)
		}
	}
}

// TestCoefficients: a network that several points build has intervals; phi has a column where it is
// not 1.
func TestCoefficients(t *testing.T) {
	s := made.Study(t)
	second := search.Point{Alpha: "1.05", Beta: "1.4", Gamma: "0.95", Phi: "1"}
	s.Plan.Trials[1].Labels = append(s.Plan.Trials[1].Labels, planner.Label{Point: second})
	header := func() (string, string) {
		var text bytes.Buffer
		if err := Write(&text, report.New(s), "md", false); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(text.String(), "\n")
		return lines[0], lines[3]
	}
	if head, row := header(); strings.Contains(head, "phi") ||
		!strings.HasPrefix(row, "| 1..1.05 | 1.4 | 0.95..1 | 2.00 |") {
		t.Errorf("%s\n%s", head, row)
	}
	s.Plan.Trials[2].Labels[0].Phi = "2"
	if head, row := header(); !strings.Contains(head, "| gamma | phi |") ||
		!strings.HasPrefix(row, "| 1..1.05 | 1.4 | 0.95..1 | 1 |") {
		t.Errorf("%s\n%s", head, row)
	}
}

// TestChances: neither 0 % nor 100 % is printed of what was simulated.
func TestChances(t *testing.T) {
	for v, want := range map[float64]string{0: "<1 %", .004: "<1 %", .5: "50 %", .99: "99 %",
		1: ">99 %"} {
		if got := chance(report.Trial{BestChance: &v}); got != want {
			t.Errorf("%v is printed %q, want %q", v, got, want)
		}
	}
}

// TestFindingsWithoutRuns: nothing is known of the validation images before a run is complete.
func TestFindingsWithoutRuns(t *testing.T) {
	s := made.Study(t)
	s.Records = nil
	if text := findings(report.New(s)); strings.Contains(text, "validation images") {
		t.Errorf("findings are %s", text)
	}
}

// TestTop5OfFewClasses: a column that is 100 % in every run is not shown.
func TestTop5OfFewClasses(t *testing.T) {
	for top5, want := range map[float64]bool{1: false, .9975: true} {
		s := made.Study(t)
		for i := range s.Records {
			if s.Records[i].Result != nil {
				s.Records[i].Result.Top5 = top5
			}
		}
		for _, format := range []string{"table", "md"} {
			var text bytes.Buffer
			if err := Write(&text, report.New(s), format, true); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(text.String(), "top-5 %"); got != want {
				t.Errorf("top-5 %v: its column is shown in %s: %v", top5, format, got)
			}
		}
	}
}
