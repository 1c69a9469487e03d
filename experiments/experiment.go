// Package experiments reads experiment files: TOML that declares a study.
//
// The format is strict. Every unknown key, wrong type and impossible value of a file is reported at once, each with line, column and the nearest
// valid name. Numbers of a grid are exact decimals, as written. What a file leaves out gets the default that stands beside the field here.
//
// The package joins what a file names: the model around which a search is made, the space of the search, the data and the recipe.
package experiments

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gridsearch/dataset"
	"gridsearch/model"
	"gridsearch/model/train"
	"gridsearch/search"
)

// SchemaVersion is that of the format.
const SchemaVersion = 1

// Experiment is a file with its defaults filled in.
type Experiment struct {
	File        string // path or name, for messages
	Study       Study
	Model       Model
	Search      search.Space
	Data        *Data         // nil where the file has no [data]: it can be planned, not run
	Train       *train.Recipe // nil where the file has no [train]
	Replication Replication
	Execution   Execution
	Analysis    Analysis
	Report      Report
}

// Study is [study] with [objective].
type Study struct {
	Name        string // of the study's folder; the file's without its ending
	Description string
	Seed        uint64 // 1
	Metric      string // "val/top1"; nothing else is measured
	Direction   string // "maximize"
}

// Model is [model]: the network that the search starts from.
type Model struct {
	Baseline          string        // a preset; required
	Width             float64       // width_coefficient, 1: applied to the preset before the search
	Depth             float64       // depth_coefficient, 1
	Resolution        int           // pixels; the preset's
	Stem              int           // channels; the preset's
	StemStride        int           // the preset's
	Head              int           // channels; the preset's
	Stages            []model.Stage // instead of the preset's
	Strides           []int         // one a stage, instead of the stages' own
	Rounding          model.Rounding
	Dropout           float64 // before the classifier; 0 (the presets' rates suit ImageNet)
	DropConnect       float64 // 0
	BatchNormMomentum float64 // the preset's
	Classes           int     // 1000 without [data]; never with it
}

// Data is [data].
type Data struct {
	Dataset            string               // required
	Path               string               // folder of the files; the data set's usual place
	TrainExamples      int                  // 0: all that validation leaves
	ValidationFraction float64              // of the published training images, 0.1
	Augmentation       dataset.Augmentation // none
}

// Replication is [replication].
type Replication struct{ Seeds int } // 3

// Execution is [execution]: it may change between calls without changing a result.
type Execution struct {
	Workers                int           // 0: one a core
	ThreadsPerRun          int           // 1
	Timeout                time.Duration // of one run; 0: none
	MaxRetries             int           // after a worker's death, 2
	OnFailure              string        // "continue" or "stop"
	MaxConsecutiveFailures int           // 0: no limit
}

// Analysis is [analysis].
type Analysis struct{ Confidence float64 } // 0.95

// Report is [report].
type Report struct {
	Figures []string // all that the study allows
	Formats []string // "svg" and "png"
}

// Values that keys may have.
const (
	OnFailureContinue = "continue"
	OnFailureStop     = "stop"
)

// Load reads a file. Settings are key=value pairs that go before the file's own, such as train.epochs=3. The error of a bad file is an *Errors.
func Load(path string, settings ...string) (*Experiment, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text, settings...)
}

// Parse reads the text of a file.
func Parse(file string, text []byte, settings ...string) (*Experiment, error) {
	root, errs := open(file, text, settings)
	if root == nil {
		return nil, errs
	}
	e := &Experiment{File: file}
	if v := root.integer("schema_version", 0, 0, 1<<30); v != SchemaVersion {
		root.fail("schema_version", "schema_version = %d is needed as the first line, this program reads no other", SchemaVersion)
	}
	e.Study = readStudy(root, file)
	e.Model = readModel(root.table("model"))
	e.Search = readSearch(root)
	e.Data = readData(root)
	e.Train = readTrain(root, e.Model)
	e.Replication = readReplication(root.table("replication"))
	e.Execution = readExecution(root.table("execution"))
	e.Analysis = readAnalysis(root.table("analysis"))
	e.Report = readReport(root.table("report"))
	root.finish()
	if len(errs.List) > 0 {
		errs.sort()
		return nil, errs
	}
	return e, nil
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
	if s.Name == "" || s.Name != filepath.Base(s.Name) || strings.HasPrefix(s.Name, ".") {
		t.fail("name", "name %q does not make a folder: use letters, digits and dashes", s.Name)
	}
	return s
}

func readModel(t *table) Model {
	defer t.finish()
	rounding := model.OfficialRounding()
	m := Model{Baseline: t.choice("baseline", "", model.Presets()...)}
	if m.Baseline == "" {
		t.require("baseline", `baseline = "efficientnet-b0"`)
		m.Baseline = "efficientnet-b0"
	}
	preset, err := model.Preset(m.Baseline)
	if err != nil { // reported by choice already
		preset, _ = model.Preset("efficientnet-b0")
	}
	m.Width = t.number("width_coefficient", 1, .01, 100)
	m.Depth = t.number("depth_coefficient", 1, .01, 100)
	m.Resolution = t.integer("resolution", preset.Pixels, 1, 1<<14)
	m.Stem = t.integer("stem", preset.Stem.Channels, 1, 1<<14)
	m.StemStride = t.integer("stem_stride", preset.Stem.Stride, 1, 2)
	m.Head = t.integer("head", preset.Head, 1, 1<<16)
	m.Stages = t.stages("stages", preset.Stages)
	m.Strides = t.integers("strides", 1, 2)
	if n := len(m.Strides); n > 0 && n != len(m.Stages) {
		t.fail("strides", "strides has %d numbers for %d stages", n, len(m.Stages))
	}
	m.Rounding = model.Rounding{
		ChannelDivisor:     t.integer("channel_divisor", rounding.ChannelDivisor, 1, 256),
		Depth:              t.choice("depth_rounding", rounding.Depth, model.RoundUp, model.RoundNearest),
		ResolutionMultiple: t.integer("resolution_multiple", 0, 0, 256),
	}
	m.Dropout = t.number("dropout", 0, 0, .99)
	m.DropConnect = t.number("drop_connect", 0, 0, .99)
	m.BatchNormMomentum = t.number("batch_norm_momentum", preset.BatchNormMomentum, 0, .9999)
	m.Classes = t.integer("classes", 0, 1, 1<<20)
	return m
}

func readData(root *table) *Data {
	if !root.has("data") {
		return nil
	}
	t := root.table("data")
	defer t.finish()
	d := &Data{
		Dataset:            t.choice("dataset", "", dataset.Names()...),
		Path:               t.text("path", ""),
		TrainExamples:      t.integer("train_examples", 0, 0, 1<<40),
		ValidationFraction: t.number("validation_fraction", .1, .0001, .9999),
	}
	if d.Dataset == "" {
		t.require("dataset", `dataset = "motifs"`)
	}
	if root.has("model") && root.table("model").has("classes") {
		root.table("model").fail("classes", "classes comes from the data: leave it out where there is a [data]")
	}
	a := t.table("augmentation")
	defer a.finish()
	d.Augmentation = dataset.Augmentation{
		Shift:  a.number("shift", 0, 0, .5),
		Flip:   a.choice("flip", dataset.FlipNone, dataset.FlipNone, dataset.FlipRandom, dataset.FlipAlternate),
		Cutout: a.number("cutout", 0, 0, 1),
	}
	return d
}

func readTrain(root *table, m Model) *train.Recipe {
	if !root.has("train") {
		return nil
	}
	t := root.table("train")
	defer t.finish()
	r := train.DefaultRecipe()
	r.Dropout, r.DropConnect = m.Dropout, m.DropConnect
	r.Epochs = t.integer("epochs", r.Epochs, 1, 1<<20)
	r.BatchSize = t.integer("batch_size", r.BatchSize, 2, 1<<20)
	r.Optimizer = t.choice("optimizer", r.Optimizer, train.Optimizers...)
	r.LearningRate = t.positive("learning_rate", r.LearningRate)
	r.Momentum = t.number("momentum", r.Momentum, 0, .9999)
	r.Nesterov = t.flag("nesterov", r.Nesterov)
	r.RMSDecay = t.number("rms_decay", r.RMSDecay, 0, .9999)
	r.RMSEpsilon = t.positive("rms_epsilon", r.RMSEpsilon)
	r.Schedule = t.choice("schedule", r.Schedule, train.Schedules...)
	r.Warmup = t.number("warmup", r.Warmup, 0, 1)
	r.DecayRate = t.number("decay_rate", r.DecayRate, 0, 1)
	r.DecayEpochs = t.positive("decay_epochs", r.DecayEpochs)
	r.WeightDecay = t.number("weight_decay", r.WeightDecay, 0, 1)
	r.LabelSmoothing = t.number("label_smoothing", r.LabelSmoothing, 0, .99)
	r.EMA = t.number("ema", r.EMA, 0, .999999)
	r.ClipNorm = t.number("clip_norm", r.ClipNorm, 0, 1e9)
	r.ZeroInitResidual = t.flag("zero_init_residual", r.ZeroInitResidual)
	return &r
}

func readReplication(t *table) Replication {
	defer t.finish()
	return Replication{Seeds: t.integer("seeds", 3, 1, 10000)}
}

func readExecution(t *table) Execution {
	defer t.finish()
	return Execution{
		Workers:                t.integer("workers", 0, 0, 4096),
		ThreadsPerRun:          t.integer("threads_per_run", 1, 1, 1), // a run on several threads is not implemented
		Timeout:                t.duration("timeout", 0),
		MaxRetries:             t.integer("max_retries", 2, 0, 100),
		OnFailure:              t.choice("on_failure", OnFailureContinue, OnFailureContinue, OnFailureStop),
		MaxConsecutiveFailures: t.integer("max_consecutive_failures", 0, 0, 1<<20),
	}
}

func readAnalysis(t *table) Analysis {
	defer t.finish()
	return Analysis{Confidence: t.number("confidence_level", .95, .5, .999)}
}

func readReport(t *table) Report {
	defer t.finish()
	return Report{Figures: t.choices("figures", Figures), Formats: t.choices("formats", []string{"svg", "png"})}
}

// Figures lists the figures that a study can have.
var Figures = []string{"accuracy-cost", "training-curves", "scaling-panels", "scaling-curves"}

// Errors are all mistakes of a file, in the order of their places.
type Errors struct{ List []Mistake }

// Mistake is one of them.
type Mistake struct {
	File         string
	Line, Column int // from 1; 0 for what is missing or set from outside
	Text         string
}

func (m Mistake) String() string {
	if m.Line == 0 {
		return fmt.Sprintf("%s: %s", m.File, m.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
}

func (e *Errors) Error() string {
	lines := make([]string, len(e.List))
	for i, m := range e.List {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}
