package mbconv

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// excite is squeeze-excite: the gates of an image's channels, sigmoid(W2 silu(W1 mean + b1) + b2),
// from the means over its pixels. Images are computed in groups; every tensor has one row per
// image.
type excite struct {
	*engine.Engine
	reduce, expand *engine.Pointwise
	pad, squeezed  int // numbers of a row of each width

	area, batch int
	// [4, batch, pad]: means, gates, and the gradients of the means and of the gates
	rows          []float32
	inner, hidden []float32 // [batch, squeezed]: before and after SiLU
	dinner        []float32
}

func newExcite(e *engine.Engine, s Shape, p Params) *excite {
	return &excite{Engine: e, area: s.OutSize * s.OutSize, pad: e.Set.Pad(s.Expanded),
		squeezed: e.Set.Pad(s.SEChannels),
		reduce:   e.NewPointwise(p.Reduce, p.ReduceBias, s.Expanded, s.SEChannels),
		expand:   e.NewPointwise(p.Excite, p.ExciteBias, s.SEChannels, s.Expanded)}
}

// Rows of each image in excite.rows.
const (
	meanRow = iota
	gateRow
	meanGradient // of the sum over pixels: that of the mean, divided by their number
	gateGradient
	exciteRows
)

func (x *excite) allocate(batch int) {
	x.batch, x.rows = batch, ops.Floats(exciteRows*batch*x.pad)
	for _, s := range []*[]float32{&x.inner, &x.hidden, &x.dinner} {
		*s = ops.Floats(batch * x.squeezed)
	}
}

// wide is one of the rows of n images from first on; narrow is the same in the squeezed width.
func (x *excite) wide(row, first, n int) ops.Matrix {
	return ops.Dense(x.rows[(row*x.batch+first)*x.pad:][:n*x.pad], x.pad)
}

// gates are two of the rows of each image from an image on.
func (x *excite) gates(row, first, second int) ops.Gates {
	return ops.Gates{Data: x.rows[(row*x.batch+first)*x.pad:],
		Row: (second - row) * x.batch * x.pad, Group: x.pad}
}

func (x *excite) narrow(of []float32, first, n int) ops.Matrix {
	return ops.Dense(of[first*x.squeezed:][:n*x.squeezed], x.squeezed)
}

func (x *excite) pack() {
	x.reduce.Pack(x.Workers[0].Kernels)
	x.expand.Pack(x.Workers[0].Kernels)
}

// forward computes the gates of n images from the sums over their pixels, which become means.
func (x *excite) forward(w *engine.Worker, first, n int) {
	inner, hidden, gates, mean := x.narrow(x.inner, first, n), x.narrow(x.hidden, first, n),
		x.wide(gateRow, first, n), x.wide(meanRow, first, n)
	w.ScaleTo(mean.Data, mean.Data, 1/float32(x.area))
	x.reduce.Apply(w.Kernels, inner, mean, n)
	w.SiLU(hidden.Data, inner.Data)
	x.expand.Apply(w.Kernels, gates, hidden, n)
	w.Sigmoid(gates.Data, gates.Data)
}

// backward computes the gradients of the sums over pixels from those of the gates, which it
// overwrites.
func (x *excite) backward(w *engine.Worker, first, n int) {
	dgates, dinner, dmean := x.wide(gateGradient, first, n), x.narrow(x.dinner, first, n),
		x.wide(meanGradient, first, n)
	w.SigmoidBackward(dgates.Data, x.wide(gateRow, first, n).Data)
	x.expand.Gradient(w, x.narrow(x.hidden, first, n), dgates, n)
	w.Product(dinner, dgates, x.expand.Backward, n, false)
	w.SiLUBackward(dinner.Data, x.narrow(x.inner, first, n).Data)
	x.reduce.Gradient(w, x.wide(meanRow, first, n), dinner, n)
	w.Product(dmean, dinner, x.reduce.Backward, n, false)
	w.ScaleTo(dmean.Data, dmean.Data, 1/float32(x.area))
}

func (x *excite) collect() {
	x.reduce.Collect(x.Workers[0].Kernels)
	x.expand.Collect(x.Workers[0].Kernels)
}
