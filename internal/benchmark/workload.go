// Package benchmark measures how fast this machine trains networks and runs them.
//
// A training step is complete: forward pass, cross-entropy with label smoothing 0.1, backward pass
// and SGD with Nesterov momentum and weight decay, with dropout and stochastic depth at 0.2.
// Inference is a forward pass with running statistics. Images are random and written before the
// clock starts: the times include no input pipeline.
package benchmark

import (
	"fmt"
	"runtime"
	"strings"

	"gridsearch/internal/nearest"
	"gridsearch/model"
)

// Modes of a workload.
const (
	Train = "train"
	Infer = "infer"
)

// Modes lists them.
var Modes = []string{Train, Infer}

// Workload is a network and what to measure of it.
type Workload struct {
	Mode       string  `json:"mode"`       // Train or Infer
	Baseline   string  `json:"baseline"`   // a name of model.Presets
	Width      float64 `json:"width"`      // coefficient of the baseline's channels
	Depth      float64 `json:"depth"`      // coefficient of its repeats
	Resolution int     `json:"resolution"` // pixels on a side
	Batch      int     `json:"batch"`      // images of a step
	Threads    int     `json:"threads"`
	Rounds     int     `json:"rounds"` // steps that are timed
	Classes    int     `json:"classes"`
}

// Default is the workload with default values.
func Default() Workload {
	return Workload{Mode: Train, Baseline: "efficientnet-b0", Width: 1, Depth: 1, Resolution: 32,
		Batch: 128, Threads: 1, Rounds: 20, Classes: 10}
}

// Standard lists the workloads that machines are compared by, with the given threads and rounds.
func Standard(threads, rounds int) []Workload {
	var list []Workload
	for _, v := range []struct {
		mode              string
		width             float64
		resolution, batch int
	}{{Train, 1, 32, 128}, {Train, .5, 32, 128}, {Train, .25, 24, 64}, {Train, 1, 64, 64},
		{Train, 1, 224, 16}, {Infer, 1, 224, 1}, {Infer, 1, 224, 16}} {
		w := Default()
		w.Mode, w.Width, w.Resolution, w.Batch, w.Threads, w.Rounds = v.mode, v.width, v.resolution,
			v.batch, threads, rounds
		list = append(list, w)
	}
	return list
}

// Name describes the workload, like "B0 width 0.5 32 px batch 128".
func (w Workload) Name() string {
	name, ok := strings.CutPrefix(w.Baseline, "efficientnet-")
	if ok {
		name = strings.ToUpper(name)
	}
	if w.Mode == Infer {
		name = "inference " + name
	}
	if w.Width != 1 {
		name += fmt.Sprintf(" width %g", w.Width)
	}
	if w.Depth != 1 {
		name += fmt.Sprintf(" depth %g", w.Depth)
	}
	return fmt.Sprintf("%s %d px batch %d", name, w.Resolution, w.Batch)
}

// Architecture is the workload's network: the baseline scaled with the authors' rounding, without
// its own dropout and stochastic depth.
func (w Workload) Architecture() (model.Architecture, error) {
	a, err := model.Preset(w.Baseline)
	if err != nil {
		return a, err
	}
	a = a.Scale(w.Depth, w.Width, 1, model.OfficialRounding())
	a.Pixels, a.Classes, a.Dropout, a.DropConnect = w.Resolution, w.Classes, 0, 0
	return a, nil
}

// Limits of a workload, far above practical values, below which nothing overflows.
const (
	maxCoefficient = 100.
	maxResolution  = 1 << 13
	maxBatch       = 1 << 16
	maxRounds      = 1 << 20
	maxClasses     = 1 << 16
)

// enoughPixels are more than the strides of any baseline reduce to nothing.
const enoughPixels = 64

// Check reports what makes a workload impossible, naming the flag and the nearest possible value.
func (w Workload) Check() error {
	if w.Mode != Train && w.Mode != Infer {
		return fmt.Errorf("--mode %q is not known: did you mean %q?", w.Mode, nearest.Word(w.Mode, Modes))
	}
	if err := w.checkNumbers(); err != nil {
		return err
	}
	return w.checkNetwork()
}

func (w Workload) checkNumbers() error {
	batch := 1
	if w.Mode == Train {
		batch = 2 // batch norm needs a batch
	}
	for _, v := range []struct {
		flag             string
		value, low, high int
	}{
		{"--resolution", w.Resolution, 1, maxResolution}, {"--batch", w.Batch, batch, maxBatch},
		{"--threads", w.Threads, 1, runtime.NumCPU()},
		{"--rounds", w.Rounds, 1, maxRounds}, {"--classes", w.Classes, 2, maxClasses},
	} {
		if v.value < v.low || v.value > v.high {
			return fmt.Errorf("%s is from %d to %d here: %d is not, the nearest is %d", v.flag,
				v.low, v.high, v.value, max(v.low, min(v.value, v.high)))
		}
	}
	for _, v := range []struct {
		flag  string
		value float64
	}{{"--width", w.Width}, {"--depth", w.Depth}} {
		if !(v.value > 0 && v.value <= maxCoefficient) {
			return fmt.Errorf("%s is above 0 and at most %g: %g is not", v.flag, maxCoefficient, v.value)
		}
	}
	return nil
}

// checkNetwork refuses what cannot be built; if the strides reduce the resolution to nothing, it
// names the smallest that works.
func (w Workload) checkNetwork() error {
	a, err := w.Architecture()
	if err != nil {
		return err
	}
	if err = a.Validate(); err == nil {
		return nil
	}
	for a.Pixels++; a.Pixels <= enoughPixels; a.Pixels++ {
		if a.Validate() == nil {
			return fmt.Errorf("--resolution %d is too small: the nearest is %d (%w)", w.Resolution,
				a.Pixels, err)
		}
	}
	return err
}
