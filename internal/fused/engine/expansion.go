package engine

import "gridsearch/internal/kernel/ops"

// Expansion is a 1x1 convolution to many channels followed by batch norm, the first layer of an
// inverted bottleneck and the last of a network; the activation is computed by its consumer. Its
// output z is kept for the backward pass, or implicit: recomputed by its readers (activation
// checkpointing).
type Expansion struct {
	*Engine
	conv *Pointwise
	Norm *Norm
	rows int       // of the batch
	Pad  int       // numbers of a row of z
	Z    []float32 // [rows, Pad]; nil where it is implicit

	implicit *implicit // nil where z is kept
}

// NewExpansion makes a layer whose output is kept.
func (e *Engine) NewExpansion(weight Weight, norm NormParams, in, out int) *Expansion {
	return &Expansion{Engine: e, conv: e.NewPointwise(weight, Weight{}, in, out),
		Norm: e.NewNorm(norm), Pad: e.Set.Pad(out)}
}

// Implicit reports whether z is never kept.
func (l *Expansion) Implicit() bool { return l.implicit != nil }

// Allocate sizes the layer for a number of rows.
func (l *Expansion) Allocate(rows int) {
	l.rows = rows
	if l.implicit != nil {
		return
	}
	l.Z = l.Keep(ExpansionOutput, rows*l.Pad)
	l.Reserve(Output, Chunk(rows, l.Pad)*l.Pad)
}

// output is z from a row on.
func (l *Expansion) output(row int) ops.Matrix { return ops.Dense(l.Z[row*l.Pad:], l.Pad) }

// Forward computes z of x and the batch's statistics.
func (l *Expansion) Forward(x []float32) {
	l.conv.Pack(l.Workers[0].Kernels)
	l.Norm.Begin(l.Engine)
	if l.implicit != nil {
		l.measure(x)
		return
	}
	step := Chunk(l.rows, l.Pad)
	l.Run(Pieces(l.rows, step), func(w *Worker, from, to int) {
		s := l.NewStatistics(w, l.Norm, l.Pad)
		for u := from; u < to; u++ {
			row := u * step
			n := min(step, l.rows-row)
			in := ops.Dense(x[row*l.conv.In:], l.conv.In)
			s.Write(l.output(row), ops.Dense(w.Scratch[Output], l.Pad), n, len(l.Z), func(z ops.Matrix) {
				w.ProductPadded(z, in, l.conv.Forward, n)
			})
		}
		s.Flush()
	})
	l.Norm.Finish(l.Engine, l.rows)
}

// Backward takes du, the gradient of the norm's output, padded like z, with its sums in the norm:
// it computes the weights' gradient and dx, to which it adds the residual's gradient if there is
// one. dx may be nil.
func (l *Expansion) Backward(dx, du, x, residual []float32) {
	l.Norm.Backward(l.rows)
	step := Chunk(l.rows, l.Pad)
	l.Run(Pieces(l.rows, step), func(w *Worker, from, to int) {
		par := w.Params(l.Pad, l.Norm.A, l.Norm.B, l.Norm.C)
		dz := ops.Dense(w.Scratch[Output], l.Pad)
		for u := from; u < to; u++ {
			row := u * step
			n := min(step, l.rows-row)
			w.AffineAdd(dz, ops.Dense(du[row*l.Pad:], l.Pad), l.output(row), par,
				ops.Rows{Rows: n, Channels: l.Pad})
			l.conv.Gradient(w, ops.Dense(x[row*l.conv.In:], l.conv.In), dz, n)
			if dx == nil {
				continue
			}
			to := dx[row*l.conv.In:][:n*l.conv.In]
			if residual != nil {
				copy(to, residual[row*l.conv.In:])
			}
			w.Product(ops.Dense(to, l.conv.In), dz, l.conv.Backward, n, residual != nil)
		}
	})
	l.conv.Collect(l.Workers[0].Kernels)
}
