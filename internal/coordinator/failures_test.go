package coordinator

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/job"
	"gridsearch/internal/store"
	"gridsearch/search/decide"
)

// failing is a worker whose runs fail where their trials are called bad, and end otherwise as the
// variable says.
const failing = `echo "$HELLO"; while read request; do end=${ANSWER#?}
	case "$request" in *'"trial":"bad"'*) end='"error":"diverged"}';; esac
	key=${request#*'"key":"'}; key=${key%%'"'*}; echo '{"done":{"key":"'$key'",'"$end"'}'; done`

// goodAndBad is a study of runs of the trials good and bad, by their first letters.
func goodAndBad(t *testing.T, script, letters string) *bench {
	t.Helper()
	specs := make([]job.Spec, len(letters))
	for i, letter := range letters {
		specs[i] = spec(t)
		specs[i].Trial, specs[i].SeedIndex = map[rune]string{'g': "good", 'b': "bad"}[letter], i
		specs[i].Key = fmt.Sprintf("%016d", i)
	}
	return benchOf(t, script, specs)
}

// ends is a call with one worker and these rules; it gives the states of the runs on the record, in
// their order: c, f or w for complete, failed and waiting.
func (b *bench) ends(rules experiments.Execution, o Options) (states string, err error) {
	b.t.Helper()
	rules.ThreadsPerRun = 1
	o.Workers, o.Command = 1, []string{"sh", "-c", b.script}
	s, err := newCoordinator(b.folder, b.record, b.specs, rules, o, decide.All{})
	if err != nil {
		b.t.Fatal(err)
	}
	ended := s.run(b.t.Context())
	records, err := b.record.Records()
	if err != nil {
		b.t.Fatal(err)
	}
	letters := map[store.State]string{store.Complete: "c", store.Failed: "f", store.Waiting: "w"}
	for _, r := range records {
		states += letters[r.State]
	}
	return states, ended
}

// TestFailuresInARow: so many runs that fail one after the other stop a study, and neither as many
// with a complete one between them nor fewer do. Without a limit none stop it, unless the first is
// to.
func TestFailuresInARow(t *testing.T) {
	t.Setenv("ANSWER", result)
	const first = "stopped at the first failed run"
	for _, c := range []struct {
		trials string
		rules  experiments.Execution
		fast   bool
		want   string
		reason string // empty for a study that goes on to its end
	}{
		{"gbgbbg", experiments.Execution{MaxConsecutiveFailures: 2}, false, "cfcffw",
			"stopped because 2 runs failed one after the other"},
		{"gbgbg", experiments.Execution{MaxConsecutiveFailures: 2}, false, "cfcfc", ""},
		{"bbgbb", experiments.Execution{MaxConsecutiveFailures: 3}, false, "ffcff", ""},
		{"gbg", experiments.Execution{MaxConsecutiveFailures: 1}, false, "cfw",
			"stopped at the first failed run"},
		{"bbbg", experiments.Execution{}, false, "fffc", ""},
		{"gbg", experiments.Execution{OnFailure: experiments.OnFailureStop}, false, "cfw", first},
		{"gbg", experiments.Execution{}, true, "cfw", first},
	} {
		t.Run(fmt.Sprint(c.trials, c.rules.MaxConsecutiveFailures), func(t *testing.T) {
			b := goodAndBad(t, failing, c.trials)
			states, err := b.ends(c.rules, Options{FailFast: c.fast})
			if states != c.want {
				t.Errorf("the runs end as %s, want %s", states, c.want)
			}
			var stopped *StoppedError
			var failed *FailedRunsError
			if c.reason == "" && (!errors.As(err, &failed) || failed.Failed !=
				strings.Count(states, "f")) ||
				c.reason != "" && (!errors.As(err, &stopped) || stopped.Reason != c.reason) {
				t.Errorf("the study ends with %v, want %q", err, c.reason)
			}
		})
	}
}

// TestEveryHeldRunIsGivenUp: once a run completes, all those that had used up their tries before it
// are failed.
func TestEveryHeldRunIsGivenUp(t *testing.T) {
	t.Setenv("ANSWER", result)
	b := goodAndBad(t, answers, "bbg")
	var failed *FailedRunsError
	if states, err := b.ends(experiments.Execution{}, Options{}); states != "ffc" ||
		!errors.As(err, &failed) || failed.Failed != 2 {
		t.Errorf("the runs end as %s, the study with %v", states, err)
	}
}

// TestRunsWithoutAnEnd: a run that goes on beyond its timeout is failed, which the record says, and
// the next one has another worker.
func TestRunsWithoutAnEnd(t *testing.T) {
	b := goodAndBad(t, `echo "$HELLO"; read request; exec sleep 60`, "bb")
	var failed *FailedRunsError
	if states, err := b.ends(experiments.Execution{Timeout: time.Millisecond}, Options{}); states !=
		"ff" || !errors.As(err, &failed) || failed.Failed != 2 {
		t.Errorf("the runs end as %s, the study with %v", states, err)
	}
	records, err1 := b.record.Records()
	executions, err2 := b.record.Executions()
	if err := errors.Join(err1, err2); err != nil || len(executions) != 2 {
		t.Fatalf("%d executions (%v)", len(executions), err)
	}
	for i, e := range executions {
		const want = "it took longer than the timeout of 1ms"
		if e.Outcome != store.OutcomeFailed || e.Error != want || records[i].Error != want {
			t.Errorf("the record says %s, %q and %q", e.Outcome, e.Error, records[i].Error)
		}
	}
}

// TestCrashesAndLimit: an attempt that has crashed counts as no run of a call's limit.
func TestCrashesAndLimit(t *testing.T) {
	t.Setenv("ANSWER", result)
	t.Setenv("FIRST", filepath.Join(t.TempDir(), "first"))
	b := goodAndBad(t, `if mkdir "$FIRST" 2>/dev/null; then echo "$HELLO"; read request; exit 1; fi; `+
		answers, "gg")
	states, err := b.ends(experiments.Execution{MaxRetries: 1}, Options{Limit: 1})
	var limit *LimitError
	if strings.Count(states, "c") != 1 || !errors.As(err, &limit) || limit.Left != 1 {
		t.Errorf("the runs end as %s, the call with %v", states, err)
	}
	if got := b.outcomes(); got != "0 crashed, 1 complete" && got != "0 crashed, 0 complete" {
		t.Errorf("the attempts are %s", got)
	}
}

// TestNumberOfWorkers: the call's goes before the file's; without either there is one for as many
// processors as a run has threads, and one at least.
func TestNumberOfWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(6))
	for _, c := range []struct{ call, file, threads, want int }{{3, 2, 2, 3}, {0, 2, 1, 2},
		{0, 0, 1, 6}, {0, 0, 2, 3}, {0, 0, 4, 1}, {0, 0, 7, 1}} {
		b := goodAndBad(t, "", "g")
		s, err := newCoordinator(b.folder, b.record, b.specs, experiments.Execution{Workers: c.file,
			ThreadsPerRun: c.threads}, Options{Workers: c.call}, decide.All{})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.options.Workers; got != c.want {
			t.Errorf("%+v: %d workers", c, got)
		}
	}
}
