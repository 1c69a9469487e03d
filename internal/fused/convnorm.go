package fused

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel"
)

// convNorm is a 1x1 convolution with batch norm behind it; the activation is its consumer's. Its output z is kept for the backward pass.
type convNorm struct {
	*engine.Engine
	conv *engine.Pointwise
	norm *engine.Norm
	rows int       // of the batch
	pad  int       // numbers of a row of z
	z    []float32 // [rows, pad]; nil where it is implicit

	implicit *implicit // nil where z is kept
}

func newConvNorm(e *engine.Engine, weight engine.Weight, norm engine.NormParams, in, out int) *convNorm {
	return &convNorm{Engine: e, conv: e.NewPointwise(weight, engine.Weight{}, in, out), norm: e.NewNorm(norm), pad: e.Set.Pad(out)}
}

// allocate sizes the layer for so many rows.
func (l *convNorm) allocate(rows int) {
	l.rows = rows
	if l.implicit != nil {
		return
	}
	l.z = kernel.Floats(rows * l.pad)
	l.Reserve(0, engine.Chunk(rows, l.pad)*l.pad)
}

// output is z from a row on.
func (l *convNorm) output(row int) kernel.Matrix { return kernel.Dense(l.z[row*l.pad:], l.pad) }

// forward computes z of x and the batch's statistics.
func (l *convNorm) forward(x []float32) {
	l.conv.Pack(l.Workers[0].Kernels)
	l.norm.Begin(l.Engine)
	if l.implicit != nil {
		l.measure(x)
		return
	}
	step := engine.Chunk(l.rows, l.pad)
	l.Run(engine.Pieces(l.rows, step), func(w *engine.Worker, from, to int) {
		s := l.NewStatistics(w, l.norm, l.pad)
		for u := from; u < to; u++ {
			row := u * step
			n := min(step, l.rows-row)
			in := kernel.Dense(x[row*l.conv.In:], l.conv.In)
			s.Write(l.output(row), kernel.Dense(w.Scratch[0], l.pad), n, len(l.z), func(z kernel.Matrix) {
				w.ProductPadded(z, in, l.conv.Forward, n)
			})
		}
		s.Flush()
	})
	l.norm.Finish(l.Engine, l.rows)
}

// backward takes du, the gradient behind the norm, padded like z, with its sums in the norm: it computes the weights' gradient and dx, to which it adds
// the residual's where there is one. dx may be nil.
func (l *convNorm) backward(dx, du, x, residual []float32) {
	l.norm.Backward(l.rows)
	step := engine.Chunk(l.rows, l.pad)
	l.Run(engine.Pieces(l.rows, step), func(w *engine.Worker, from, to int) {
		par := w.Params(l.pad, l.norm.A, l.norm.B, l.norm.C)
		dz := kernel.Dense(w.Scratch[0], l.pad)
		for u := from; u < to; u++ {
			row := u * step
			n := min(step, l.rows-row)
			w.AffineAdd(dz, kernel.Dense(du[row*l.pad:], l.pad), l.output(row), par, kernel.Rows{Rows: n, Channels: l.pad})
			l.conv.Gradient(w, kernel.Dense(x[row*l.conv.In:], l.conv.In), dz, n)
			if dx == nil {
				continue
			}
			to := dx[row*l.conv.In:][:n*l.conv.In]
			if residual != nil {
				copy(to, residual[row*l.conv.In:])
			}
			w.Product(kernel.Dense(to, l.conv.In), dz, l.conv.Backward, n, residual != nil)
		}
	})
	l.conv.Collect(l.Workers[0].Kernels)
}
