package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/experiments"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/search"
)

var update = flag.Bool("update", false, "write the golden files anew")

// made is a study with literal results: three trials, one of them clearly ahead, one run failed,
// one network too large for the data.
func made(t *testing.T) *study.Study {
	t.Helper()
	e, err := experiments.Parse("made.toml", []byte("schema_version = 1\n[model]\nbaseline = \"efficientnet-b0\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	label := func(alpha, beta, gamma, phi search.Decimal, control string) []search.Label {
		p := search.Point{Alpha: alpha, Beta: beta, Gamma: gamma, Phi: phi}
		return []search.Label{{Point: p, Nominal: p.Nominal(), Control: control}}
	}
	s := &study.Study{Folder: study.Folder(t.TempDir()), Experiment: e, Plan: search.Document{Study: "made", Trials: []search.DocumentTrial{
		{Name: "base", Labels: label("1", "1", "1", "0", "base"), MAdds: 1e6, Params: 5000, Activations: 100, MAddsRatio: 1, Resolution: 16},
		{Name: "d=1 w=1.4 px=16", Labels: label("1", "1.4", "1", "1", "width"), MAdds: 2e6, Params: 9000, Activations: 140, MAddsRatio: 2, Resolution: 16},
		{Name: "d=1.2 w=1.1 px=18", Labels: label("1.2", "1.1", "1.15", "1", "compound"), MAdds: 1950000, Params: 7000, Activations: 150, MAddsRatio: 1.95, Resolution: 18},
		{Name: "d=1 w=1 px=40", Labels: label("1", "1", "2.5", "1", "resolution"), MAdds: 6e6, Params: 5000, Activations: 600, MAddsRatio: 6, ExcludedBy: "40 pixels are more than the data's native 28"},
	}}}
	scores := map[string][]float64{"base": {.50, .52, .51}, "d=1 w=1.4 px=16": {.60, .61, .615}, "d=1.2 w=1.1 px=18": {.80, .81, .82}}
	for seed := range 3 {
		for trial := range slices.Values([]string{"base", "d=1 w=1.4 px=16", "d=1.2 w=1.1 px=18"}) {
			top1 := scores[trial][seed]
			r := store.Record{Run: store.Run{Key: trial[:1] + trial[len(trial)-1:] + string(rune('0'+seed)), Trial: trial, Seed: seed}, State: store.Complete,
				Result: &store.Result{Top1: top1, Top5: top1 + .1, Loss: 2 - top1, Examples: 400, Curve: []store.CurvePoint{{Epoch: 1, Step: 5, Loss: 2, Top1: .3}, {Epoch: 2, Step: 10, Loss: 1.5, Top1: top1}}}}
			if trial == "base" && seed == 2 {
				r.State, r.Result, r.Error = store.Failed, nil, "the loss became NaN at step 3 with learning rate 9"
			}
			s.Records = append(s.Records, r)
		}
	}
	return s
}

// timed is the same study with latencies of two of its networks.
func timed(t *testing.T) *study.Study {
	s := made(t)
	for i, trial := range []string{"base", "d=1 w=1.4 px=16"} {
		for _, batch := range []int{1, 16} {
			seconds := .000123 * float64(batch*(1+i))
			s.Latencies = append(s.Latencies, store.Latency{Trial: trial, Batch: batch, Threads: 1, Repeats: 20, Shortest: seconds, Median: 1.5 * seconds, CPU: "cpu", KernelSet: "avx2"})
		}
	}
	return s
}

// TestGoldenForms compares every form of the table, without latencies and with them, narrow and
// wide, with the one that was read.
func TestGoldenForms(t *testing.T) {
	goldenForms(t, "made", New(made(t)))
	goldenForms(t, "timed", New(timed(t)))
}

func goldenForms(t *testing.T, name string, r Results) {
	t.Helper()
	for _, format := range append([]string{"wide"}, Formats...) {
		var text bytes.Buffer
		path := filepath.Join("testdata", name+"."+format)
		wide := format == "wide"
		if wide {
			format = "table"
		}
		if err := r.Write(&text, format, wide); err != nil {
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

// TestDocument checks the names that programs read, and that unknown values are null.
func TestDocument(t *testing.T) {
	text, err := json.Marshal(New(made(t)))
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	trials := d["trials"].([]any)
	base, last := trials[0].(map[string]any), trials[3].(map[string]any)
	if d["study"] != "made" || d["metric"] != "val/top1" || d["schema_version"] != 1. || len(trials) != 4 {
		t.Errorf("%s", text)
	}
	for _, key := range []string{"name", "labels", "control", "n", "mean_top1", "sd_top1", "ci_low", "ci_high", "mean_top5", "madds", "params", "activations", "madds_ratio", "tied", "p", "best_probability", "behind_best", "behind_best_low", "behind_best_high", "permutation_p", "sign_flip_p", "runs"} {
		if _, ok := base[key]; !ok {
			t.Errorf("a trial has no %s", key)
		}
	}
	run := base["runs"].([]any)[2].(map[string]any)
	if run["state"] != "failed" || run["top1"] != nil || run["error"] == "" || base["n"] != 2. || last["mean_top1"] != nil || last["tied"] != nil {
		t.Errorf("%v, %v", run, last)
	}
}

func TestFindings(t *testing.T) {
	r := New(made(t))
	tied := r.TiedSet()
	if len(tied) != 1 || tied[0].Name != "d=1.2 w=1.1 px=18" {
		t.Errorf("tied are %+v", tied)
	}
	text := strings.Join(r.Findings(), "\n")
	for _, want := range []string{"best: alpha 1.2, beta 1.1, gamma 1.15 (d=1.2 w=1.1 px=18); 95 % of such searches keep every best one", "noise of one run: s.d. 0.", "permutation within seeds", "allowed for by least squares: 1 of 9", "binomial standard error on 400 validation images: 1.96 points at 81.00 %, the best mean, and 2.50 at 50 %",
		"warning: validation images: 400; the binomial standard error of an accuracy is 2.5 points at 50 %", "failed: base seed=2: the loss became NaN"} {
		if !strings.Contains(text, want) {
			t.Errorf("findings lack %q: %s", want, text)
		}
	}
}

// TestSignFlipColumn: it is there where the seeds allow the check and the file asks for it.
func TestSignFlipColumn(t *testing.T) {
	s := made(t)
	s.Experiment.Replication.Seeds = 8
	for trial, first := range map[string]float64{"base": .5, "d=1 w=1.4 px=16": .6, "d=1.2 w=1.1 px=18": .8} {
		for seed := range 8 {
			s.Records = append(s.Records, store.Record{Run: store.Run{Trial: trial, Seed: seed}, State: store.Complete, Result: &store.Result{Top1: first + .01*float64(seed), Examples: 400}})
		}
	}
	for _, c := range []struct {
		check string
		want  bool
	}{{experiments.CheckSignFlip, true}, {experiments.CheckNone, false}} {
		s.Experiment.Analysis.Check = c.check
		r := New(s)
		var table bytes.Buffer
		if err := r.Write(&table, "md", true); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(table.String(), "| sign flip p |") != c.want || strings.Contains(table.String(), "| 0.016 |") != c.want || strings.Contains(table.String(), "\nsign flip p: ") != c.want {
			t.Errorf("%s: %s", c.check, table.String())
		}
	}
}

// scored is the same study with other scores, in percent, of its three trials that are trained.
func scored(t *testing.T, scores [3][]float64) *study.Study {
	s := made(t)
	s.Records = nil
	for i, list := range scores {
		for seed, top1 := range list {
			s.Records = append(s.Records, store.Record{Run: store.Run{Trial: s.Plan.Trials[i].Name, Seed: seed},
				State: store.Complete, Result: &store.Result{Top1: top1 / 100, Examples: 1000}})
		}
	}
	return s
}

// TestVerdicts: one sentence says what is known, of how many that were compared, and no more.
func TestVerdicts(t *testing.T) {
	for want, scores := range map[string][3][]float64{
		"3 of 3 trials cannot be told from the best (*); 95 % of such searches keep every best one; the highest mean is that of alpha 1, beta 1.4,": {{50, 52, 51}, {51, 52, 53}, {51, 51, 51}},
		"no tied set yet": {{50}, {51}, {52}},
		"d=1.2 w=1.1 px=18 has a higher mean, 70.00 % of 1, and is not compared": {{50, 52, 51}, {51, 52, 53}, {70}},
	} {
		text := strings.Join(New(scored(t, scores)).Findings(), "\n")
		if !strings.Contains(text, want) {
			t.Errorf("findings lack %q: %s", want, text)
		}
	}
	lone := strings.Join(New(scored(t, [3][]float64{{50, 52, 51}, {80, 82, 81}, {60, 61, 60}})).Findings(), "\n")
	if !strings.Contains(lone, "best: alpha 1, beta 1.4") || strings.Contains(lone, "neighbour") {
		t.Errorf("findings are %s", lone)
	}
	yes, no, low := true, false, -.0085
	near := Results{Confidence: .95, Trials: []Trial{{Name: "a", Tied: &yes, BehindLow: &low, rival: "b"}, {Name: "b", Tied: &no}}}
	if got := near.verdict(); !strings.HasSuffix(got, "keep every best one; a neighbour within 0.85 points is not excluded: b") {
		t.Errorf("the verdict is %s", got)
	}
}

// TestEveryRunFailed: there are no statistics, and the table says why.
func TestEveryRunFailed(t *testing.T) {
	s := made(t)
	for i := range s.Records {
		s.Records[i].State, s.Records[i].Result, s.Records[i].Error = store.Failed, nil, "boom"
	}
	r := New(s)
	text := strings.Join(r.Findings(), "\n")
	if !strings.HasPrefix(text, "every run failed: there is nothing to compare\nnot") &&
		!strings.HasPrefix(text, "every run failed: there is nothing to compare\nfailed: base seed=0: boom") {
		t.Errorf("findings are %s", text)
	}
	var table bytes.Buffer
	if err := r.Write(&table, "table", true); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(table.String(), "NaN") || strings.Contains(table.String(), "tied set") {
		t.Errorf("%s", table.String())
	}
}

// TestImages: with the bits of all runs on record, the sentence is about what images do to a
// comparison.
func TestImages(t *testing.T) {
	s := made(t)
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
				s.Records = append(s.Records, store.Record{Run: store.Run{Trial: s.Plan.Trials[i].Name, Seed: seed}, State: store.Complete,
					Result: &store.Result{Top1: .6 + .01*float64((seed*2+i)%3), Examples: images, Correct: correct}})
			}
		}
		return strings.Join(New(s).Findings(), "\n")
	}
	const sentence, on = "images: another 400 would move a trial by", "best means best on these images"
	if text := draw(true); !strings.Contains(text, sentence) || !strings.Contains(text, on) || strings.Contains(text, "binomial") {
		t.Errorf("findings are %s", text)
	}
	if text := draw(false); !strings.Contains(text, sentence) {
		t.Errorf("findings are %s", text)
	}
}

// TestCoefficients: a network that several points build has intervals; phi has a column where it is
// not 1.
func TestCoefficients(t *testing.T) {
	s := made(t)
	s.Plan.Trials[1].Labels = append(s.Plan.Trials[1].Labels, search.Label{Point: search.Point{Alpha: "1.05", Beta: "1.4", Gamma: "0.95", Phi: "1"}})
	header := func() (string, string) {
		var text bytes.Buffer
		if err := New(s).Write(&text, "md", false); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(text.String(), "\n")
		return lines[0], lines[3]
	}
	if head, row := header(); strings.Contains(head, "phi") || !strings.HasPrefix(row, "| 1..1.05 | 1.4 | 0.95..1 | 2.00 |") {
		t.Errorf("%s\n%s", head, row)
	}
	s.Plan.Trials[2].Labels[0].Phi = "2"
	if head, row := header(); !strings.Contains(head, "| gamma | phi |") || !strings.HasPrefix(row, "| 1..1.05 | 1.4 | 0.95..1 | 1 |") {
		t.Errorf("%s\n%s", head, row)
	}
}

// TestChances: neither 0 % nor 100 % is printed of what was simulated.
func TestChances(t *testing.T) {
	for v, want := range map[float64]string{0: "<1 %", .004: "<1 %", .5: "50 %", .99: "99 %", 1: ">99 %"} {
		if got := (Trial{BestChance: &v}).chance(); got != want {
			t.Errorf("%v is printed %q, want %q", v, got, want)
		}
	}
}

// TestFindingsWithoutRuns: nothing is known of the validation images before a run is complete.
func TestFindingsWithoutRuns(t *testing.T) {
	s := made(t)
	s.Records = nil
	if text := strings.Join(New(s).Findings(), "\n"); strings.Contains(text, "validation images") {
		t.Errorf("findings are %s", text)
	}
}

func TestFigures(t *testing.T) {
	s := timed(t)
	folder := s.Folder.Path(FiguresFolder)
	if err := Figures(s, New(s)); err != nil {
		t.Fatal(err)
	}
	for _, name := range experiments.Figures {
		for _, format := range []string{".svg", ".png"} {
			if info, err := os.Stat(filepath.Join(folder, name+format)); err != nil || info.Size() < 1000 {
				t.Errorf("%s%s: %v", name, format, err)
			}
		}
	}
	f := families(New(s), "width", "depth", "resolution", "compound")
	if len(f) != 2 || f[0].Name != "width" || len(f[0].Points) != 2 || f[0].Points[1].Label != "w=1.4" || f[1].Points[1].Label != "phi=1" {
		t.Errorf("families are %+v", f)
	}
	untimed := made(t)
	if err := Figures(untimed, New(untimed)); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(untimed.Folder.Path(FiguresFolder)); err != nil || len(files) != 2*(len(experiments.Figures)-1) {
		t.Errorf("without latencies there are %v (%v)", files, err)
	}
	s.Records = nil
	s.Folder = study.Folder(t.TempDir())
	if err := Figures(s, New(s)); err != nil {
		t.Errorf("a study without a complete run: %v", err)
	}
}

// TestFiguresAreReplacedWhole: a figure takes the place of the old one, which is not written over,
// and leaves nothing beside it.
func TestFiguresAreReplacedWhole(t *testing.T) {
	s := made(t)
	s.Experiment.Report.Figures, s.Experiment.Report.Formats = []string{"accuracy-cost"}, []string{"svg"}
	folder := s.Folder.Path(FiguresFolder)
	path, other := filepath.Join(folder, "accuracy-cost.svg"), filepath.Join(t.TempDir(), "other name of the old file")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, other); err != nil {
		t.Skip(err)
	}
	if err := Figures(s, New(s)); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(other)
	if err != nil || string(old) != "old" {
		t.Errorf("the old figure is written over with %d bytes (%v)", len(old), err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < 1000 {
		t.Errorf("the new figure: %v", err)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("%v are left (%v)", files, err)
	}
}

// TestUnlikeMachines: latencies of two machines in one table are warned of.
func TestUnlikeMachines(t *testing.T) {
	s := timed(t)
	if text := strings.Join(New(s).Warnings, "\n"); strings.Contains(text, "latencies") {
		t.Errorf("warnings are %s", text)
	}
	s.Latencies[3].KernelSet = "avx512"
	if text := strings.Join(New(s).Warnings, "\n"); !strings.Contains(text, "latencies of unlike machines do not compare: cpu with kernels avx2; cpu with kernels avx512") {
		t.Errorf("warnings are %s", text)
	}
}

func TestMilliseconds(t *testing.T) {
	for seconds, want := range map[float64]string{.000012345: "0.0123", .0004567: "0.457", .0012345: "1.23", .0123456: "12.3", .1234567: "123", 12.3456: "12346", 0: "0.00000"} {
		if got := Milliseconds(seconds); got != want {
			t.Errorf("%v s is %q, want %q", seconds, got, want)
		}
	}
}

func TestSI(t *testing.T) {
	for v, want := range map[float64]string{287408: "287 k", 999.9e3: "1 M", 1.234e6: "1.23 M", 385814752: "386 M", 3.77e10: "37.7 G", 12: "12", 999: "999"} {
		if got := SI(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

// TestTop5OfFewClasses: a column that is 100 % in every run is not shown.
func TestTop5OfFewClasses(t *testing.T) {
	for top5, want := range map[float64]bool{1: false, .9975: true} {
		s := made(t)
		for i := range s.Records {
			if s.Records[i].Result != nil {
				s.Records[i].Result.Top5 = top5
			}
		}
		for _, format := range []string{"table", "md"} {
			var text bytes.Buffer
			if err := New(s).Write(&text, format, true); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(text.String(), "top-5 %"); got != want {
				t.Errorf("top-5 %v: its column is shown in %s: %v", top5, format, got)
			}
		}
	}
}
