package engine

import "gridsearch/internal/kernel/ops"

// Statistics collects the sums of a norm's input in a phase of one worker.
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

// Write has a convolution write rows of z, a tensor of size numbers, and takes their sums: a large
// tensor by way of scratch and with non-temporal stores, past the caches.
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

// Count flushes the sums when they have become long.
func (s *Statistics) Count(rows int) {
	if s.rows += rows; s.rows >= FlushRows {
		s.Flush()
	}
}

// Flush brings the sums into the norm.
func (s *Statistics) Flush() {
	s.norm.Add(s.worker, s.Par.Row(0), s.Par.Row(1))
	s.rows = 0
}
