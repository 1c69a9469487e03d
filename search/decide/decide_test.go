package decide_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/search/decide"
)

// known is a run of a trial in a state; a complete one has a score of .5.
func known(trial string, seed int, state decide.State) decide.Known {
	k := decide.Known{Run: decide.Run{Trial: trial, Seed: seed}, State: state, Score: math.NaN()}
	if state == decide.Complete {
		k.Score = .5
	}
	return k
}

// five is a study with a run in every state: a is open, b asked, c complete, d failed, e dropped.
func five() decide.Study {
	s := decide.Study{Stage: "search", Maximise: true}
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		s.Runs = append(s.Runs, known(name, 0, decide.State(i)))
	}
	return s
}

func run(trial string) decide.Run { return decide.Run{Trial: trial} }

func train(runs ...decide.Run) decide.Choice { return decide.Choice{Train: runs, Because: "test"} }

func drop(runs ...decide.Run) decide.Choice { return decide.Choice{Drop: runs, Because: "test"} }

// TestCheck: what can be carried out passes, and every contradiction is refused with its run.
func TestCheck(t *testing.T) {
	both := train(run("a"))
	both.Drop = []decide.Run{run("a")}
	silent := train(run("a"))
	silent.Because = " "
	new := func(change func(*decide.Run)) decide.Choice {
		r := decide.Run{Trial: "c", Seed: 1}
		change(&r)
		return train(r)
	}
	for name, c := range map[string]struct {
		choice decide.Choice
		want   string // in the error; empty: none
	}{
		"open run":           {train(run("a")), ""},
		"nothing":            {decide.Choice{}, ""},
		"drop":               {drop(run("a"), run("b")), ""},
		"new seed":           {new(func(*decide.Run) {}), ""},
		"new stream":         {new(func(r *decide.Run) { r.Stream = "confirm" }), ""},
		"new condition":      {new(func(r *decide.Run) { r.Condition = "a=1 b=2" }), ""},
		"twice":              {train(run("a"), run("a")), `run "a" seed 0 is trained twice`},
		"dropped twice":      {drop(run("a"), run("a")), `run "a" seed 0 is dropped twice`},
		"both":               {both, `run "a" seed 0 is trained and dropped`},
		"asked again":        {train(run("b")), `run "b" seed 0 is trained, but it is asked`},
		"complete again":     {train(run("c")), `run "c" seed 0 is trained, but it is complete`},
		"failed again":       {train(run("d")), `run "d" seed 0 is trained, but it is failed`},
		"dropped again":      {train(run("e")), `run "e" seed 0 is trained, but it is dropped`},
		"drops a score":      {drop(run("c")), `run "c" seed 0 is dropped, but it is complete`},
		"drops a failure":    {drop(run("d")), `run "d" seed 0 is dropped, but it is failed`},
		"drops a drop":       {drop(run("e")), `run "e" seed 0 is dropped, but it is dropped`},
		"drops nobody":       {drop(run("f")), `run "f" seed 0 is dropped, but the study does not`},
		"invents a trial":    {train(run("f")), `run "f" seed 0 is of a trial that the study does`},
		"seed -1":            {new(func(r *decide.Run) { r.Seed = -1 }), "seeds begin at 0"},
		"unsorted condition": {new(func(r *decide.Run) { r.Condition = "b=2 a=1" }), "sorted"},
		"key twice":          {new(func(r *decide.Run) { r.Condition = "a=1 a=2" }), "sorted"},
		"two spaces":         {new(func(r *decide.Run) { r.Condition = "a=1  b=2" }), "a space"},
		"no key":             {new(func(r *decide.Run) { r.Condition = "=1" }), "key=value"},
		"no value":           {new(func(r *decide.Run) { r.Condition = "a" }), "key=value"},
		"no reason":          {silent, "does not say why"},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, decide.Check(five(), c.choice), c.want) })
	}
}

// refuses compares an error with the text that it must contain, none where that is empty.
func refuses(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%v, want %q", err, want)
	}
}

// TestCheckOfStuck: a stage in which nothing is under way has no open runs.
func TestCheckOfStuck(t *testing.T) {
	const stuck = "left open (1)"
	idle := five()
	idle.Runs[1].State = decide.Dropped
	refuses(t, decide.Check(idle, decide.Choice{}), stuck)
	refuses(t, decide.Check(idle, drop(run("a"))), "")
	refuses(t, decide.Check(idle, train(decide.Run{Trial: "c", Seed: 1})), "")
	refuses(t, decide.Check(five(), drop(run("b"))), stuck)
	refuses(t, decide.Check(decide.Study{}, decide.Choice{}), "")
}

// TestCheckOfStudy: a study that contradicts itself is no ground for a choice.
func TestCheckOfStudy(t *testing.T) {
	twice := five()
	twice.Runs = append(twice.Runs, known("a", 0, decide.Open))
	refuses(t, decide.Check(twice, train(run("a"))), `has run "a" seed 0 twice`)
	early := five()
	early.Runs[1].Score = .5
	refuses(t, decide.Check(early, train(run("a"))), `has a score of run "b" seed 0, which is asked`)
}

// fixed answers with what it holds.
type fixed struct {
	choice decide.Choice
	err    error
}

func (fixed) Name() string { return "fixed" }

func (f fixed) Next(decide.Study) (decide.Choice, error) { return f.choice, f.err }

// TestAsk: errors name the decision and the stage, and no choice comes with them.
func TestAsk(t *testing.T) {
	if c, err := decide.Ask(fixed{train(run("a")), nil}, five()); err != nil || len(c.Train) != 1 {
		t.Errorf("%v, %v", c, err)
	}
	reason := errors.New("no idea")
	_, err := decide.Ask(fixed{err: reason}, five())
	if refuses(t, err, `decision "fixed" in stage "search": no idea`); !errors.Is(err, reason) {
		t.Errorf("%v hides its cause", err)
	}
	c, err := decide.Ask(fixed{choice: train(run("b"))}, five())
	refuses(t, err, `decision "fixed" in stage "search": run "b" seed 0`)
	if !reflect.DeepEqual(c, decide.Choice{}) {
		t.Errorf("refused, and yet %v", c)
	}
}

// TestNames: runs and states are printed for people.
func TestNames(t *testing.T) {
	r := decide.Run{Trial: "a", Seed: 2, Stream: "confirm", Condition: "epochs=8"}
	if got := r.String(); got != `"a" seed 2 of confirm with epochs=8` {
		t.Error(got)
	}
	if got := fmt.Sprint(decide.Dropped, decide.State(9)); got != "dropped state 9" {
		t.Error(got)
	}
}

// drawStudy draws a study of distinct runs.
func drawStudy(t *rapid.T) decide.Study {
	s := decide.Study{Stage: rapid.StringN(0, 8, -1).Draw(t, "stage"),
		Maximise: rapid.Bool().Draw(t, "maximise")}
	runs := rapid.SliceOfDistinct(rapid.Custom(drawRun), func(r decide.Run) decide.Run { return r })
	for _, r := range runs.Draw(t, "runs") {
		k := decide.Known{Run: r, Score: math.NaN(),
			State: decide.State(rapid.IntRange(0, int(decide.Dropped)).Draw(t, "state"))}
		if k.State == decide.Complete {
			k.Score = rapid.Float64().Draw(t, "score")
		}
		s.Runs = append(s.Runs, k)
	}
	return s
}

func drawRun(t *rapid.T) decide.Run {
	return decide.Run{Trial: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "trial"),
		Seed:      rapid.IntRange(0, 4).Draw(t, "seed"),
		Stream:    rapid.SampledFrom([]string{"", "confirm"}).Draw(t, "stream"),
		Condition: rapid.SampledFrom([]string{"", "epochs=8"}).Draw(t, "condition")}
}

// TestAll: all open runs are trained, in the plan's order, none is dropped, the study is left as it
// is, and once they are asked for nothing more is.
func TestAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStudy(t)
		digest := s.Digest()
		first, err := decide.Ask(decide.All{}, s)
		if err != nil || len(first.Drop) > 0 || s.Digest() != digest {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, _ := decide.Ask(decide.All{}, s); !reflect.DeepEqual(first, again) {
			t.Fatalf("%+v, then %+v", first, again)
		}
		var open []decide.Run
		for i := range s.Runs {
			if k := &s.Runs[i]; k.State == decide.Open {
				open, k.State = append(open, k.Run), decide.Asked
			}
		}
		if !slices.Equal(first.Train, open) {
			t.Fatalf("trains %v of %v", first.Train, open)
		}
		if then, err := decide.Ask(decide.All{}, s); err != nil ||
			!reflect.DeepEqual(then, decide.Choice{}) {
			t.Fatalf("%+v, %v", then, err)
		}
	})
}

// TestDigestIsFixed pins the form that records hold digests of.
func TestDigestIsFixed(t *testing.T) {
	s := decide.Study{Stage: "search", Maximise: true, Runs: []decide.Known{
		{decide.Run{Trial: "a", Seed: 0}, decide.Complete, math.Nextafter(.3, 1)},
		{decide.Run{Trial: "b", Seed: 1, Stream: "confirm", Condition: "epochs=8"}, decide.Open,
			math.NaN()}}}
	text := `{"stage":"search","maximise":true,"runs":[` +
		`{"trial":"a","seed":0,"stream":"","condition":"","state":"complete",` +
		`"score":"0.30000000000000004"},{"trial":"b","seed":1,"stream":"confirm",` +
		`"condition":"epochs=8","state":"open","score":"NaN"}]}`
	sum := sha256.Sum256([]byte(text))
	if got, want := s.Digest(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestDigestSeesAll: equal studies have one digest, and a change of any field another.
func TestDigestSeesAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStudy(t)
		s.Runs = append(s.Runs, known("y", 0, decide.Complete), known("z", 0, decide.Open))
		at := rapid.IntRange(0, len(s.Runs)-1).Draw(t, "at")
		changes := map[string]func(*decide.Study, *decide.Known){
			"stage":     func(s *decide.Study, _ *decide.Known) { s.Stage += "+" },
			"maximise":  func(s *decide.Study, _ *decide.Known) { s.Maximise = !s.Maximise },
			"trial":     func(_ *decide.Study, k *decide.Known) { k.Run.Trial += "+" },
			"seed":      func(_ *decide.Study, k *decide.Known) { k.Run.Seed++ },
			"stream":    func(_ *decide.Study, k *decide.Known) { k.Run.Stream += "+" },
			"condition": func(_ *decide.Study, k *decide.Known) { k.Run.Condition += "+" },
			"state":     func(_ *decide.Study, k *decide.Known) { k.State = (k.State + 1) % 5 },
			"score": func(_ *decide.Study, k *decide.Known) {
				if k.Score = math.Nextafter(k.Score, 2); math.IsNaN(k.Score) {
					k.Score = 0
				}
			},
			"missing run": func(s *decide.Study, _ *decide.Known) { s.Runs = s.Runs[1:] },
			"order":       func(s *decide.Study, _ *decide.Known) { slices.Reverse(s.Runs) },
		}
		digests := map[string]string{s.Digest(): "nothing"}
		for name, change := range changes {
			other := s
			other.Runs = slices.Clone(s.Runs)
			change(&other, &other.Runs[at])
			if same, seen := digests[other.Digest()]; seen {
				t.Fatalf("a change of %s and of %s have one digest", name, same)
			}
			digests[other.Digest()] = name
		}
		equal := s
		equal.Runs = slices.Clone(s.Runs)
		if equal.Digest() != s.Digest() {
			t.Fatal("equal studies have two digests")
		}
	})
}
