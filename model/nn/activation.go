package nn

import (
	"math"

	"gridsearch/internal/kernel/ops"
	"gridsearch/internal/plain"
	"gridsearch/model"
)

// activationKind is an activation as the engine takes it, and as plain loops.
type activationKind struct {
	fused    ops.Activation
	Forward  func(y, x []float32)
	Backward func(dx, dy, x []float32)
}

// activations are all of model.Activations, by name.
var activations = map[string]activationKind{
	model.SiLU:      {ops.SiLU, plain.SiLU, plain.SiLUBackward},
	model.ReLU:      clipped(ops.ReLU, float32(math.Inf(1))),
	model.ReLU6:     clipped(ops.ReLU6, 6),
	model.HardSwish: {ops.HardSwish, plain.HardSwish, plain.HardSwishBackward},
}

// clipped is an activation min(max(x, 0), top).
func clipped(fused ops.Activation, top float32) activationKind {
	return activationKind{fused,
		func(y, x []float32) { plain.ReLU(y, x, top) },
		func(dx, dy, x []float32) { plain.ReLUBackward(dx, dy, x, top) }}
}

// activation is the layer of one.
type activation struct {
	kind             activationKind
	perExample, size int
}

func (l *activation) Allocate(batch int) int {
	l.size = batch * l.perExample
	return l.size
}

func (l *activation) Forward(y, x []float32) { l.kind.Forward(y, x[:l.size]) }

func (l *activation) Backward(dx, dy, x, _ []float32) { l.kind.Backward(dx, dy, x[:l.size]) }
