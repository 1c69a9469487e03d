package job

import (
	"encoding/json"
	"strings"
	"testing"

	"gridsearch/model/recipe"
)

// TestFreshSeeds: no run of a stream shares its seed with one of the search or of another stream,
// and the stream is in the key where there is one.
func TestFreshSeeds(t *testing.T) {
	seen, keys := map[uint64]string{}, map[string]string{}
	for _, stream := range append([]string{""}, Streams...) {
		for i := range 500 {
			s := spec(t)
			s.Stream, s.SeedIndex = stream, i
			s, err := s.WithKey()
			if err != nil {
				t.Fatal(err)
			}
			if other, ok := seen[s.Seed()]; ok {
				t.Fatalf("seed %d of %q is one of %q", i, stream, other)
			}
			if other, ok := keys[s.Key]; ok {
				t.Fatalf("run %d of %q has the key of one of %q", i, stream, other)
			}
			seen[s.Seed()], keys[s.Key] = stream, stream
			if err := s.Check(); err != nil {
				t.Error(err)
			}
		}
	}
	s := spec(t)
	for _, stream := range []string{searchStream, "confrim", " "} {
		s.Stream = stream
		s, _ := s.WithKey()
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "there is no stream") {
			t.Errorf("stream %q: %v", stream, err)
		}
	}
}

// TestConditions: a condition is the training that it makes, in one form whatever was written.
func TestConditions(t *testing.T) {
	base := spec(t)
	for text, c := range map[string]struct {
		want   string
		change func(*recipe.Recipe)
	}{
		"epochs=8": {"epochs=8", func(r *recipe.Recipe) { r.Epochs = 8 }},
		"learning_rate=5e-2 \n epochs=8": {"epochs=8 learning_rate=0.05",
			func(r *recipe.Recipe) { r.Epochs, r.LearningRate = 8, .05 }},
		"epochs=10 learning_rate=.1": {"", func(*recipe.Recipe) {}},
		"warmup=0 warmup_epochs=2 nesterov=true": {"warmup=0 warmup_epochs=2",
			func(r *recipe.Recipe) { r.Warmup, r.WarmupEpochs = 0, 2 }},
		"beta1=0.80 weight_decay=0.1 optimizer=adamw": {
			"beta1=0.8 optimizer=adamw weight_decay=0.1", func(r *recipe.Recipe) {
				*r = r.WithOptimizer(recipe.AdamW)
				r.Options["beta1"], r.WeightDecay = .8, .1
			}},
		"learning_rate=0.1 optimizer=adamw weight_decay=0.01": {"learning_rate=0.1 optimizer=adamw",
			func(r *recipe.Recipe) { *r = r.WithOptimizer(recipe.AdamW); r.LearningRate = .1 }},
		"schedule=cosine warmup=-0": {"schedule=cosine warmup=0", func(r *recipe.Recipe) {
			r.Schedule, r.Warmup = recipe.Cosine, 0
		}},
	} {
		s, err := base.Under(text)
		if err != nil || s.Condition != c.want {
			t.Errorf("%q is %q (%v), want %q", text, s.Condition, err, c.want)
			continue
		}
		want := base
		c.change(&want.Recipe)
		if want, _ = want.WithKey(); s.Key != want.Key {
			t.Errorf("%q: key %s, that of a study whose file says so is %s", text, s.Key, want.Key)
		}
		if err := s.Check(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if base.Recipe.Options != nil || base.Check() != nil {
		t.Error("a condition has changed the spec that it was applied to")
	}
}

func TestWrongConditions(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "it is empty: a condition is fields of [train]",
		"epochs":                      `"epochs" is no field with a value`,
		"epochs=":                     `"epochs=" is no field with a value`,
		"epochs=8 epochs=9":           "epochs is there twice",
		"epoch=8":                     `[train] has no field epoch with sgd; did you mean "epochs"`,
		"beta1=0.5":                   "[train] has no field beta1",
		"optimizer=adamw momentum=.5": "[train] has no field momentum with adamw",
		"options=1":                   "[train] has no field options",
		"optimizer=adam":              `there is no optimizer "adam"; did you mean "adamw"`,
		"epochs=1.5":                  `epochs must be a whole number, not "1.5"`,
		"epochs=0":                    "epochs must be 1 or more",
		"nesterov=1":                  "nesterov must be true or false",
		"nesterov=null":               "nesterov must be true or false",
		"learning_rate=Inf":           `learning_rate must be a finite number, not "Inf"`,
		"learning_rate=x":             "learning_rate must be a finite number",
		"optimizer=adamw beta1=2":     "beta1 must be between 0 and 0.9999",
		"schedule=cosinus":            "schedule must be one of",
	} {
		if s, err := spec(t).Under(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v %v, want %q", text, s.Condition, err, want)
		}
	}
	s, err := spec(t).Under("epochs=8")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Under("epochs=9"); err == nil {
		t.Error("a condition on a condition is taken")
	}
	for _, text := range []string{"epochs=9", "epochs=08", "learning_rate=0.1 epochs=8", "x"} {
		s.Condition = text
		if s.Check() == nil {
			t.Errorf("a spec of 8 epochs goes as %q", text)
		}
	}
}

// FuzzCondition: what is taken comes back the same when it is applied again, and survives its way
// to a worker.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{"epochs=8 learning_rate=0.1", "optimizer=adamw beta1=.8", "ema=1e-9",
		"nesterov=false schedule=cosine", "epochs=8 epochs=8", "clip_norm=0x1p3", "=", "dropout=-0"} {
		f.Add(text)
	}
	base := spec(f)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := base.Under(text)
		if err != nil {
			return
		}
		if err := s.Check(); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if s.Condition != "" {
			again, err := base.Under(s.Condition)
			if err != nil || again.Condition != s.Condition || again.Key != s.Key {
				t.Fatalf("%q is %q, and that %q (%v)", text, s.Condition, again.Condition, err)
			}
		}
		var sent Spec
		message, err := json.Marshal(s)
		if err == nil {
			err = json.Unmarshal(message, &sent)
		}
		if err != nil || sent.Check() != nil {
			t.Fatalf("%q does not arrive: %v %v", text, err, sent.Check())
		}
	})
}
