package layer

import (
	"math"

	"gridsearch/internal/kernel/ops"
	"gridsearch/internal/plain"
	"gridsearch/model"
)

// ActivationKind is an activation as kernels (Fused) and as plain loops.
type ActivationKind struct {
	Fused    ops.Activation
	Forward  func(y, x []float32)
	Backward func(dx, dy, x []float32)
}

// Activations are all of model.Activations, by name.
var Activations = map[string]ActivationKind{
	model.SiLU:      {ops.SiLU, plain.SiLU, plain.SiLUBackward},
	model.ReLU:      clipped(ops.ReLU, float32(math.Inf(1))),
	model.ReLU6:     clipped(ops.ReLU6, 6),
	model.HardSwish: {ops.HardSwish, plain.HardSwish, plain.HardSwishBackward},
}

// clipped is an activation min(max(x, 0), top).
func clipped(fused ops.Activation, top float32) ActivationKind {
	return ActivationKind{fused,
		func(y, x []float32) { plain.ReLU(y, x, top) },
		func(dx, dy, x []float32) { plain.ReLUBackward(dx, dy, x, top) }}
}

// Activation applies an activation, element by element.
type Activation struct {
	Kind             ActivationKind
	PerExample, size int
}

// Allocate implements Layer.
func (l *Activation) Allocate(batch int) int {
	l.size = batch * l.PerExample
	return l.size
}

// Forward implements Layer.
func (l *Activation) Forward(y, x []float32) { l.Kind.Forward(y, x[:l.size]) }

// Backward implements Layer.
func (l *Activation) Backward(dx, dy, x, _ []float32) { l.Kind.Backward(dx, dy, x[:l.size]) }
