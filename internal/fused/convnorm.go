package fused

import "gridsearch/internal/kernel"

// convNorm is a 1x1 convolution with batch norm behind it; the activation is its consumer's. Its output z is kept for the backward pass.
type convNorm struct {
	*Engine
	conv *pointwise
	norm *norm
	rows int       // of the batch
	pad  int       // numbers of a row of z
	z    []float32 // [rows, pad]; nil where it is implicit

	implicit *implicit // nil where z is kept
}

func (e *Engine) convNorm(weight Weight, norm NormParams, in, out int) *convNorm {
	return &convNorm{Engine: e, conv: e.pointwise(weight, Weight{}, in, out), norm: e.norm(norm), pad: e.set.Pad(out)}
}

// allocate sizes the layer for so many rows.
func (l *convNorm) allocate(rows int) {
	l.rows = rows
	if l.implicit != nil {
		return
	}
	l.z = kernel.Floats(rows * l.pad)
	l.reserve(0, chunk(rows, l.pad)*l.pad)
}

// output is z from a row on.
func (l *convNorm) output(row int) kernel.Matrix { return kernel.Dense(l.z[row*l.pad:], l.pad) }

// forward computes z of x and the batch's statistics.
func (l *convNorm) forward(x []float32) {
	l.conv.pack(l.workers[0].Kernels)
	l.norm.begin(l.Engine)
	if l.implicit != nil {
		l.measure(x)
		return
	}
	step := chunk(l.rows, l.pad)
	l.run(pieces(l.rows, step), func(w *worker, from, to int) {
		s := l.statistics(w, l.norm, l.pad)
		for u := from; u < to; u++ {
			row := u * step
			n := min(step, l.rows-row)
			in := kernel.Dense(x[row*l.conv.in:], l.conv.in)
			s.write(l.output(row), kernel.Dense(w.scratch[0], l.pad), n, len(l.z), func(z kernel.Matrix) {
				w.ProductPadded(z, in, l.conv.forward, n)
			})
		}
		s.flush()
	})
	l.norm.finish(l.Engine, l.rows)
}

// backward takes du, the gradient behind the norm, padded like z, with its sums in the norm: it computes the weights' gradient and dx, to which it adds
// the residual's where there is one. dx may be nil.
func (l *convNorm) backward(dx, du, x, residual []float32) {
	l.norm.backward(l.rows)
	step := chunk(l.rows, l.pad)
	l.run(pieces(l.rows, step), func(w *worker, from, to int) {
		par := w.params(l.pad, l.norm.a, l.norm.b, l.norm.c)
		dz := kernel.Dense(w.scratch[0], l.pad)
		for u := from; u < to; u++ {
			row := u * step
			n := min(step, l.rows-row)
			w.AffineAdd(dz, kernel.Dense(du[row*l.pad:], l.pad), l.output(row), par, kernel.Rows{Rows: n, Channels: l.pad})
			l.conv.gradient(w, kernel.Dense(x[row*l.conv.in:], l.conv.in), dz, n)
			if dx == nil {
				continue
			}
			to := dx[row*l.conv.in:][:n*l.conv.in]
			if residual != nil {
				copy(to, residual[row*l.conv.in:])
			}
			w.Product(kernel.Dense(to, l.conv.in), dz, l.conv.backward, n, residual != nil)
		}
	})
	l.conv.collect(l.workers[0].Kernels)
}

// statistics collects the sums of a norm's input in a phase of one worker.
type statistics struct {
	*worker
	norm     *norm
	training bool
	par      kernel.Params
	channels int
	rows     int // since the last flush
}

func (e *Engine) statistics(w *worker, n *norm, channels int) *statistics {
	return &statistics{worker: w, norm: n, training: e.training, par: w.params(channels, nil, nil), channels: channels}
}

// write has a convolution write rows of z, a tensor of size numbers, and takes their sums: a large tensor by way of scratch and past the caches.
func (s *statistics) write(z, scratch kernel.Matrix, rows, size int, convolve func(kernel.Matrix)) {
	n := kernel.Rows{Rows: rows, Channels: s.channels}
	switch {
	case !s.training:
		convolve(z)
	case size >= past:
		convolve(scratch)
		s.MomentsCopy(z, scratch, s.par, n)
	default:
		convolve(z)
		s.Moments(z, s.par, n)
	}
	s.count(rows)
}

// count flushes the sums when they have become long.
func (s *statistics) count(rows int) {
	if s.rows += rows; s.rows >= flushRows {
		s.flush()
	}
}

func (s *statistics) flush() {
	s.norm.add(s.worker, s.par.Row(0), s.par.Row(1))
	s.rows = 0
}
