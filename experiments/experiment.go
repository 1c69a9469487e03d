// Package experiments reads experiment files: TOML that declares a study.
//
// The format is strict. Every unknown key, wrong type and impossible value of a file is reported at
// once, each with line, column and the nearest valid name (package tomlform). Numbers of a grid are
// exact decimals, as written. What a file leaves out gets the default beside the field here.
//
// The package reads the tables of a file, two of them with packages of their own: space has
// [search] and its constraints, training has [train]. It joins what they name: the model around
// which a search is made, the space of the search, the data and the recipe.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019.
//	[code]   The authors' code, efficientnet_builder.py and preprocessing.py.
package experiments

import (
	"os"
	"time"

	"gridsearch/dataset"
	"gridsearch/experiments/space"
	"gridsearch/experiments/training"
	"gridsearch/internal/tomlform"
	"gridsearch/model"
	"gridsearch/model/recipe"
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
	Data        *Data          // nil where the file has no [data]: it can be planned, not run
	Train       *recipe.Recipe // nil where the file has no [train]; at φ 0
	Replication Replication
	Execution   Execution
	Analysis    Analysis
	Report      Report

	root *tomlform.Table // where its keys come from
}

// At says where a key comes from, for messages about what only the data show: file, line and column
// of "data.train_examples" or of the nearest thing around it that the file has, or the setting from
// outside.
func (e *Experiment) At(path string) string { return e.root.At(path) }

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
	// a preset; required unless stages are given: "efficientnet-b0" has the rest then
	Baseline   string
	Width      float64 // width_coefficient, 1: applied to the network before the search
	Depth      float64 // depth_coefficient, 1
	Resolution int     // pixels; the preset's
	Stem       int     // channels; the preset's
	StemKernel int     // the preset's
	StemStride int     // the preset's
	StemPool   bool    // the preset's
	// channels of the 1x1 convolution before pooling, 0 for none; the preset's
	Head int
	// one of model.Activations, of all stages without one of their own; the preset's
	Activation string
	Padding    string // "symmetric" or "same"; symmetric
	// the preset's; as tables, or as rows of expansion, channels, kernel, stride, repeats of
	// MBConvs
	Stages  []model.Stage
	Strides []int // one a stage, instead of the stages' own
	// channel_divisor 8, depth_rounding "ceil", resolution_multiple 0 (any): the official rule
	Rounding          model.Rounding
	Dropout           Strength // before the classifier; 0 (the presets' rates suit ImageNet)
	DropConnect       Strength // 0
	BatchNormMomentum float64  // the preset's
	BatchNormEpsilon  float64  // the preset's
	Classes           int      // 1000 without [data]; never with it
}

// Data is [data].
type Data struct {
	Dataset            string  // required
	Path               string  // folder of the files; the data set's usual place
	TrainExamples      int     // 0: all that validation leaves
	ValidationFraction float64 // of the published training images, 0.1
	// the file sets that fraction: it is taken even where the data have a validation part
	SplitsTraining bool
	// share of the side of the middle that is validated on, 0 for all without a filter
	ValidationCrop float64
	Augmentation   recipe.Augmentation // none; at φ 0
	Magnitude      Strength            // of RandAugment, 10

	dataset.Reading // of an image folder
}

// Replication is [replication].
type Replication struct{ Seeds int } // 3

// Execution is [execution]: it may change between calls without changing a result.
type Execution struct {
	Workers                int           // 0: one a core
	ThreadsPerRun          int           // 1
	Timeout                time.Duration // of one run, as "30m" or in seconds; 0: none
	Silence                time.Duration // without a word of a worker that trains, 10m; 0: for ever
	MaxRetries             int           // after a worker's death, 2
	OnFailure              string        // "continue", the default, or "stop"
	MaxConsecutiveFailures int           // 0: no limit
	KeepWeights            bool          // of complete runs, true
	Latency                bool          // measure each trial's inference when no run is left, false
	// images of the batch that is measured beside a single one, 16
	LatencyBatch int

	// KeepPredictions is the most bytes of logits and labels that a run keeps: PredictionBytes, 0
	// where the file says keep_predictions = false, no bound where it says true.
	KeepPredictions int
}

// Analysis is [analysis]. Its bootstrap_resamples can be 10000 alone: it is read for files of
// before, and nothing is bootstrapped any more.
type Analysis struct {
	Confidence float64 // confidence_level, 0.95
	// beside the tied set: "permutation", the default, "sign-flip", where the seeds allow it, or
	// "none"
	Check string
}

// Report is [report].
type Report struct {
	Figures []string // names of package figure; all, which means those that the study allows
	Formats []string // of figure.Formats
	// data set whose published models figures show: a name of package literature, "auto" unless set
	Reference string
}

// PredictionBytes is up to which size a run keeps its predictions where the file does not say.
const PredictionBytes = 4_000_000

// Values that keys may have.
const (
	OnFailureContinue = "continue"
	OnFailureStop     = "stop"
	CheckPermutation  = "permutation"
	CheckSignFlip     = "sign-flip"
	CheckNone         = "none"
)

// form is what messages about the format show.
var form = tomlform.Form{Setting: "train.epochs=3", Item: "target", Deepest: "six"}

// Load reads a file. Settings are key=value pairs that go before the file's own, such as
// train.epochs=3 or constraint.0.target=1.9. The error of a bad file is a *tomlform.Errors; that of
// one that cannot be read is the file system's.
func Load(path string, settings ...string) (*Experiment, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text, settings...)
}

// Parse reads the text of a file; the error of a bad one is a *tomlform.Errors, with every mistake
// that can be told.
func Parse(file string, text []byte, settings ...string) (*Experiment, error) {
	root, errs := form.Open(file, text, settings)
	if root == nil {
		return nil, errs
	}
	e := readAll(root, file)
	if len(errs.List) == 0 {
		e.check(root)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return e, nil
}

// readAll reads every table and notes the mistakes of each.
func readAll(root *tomlform.Table, file string) *Experiment {
	e := &Experiment{File: file, root: root}
	readVersion(root)
	e.Study = readStudy(root, file)
	way := readRecipe(root)
	e.Model = readModel(root.Table("model"), way)
	e.Search = space.Read(root)
	e.Data = readData(root, way)
	if e.Train = training.Read(root, way.train, way.scaledRate); e.Train != nil {
		e.Train.Dropout, e.Train.DropConnect = e.Model.Dropout.At(0), e.Model.DropConnect.At(0)
	}
	e.Replication = readReplication(root.Table("replication"))
	e.Execution = readExecution(root.Table("execution"))
	e.Analysis = readAnalysis(root.Table("analysis"))
	e.Report = readReport(root.Table("report"))
	root.Finish()
	return e
}
