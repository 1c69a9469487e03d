// Package expansion computes 1x1 convolutions to many channels with batch norm behind them, as they
// open a mobile bottleneck and end a network. Where that is faster their output is not kept but
// computed again by whoever reads it.
package expansion

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel"
)

// Layer is a 1x1 convolution with batch norm behind it; the activation is its consumer's. Its
// output z is kept for the backward pass, or implicit.
type Layer struct {
	*engine.Engine
	conv *engine.Pointwise
	Norm *engine.Norm
	rows int       // of the batch
	Pad  int       // numbers of a row of z
	Z    []float32 // [rows, Pad]; nil where it is implicit

	implicit *implicit // nil where z is kept
}

// New makes a layer whose output is kept.
func New(e *engine.Engine, weight engine.Weight, norm engine.NormParams, in, out int) *Layer {
	return &Layer{Engine: e, conv: e.NewPointwise(weight, engine.Weight{}, in, out),
		Norm: e.NewNorm(norm), Pad: e.Set.Pad(out)}
}

// Implicit says whether z is never kept.
func (l *Layer) Implicit() bool { return l.implicit != nil }

// Allocate sizes the layer for so many rows.
func (l *Layer) Allocate(rows int) {
	l.rows = rows
	if l.implicit != nil {
		return
	}
	l.Z = l.Keep(2, rows*l.Pad)
	l.Reserve(0, engine.Chunk(rows, l.Pad)*l.Pad)
}

// output is z from a row on.
func (l *Layer) output(row int) kernel.Matrix { return kernel.Dense(l.Z[row*l.Pad:], l.Pad) }

// Forward computes z of x and the batch's statistics.
func (l *Layer) Forward(x []float32) {
	l.conv.Pack(l.Workers[0].Kernels)
	l.Norm.Begin(l.Engine)
	if l.implicit != nil {
		l.measure(x)
		return
	}
	step := engine.Chunk(l.rows, l.Pad)
	l.Run(engine.Pieces(l.rows, step), func(w *engine.Worker, from, to int) {
		s := l.NewStatistics(w, l.Norm, l.Pad)
		for u := from; u < to; u++ {
			row := u * step
			n := min(step, l.rows-row)
			in := kernel.Dense(x[row*l.conv.In:], l.conv.In)
			s.Write(l.output(row), kernel.Dense(w.Scratch[0], l.Pad), n, len(l.Z), func(z kernel.Matrix) {
				w.ProductPadded(z, in, l.conv.Forward, n)
			})
		}
		s.Flush()
	})
	l.Norm.Finish(l.Engine, l.rows)
}

// Backward takes du, the gradient behind the norm, padded like z, with its sums in the norm: it
// computes the weights' gradient and dx, to which it adds the residual's where there is one. dx may
// be nil.
func (l *Layer) Backward(dx, du, x, residual []float32) {
	l.Norm.Backward(l.rows)
	step := engine.Chunk(l.rows, l.Pad)
	l.Run(engine.Pieces(l.rows, step), func(w *engine.Worker, from, to int) {
		par := w.Params(l.Pad, l.Norm.A, l.Norm.B, l.Norm.C)
		dz := kernel.Dense(w.Scratch[0], l.Pad)
		for u := from; u < to; u++ {
			row := u * step
			n := min(step, l.rows-row)
			w.AffineAdd(dz, kernel.Dense(du[row*l.Pad:], l.Pad), l.output(row), par,
				kernel.Rows{Rows: n, Channels: l.Pad})
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
