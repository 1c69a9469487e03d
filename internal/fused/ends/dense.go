package ends

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// Dense is a fully connected layer: y = x weights + bias, with weights [in, out].
type Dense struct {
	engine *engine.Engine
	layer  *engine.Pointwise
	batch  int
}

// NewDense makes a fully connected layer.
func NewDense(e *engine.Engine, weight, bias engine.Weight, in, out int) *Dense {
	return &Dense{engine: e, layer: e.NewPointwise(weight, bias, in, out)}
}

// Allocate implements engine.Block.
func (d *Dense) Allocate(batch int) int {
	d.batch = batch
	return batch * d.layer.Out
}

// Forward implements engine.Block.
func (d *Dense) Forward(y, x []float32) {
	w, p := d.engine.Workers[0], d.layer
	p.Pack(w.Kernels)
	p.Apply(w.Kernels, ops.Dense(y, p.Out), ops.Dense(x, p.In), d.batch)
}

// Backward implements engine.Block.
func (d *Dense) Backward(dx, dy, x, _ []float32) {
	w, p := d.engine.Workers[0], d.layer
	p.Gradient(w, ops.Dense(x, p.In), ops.Dense(dy, p.Out), d.batch)
	p.Collect(w.Kernels)
	if dx != nil {
		w.Product(ops.Dense(dx, p.In), ops.Dense(dy, p.Out), p.Backward, d.batch, false)
	}
}
