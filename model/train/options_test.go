package train

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/model/layer"
)

// TestEveryOptimizerHasARule: what a file may name can be computed, its defaults are valid, and
// nothing else can be.
func TestEveryOptimizerHasARule(t *testing.T) {
	if got, want := slices.Sorted(maps.Keys(rules)),
		slices.Sorted(slices.Values(Optimizers)); !slices.Equal(got, want) {
		t.Errorf("rules are of %v, optimisers are %v", got, want)
	}
	for _, name := range Optimizers {
		if err := DefaultRecipe().WithOptimizer(name).Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if rule := rules[name]; rule.step == nil {
			t.Errorf("%s makes no step", name)
		}
	}
	if _, err := newOptimizer(Recipe{Optimizer: "adam"}, nil); err == nil {
		t.Error("adam is an optimiser")
	}
}

// TestWrongOptions: a recipe has exactly the options of its optimiser, within their ranges.
func TestWrongOptions(t *testing.T) {
	for want, spoil := range map[string]func(Recipe) Recipe{
		"beta1 must be between 0 and 0.9999, not 1": func(r Recipe) Recipe {
			r.Options["beta1"] = 1
			return r
		},
		"beta2 must be between 0 and 0.999999, not N": func(r Recipe) Recipe {
			r.Options["beta2"] = math.NaN()
			return r
		},
		"adamw needs the option epsilon, like 1e-08": func(r Recipe) Recipe {
			delete(r.Options, "epsilon")
			return r
		},
		"adamw has no option gamma: leave it out": func(r Recipe) Recipe {
			r.Options["gamma"] = 1
			return r
		},
		"sgd has no option beta1: leave it out": func(r Recipe) Recipe { r.Optimizer = SGD; return r },
		`optimizer must be one of sgd, rmsprop, adamw, not "adam"`: func(r Recipe) Recipe {
			r.Optimizer = "adam"
			return r
		},
	} {
		err := spoil(DefaultRecipe().WithOptimizer(AdamW)).Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

// TestOptionsInKeys: a recipe without options is written as it was before there were any; AdamW's
// has its own and nothing of the others.
func TestOptionsInKeys(t *testing.T) {
	text := func(r Recipe) string {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := text(DefaultRecipe()); strings.Contains(got, "options") ||
		!strings.Contains(got, `"momentum":0.9`) {
		t.Errorf("the default recipe is written as %s", got)
	}
	got := text(DefaultRecipe().WithOptimizer(AdamW))
	for _, want := range []string{`"options":{"beta1":0.9,"beta2":0.999,"epsilon":1e-8}`,
		`"momentum":0,`, `"nesterov":false`,
		`"rms_decay":0,"rms_epsilon":0,`, `"learning_rate":0.001`, `"weight_decay":0.01`} {
		if !strings.Contains(got, want) {
			t.Errorf("AdamW's recipe is written as %s, without %s", got, want)
		}
	}
	if again := text(DefaultRecipe().WithOptimizer(AdamW).WithOptimizer(SGD)); strings.Contains(
		again, "options") {
		t.Errorf("SGD's recipe is written as %s", again)
	}
}

// TestAdamWFollowsItsFormula compares with float64, with decay, without it, and clipped.
func TestAdamWFollowsItsFormula(t *testing.T) {
	for _, c := range []struct{ decay, clip float64 }{{.1, 0}, {0, 0}, {.1, .7}} {
		r := Recipe{ClipNorm: c.clip}.WithOptimizer(AdamW)
		r.WeightDecay = c.decay
		p := &layer.Param{Value: []float32{1}, Grad: []float32{0}, Decay: true}
		o, err := newOptimizer(r, []*layer.Param{p})
		if err != nil {
			t.Fatal(err)
		}
		w, m, v := 1., 0., 0.
		for i := range 60 {
			g, rate := math.Sin(float64(i))*2, .05/float64(i+1)
			p.Grad[0] = float32(g)
			o.step(i, rate)
			if c.clip > 0 {
				g *= min(1, c.clip/math.Abs(g))
			}
			w -= rate * c.decay * w
			m, v = .9*m+.1*g, .999*v+.001*g*g
			n := float64(i + 1)
			w -= rate * m / (1 - math.Pow(.9, n)) / (math.Sqrt(v/(1-math.Pow(.999, n))) + 1e-8)
			if math.Abs(w-float64(p.Value[0])) > 1e-5 {
				t.Fatalf("%+v: step %d gives %v, want %v", c, i, p.Value[0], w)
			}
		}
	}
}

// TestCheckpointNamesState: a checkpoint says which tensors of the optimiser it holds; one that
// names others is not used, and one of before, which names none, is.
func TestCheckpointNamesState(t *testing.T) {
	j := job()
	j.Recipe = j.Recipe.WithOptimizer(AdamW)
	j.Checkpoint = t.TempDir() + "/checkpoint"
	s := stopped(t, j, 7)
	for want, names := range map[string][]string{
		"":                             nil,
		"tensors mean, square, moment": {"mean", "square", "moment"},
		"this program's have the names mean, square": {"square", "mean"},
	} {
		header, err := json.Marshal(checkpointHeader{j.identity(), computer(), s.step, s.curve,
			s.sums, names})
		if err != nil {
			t.Fatal(err)
		}
		err = s.decode(s.encode(header))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", names, err)
		}
	}
	if header, err := json.Marshal(checkpointHeader{State: s.optimizer.rule.names()}); err != nil ||
		!strings.Contains(string(header), `"state":["mean","square"]`) {
		t.Errorf("the header is %s (%v)", header, err)
	}
}
