package experiments

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gridsearch/dataset"
	"gridsearch/internal/figure"
	"gridsearch/internal/figure/literature"
	"gridsearch/internal/plural"
	"gridsearch/internal/tomlform"
	"gridsearch/internal/tomlform/place"
	"gridsearch/model"
	"gridsearch/model/recipe"
)

func readVersion(root *tomlform.Table) {
	root.Note("schema_version", tomlform.Rule{Kind: tomlform.Whole,
		Bounds: tomlform.Between(SchemaVersion, SchemaVersion)})
	root.Rule("schema_version").Needed = true
	const want = "schema_version = %d must be the first line: this program reads no other format"
	if !root.Has("schema_version") {
		root.Fail("", want, SchemaVersion)
	}
	if v, ok := root.Take("schema_version"); ok && v != int64(SchemaVersion) {
		root.Fail("schema_version", want+", and this is %s", SchemaVersion, tomlform.Describe(v))
	}
}

func readStudy(root *tomlform.Table, file string) Study {
	t, o := root.Table("study"), root.Table("objective")
	defer t.Finish()
	defer o.Finish()
	s := Study{
		Name:        t.Text("name", strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))),
		Description: t.Text("description", ""),
		Seed:        uint64(t.Integer("seed", 1, 0, 1<<53)),
		Metric:      o.Choice("metric", "val/top1", "val/top1"),
		Direction:   o.Choice("direction", "maximize", "maximize"),
	}
	name := t.Rule("name")
	name.Folder, name.Default = true, nil // the file's
	switch {
	case makesFolder(s.Name):
	case t.Has("name"):
		t.Fail("name", "name %s does not make a folder on every system: %s",
			tomlform.Quote(s.Name), folderRule)
	default:
		t.Fail("name", "the file's name %s does not make a folder on every system, and [study] "+
			"has no other: %s", tomlform.Quote(s.Name), folderRule)
	}
	return s
}

// Bounds of what a file may ask for before it is scaled: channels, and the side of a kernel.
const (
	maxChannels = 1 << 14
	maxKernel   = 31
)

func readModel(t *tomlform.Table, way manner) Model {
	defer t.Finish()
	rounding := model.OfficialRounding()
	m := Model{Baseline: t.Choice("baseline", "", model.Presets()...)}
	if m.Baseline == "" {
		if !t.Has("stages") {
			t.Require("baseline", `baseline = "efficientnet-b0"`)
		}
		m.Baseline = "efficientnet-b0"
	}
	preset, err := model.Preset(m.Baseline)
	if err != nil { // reported by choice already
		preset, _ = model.Preset("efficientnet-b0")
	}
	m.Width = t.Number("width_coefficient", 1, .01, 100)
	m.Depth = t.Number("depth_coefficient", 1, .01, 100)
	m.Resolution = t.Integer("resolution", preset.Pixels, 1, 1<<14)
	m.Stem = t.Integer("stem", preset.Stem.Channels, 1, maxChannels)
	m.StemKernel = t.Odd("stem_kernel", preset.Stem.Kernel, maxKernel)
	m.StemStride = t.Integer("stem_stride", preset.Stem.Stride, 1, 2)
	m.StemPool = t.Flag("stem_pool", preset.Stem.Pool)
	m.Head = t.Integer("head", preset.Head, 0, maxChannels)
	m.Activation = t.Choice("activation", preset.Activation, model.Activations...)
	m.Padding = t.Choice("padding", preset.Padding, model.Paddings...)
	m.Stages = readStages(t, "stages", preset.Stages)
	m.Strides = t.Integers("strides", 1, 2)
	if n := len(m.Strides); n > 0 && n != len(m.Stages) {
		t.Fail("strides", "strides has %s for %s", plural.Of(n, "number"),
			plural.Of(len(m.Stages), "stage"))
	}
	m.Rounding = model.Rounding{
		ChannelDivisor:     t.Integer("channel_divisor", rounding.ChannelDivisor, 1, 256),
		Depth:              t.Choice("depth_rounding", rounding.Depth, model.RoundUp, model.RoundNearest),
		ResolutionMultiple: t.Integer("resolution_multiple", 0, 0, 256),
	}
	way = way.over(preset)
	m.Dropout = readStrength(t, "dropout", way.dropout, 0, .99)
	m.DropConnect = readStrength(t, "drop_connect", way.dropConnect, 0, .99)
	m.BatchNormMomentum = t.Number("batch_norm_momentum", way.batchNormMomentum, 0, .9999)
	m.BatchNormEpsilon = t.Number("batch_norm_epsilon", way.batchNormEpsilon, 1e-8, .99)
	m.Classes = t.Integer("classes", 0, 1, 1<<20)
	t.Rule("classes").Default = nil // the data's
	return m
}

// readStages reads a network's stages: tables, or rows of expansion, channels, kernel, stride,
// repeats with squeeze-excite a quarter.
func readStages(t *tomlform.Table, key string, otherwise []model.Stage) []model.Stage {
	t.Note(key, tomlform.Rule{List: true, Items: [2]int{1, 0}, Depends: true})
	v, ok := t.Take(key)
	if !ok {
		return otherwise
	}
	list, isList := tomlform.List(v)
	if !isList || len(list) == 0 {
		t.Wrong(key, "a list of at least one stage", v)
		return otherwise
	}
	stages := make([]model.Stage, len(list))
	for i, value := range list {
		at := place.Item(key, i)
		t.Note(at, tomlform.Rule{Row: stageRow})
		values, isTable := value.(map[string]any)
		if row, isRow := tomlform.List(value); isRow && len(row) == len(stageRow) {
			values, isTable = map[string]any{}, true
			for k, name := range stageRow {
				values[name] = row[k]
			}
		}
		if !isTable {
			t.Fail(at, "stage %d must be [%s] or a table, not %s", i+1,
				strings.Join(stageRow, ", "), tomlform.Describe(value))
			continue
		}
		stages[i] = readStage(t.Instead(at, values))
	}
	return stages
}

// stageRow names the numbers of a stage that is written as a row.
var stageRow = []string{"expansion", "channels", "kernel", "stride", "repeats"}

// readStage reads one as a table. Kernel 3 is the commonest of the published stages; channels must
// be given.
func readStage(t *tomlform.Table) model.Stage {
	defer t.Finish()
	t.Require("channels", "channels = 16")
	m := model.StageDefaults(t.Choice("block", model.MBConv, model.BlockKinds...))
	m.Expansion = t.Integer("expansion", m.Expansion, 1, 64)
	m.Channels = t.Integer("channels", 16, 1, maxChannels)
	if m.Block == model.Bottleneck && m.Channels%m.Expansion != 0 { // before scaling, which rounds
		t.Fail(t.Culprit("channels", "expansion"),
			"channels of a bottleneck must be a multiple of its expansion %d, not %d", m.Expansion,
			m.Channels)
	}
	m.Kernel = t.Odd("kernel", 3, maxKernel)
	m.Stride = t.Integer("stride", 1, 1, 2)
	m.Repeats = t.Integer("repeats", t.Integer("layers", 1, 1, 1000), 1, 1000)
	t.Either("repeats", "layers")
	t.Rule("layers").Default = nil // that of repeats
	if t.Has("repeats") && t.Has("layers") {
		t.Fail("layers", "layers is another word for repeats: give one of them")
	}
	m.SERatio = t.Number("se_ratio", m.SERatio, 0, 1)
	m.Activation = t.Choice("activation", "", model.Activations...)
	return m
}

func readData(root *tomlform.Table, way manner) *Data {
	if _, ok := root.Take("data"); !ok {
		return nil
	}
	t := root.Table("data")
	defer t.Finish()
	d := &Data{
		Dataset:            t.Choice("dataset", "", dataset.Names()...),
		Path:               t.Text("path", ""),
		TrainExamples:      t.Integer("train_examples", 0, 0, 1<<40),
		ValidationFraction: t.Number("validation_fraction", .1, .0001, .9999),
		SplitsTraining:     t.Has("validation_fraction"),
		ValidationCrop:     t.Number("validation_crop", way.validationCrop, 0, 1),
	}
	readFolder(t, d)
	t.Require("dataset", `dataset = "motifs"`)
	share := t.Rule("validation_fraction")
	share.Default, share.Depends = nil, true // on the data
	if m := root.Table("model"); m.Has("classes") {
		m.Fail("classes", "classes comes from the data: leave it out where there is a [data]")
	}
	a := t.Table("augmentation")
	defer a.Finish()
	d.Augmentation = recipe.Augmentation{
		Shift: a.Number("shift", 0, 0, .5),
		Flip: a.Choice("flip", way.augmentation.Flip, recipe.FlipNone, recipe.FlipRandom,
			recipe.FlipAlternate),
		Cutout: a.Number("cutout", 0, 0, 1),
		Crop:   a.Number("crop", way.augmentation.Crop, 0, 1),
	}
	readPolicy(a, d)
	return d
}

// readFolder reads how an image folder is read. What is as usual stays empty, so that a study which
// says so is the one that does not.
func readFolder(t *tomlform.Table, d *Data) {
	d.List, d.Ground = t.Text("list", ""), t.Text("ground", "white")
	d.OnUnreadable = t.Choice("on_unreadable", dataset.UnreadableFails, dataset.UnreadableFails,
		dataset.UnreadableSkips)
	d.Deduplicate = t.Flag("deduplicate", false)
	if _, err := dataset.ParseGround(d.Ground); err != nil {
		t.Fail("ground", "ground %s", err)
	}
	if d.Ground == "white" {
		d.Ground = ""
	}
	if d.OnUnreadable == dataset.UnreadableFails {
		d.OnUnreadable = ""
	}
	for key, set := range map[string]bool{"list": d.List != "", "ground": d.Ground != "",
		"on_unreadable": d.OnUnreadable != "", "deduplicate": d.Deduplicate} {
		if set && d.Dataset != dataset.ImageFolder {
			t.Fail(key, "%s is for the data set %s alone", key, dataset.ImageFolder)
		}
	}
}

// noPolicy is what [data] augmentation calls the empty policy.
const noPolicy = "none"

// readPolicy reads the policy and, of RandAugment, what else it needs; their defaults are the
// authors'.
func readPolicy(t *tomlform.Table, d *Data) {
	names := append([]string{noPolicy}, recipe.Policies...)
	if policy := t.Choice("policy", noPolicy, names...); policy != noPolicy {
		d.Augmentation.Policy = policy
	}
	layers, magnitude := t.Integer("layers", 2, 1, 16), readStrength(t, "magnitude", Strength{From: 10},
		0, recipe.MaxMagnitude)
	if d.Augmentation.Policy == recipe.RandAugment {
		d.Augmentation.Layers, d.Augmentation.Magnitude, d.Magnitude = layers, magnitude.At(0), magnitude
		return
	}
	given, isText := t.Value("policy").(string)
	misspelt := isText && !slices.Contains(names, given)
	for _, key := range []string{"layers", "magnitude"} {
		if t.Has(key) && !misspelt {
			t.Fail(key, "%s belongs to RandAugment: set policy = %q beside it", key, recipe.RandAugment)
		}
	}
}

func readReplication(t *tomlform.Table) Replication {
	defer t.Finish()
	return Replication{Seeds: t.Integer("seeds", 3, 1, 10000)}
}

// maxThreads bounds the threads of one run: more are a mistake, whatever the machine.
const maxThreads = 256

func readExecution(t *tomlform.Table) Execution {
	defer t.Finish()
	return Execution{
		Workers:                t.Integer("workers", 0, 0, 4096),
		ThreadsPerRun:          t.Integer("threads_per_run", 1, 1, maxThreads),
		Timeout:                t.Duration("timeout", 0),
		Silence:                t.Duration("silence", 10*time.Minute),
		MaxRetries:             t.Integer("max_retries", 2, 0, 100),
		OnFailure:              t.Choice("on_failure", OnFailureContinue, OnFailureContinue, OnFailureStop),
		MaxConsecutiveFailures: t.Integer("max_consecutive_failures", 0, 0, 1<<20),
		KeepWeights:            t.Flag("keep_weights", true),
		KeepPredictions:        readPredictions(t),
		Latency:                t.Flag("latency", false),
		LatencyBatch:           t.Integer("latency_batch", 16, 2, 4096),
	}
}

// readPredictions reads whether runs keep their predictions, as the size up to which they do.
func readPredictions(t *tomlform.Table) int {
	given := t.Has("keep_predictions")
	switch keep := t.Flag("keep_predictions", true); {
	case !given:
		t.Rule("keep_predictions").Default = nil // up to a size
		return PredictionBytes
	case keep:
		return math.MaxInt
	}
	return 0
}

func readAnalysis(t *tomlform.Table) Analysis {
	defer t.Finish()
	t.Integer("bootstrap_resamples", 10000, 10000, 10000) // of files of before
	return Analysis{
		Confidence: t.Number("confidence_level", .95, .5, .999),
		Check:      t.Choice("check", CheckPermutation, CheckPermutation, CheckSignFlip, CheckNone),
	}
}

func readReport(t *tomlform.Table) Report {
	defer t.Finish()
	return Report{
		Figures: t.Renamed("figures", figure.Names(), figure.Former()),
		Formats: readFormats(t),

		Reference: t.Choice("reference", literature.Automatic, literature.Names()...),
	}
}

func readFormats(t *tomlform.Table) []string {
	given := t.Has("formats")
	formats := t.Choices("formats", figure.Formats)
	if t.Rule("formats").Default = figure.Usual; !given {
		return slices.Clone(figure.Usual)
	}
	return formats
}

// check looks for values that are right by themselves and cannot be together. Tables of the root
// are read already.
func (e *Experiment) check(root *tomlform.Table) {
	if _, err := e.Baseline(0, 0); err != nil {
		t, stage := root.Table("model"), (*model.StageError)(nil)
		switch key := e.modelCause(t); {
		case key != "" && key != "stages":
			t.Fail(key, "%s: %v", key, errors.Unwrap(err))
		case errors.As(err, &stage):
			t.Fail(place.Item("stages", stage.Stage), "%v", errors.Unwrap(err))
		default:
			t.FailWhole("%v", errors.Unwrap(err))
		}
	}
	if r := e.Train; r != nil && r.WarmupEpochs > float64(r.Epochs) {
		t := root.Table("train")
		t.Fail(t.Culprit("warmup_epochs", "epochs", "recipe"),
			"warmup_epochs = %v are more than epochs = %d: set warmup_epochs, or warmup as a "+
				"share of all steps", r.WarmupEpochs, r.Epochs)
	}
	if e.Data != nil && e.Train != nil && e.Data.TrainExamples > 0 &&
		e.Data.TrainExamples < e.Train.BatchSize {
		root.Table("data").Fail("train_examples",
			"train_examples = %d do not fill one batch: batch_size is %d", e.Data.TrainExamples,
			e.Train.BatchSize)
	}
}
