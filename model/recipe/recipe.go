// Package recipe is how a network is trained, as data: what a file can say of it, and what may be
// said.
//
// References:
//
//	[code] EfficientNet's official code: main.py (flags), utils.py (schedule), efficientnet_builder.py (regularisation).
package recipe

import (
	"fmt"
	"math"
	"strings"
)

// Recipe is how a network is trained. The zero value of an option turns it off.
type Recipe struct {
	Epochs       int     `json:"epochs"`
	BatchSize    int     `json:"batch_size"`
	Optimizer    string  `json:"optimizer"`     // one of Optimizers
	LearningRate float64 `json:"learning_rate"` // highest
	Momentum     float64 `json:"momentum"`      // 0..1
	Nesterov     bool    `json:"nesterov"`      // of SGD
	// of RMSProp: share of the old mean square that is kept
	RMSDecay   float64 `json:"rms_decay"`
	RMSEpsilon float64 `json:"rms_epsilon"` // of RMSProp: inside the root
	Schedule   string  `json:"schedule"`    // Constant, Cosine, Linear or Exponential
	// share of all steps during which the rate rises from 0
	Warmup    float64 `json:"warmup"`
	DecayRate float64 `json:"decay_rate"` // of Exponential: factor of one decay
	// of Exponential: epochs from one decay to the next
	DecayEpochs float64 `json:"decay_epochs"`
	// added to the gradient, times the weight; kernels only
	WeightDecay    float64 `json:"weight_decay"`
	LabelSmoothing float64 `json:"label_smoothing"` // share of the target spread over all classes
	Dropout        float64 `json:"dropout"`         // rate before the classifier
	DropConnect    float64 `json:"drop_connect"`    // stochastic depth: rate of the last block
	// decay of the moving average of weights that evaluation uses; 0 for none
	EMA              float64 `json:"ema"`
	ClipNorm         float64 `json:"clip_norm"`          // largest norm of all gradients together
	ZeroInitResidual bool    `json:"zero_init_residual"` // blocks with a skip start as the identity

	// Options that were added later: at 0 or empty they are not part of a run's key.
	Initializer string `json:"initializer,omitempty"` // PyTorch, or empty for Official: package nn
	// epochs during which the rate rises from 0, instead of Warmup
	WarmupEpochs float64 `json:"warmup_epochs,omitempty"`
	// weight decay applies to biases too, but never to batch norm
	DecayBiases bool `json:"decay_biases,omitempty"`

	// of the optimiser: those that OptimizerNamed lists
	Options map[string]float64 `json:"options,omitempty"`
}

// Optimisers, schedules and initialisers.
const (
	SGD     = "sgd"
	RMSProp = "rmsprop"
	AdamW   = "adamw"

	Constant    = "constant"
	Cosine      = "cosine"
	Linear      = "linear"
	Exponential = "exponential"

	Official = "official"
	PyTorch  = "pytorch"
)

// Optimizers, Schedules and Initializers list the names that a recipe may use.
var (
	Optimizers = optimizerNames()
	Schedules  = []string{Constant, Cosine, Linear, Exponential}

	Initializers = []string{Official, PyTorch}
)

// DefaultRecipe works on small images: SGD with Nesterov momentum, learning rate 0.1 for a batch of
// 64, linear warm-up, then linear decay to 0.
func DefaultRecipe() Recipe {
	return Recipe{
		Epochs: 10, BatchSize: 64, Optimizer: SGD, LearningRate: .1, Momentum: .9, Nesterov: true,
		RMSDecay: .9, RMSEpsilon: 1e-3,
		Schedule: Linear, Warmup: .1, DecayRate: .97, DecayEpochs: 2.4, WeightDecay: 2e-4,
		LabelSmoothing: .1, ZeroInitResidual: true,
	}
}

// RateImages is the batch size that the authors' learning rates are for: they scale linearly with
// it ([code], main.py).
const RateImages = 256

// EfficientNetRecipe is the recipe of [code] for a batch of RateImages, without what is specific to
// TPUs. Dropout is B0's.
func EfficientNetRecipe() Recipe {
	return Recipe{
		Epochs: 350, BatchSize: RateImages, Optimizer: RMSProp, LearningRate: .016, Momentum: .9,
		RMSDecay: .9, RMSEpsilon: 1e-3,
		Schedule: Exponential, WarmupEpochs: 5, DecayRate: .97, DecayEpochs: 2.4, WeightDecay: 1e-5,
		DecayBiases: true, LabelSmoothing: .1,
		Dropout: .2, DropConnect: .2, EMA: .9999,
	}
}

// Validate names every field that is out of its range.
func (r Recipe) Validate() error {
	wrong := r.wrongOptimizer()
	check := func(ok bool, format string, value any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, value))
		}
	}
	share := func(name string, v float64, one bool) {
		check(v >= 0 && (v < 1 || one && v == 1), name+" must be between 0 and 1, not %v", v)
	}
	check(r.Epochs >= 1, "epochs must be 1 or more, not %v", r.Epochs)
	check(r.BatchSize >= 2, "batch_size must be 2 or more, not %v: batch norm needs a batch",
		r.BatchSize)
	check(r.LearningRate > 0 && !math.IsInf(r.LearningRate, 0),
		"learning_rate must be positive, not %v", r.LearningRate)
	check(r.Schedule == Constant || r.Schedule == Cosine || r.Schedule == Linear ||
		r.Schedule == Exponential,
		"schedule must be one of "+strings.Join(Schedules, ", ")+", not %q", r.Schedule)
	check(r.Initializer == "" || r.Initializer == PyTorch, "initializer must be "+PyTorch+
		" or empty, not %q", r.Initializer)
	check(r.WeightDecay >= 0 && !math.IsInf(r.WeightDecay, 0),
		"weight_decay must be 0 or more, not %v", r.WeightDecay)
	check(r.ClipNorm >= 0, "clip_norm must be 0 (no clipping) or more, not %v", r.ClipNorm)
	check(r.Optimizer != RMSProp || r.RMSEpsilon > 0, "rms_epsilon must be positive, not %v",
		r.RMSEpsilon)
	check(r.Schedule != Exponential || r.DecayEpochs > 0, "decay_epochs must be positive, not %v",
		r.DecayEpochs)
	check(r.WarmupEpochs >= 0 && r.WarmupEpochs <= float64(r.Epochs),
		fmt.Sprintf("warmup_epochs must be between 0 and epochs = %d, not %%v", r.Epochs), r.WarmupEpochs)
	check(r.Warmup == 0 || r.WarmupEpochs == 0,
		"warmup = %v and warmup_epochs exclude each other: set one of them to 0", r.Warmup)
	share("momentum", r.Momentum, false)
	share("rms_decay", r.RMSDecay, false)
	share("warmup", r.Warmup, true)
	share("decay_rate", r.DecayRate, true)
	share("label_smoothing", r.LabelSmoothing, false)
	share("dropout", r.Dropout, false)
	share("drop_connect", r.DropConnect, false)
	share("ema", r.EMA, false)
	if wrong != nil {
		return fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return nil
}

// Passes is how many forward passes of one image a run takes, by the work that they are: three for
// each training image and epoch, as its gradient is twice a pass, and one for each that it is
// validated on.
func (r Recipe) Passes(train, validation int) float64 {
	return 3*float64(train)*float64(r.Epochs) + float64(validation)
}

// Rate is the learning rate of a step, counted from 0, of all steps.
func (r Recipe) Rate(step, steps, perEpoch int) float64 {
	// Half a step ahead, so that the rate of the first step is not 0.
	warm, risen := r.Warmup*float64(steps), float64(step)+.5
	if r.WarmupEpochs > 0 {
		// Whole steps from 0, as in the authors' code.
		warm, risen = math.Floor(r.WarmupEpochs*float64(perEpoch)), float64(step)
	}
	if float64(step) < warm {
		return r.LearningRate * risen / warm
	}
	left := (float64(steps) - float64(step)) / (float64(steps) - warm)
	switch r.Schedule {
	case Cosine:
		return r.LearningRate * (1 + math.Cos(math.Pi*(1-left))) / 2
	case Linear:
		return r.LearningRate * left
	case Exponential:
		// A staircase counted from the first step, as in the authors' code.
		return r.LearningRate * math.Pow(r.DecayRate,
			math.Floor(float64(step)/float64(perEpoch)/r.DecayEpochs))
	}
	return r.LearningRate
}
