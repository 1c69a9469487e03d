package job

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"gridsearch/internal/fault"
	"gridsearch/model"
	"gridsearch/model/recipe"
)

func spec(t testing.TB) Spec {
	t.Helper()
	a, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Spec{Trial: "base", StudySeed: 1, Architecture: a, Recipe: recipe.DefaultRecipe(),
		Data: Data{Checksum: "ab", TrainExamples: 100}, Threads: 1}.WithKey()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRunKey: the key is fixed, names stay out of it, and everything that decides a result is in
// it.
func TestRunKey(t *testing.T) {
	base := spec(t)
	const want = "4cf6b46ace5bc1db"
	if base.Key != want {
		t.Errorf("the key is %s, want %s: if the change is meant, results of earlier versions "+
			"are no longer found; raise NumericVersion", base.Key, want)
	}
	same := base
	same.Trial, same.Architecture.Name, same.Data.Dataset = "another name", "x", "elsewhere"
	if s, _ := same.WithKey(); s.Key != base.Key {
		t.Error("names or paths change the key")
	}
	for name, change := range map[string]func(*Spec){
		"seed":       func(s *Spec) { s.SeedIndex++ },
		"study seed": func(s *Spec) { s.StudySeed++ },
		"network":    func(s *Spec) { s.Architecture.Pixels++ },
		"recipe":     func(s *Spec) { s.Recipe.Warmup += .01 },
		"data":       func(s *Spec) { s.Data.Checksum = "cd" },
		"examples":   func(s *Spec) { s.Data.TrainExamples++ },
		"augment":    func(s *Spec) { s.Augmentation = recipe.Augmentation{Shift: .1} },
		"threads":    func(s *Spec) { s.Threads++ },
		"crop":       func(s *Spec) { s.Augmentation.Crop = .08 },
		"policy":     func(s *Spec) { s.Augmentation.Policy = recipe.RandAugment },
		"magnitude":  func(s *Spec) { s.Augmentation.Magnitude = 10 },
		"validation": func(s *Spec) { s.Data.ValidationCrop = .875 },
		"warm-up":    func(s *Spec) { s.Recipe.WarmupEpochs = 5 },
		"biases":     func(s *Spec) { s.Recipe.DecayBiases = true },
	} {
		other := base
		change(&other)
		if s, _ := other.WithKey(); s.Key == base.Key {
			t.Errorf("%s is not in the key", name)
		}
	}
	if other := base; base.Seed() != other.Seed() {
		t.Error("the seed is not a function of the spec")
	}
}

func TestSeedsAreSharedByTrials(t *testing.T) {
	a, b := spec(t), spec(t)
	b.Architecture.Pixels, b.Trial = 300, "another"
	if a.Seed() != b.Seed() {
		t.Error("two trials of one seed index do not share their seed")
	}
	b.SeedIndex++
	if a.Seed() == b.Seed() {
		t.Error("two seed indices share a seed")
	}
}

func TestCanonicalJSON(t *testing.T) {
	text, err := canonicalJSON(struct {
		B float64        `json:"b"`
		A map[string]any `json:"a"`
	}{.1, map[string]any{"z": uint64(math.MaxUint64), "y": []int{2, 1}}})
	if want := `{"a":{"y":[2,1],"z":18446744073709551615},"b":0.1}`; err != nil ||
		string(text) != want {
		t.Errorf("%s (%v), want %s", text, err, want)
	}
}

// TestSpecOnItsWay: a spec that has been sent has its key still; one that was changed, or that
// another program has made, is refused.
func TestSpecOnItsWay(t *testing.T) {
	text, err := json.Marshal(Training{Spec: spec(t)})
	if err != nil {
		t.Fatal(err)
	}
	var r Training
	if err := json.Unmarshal(text, &r); err != nil || r.Spec.Check() != nil {
		t.Errorf("%v, %v", err, r.Spec.Check())
	}
	r.Spec.Recipe.Epochs++
	if err := r.Spec.Check(); err == nil || !strings.Contains(err.Error(),
		"run \"4cf6b46ace5bc1db\" of trial base is no run of this program") {
		t.Errorf("a changed spec: %v", err)
	}
	r.Spec.Key = "../../elsewhere"
	if r.Spec.Check() == nil {
		t.Error("a path is taken for a key")
	}
}

// TestNoPaths: nothing of a request says where the other side keeps anything.
func TestNoPaths(t *testing.T) {
	text, err := json.Marshal([]Request{{Train: &Training{Spec: spec(t)}},
		{Measure: &Measurement{Spec: spec(t), Batch: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"path", "dir", "folder", "/"} {
		if strings.Contains(string(text), word) {
			t.Errorf("the request has %q: %s", word, text)
		}
	}
}

// TestAnswers: an answer is of the run that was asked for and ends it in one way.
func TestAnswers(t *testing.T) {
	disk := &fault.Fault{Cause: "no space left on device"}
	result := &Result{Top1: .25, Top5: 1, Loss: 2, Examples: 4, Correct: []byte{4}, Steps: 9,
		Curve: []CurvePoint{{Epoch: 1, Step: 9, Loss: 2, Top1: .25}}}
	for want, o := range map[string]Outcome{
		"":   {Key: "a", Result: result},
		" ":  {Key: "a", Error: "diverged"},
		"  ": {Key: "a", Interrupted: true, Fault: disk},
		`its answer is of run "b", and it was asked for a`: {Key: "b",
			Result: result},
		"its answer has 0 of a result, an error and an interruption": {Key: "a"},
		"its answer has 2 of a result, an error and an interruption, and must ": {Key: "a",
			Result: result, Error: "x"},
		"its answer is no result of a training: it is of 0 validation images": {Key: "a",
			Result: &Result{}},
	} {
		err := o.Check("a")
		if want := strings.TrimSpace(want); (err == nil) != (want == "") || err != nil &&
			!strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

// TestRequests: a request asks for one thing, which can be done.
func TestRequests(t *testing.T) {
	s := spec(t)
	changed := s
	changed.SeedIndex++
	train, measure := &Training{Spec: s}, &Measurement{Spec: s, Batch: 1}
	const one = "a request asks for a training or for a measurement, exactly one of them"
	for _, c := range []struct {
		r    Request
		want string
	}{
		{Request{Train: train}, ""},
		{Request{Measure: measure}, ""},
		{Request{}, one},
		{Request{Train: train, Measure: measure}, one},
		{Request{Train: &Training{Spec: changed}}, "is no run of this program"},
		{Request{Measure: &Measurement{Spec: changed, Batch: 1}}, "is no run of this program"},
		{Request{Measure: &Measurement{Spec: s}},
			"a measurement of trial base asks for a batch of 0 images, and 1 is the least"},
	} {
		if err := c.r.Check(); (err == nil) != (c.want == "") || err != nil &&
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.r, err, c.want)
		}
	}
}

// TestAnswersToMeasurements: an answer is of the network and batch that were asked for, and has
// times that can be, or says why it has none.
func TestAnswersToMeasurements(t *testing.T) {
	m := Measurement{Spec: Spec{Key: "a", Trial: "base"}, Batch: 4}
	const of = "its answer is of run "
	const impossible = ", which cannot be"
	for _, c := range []struct {
		change func(*Latency)
		want   string
	}{
		{func(*Latency) {}, ""},
		{func(l *Latency) { *l = Latency{"a", "base", 4, 0, 0, 0, "no memory", false} }, ""},
		{func(l *Latency) { *l = Latency{"a", "base", 4, 0, 0, 0, "", true} }, ""},
		{func(l *Latency) { l.Key = "b" }, of + `"b" of trial "base" and batches of 4, and it was ` +
			`asked for a of base and batches of 4`},
		{func(l *Latency) { l.Trial = "deep" }, of + `"a" of trial "deep"`},
		{func(l *Latency) { l.Batch = 1 }, "batches of 1, and it was asked for"},
		{func(l *Latency) { l.Error = "x" }, "has 2 of times, an error and an interruption"},
		{func(l *Latency) { l.Interrupted = true }, "has 2 of times, an error and an interruption"},
		{func(l *Latency) { *l = Latency{Key: "a", Trial: "base", Batch: 4} },
			"has 0 of times, an error and an interruption"},
		{func(l *Latency) { l.Shortest = 0 }, impossible},
		{func(l *Latency) { l.Shortest = -1 }, impossible},
		{func(l *Latency) { l.Median = 0 }, impossible},
		{func(l *Latency) { l.Median = .5 }, "20 passes of 1 s, 0.5 in the median" + impossible},
		{func(l *Latency) { l.Repeats = 0 }, impossible},
		{func(l *Latency) { l.Shortest = math.NaN() }, impossible},
		{func(l *Latency) { l.Median = math.NaN() }, impossible},
		{func(l *Latency) { l.Shortest, l.Median = math.Inf(1), math.Inf(1) }, impossible},
	} {
		l := Latency{Key: "a", Trial: "base", Batch: 4, Repeats: 20, Shortest: 1, Median: 2}
		c.change(&l)
		if err := l.Check(m); (err == nil) != (c.want == "") || err != nil &&
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", l, err, c.want)
		}
	}
}

// TestAnswered: a training is answered by an outcome and a measurement by a latency.
func TestAnswered(t *testing.T) {
	done, measured := &Outcome{Key: "a", Error: "x"}, &Latency{Key: "a", Batch: 1, Error: "x"}
	train := Request{Train: &Training{Spec: Spec{Key: "a"}}}
	measure := Request{Measure: &Measurement{Spec: Spec{Key: "a"}, Batch: 1}}
	const (
		notTraining    = "it answers with a measurement, and was asked for a training"
		notMeasurement = "it answers with the end of a run, and was asked for a measurement"
	)
	for _, c := range []struct {
		r    Request
		last Reply
		want string
	}{
		{train, Reply{Done: done}, ""},
		{measure, Reply{Measured: measured}, ""},
		{train, Reply{Measured: measured}, notTraining},
		{train, Reply{Done: done, Measured: measured}, notTraining},
		{measure, Reply{Done: done}, notMeasurement},
		{measure, Reply{Done: done, Measured: measured}, notMeasurement},
		{train, Reply{Done: &Outcome{Key: "b", Error: "x"}}, `its answer is of run "b"`},
		{measure, Reply{Measured: &Latency{Key: "b", Batch: 1, Error: "x"}}, `its answer is of run "b"`},
	} {
		if err := c.r.Fits(c.last); (err == nil) != (c.want == "") || err != nil &&
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.last, err, c.want)
		}
	}
	if (Reply{Alive: true}).Ends() || !(Reply{Done: done}).Ends() ||
		!(Reply{Measured: measured}).Ends() {
		t.Error("what ends a request is not told from what is said on the way")
	}
}
