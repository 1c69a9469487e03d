package job

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"gridsearch/dataset"
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
		"augment":    func(s *Spec) { s.Augmentation = dataset.Augmentation{Shift: .1} },
		"threads":    func(s *Spec) { s.Threads++ },
		"crop":       func(s *Spec) { s.Augmentation.Crop = .08 },
		"policy":     func(s *Spec) { s.Augmentation.Policy = dataset.RandAugment },
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
	text, err := json.Marshal(Request{Spec: spec(t)})
	if err != nil {
		t.Fatal(err)
	}
	var r Request
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
	text, err := json.Marshal(Request{Spec: spec(t)})
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
	for want, o := range map[string]Outcome{
		"":   {Key: "a", Result: &Result{}},
		" ":  {Key: "a", Error: "diverged"},
		"  ": {Key: "a", Interrupted: true, Fault: disk},
		`its answer is of run "b", and it was asked for a`: {Key: "b",
			Result: &Result{}},
		"its answer has 0 of a result, an error and an interruption": {Key: "a"},
		"its answer has 2 of a result, an error and an interruption, and must ": {Key: "a",
			Result: &Result{}, Error: "x"},
	} {
		err := o.Check("a")
		if want := strings.TrimSpace(want); (err == nil) != (want == "") || err != nil &&
			!strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}
