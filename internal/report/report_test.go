package report

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/report/made"
)

// TestDocument checks the names that programs read, and that unknown values are null.
func TestDocument(t *testing.T) {
	text, err := json.Marshal(New(made.Study(t)))
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	trials := d["trials"].([]any)
	base, last := trials[0].(map[string]any), trials[3].(map[string]any)
	if d["study"] != "made" || d["metric"] != "val/top1" || d["schema_version"] != 1. ||
		len(trials) != 4 {
		t.Errorf("%s", text)
	}
	for _, key := range []string{"name", "labels", "control", "n", "mean_top1", "sd_top1", "ci_low",
		"ci_high", "mean_top5", "madds", "params", "activations", "madds_ratio", "tied", "p",
		"best_probability", "behind_best", "behind_best_low", "behind_best_high", "permutation_p",
		"sign_flip_p", "runs"} {
		if _, ok := base[key]; !ok {
			t.Errorf("a trial has no %s", key)
		}
	}
	run := base["runs"].([]any)[2].(map[string]any)
	if run["state"] != "failed" || run["top1"] != nil || run["error"] == "" || base["n"] != 2. ||
		last["mean_top1"] != nil || last["tied"] != nil {
		t.Errorf("%v, %v", run, last)
	}
}

// TestUnlikeMachines: latencies of two machines in one table are warned of.
func TestUnlikeMachines(t *testing.T) {
	s := made.Timed(t)
	if text := strings.Join(New(s).Warnings, "\n"); strings.Contains(text, "latencies") {
		t.Errorf("warnings are %s", text)
	}
	s.Latencies[3].KernelSet = "avx512"
	const want = "latencies of unlike machines do not compare: cpu with kernels avx2; " +
		"cpu with kernels avx512"
	if text := strings.Join(New(s).Warnings, "\n"); !strings.Contains(text, want) {
		t.Errorf("warnings are %s", text)
	}
}

// TestWarningsOfTheRecord: what a reader has to know about the record is with the results.
func TestWarningsOfTheRecord(t *testing.T) {
	s := made.Study(t)
	s.Unplanned = s.Records[:1]
	want := s.Warnings()
	if got := New(s).Warnings; len(want) != 1 || !slices.Contains(got, want[0]) {
		t.Errorf("warnings are %q, want also %q", got, want)
	}
}

// TestMeans: without the comparison, means and runs are those of the whole table.
func TestMeans(t *testing.T) {
	s := made.Study(t)
	whole, quick := New(s), Means(s)
	for i, want := range whole.Trials {
		got := quick.Trials[i]
		if got.N != want.N || got.Tied != nil || got.P != nil || len(got.Runs) != len(want.Runs) {
			t.Errorf("%s: %+v", want.Name, got)
		}
		if (got.MeanTop1 == nil) != (want.MeanTop1 == nil) ||
			got.MeanTop1 != nil && math.Abs(*got.MeanTop1-*want.MeanTop1) > 1e-12 {
			t.Errorf("%s: the mean is %v, want %v", want.Name, got.MeanTop1, want.MeanTop1)
		}
	}
	if quick.Study != whole.Study || quick.Validation != whole.Validation {
		t.Errorf("got %q of %d images", quick.Study, quick.Validation)
	}
}
