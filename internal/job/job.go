// Package job is the contract of a run, between whoever coordinates a study and the workers that
// train: what is to be trained or measured, under which key, and how it ended. It knows no database
// and no engine.
//
// Both sides speak JSON, one message a line: requests on the worker's standard input, replies on
// its standard output. A worker begins with the kernels that it checks, one set after the other,
// and then greets or refuses. Every request is answered, a training by one Outcome and a
// measurement by one Latency, and what is said meanwhile is of that request. The end of the input
// is an order too: the other side is gone or wants no more, so the worker writes a checkpoint and
// exits.
//
// No message has a path. A worker keeps a run's files in a folder of its own, called by the run's
// key, and its answer names them by their SHA-256.
package job

import (
	"crypto/sha256"
	"encoding/hex"

	"gridsearch/internal/fault"
)

// Protocol is the version of the messages. It is raised when one changes its meaning, so that two
// sides never misunderstand each other.
const Protocol = 2

// Files of a run.
const (
	CheckpointFile = "checkpoint"          // that the run is resumed from
	WeightsFile    = "weights.safetensors" // of a complete run
	LogFile        = "log.txt"             // notes
)

// CompleteNote begins the last note of a complete run.
const CompleteNote = "complete: top-1"

// Request asks a worker for one thing; exactly one field is set.
type Request struct {
	Train   *Training    `json:"train,omitempty"`
	Measure *Measurement `json:"measure,omitempty"`
}

// Training asks a worker to train a run.
type Training struct {
	Spec        Spec `json:"spec"`
	KeepWeights bool `json:"keep_weights"` // write those that the run ends with

	// KeepPredictions is the most bytes of logits and labels that are written.
	KeepPredictions int `json:"keep_predictions"`
}

// Measurement asks a worker how long the network of a run takes for a batch of images, with the
// run's threads. The machine is the worker's alone meanwhile.
type Measurement struct {
	Spec  Spec `json:"spec"`
	Batch int  `json:"batch"` // images
}

// Reply is what a worker says; exactly one field is set.
type Reply struct {
	Checking string       `json:"checking,omitempty"` // the set whose check comes next
	Refused  string       `json:"refused,omitempty"`  // why it cannot train at all
	Hello    *Greeting    `json:"hello,omitempty"`
	Alive    bool         `json:"alive,omitempty"` // it reads the images of a run, or measures
	Progress *Progress    `json:"progress,omitempty"`
	Unsaved  *fault.Fault `json:"unsaved,omitempty"`  // why the run goes on without checkpoints
	Done     *Outcome     `json:"done,omitempty"`     // answers a training
	Measured *Latency     `json:"measured,omitempty"` // answers a measurement
}

// Greeting says who trains, and in which protocol.
type Greeting struct {
	Protocol    int    `json:"protocol"`
	Host        string `json:"host"`
	CommandLine string `json:"command_line"`
	Environment
}

// Environment is where a run was executed.
type Environment struct {
	GoVersion string `json:"go_version"`
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	CPU       string `json:"cpu"`
	Cores     int    `json:"cores"`
	KernelSet string `json:"kernel_set"`
	// sets that failed their check, and how
	KernelsOut     map[string]string `json:"kernels_rejected,omitempty"`
	Revision       string            `json:"revision"`
	Dirty          bool              `json:"dirty"`
	BinaryHash     string            `json:"binary_hash"`
	Modules        map[string]string `json:"modules"`
	NumericVersion int               `json:"numeric_version"`
}

// Progress is how far a running run has come.
type Progress struct {
	Key          string  `json:"key"`
	Step         int     `json:"step"`
	Steps        int     `json:"steps"`
	Loss         float64 `json:"loss"`
	LearningRate float64 `json:"learning_rate"`

	// Curve is what Thin leaves of the run's curve so far, where that has grown since the last word;
	// else it is empty.
	Curve []CurvePoint `json:"curve,omitempty"`

	// StartsOver is why the run begins again although it has a checkpoint; empty if it does not.
	StartsOver string `json:"starts_over,omitempty"`
}

// Outcome ends a run: with a result, with an error of the run's own (training it again would end
// the same way), with a fault of the machine that has kept it from its end, or interrupted.
type Outcome struct {
	Key    string  `json:"key"`
	Result *Result `json:"result,omitempty"`
	Files  []File  `json:"files,omitempty"` // of the run, that are to be kept
	Error  string  `json:"error,omitempty"`
	// with Interrupted: no checkpoint could be written
	Fault        *fault.Fault `json:"fault,omitempty"`
	Interrupted  bool         `json:"interrupted,omitempty"`
	TrainSeconds float64      `json:"train_seconds"`
	EvalSeconds  float64      `json:"eval_seconds"`
	WaitSeconds  float64      `json:"wait_seconds"`
	PeakRSSBytes int64        `json:"peak_rss_bytes"`
}

// Latency ends a measurement: with times, with an error of its own (measuring again would end the
// same way), or interrupted. It says what it is of.
type Latency struct {
	Key         string  `json:"key"`
	Trial       string  `json:"trial"`
	Batch       int     `json:"batch"`                 // images
	Repeats     int     `json:"repeats"`               // passes that were timed
	Shortest    float64 `json:"shortest_seconds"`      // of one pass
	Median      float64 `json:"median_seconds"`        // of the passes
	Error       string  `json:"error,omitempty"`       // the times are 0 then
	Interrupted bool    `json:"interrupted,omitempty"` // likewise
}

// File is a file of a run.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// FileOf is the file of that name with that content.
func FileOf(name string, text []byte) File {
	sum := sha256.Sum256(text)
	return File{name, hex.EncodeToString(sum[:])}
}

// Result is what a run ended with: the same on every repetition. Accuracies are fractions.
type Result struct {
	Top1     float64      `json:"top1"`
	Top5     float64      `json:"top5"`
	Loss     float64      `json:"loss"`
	Examples int          `json:"examples"`
	Correct  []byte       `json:"correct"`
	Curve    []CurvePoint `json:"curve"`
	Steps    int          `json:"steps"`

	// Predictions is the SHA-256 of the run's predictions.safetensors, hexadecimal; empty where
	// none was kept. Whether one is kept is a setting of the execution, so two results that differ
	// in nothing else than that are the same.
	Predictions string `json:"predictions,omitempty"`
}
