package study

import (
	"gridsearch/internal/fault"
	"gridsearch/internal/store"
)

// A supervisor and its worker speak JSON, one message a line: requests on the worker's standard input, replies on its standard output.
// The end of the input is an order too: the supervisor is gone or wants no more, so the worker writes a checkpoint and exits.

// request asks a worker to train a run.
type request struct {
	Spec        Spec   `json:"spec"`
	Dir         string `json:"dir"`          // runs/KEY of the study: checkpoint, log, weights
	KeepWeights bool   `json:"keep_weights"` // write those that the run ends with

	// KeepPredictions is the most bytes of logits and labels that are written.
	KeepPredictions int `json:"keep_predictions"`
}

// reply is what a worker says; exactly one field is set. It begins with the kernels that it checks, one
// set after the other, and then greets or refuses.
type reply struct {
	Checking string             `json:"checking,omitempty"` // the set whose check comes next
	Refused  string             `json:"refused,omitempty"`  // why it cannot train at all
	Hello    *store.Environment `json:"hello,omitempty"`
	Alive    bool               `json:"alive,omitempty"` // it reads the images of a run
	Progress *Progress          `json:"progress,omitempty"`
	Unsaved  *fault.Fault       `json:"unsaved,omitempty"` // why the run goes on without checkpoints
	Done     *outcome           `json:"done,omitempty"`
}

// Progress is how far a running run has come.
type Progress struct {
	Key          string  `json:"key"`
	Step         int     `json:"step"`
	Steps        int     `json:"steps"`
	Loss         float64 `json:"loss"`
	LearningRate float64 `json:"learning_rate"`

	// StartsOver is why the run begins again although it has a checkpoint; empty if it does not.
	StartsOver string `json:"starts_over,omitempty"`
}

// outcome ends a run: with a result, with an error of the run's own (training it again would end the
// same way), with a fault of the machine that has kept it from its end, or interrupted.
type outcome struct {
	Key          string        `json:"key"`
	Result       *store.Result `json:"result,omitempty"`
	Error        string        `json:"error,omitempty"`
	Fault        *fault.Fault  `json:"fault,omitempty"` // with Interrupted: no checkpoint could be written
	Interrupted  bool          `json:"interrupted,omitempty"`
	TrainSeconds float64       `json:"train_seconds"`
	EvalSeconds  float64       `json:"eval_seconds"`
	WaitSeconds  float64       `json:"wait_seconds"`
	PeakRSSBytes int64         `json:"peak_rss_bytes"`
}
