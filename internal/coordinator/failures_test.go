package coordinator

import (
	"errors"
	"fmt"
	"strings"
	"testing"

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
			"stopped because 1 run failed one after the other"},
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
