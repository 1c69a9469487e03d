package engine

import "gridsearch/internal/kernel/ops"

// Statistics collects the sums of a norm's input in one worker's phase.
type Statistics struct {
	worker   *Worker
	norm     *Norm
	training bool
	Par      ops.Params // rows of sums: the first and the second of Norm.Add
	channels int
	rows     int // since the last flush
}

// NewStatistics begins a phase in which a worker collects sums of rows of channels.
func (e *Engine) NewStatistics(w *Worker, n *Norm, channels int) *Statistics {
	return &Statistics{worker: w, norm: n, training: e.Training, Par: w.Params(channels, nil, nil),
		channels: channels}
}

// Write lets a convolution write rows of z, a tensor of size floats, and sums them: a large tensor
// by way of scratch and with non-temporal stores.
func (s *Statistics) Write(z, scratch ops.Matrix, rows, size int, convolve func(ops.Matrix)) {
	n := ops.Rows{Rows: rows, Channels: s.channels}
	switch {
	case !s.training:
		convolve(z)
	case size >= Past:
		convolve(scratch)
		s.worker.MomentsCopy(z, scratch, s.Par, n)
	default:
		convolve(z)
		s.worker.Moments(z, s.Par, n)
	}
	s.Count(rows)
}

// Count counts rows, and flushes the sums after FlushRows of them.
func (s *Statistics) Count(rows int) {
	if s.rows += rows; s.rows >= FlushRows {
		s.Flush()
	}
}

// Flush adds the sums to the norm's.
func (s *Statistics) Flush() {
	s.norm.Add(s.worker, s.Par.Row(0), s.Par.Row(1))
	s.rows = 0
}
