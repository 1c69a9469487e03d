package study

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/search/planner"
)

// TestJoin: a record belongs to a plan by keys, in the plan's order and under its names; what
// contradicts the plan is an error, what is in no plan is told.
func TestJoin(t *testing.T) {
	run := func(key, trial string, seed int) store.Record {
		return store.Record{Run: stages.Run{Key: key, Trial: trial, Seed: seed}, State: store.Waiting}
	}
	named := document{Document: planner.Document{Trials: []planner.DocumentTrial{{Name: "x"},
		{Name: "y"}}}}
	keyed := named
	keyed.Stages = []stages.Stage{{Name: stages.Search, Decision: stages.DecideAll,
		Runs: []stages.Run{{Key: "2", Trial: "y", Seed: 0}, {Key: "1", Trial: "x", Seed: 0}}}}
	staged := named
	staged.Stages = append(slices.Clone(keyed.Stages), stages.Stage{Name: "late", Decision: "best"})
	late := func(stage string) store.Record {
		return store.Record{Run: stages.Run{Key: "9", Trial: "x", Seed: 0, Stage: stage,
			Stream: "confirm", Network: "n"}}
	}
	other := func(change func(*stages.Run)) []store.Record {
		r := run("1", "x", 0)
		change(&r.Run)
		return []store.Record{r, run("2", "y", 0)}
	}
	for name, c := range map[string]struct {
		plan              document
		records           []store.Record
		joined, unplanned string
		err               string
	}{
		"other names": {keyed, []store.Record{run("1", "a", 0), run("2", "x", 0)},
			"y seed=0, x seed=0", "", ""},
		"a run of an old plan": {keyed, []store.Record{run("1", "x", 0), run("3", "y", 1),
			run("2", "y", 0)}, "y seed=0, x seed=0", "y seed=1", ""},
		"a run that is gone": {keyed, []store.Record{run("1", "x", 0), run("3", "y", 0)}, "",
			"", "run 2 (y seed=0) of the plan is not on it"},
		"a seed that is changed": {keyed, []store.Record{run("1", "x", 77), run("2", "y", 0)}, "",
			"", "run 1 is recorded with seed 77, its key is that of seed 0"},
		"a run that a decision has added": {staged, []store.Record{run("2", "y", 0), late("late"),
			run("1", "x", 0)}, "y seed=0, x seed=0, x seed=0 stream=confirm", "", ""},
		"a run of a stage that is gone": {staged, []store.Record{run("2", "y", 0), late("other"),
			run("1", "x", 0)}, "y seed=0, x seed=0", "x seed=0 stream=confirm", ""},
		"a run of a stage that adds none": {staged, []store.Record{run("2", "y", 0),
			late(stages.Search), run("1", "x", 0)}, "y seed=0, x seed=0",
			"x seed=0 stream=confirm", ""},
		"a stream that is changed": {keyed, other(func(r *stages.Run) { r.Stream = "tune" }), "", "",
			"run 1 is recorded with stream tune, its key is that of stream (none)"},
		"a condition that is changed": {keyed, other(func(r *stages.Run) { r.Condition = "a" }), "", "",
			"run 1 is recorded with condition a, its key is that of condition (none)"},
		"an earlier plan": {named, []store.Record{run("1", "x", 0), run("2", "y", 0),
			run("3", "a", 0)}, "x seed=0, y seed=0", "a seed=0", ""},
		"two of a name": {named, []store.Record{run("1", "x", 0), run("2", "x", 0)}, "", "",
			"two runs are recorded as x seed=0"},
	} {
		joined, unplanned, err := c.plan.join(c.records)
		if err != nil && (c.err == "" || !strings.Contains(err.Error(), c.err)) || err == nil &&
			c.err != "" {
			t.Errorf("%s: %v, want %q", name, err, c.err)
		}
		if got := names(joined); got != c.joined {
			t.Errorf("%s: the plan's runs are %s, want %s", name, got, c.joined)
		}
		if got := names(unplanned); got != c.unplanned {
			t.Errorf("%s: other runs are %s, want %s", name, got, c.unplanned)
		}
	}
}

func names(records []store.Record) string {
	var runs []stages.Run
	for _, r := range records {
		runs = append(runs, r.Run)
	}
	return stages.Names(runs)
}

// TestTwoResults: the first few runs are named with all that differed, the others are counted.
func TestTwoResults(t *testing.T) {
	var records []store.Record
	for i := range 6 {
		records = append(records, store.Record{Run: stages.Run{Key: fmt.Sprint("k", i), Trial: "t",
			Seed: i}, Others: []store.Execution{{Error: "x"}, {Error: "y"}}})
	}
	records[1].Others = nil
	got := twoResults(records)
	if len(got) != 4 || got[1] !=
		"run k2 (t seed=2) has given 3 results: x; y; the record keeps the first" ||
		!strings.HasPrefix(got[3], "runs that have given several results besides: 2;") {
		t.Errorf("%q", got)
	}
	if got := twoResults(records[:4]); len(got) != 3 {
		t.Errorf("three runs: %q", got)
	}
}

// TestUnplannedInWords: runs of no stage are counted and named; without any there is nothing to
// say.
func TestUnplannedInWords(t *testing.T) {
	if got := unplannedRuns(nil); got != "" {
		t.Errorf("of none: %q", got)
	}
	one := store.Record{Run: stages.Run{Trial: "x"}, State: store.Waiting}
	two := store.Record{Run: stages.Run{Trial: "y", Seed: 1}, State: store.Complete}
	for want, list := range map[string][]store.Record{
		": 1, complete 0 of them: x seed=0; ":           {one},
		": 2, complete 1 of them: x seed=0, y seed=1; ": {one, two},
	} {
		if got := unplannedRuns(list); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestMixed: kernels and processors of complete runs are told with their numbers where there are
// several; runs that do not say theirs are none.
func TestMixed(t *testing.T) {
	of := func(state store.State, kernels, cpu string) (r store.Record) {
		r.State, r.KernelSet, r.CPU = state, kernels, cpu
		return r
	}
	one, other := of(store.Complete, "avx2", "a"), of(store.Complete, "generic", "a")
	for _, c := range []struct {
		records []store.Record
		want    string
	}{
		{nil, ""},
		{[]store.Record{one, one, of(store.Complete, "", ""), of(store.Failed, "generic", "a")}, ""},
		{[]store.Record{other, one, one}, " (kernels avx2 on a: 2; kernels generic on a: 1)"},
		{[]store.Record{one, of(store.Complete, "avx2", "b")},
			" (kernels avx2 on a: 1; kernels avx2 on b: 1)"},
	} {
		if got := mixed(c.records); (got == "") != (c.want == "") || !strings.HasSuffix(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
