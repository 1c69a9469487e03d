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
	"gridsearch/internal/plural"
	"gridsearch/model"
	"gridsearch/model/recipe"
)

func readVersion(root *table) {
	root.note("schema_version", Rule{Kind: Whole, Bounds: between(SchemaVersion, SchemaVersion)})
	root.rule("schema_version").Needed = true
	const want = "schema_version = %d must be the first line: this program reads no other format"
	if !root.has("schema_version") {
		root.fail("", want, SchemaVersion)
	}
	if v, ok := root.take("schema_version"); ok && v != int64(SchemaVersion) {
		root.fail("schema_version", want+", and this is %s", SchemaVersion, kind(v))
	}
}

func readStudy(root *table, file string) Study {
	t, o := root.table("study"), root.table("objective")
	defer t.finish()
	defer o.finish()
	s := Study{
		Name:        t.text("name", strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))),
		Description: t.text("description", ""),
		Seed:        uint64(t.integer("seed", 1, 0, 1<<53)),
		Metric:      o.choice("metric", "val/top1", "val/top1"),
		Direction:   o.choice("direction", "maximize", "maximize"),
	}
	name := t.rule("name")
	name.Folder, name.Default = true, nil // the file's
	switch {
	case makesFolder(s.Name):
	case t.has("name"):
		t.fail("name", "name %s does not make a folder on every system: %s", quote(s.Name), folderRule)
	default:
		t.fail("name", "the file's name %s does not make a folder on every system, and [study] "+
			"has no other: %s", quote(s.Name), folderRule)
	}
	return s
}

// maxChannels bounds what a file may ask for before it is scaled.
const maxChannels = 1 << 14

func readModel(t *table, way manner) Model {
	defer t.finish()
	rounding := model.OfficialRounding()
	m := Model{Baseline: t.choice("baseline", "", model.Presets()...)}
	if m.Baseline == "" {
		if !t.has("stages") {
			t.require("baseline", `baseline = "efficientnet-b0"`)
		}
		m.Baseline = "efficientnet-b0"
	}
	preset, err := model.Preset(m.Baseline)
	if err != nil { // reported by choice already
		preset, _ = model.Preset("efficientnet-b0")
	}
	m.Width = t.number("width_coefficient", 1, .01, 100)
	m.Depth = t.number("depth_coefficient", 1, .01, 100)
	m.Resolution = t.integer("resolution", preset.Pixels, 1, 1<<14)
	m.Stem = t.integer("stem", preset.Stem.Channels, 1, maxChannels)
	m.StemKernel = t.odd("stem_kernel", preset.Stem.Kernel)
	m.StemStride = t.integer("stem_stride", preset.Stem.Stride, 1, 2)
	m.StemPool = t.flag("stem_pool", preset.Stem.Pool)
	m.Head = t.integer("head", preset.Head, 0, maxChannels)
	m.Activation = t.choice("activation", preset.Activation, model.Activations...)
	m.Padding = t.choice("padding", preset.Padding, model.Paddings...)
	m.Stages = t.stages("stages", preset.Stages)
	m.Strides = t.integers("strides", 1, 2)
	if n := len(m.Strides); n > 0 && n != len(m.Stages) {
		t.fail("strides", "strides has %s for %s", plural.Of(n, "number"),
			plural.Of(len(m.Stages), "stage"))
	}
	m.Rounding = model.Rounding{
		ChannelDivisor:     t.integer("channel_divisor", rounding.ChannelDivisor, 1, 256),
		Depth:              t.choice("depth_rounding", rounding.Depth, model.RoundUp, model.RoundNearest),
		ResolutionMultiple: t.integer("resolution_multiple", 0, 0, 256),
	}
	way = way.over(preset)
	m.Dropout = t.strength("dropout", way.dropout, 0, .99)
	m.DropConnect = t.strength("drop_connect", way.dropConnect, 0, .99)
	m.BatchNormMomentum = t.number("batch_norm_momentum", way.batchNormMomentum, 0, .9999)
	m.BatchNormEpsilon = t.number("batch_norm_epsilon", way.batchNormEpsilon, 1e-8, .99)
	m.Classes = t.integer("classes", 0, 1, 1<<20)
	t.rule("classes").Default = nil // the data's
	return m
}

// stages reads a network's stages: tables, or rows of expansion, channels, kernel, stride, repeats
// with squeeze-excite a quarter.
func (t *table) stages(key string, otherwise []model.Stage) []model.Stage {
	t.note(key, Rule{List: true, Items: [2]int{1, 0}, Depends: true})
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	list, isList := asList(v)
	if !isList || len(list) == 0 {
		t.wrong(key, "a list of at least one stage", v)
		return otherwise
	}
	stages := make([]model.Stage, len(list))
	for i, value := range list {
		at := item(key, i)
		t.note(at, Rule{Row: stageRow})
		values, isTable := value.(map[string]any)
		if row, isRow := asList(value); isRow && len(row) == len(stageRow) {
			values, isTable = map[string]any{}, true
			for k, name := range stageRow {
				values[name] = row[k]
			}
		}
		if !isTable {
			t.fail(at, "stage %d must be [%s] or a table, not %s", i+1,
				strings.Join(stageRow, ", "), kind(value))
			continue
		}
		stages[i] = newTable(join(t.path, at), values, t.source).stage()
	}
	return stages
}

// stageRow names the numbers of a stage that is written as a row.
var stageRow = []string{"expansion", "channels", "kernel", "stride", "repeats"}

// stage reads one as a table. Kernel 3 is the commonest of the published stages; channels must be
// given.
func (t *table) stage() model.Stage {
	defer t.finish()
	t.require("channels", "channels = 16")
	m := model.StageDefaults(t.choice("block", model.MBConv, model.BlockKinds...))
	m.Expansion = t.integer("expansion", m.Expansion, 1, 64)
	m.Channels = t.integer("channels", 16, 1, maxChannels)
	if m.Block == model.Bottleneck && m.Channels%m.Expansion != 0 { // before scaling, which rounds
		t.fail(t.culprit("channels", "expansion"),
			"channels of a bottleneck must be a multiple of its expansion %d, not %d", m.Expansion,
			m.Channels)
	}
	m.Kernel = t.odd("kernel", 3)
	m.Stride = t.integer("stride", 1, 1, 2)
	m.Repeats = t.integer("repeats", t.integer("layers", 1, 1, 1000), 1, 1000)
	t.either("repeats", "layers")
	t.rule("layers").Default = nil // that of repeats
	if t.has("repeats") && t.has("layers") {
		t.fail("layers", "layers is another word for repeats: give one of them")
	}
	m.SERatio = t.number("se_ratio", m.SERatio, 0, 1)
	m.Activation = t.choice("activation", "", model.Activations...)
	return m
}

// odd reads the side of a kernel.
func (t *table) odd(key string, otherwise int) int {
	k := t.integer(key, otherwise, 1, 31)
	t.rule(key).Odd = true
	if k%2 == 0 {
		t.fail(key, "%s must be odd, not %d", key, k)
	}
	return k
}

func readData(root *table, way manner) *Data {
	if _, ok := root.take("data"); !ok {
		return nil
	}
	t := root.table("data")
	defer t.finish()
	d := &Data{
		Dataset:            t.choice("dataset", "", dataset.Names()...),
		Path:               t.text("path", ""),
		TrainExamples:      t.integer("train_examples", 0, 0, 1<<40),
		ValidationFraction: t.number("validation_fraction", .1, .0001, .9999),
		ValidationCrop:     t.number("validation_crop", way.validationCrop, 0, 1),
	}
	t.require("dataset", `dataset = "motifs"`)
	if m := root.table("model"); m.has("classes") {
		m.fail("classes", "classes comes from the data: leave it out where there is a [data]")
	}
	a := t.table("augmentation")
	defer a.finish()
	d.Augmentation = dataset.Augmentation{
		Shift: a.number("shift", 0, 0, .5),
		Flip: a.choice("flip", way.augmentation.Flip, dataset.FlipNone, dataset.FlipRandom,
			dataset.FlipAlternate),
		Cutout: a.number("cutout", 0, 0, 1),
		Crop:   a.number("crop", way.augmentation.Crop, 0, 1),
	}
	readPolicy(a, d)
	return d
}

// noPolicy is what [data] augmentation calls the empty policy.
const noPolicy = "none"

// readPolicy reads the policy and, of RandAugment, what else it needs; their defaults are the
// authors'.
func readPolicy(t *table, d *Data) {
	names := append([]string{noPolicy}, dataset.Policies...)
	if policy := t.choice("policy", noPolicy, names...); policy != noPolicy {
		d.Augmentation.Policy = policy
	}
	layers, magnitude := t.integer("layers", 2, 1, 16), t.strength("magnitude", Strength{From: 10},
		0, dataset.MaxMagnitude)
	if d.Augmentation.Policy == dataset.RandAugment {
		d.Augmentation.Layers, d.Augmentation.Magnitude, d.Magnitude = layers, magnitude.At(0), magnitude
		return
	}
	given, isText := t.values["policy"].(string)
	misspelt := isText && !slices.Contains(names, given)
	for _, key := range []string{"layers", "magnitude"} {
		if t.has(key) && !misspelt {
			t.fail(key, "%s belongs to RandAugment: set policy = %q beside it", key, dataset.RandAugment)
		}
	}
}

func readTrain(root *table, m Model, way manner) *recipe.Recipe {
	if _, ok := root.take("train"); !ok {
		return nil
	}
	t := root.table("train")
	defer t.finish()
	r := readOptimizer(t, way.train)
	way.train = r
	r.Dropout, r.DropConnect = m.Dropout.At(0), m.DropConnect.At(0)
	r.Epochs = readEpochs(t, r.Epochs)
	r.BatchSize = t.integer("batch_size", r.BatchSize, 2, 1<<20)
	r.LearningRate = readRate(t, way, r.BatchSize)
	r.Momentum = t.number("momentum", r.Momentum, 0, .9999)
	r.Nesterov = t.flag("nesterov", r.Nesterov)
	r.RMSDecay = t.number("rms_decay", r.RMSDecay, 0, .9999)
	r.RMSEpsilon = t.positive("rms_epsilon", r.RMSEpsilon)
	r.Schedule = t.choice("schedule", r.Schedule, recipe.Schedules...)
	r.Warmup, r.WarmupEpochs = readWarmup(t, r)
	r.DecayRate = t.number("decay_rate", r.DecayRate, 0, 1)
	r.DecayEpochs = t.positive("decay_epochs", r.DecayEpochs)
	r.WeightDecay = t.number("weight_decay", r.WeightDecay, 0, 1)
	r.DecayBiases = t.flag("decay_biases", r.DecayBiases)
	r.LabelSmoothing = t.number("label_smoothing", r.LabelSmoothing, 0, .99)
	r.EMA = t.number("ema", r.EMA, 0, .999999)
	r.ClipNorm = t.number("clip_norm", r.ClipNorm, 0, 1e9)
	r.ZeroInitResidual = t.flag("zero_init_residual", r.ZeroInitResidual)
	if t.choice("initializer", recipe.Official, recipe.Initializers...) == recipe.PyTorch {
		r.Initializer = recipe.PyTorch
	}
	return &r
}

// readRate reads the highest learning rate: as it is, or for recipe.RateImages images and then in
// proportion to the batch.
func readRate(t *table, way manner, batch int) float64 {
	rate := way.train.LearningRate
	each := t.positive("learning_rate_per_256", rate)
	t.rule("learning_rate_per_256").Default = nil // learning_rate's stands for it
	if way.scaledRate || t.has("learning_rate_per_256") {
		rate = each * float64(batch) / recipe.RateImages
	}
	t.exclude("learning_rate", "learning_rate_per_256")
	return t.positive("learning_rate", rate)
}

// readWarmup reads the share of all steps or the epochs that the rate rises in.
func readWarmup(t *table, r recipe.Recipe) (share, epochs float64) {
	share, epochs = t.number("warmup", r.Warmup, 0, 1), t.number("warmup_epochs", r.WarmupEpochs, 0,
		1<<20)
	t.exclude("warmup", "warmup_epochs")
	t.rule("warmup").Default, t.rule("warmup_epochs").Default = nil, nil // each leaves out the other
	if t.has("warmup") {
		return share, 0
	}
	if t.has("warmup_epochs") {
		return 0, epochs
	}
	return share, epochs
}

// readEpochs takes one budget: a list of them would be several studies.
func readEpochs(t *table, otherwise int) int {
	if _, isList := asList(t.values["epochs"]); isList {
		t.take("epochs")
		t.fail("epochs", "epochs must be one whole number: give each training budget a study of "+
			"its own, as with --set train.epochs=20 --set study.name=long")
		return otherwise
	}
	return t.integer("epochs", otherwise, 1, 1<<20)
}

func readReplication(t *table) Replication {
	defer t.finish()
	return Replication{Seeds: t.integer("seeds", 3, 1, 10000)}
}

// maxThreads bounds the threads of one run: more are a mistake, whatever the machine.
const maxThreads = 256

func readExecution(t *table) Execution {
	defer t.finish()
	return Execution{
		Workers:       t.integer("workers", 0, 0, 4096),
		ThreadsPerRun: t.integer("threads_per_run", 1, 1, maxThreads),
		Timeout:       t.duration("timeout", 0),
		Silence:       t.duration("silence", 10*time.Minute),
		MaxRetries:    t.integer("max_retries", 2, 0, 100),
		OnFailure: t.choice("on_failure", OnFailureContinue, OnFailureContinue,
			OnFailureStop),
		MaxConsecutiveFailures: t.integer("max_consecutive_failures", 0, 0, 1<<20),
		KeepWeights:            t.flag("keep_weights", true),
		KeepPredictions:        readPredictions(t),
		Latency:                t.flag("latency", false),
		LatencyBatch:           t.integer("latency_batch", 16, 2, 4096),
	}
}

// readPredictions reads whether runs keep their predictions, as the size up to which they do.
func readPredictions(t *table) int {
	given := t.has("keep_predictions")
	switch keep := t.flag("keep_predictions", true); {
	case !given:
		t.rule("keep_predictions").Default = nil // up to a size
		return PredictionBytes
	case keep:
		return math.MaxInt
	}
	return 0
}

func readAnalysis(t *table) Analysis {
	defer t.finish()
	t.integer("bootstrap_resamples", 10000, 10000, 10000) // of files of before
	return Analysis{
		Confidence: t.number("confidence_level", .95, .5, .999),
		Check:      t.choice("check", CheckPermutation, CheckPermutation, CheckSignFlip, CheckNone),
	}
}

func readReport(t *table) Report {
	defer t.finish()
	return Report{
		Figures: t.choices("figures", figure.Names()),
		Formats: t.choices("formats", figure.Formats),
	}
}

// check looks for values that are right by themselves and cannot be together. Tables of the root
// are read already.
func (e *Experiment) check(root *table) {
	if _, err := e.Baseline(0, 0); err != nil {
		t, stage := root.table("model"), (*model.StageError)(nil)
		switch key := e.modelCause(t); {
		case key != "" && key != "stages":
			t.fail(key, "%s: %v", key, errors.Unwrap(err))
		case errors.As(err, &stage):
			t.fail(item("stages", stage.Stage), "%v", errors.Unwrap(err))
		default:
			t.source.fail(t.path, "%v", errors.Unwrap(err))
		}
	}
	if r := e.Train; r != nil && r.WarmupEpochs > float64(r.Epochs) {
		t := root.table("train")
		t.fail(t.culprit("warmup_epochs", "epochs", "recipe"),
			"warmup_epochs = %v are more than epochs = %d: set warmup_epochs, or warmup as a "+
				"share of all steps", r.WarmupEpochs, r.Epochs)
	}
	if e.Data != nil && e.Train != nil && e.Data.TrainExamples > 0 &&
		e.Data.TrainExamples < e.Train.BatchSize {
		root.table("data").fail("train_examples",
			"train_examples = %d do not fill one batch: batch_size is %d", e.Data.TrainExamples,
			e.Train.BatchSize)
	}
}
