// Package made provides a study with literal results, and files of scores, for the tests of
// reports.
package made

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/experiments"
	"gridsearch/internal/scoresheet"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/search"
	"gridsearch/search/planner"
)

// Sheet is a file of scores, testdata/name below the folder of package report.
func Sheet(t testing.TB, folder, name string) *scoresheet.Sheet {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	s, err := scoresheet.Parse("testdata/"+name, text, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Study has three trials, one of them clearly ahead, one run failed, and one network that is too
// large for the data.
func Study(t testing.TB) *study.Study {
	t.Helper()
	const file = "schema_version = 1\n[model]\nbaseline = \"efficientnet-b0\"\n"
	e, err := experiments.Parse("made.toml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	s := &study.Study{Folder: study.Folder(t.TempDir()), Experiment: e,
		Plan: planner.Document{Study: "made", Trials: trials()}}
	scores := []struct {
		trial string
		top1  []float64
	}{{"base", []float64{.50, .52, .51}}, {"d=1 w=1.4 px=16", []float64{.60, .61, .615}},
		{"d=1.2 w=1.1 px=18", []float64{.80, .81, .82}}}
	for seed := range 3 {
		for _, one := range scores {
			s.Records = append(s.Records, record(one.trial, seed, one.top1[seed]))
		}
	}
	failed := slices.IndexFunc(s.Records, func(r store.Record) bool {
		return r.Trial == "base" && r.Seed == 2
	})
	r := &s.Records[failed]
	r.State, r.Result = store.Failed, nil
	r.Error = "the loss became NaN at step 3 with learning rate 9"
	return s
}

func trials() []planner.DocumentTrial {
	label := func(alpha, beta, gamma, phi search.Decimal, control string) []planner.Label {
		p := search.Point{Alpha: alpha, Beta: beta, Gamma: gamma, Phi: phi}
		return []planner.Label{{Point: p, Nominal: p.Nominal(), Control: control}}
	}
	return []planner.DocumentTrial{
		{Name: "base", Labels: label("1", "1", "1", "0", "base"),
			MAdds: 1e6, Params: 5000, Activations: 100, MAddsRatio: 1, Resolution: 16},
		{Name: "d=1 w=1.4 px=16", Labels: label("1", "1.4", "1", "1", "width"),
			MAdds: 2e6, Params: 9000, Activations: 140, MAddsRatio: 2, Resolution: 16},
		{Name: "d=1.2 w=1.1 px=18", Labels: label("1.2", "1.1", "1.15", "1", "compound"),
			MAdds: 1950000, Params: 7000, Activations: 150, MAddsRatio: 1.95, Resolution: 18},
		{Name: "d=1 w=1 px=40", Labels: label("1", "1", "2.5", "1", "resolution"),
			MAdds: 6e6, Params: 5000, Activations: 600, MAddsRatio: 6,
			ExcludedBy: "40 pixels are more than the data's native 28"},
	}
}

// record is a complete run of two epochs.
func record(trial string, seed int, top1 float64) store.Record {
	key := trial[:1] + trial[len(trial)-1:] + string(rune('0'+seed))
	return store.Record{Run: stages.Run{Key: key, Trial: trial, Seed: seed}, State: store.Complete,
		Result: &store.Result{Top1: top1, Top5: top1 + .1, Loss: 2 - top1, Examples: 400,
			Curve: []store.CurvePoint{{Epoch: 1, Step: 5, Loss: 2, Top1: .3},
				{Epoch: 2, Step: 10, Loss: 1.5, Top1: top1}}}}
}

// Timed is the same study with latencies of two of its networks.
func Timed(t testing.TB) *study.Study {
	t.Helper()
	s := Study(t)
	for i, trial := range []string{"base", "d=1 w=1.4 px=16"} {
		for _, batch := range []int{1, 16} {
			seconds := .000123 * float64(batch*(1+i))
			s.Latencies = append(s.Latencies, store.Latency{Trial: trial, Batch: batch, Threads: 1,
				Repeats: 20, Shortest: seconds, Median: 1.5 * seconds, CPU: "cpu", KernelSet: "avx2"})
		}
	}
	return s
}

// Main runs tests with a cache folder of their own instead of the user's.
func Main(m *testing.M) {
	dir, err := os.MkdirTemp("", "cache")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", dir)
	os.Setenv("HOME", dir)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// Recorded is a folder with a study of an earlier version, which was really trained: 7 of its 10
// runs are complete. root leads to the folder of the module.
func Recorded(t testing.TB, root string) study.Folder {
	t.Helper()
	folder := study.Folder(t.TempDir())
	for _, name := range []string{"experiment.toml", "plan.json", "study.db.gz"} {
		text, err := os.ReadFile(filepath.Join(root, "internal/study/testdata/schema6", name))
		if err != nil {
			t.Fatal(err)
		}
		if plain, packed := strings.CutSuffix(name, ".gz"); packed {
			reader, err := gzip.NewReader(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if text, err = io.ReadAll(reader); err != nil {
				t.Fatal(err)
			}
			name = plain
		}
		if err := os.WriteFile(folder.Path(name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
