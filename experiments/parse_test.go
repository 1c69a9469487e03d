package experiments

import (
	_ "embed"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gridsearch/dataset"
	"gridsearch/internal/figure"
	"gridsearch/internal/tomlform"
	"gridsearch/model"
	"gridsearch/model/recipe"
	"gridsearch/search"
)

// small is the shortest valid file.
const small = "schema_version = 1\nmodel.baseline = \"efficientnet-b0\"\n"

// parse reads a text that must be right.
func parse(t testing.TB, text string, settings ...string) *Experiment {
	t.Helper()
	e, err := Parse("file.toml", []byte(text), settings...)
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	return e
}

func TestDefaults(t *testing.T) {
	e := parse(t, small+"[data]\ndataset = \"motifs\"\n[train]\n")
	b0, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	defaults := recipe.DefaultRecipe()
	span := search.Range{Low: "1", High: "2", Step: "0.05"}
	want := &Experiment{
		File:  "file.toml",
		Study: Study{Name: "file", Seed: 1, Metric: "val/top1", Direction: "maximize"},
		Model: Model{Baseline: "efficientnet-b0", Width: 1, Depth: 1, Resolution: 224, Stem: 32,
			StemKernel: 3, StemStride: 2, Head: 1280, Stages: b0.Stages,
			Rounding: model.OfficialRounding(), BatchNormMomentum: .99, BatchNormEpsilon: 1e-3},
		Search: search.Space{Methods: []string{"grid"}, Alpha: span, Beta: span, Gamma: span,
			Phi: []search.Decimal{"1"}, ShareStep: "0.1",
			Coefficients: search.Point{Alpha: "1.2", Beta: "1.1", Gamma: "1.15"}, Controls: search.Controls},
		Data: &Data{Dataset: "motifs", ValidationFraction: .1,
			Augmentation: recipe.Augmentation{Flip: recipe.FlipNone}},
		Train:       &defaults,
		Replication: Replication{Seeds: 3},
		Execution: Execution{ThreadsPerRun: 1, Silence: 10 * time.Minute, MaxRetries: 2,
			OnFailure: OnFailureContinue, KeepWeights: true, LatencyBatch: 16,
			KeepPredictions: PredictionBytes},
		Analysis: Analysis{Confidence: .95, Check: CheckPermutation},
		Report:   Report{Figures: figure.Names(), Formats: []string{"svg", "png"}, Reference: "auto"},
	}
	want.root = e.root
	if !reflect.DeepEqual(e, want) {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
	if err := defaults.Validate(); err != nil {
		t.Errorf("the default recipe is invalid: %v", err)
	}
}

// everyKey has all keys of the format that go together, none at its default.
//
//go:embed testdata/every-key.toml
var everyKey string

func TestEveryKey(t *testing.T) {
	e := parse(t, everyKey)
	want := &Experiment{
		File: "file.toml",
		Study: Study{Name: "all", Description: "every key", Seed: 7, Metric: "val/top1",
			Direction: "maximize"},
		Model: Model{Baseline: "efficientnet-b1", Width: .5, Depth: 2, Resolution: 48, Stem: 16,
			StemKernel: 5, StemStride: 1, StemPool: true, Head: 96, Activation: "relu6",
			Padding: "same", Stages: []model.Stage{
				{Block: "mbconv", Expansion: 1, Channels: 8, Kernel: 5, Stride: 1, Repeats: 2,
					Activation: "relu"},
				{Block: "mbconv", Expansion: 6, Channels: 24, Kernel: 3, Stride: 1, Repeats: 1, SERatio: .25},
			}, Strides: []int{2, 1}, Rounding: model.Rounding{ChannelDivisor: 4, Depth: "round",
				ResolutionMultiple: 8}, Dropout: Strength{From: .1, To: .4, Phi: 3.5},
			DropConnect:       Strength{From: .2},
			BatchNormMomentum: .8, BatchNormEpsilon: 1e-5},
		Search: search.Space{
			Methods: []string{"grid", "list", "simplex", "solve", "single", "compound"},
			Alpha:   search.Range{Low: "1.1", High: "1.5", Step: "0.1"},
			Beta:    search.Range{Low: "1", High: "1.3", Step: "0.1"}, Gamma: search.Range{Low: "1",
				High: "1", Step: "0.05"},
			Phi: []search.Decimal{"1", "2"}, Coefficients: search.Point{Alpha: "1.3", Beta: "1.05",
				Gamma: "1.1"}, ShareStep: "0.25",
			List: []search.Point{{Alpha: "1.2", Beta: "1.1", Gamma: "1.15"},
				{Alpha: "2", Beta: "1", Gamma: "1"}},
			Controls: []string{"depth"},
			Constraints: []search.Constraint{{Quantity: "nominal", Low: "1.7", High: "2.3"},
				{Quantity: "params_ratio", Low: "1", High: "2.5"}},
		},
		Data: &Data{Dataset: "image-folder", Path: "photos", TrainExamples: 100,
			ValidationFraction: .2, SplitsTraining: true, ValidationCrop: .9,
			Reading: dataset.Reading{List: "all.csv", Ground: "#f0f0f0", OnUnreadable: "skip",
				Deduplicate: true}, Magnitude: Strength{From: 5},
			Augmentation: recipe.Augmentation{Shift: .05, Flip: recipe.FlipAlternate, Cutout: .25,
				Crop: .2, Policy: recipe.RandAugment, Layers: 3, Magnitude: 5}},
		Train: &recipe.Recipe{Epochs: 5, BatchSize: 16, Optimizer: recipe.RMSProp,
			LearningRate: .016, Momentum: .8, RMSDecay: .95, RMSEpsilon: .01,
			Schedule: recipe.Exponential, Warmup: .2, DecayRate: .9, DecayEpochs: 1.5,
			WeightDecay: 1e-5, DecayBiases: true, Dropout: .1, DropConnect: .2, EMA: .999,
			ClipNorm: 5, Initializer: recipe.PyTorch},
		Replication: Replication{Seeds: 5},
		Execution: Execution{Workers: 2, ThreadsPerRun: 1, Timeout: 30 * time.Minute,
			Silence: 5 * time.Minute, OnFailure: OnFailureStop, MaxConsecutiveFailures: 4,
			Latency: true, LatencyBatch: 8},
		Analysis: Analysis{Confidence: .9, Check: CheckNone},
		Report: Report{Figures: []string{"accuracy-cost"}, Formats: []string{"svg"},
			Reference: "auto"},
	}
	want.root = e.root
	if !reflect.DeepEqual(e, want) {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
	if err := e.Train.Validate(); err != nil {
		t.Error(err)
	}
}

// TestEfficientNetRecipe compares what the recipe gives all tables with section 4 of the authors'
// numbers, and that every one can be changed.
func TestEfficientNetRecipe(t *testing.T) {
	text := "schema_version = 1\nmodel.baseline = \"resnet-18\"\n[data]\ndataset = " +
		"\"motifs\"\n[train]\nrecipe = \"efficientnet\"\n"
	e := parse(t, text)
	want := recipe.Recipe{Epochs: 350, BatchSize: 256, Optimizer: "rmsprop", LearningRate: .016,
		Momentum: .9, RMSDecay: .9, RMSEpsilon: .001, Schedule: "exponential",
		WarmupEpochs: 5, DecayRate: .97, DecayEpochs: 2.4, WeightDecay: 1e-5, DecayBiases: true,
		LabelSmoothing: .1, Dropout: .2, DropConnect: .2, EMA: .9999}
	if !reflect.DeepEqual(*e.Train, want) {
		t.Errorf("got  %+v\nwant %+v", *e.Train, want)
	}
	if want := (recipe.Augmentation{Flip: "random", Crop: .08}); e.Data.Augmentation != want ||
		e.Data.ValidationCrop != .875 {
		t.Errorf("got %+v and %v, want %+v", e.Data.Augmentation, e.Data.ValidationCrop, want)
	}
	a, err := e.Baseline(16, 3)
	if err != nil || a.BatchNormMomentum != .99 || a.BatchNormEpsilon != 1e-3 {
		t.Errorf("batch norm of %+v (%v)", a, err)
	}
	// [code], main.py: the rate is for 256 images; the published B3 begins with its own dropout.
	e = parse(t, text, "train.batch_size=64", "train.warmup=0.1", "model.baseline=efficientnet-b3",
		"data.augmentation.crop=0", "train.ema=0", "model.batch_norm_momentum=0.9")
	if r := e.Train; r.LearningRate != .004 || r.Warmup != .1 || r.WarmupEpochs != 0 ||
		r.Dropout != .3 || r.EMA != 0 || e.Data.Augmentation.Crop != 0 ||
		e.Model.BatchNormMomentum != .9 {
		t.Errorf("got %+v, %+v, %+v", r, e.Data, e.Model)
	}
	e = parse(t, text, "train.recipe=default", "train.learning_rate_per_256=0.5",
		"train.batch_size=128", "train.warmup_epochs=2")
	if r := e.Train; r.LearningRate != .25 || r.Warmup != 0 || r.WarmupEpochs != 2 ||
		r.Optimizer != "sgd" {
		t.Errorf("options by themselves give %+v", r)
	}
}

// TestStrengthsFollowPhi: the recipe's dropout grows from B0's to B7's as the paper says, magnitude
// as the file says, and nothing leaves its bounds.
func TestStrengthsFollowPhi(t *testing.T) {
	e := parse(t, small+"[data]\ndataset = \"motifs\"\naugmentation = { policy = "+
		"\"randaugment\", magnitude = { from = 10, to = 28, phi = 6 } }\n[train]\nrecipe = "+
		"\"efficientnet\"\n")
	for phi, want := range map[float64][2]float64{0: {.2, 10}, 1: {.2 + .3/7, 13}, 3.5: {.35, 20.5},
		6: {.2 + .3*6/7, 28}, 7: {.5, 28}, 20: {.5, 28}} {
		r, a := e.Recipe(phi), e.Augmentation(phi)
		if math.Abs(r.Dropout-want[0]) > 1e-12 || math.Abs(a.Magnitude-want[1]) > 1e-12 ||
			r.DropConnect != .2 || a.Layers != 2 || a.Policy != recipe.RandAugment {
			t.Errorf("phi %v: dropout %v, magnitude %v, want %v", phi, r.Dropout, a.Magnitude, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := Strength{From: rapid.Float64Range(0, 1).Draw(t, "from"),
			To: rapid.Float64Range(0, 1).Draw(t, "to"), Phi: rapid.Float64Range(.01, 10).Draw(t, "phi")}
		at := s.At(rapid.Float64Range(0, 20).Draw(t, "at"))
		if s.At(0) != s.From || s.At(s.Phi) != s.To || at < min(s.From, s.To)-1e-15 ||
			at > max(s.From, s.To)+1e-15 {
			t.Fatalf("%+v is %v", s, at)
		}
	})
}

// TestOneStageInThreeForms: rows, inline tables and tables say the same.
func TestOneStageInThreeForms(t *testing.T) {
	rows := parse(t, small+"[model]\n", `model.stages=[[4, 12, 5, 2, 3]]`)
	inline := parse(t, small,
		`model.stages=[{ expansion = 4, channels = 12, kernel = 5, stride = 2, repeats = 3, se_ratio = 0.25, block = "mbconv" }]`)
	tables := parse(t, "schema_version = 1\n[model]\nbaseline = "+
		"\"efficientnet-b0\"\n[[model.stages]]\nexpansion = 4\nchannels = 12\nkernel = 5\nstride "+
		"= 2\nrepeats = 3\n")
	if !reflect.DeepEqual(rows.Model, inline.Model) || !reflect.DeepEqual(rows.Model, tables.Model) {
		t.Errorf("%+v\n%+v\n%+v", rows.Model, inline.Model, tables.Model)
	}
}

// TestStagesOfEveryKind: what a stage leaves out depends on its block, and a network of one's own
// needs no baseline.
func TestStagesOfEveryKind(t *testing.T) {
	text := "schema_version = 1\n[model]\nactivation = \"relu\"\nhead = 0\n"
	for _, block := range model.BlockKinds {
		text += "[[model.stages]]\nblock = \"" + block + "\"\nchannels = 32\nlayers = 2\n"
	}
	a, err := parse(t, text).Baseline(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []model.Stage{
		{Block: "mbconv", Expansion: 6, SERatio: .25}, {Block: "inverted-residual", Expansion: 6},
		{Block: "separable", Expansion: 1}, {Block: "conv", Expansion: 1},
		{Block: "basic", Expansion: 1}, {Block: "bottleneck", Expansion: 4},
	}
	for i := range want {
		want[i].Channels, want[i].Kernel, want[i].Stride, want[i].Repeats = 32, 3, 1, 2
	}
	if a.Head != 0 || a.Activation != "relu" || !reflect.DeepEqual(a.Stages, want) {
		t.Errorf("got  %+v\nwant %+v", a.Stages, want)
	}
}

// TestTextSettings: keys that want text take what TOML would read as something else, and keep it.
func TestTextSettings(t *testing.T) {
	for _, text := range []string{"2024", "2024-05-01", "true", "1e5", "1.0", "nan", "0x10",
		"07:32:00"} {
		e := parse(t, small, "study.description="+text, "data.dataset=idx", "data.path="+text)
		if e.Study.Description != text || e.Data.Path != text {
			t.Errorf("%s is read as %q and %q", text, e.Study.Description, e.Data.Path)
		}
	}
	if e := parse(t, small, "study.name=2024"); e.Study.Name != "2024" {
		t.Errorf("the name is %q", e.Study.Name)
	}
	for setting, want := range map[string]string{
		"study.name=[1]":  "--set study.name=[1]: name must be a string, not a list",
		".train.epochs=2": `--set .train.epochs=2: a part of the key ".train.epochs" is empty: did you mean "train.epochs"?`,
		"train..epochs=2": `--set train..epochs=2: a part of the key "train..epochs" is empty: did you mean "train.epochs"?`,
		"train.epochs.=2": `--set train.epochs.=2: a part of the key "train.epochs." is empty: did you mean "train.epochs"?`,
		"..=2":            `did you mean "train.epochs"?`,
	} {
		if _, err := Parse("file.toml", []byte(small), setting); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %s", setting, err, want)
		}
	}
	if _, err := Parse("file.toml", []byte(small+"study.name = 2024\n")); err == nil ||
		!strings.Contains(err.Error(), "name must be a string, not the whole number 2024") {
		t.Errorf("a number in the file gives %v", err)
	}
}

func TestSettings(t *testing.T) {
	text := small + "[[constraint]]\nquantity = \"nominal\"\n[data]\ndataset = " +
		"\"motifs\"\n[train]\nepochs = -1\nlearning_rate = 1\n"
	e := parse(t, text, "train.epochs=3", "train.optimizer=rmsprop", "study.name=a=b",
		"study.name=other", "search.phi=[\"2\", 3]", "constraint.0.target=1.9",
		"search.alpha.high=1.50", "model.resolution=32", `search.beta={ low = "1.25" }`)
	got := []any{e.Train.Epochs, e.Train.Optimizer, e.Train.LearningRate, e.Study.Name,
		e.Search.Phi, e.Search.Constraints[0].Low, e.Search.Alpha.High, e.Model.Resolution,
		e.Search.Beta.Low}
	want := []any{3, "rmsprop", 1., "other", []search.Decimal{"2", "3"}, search.Decimal("1.8"),
		search.Decimal("1.5"), 32, search.Decimal("1.25")}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestMistakesAddUp: mistakes of different sections are all reported, in the order of their places,
// whatever else is in the file.
func TestMistakesAddUp(t *testing.T) {
	lines := []string{"[study]", "seed = -1", "[objective]", "metric = 1", "[replication]",
		"seeds = 0", "[execution]", "workers = 1.5", "[analysis]", "level = 2", "[report]",
		"formats = [3]"}
	rapid.Check(t, func(t *rapid.T) {
		text, want := small, []int{}
		line := 2
		for _, i := range rapid.Permutation([]int{0, 1, 2, 3, 4, 5}).Draw(t,
			"sections")[:rapid.IntRange(1, 6).Draw(t, "number")] {
			text += lines[2*i] + "\n"
			line++
			for range rapid.IntRange(0, 3).Draw(t, "comments") {
				text += "# [comment = \"\n"
				line++
			}
			text += "\t" + lines[2*i+1] + " # ]\n"
			line++
			want = append(want, line)
		}
		_, err := Parse("file.toml", []byte(text))
		list, ok := err.(*tomlform.Errors)
		if !ok {
			t.Fatalf("got %v", err)
		}
		var got []int
		for _, m := range list.List {
			got = append(got, m.Line)
			if m.Column != 2 && !strings.HasPrefix(m.Text, "formats") {
				t.Fatalf("column of %v", m)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("mistakes in lines %v, want %v:\n%v", got, want, err)
		}
	})
}

// TestKeepPredictions: what the file says bounds the size, and nothing else does where it says so.
func TestKeepPredictions(t *testing.T) {
	for setting, want := range map[string]int{"": 4_000_000, "true": math.MaxInt, "false": 0} {
		var settings []string
		if setting != "" {
			settings = []string{"execution.keep_predictions=" + setting}
		}
		if got := parse(t, small, settings...).Execution.KeepPredictions; got != want {
			t.Errorf("keep_predictions = %s: up to %d bytes, want %d", setting, got, want)
		}
	}
}
