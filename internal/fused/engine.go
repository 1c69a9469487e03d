// Package fused computes the blocks of a network the fast way: forward and backward, with batch norm and activation never a pass of their own.
//
// A block's work is cut into units that fit the second cache, and in each unit several kernels go over the same numbers: statistics are taken where a
// convolution's output has just been written, normalisation and activation happen where the next convolution reads it, and the backward pass computes them
// again. A block so keeps nothing but the outputs of its convolutions. A phase ends where a statistic of the whole batch is needed.
//
// Tensors at a block's edge are dense: [batch, size, size, channels]. Inside, rows of channels are whole vectors with zeros behind. Units are split
// evenly over the threads of an Engine, each with sums of its own that are added up in order: the bits depend on the number of threads and on nothing
// else.
//
// The plain layers of package plain are the reference that every block here is tested against.
//
// References:
//
//	[resnet] K. He et al., Deep Residual Learning, 2015: residual blocks of two and three convolutions.
//	[bn]     S. Ioffe, C. Szegedy, Batch Normalization, 2015: the gradients of norm.
package fused

import (
	"sync"

	"gridsearch/internal/kernel"
)

// Block is a part of a network with parameters of its own. It owns what backward needs besides input and output.
type Block interface {
	// Allocate sizes the block for a batch and returns the number of floats of its output.
	Allocate(batch int) int
	Forward(y, x []float32)
	// Backward computes the gradients of the parameters and, unless dx is nil, of the input. dx is never dy.
	Backward(dx, dy, x, y []float32)
}

// Weight is a parameter and its gradient, which Backward writes.
type Weight struct{ Value, Grad []float32 }

// Engine is what the blocks of a network share: kernels, threads and scratch memory.
type Engine struct {
	set      *kernel.Set
	training bool
	moved    bool // the parameters may have, since the blocks read them
	workers  []*worker
	// Gradients of the wide tensors of whichever block runs: before and behind its depthwise convolution.
	wide [2][]float32
}

// NewEngine makes the engine of a network: for training, or for evaluation with running statistics and no backward pass.
func NewEngine(set *kernel.Set, threads int, training bool) *Engine {
	e := &Engine{set: set, training: training, moved: true}
	for id := range max(1, threads) {
		e.workers = append(e.workers, &worker{Kernels: set.New(), id: id})
	}
	return e
}

// Moved tells whether the parameters may have moved since the last step: blocks keep what they make of weights and running statistics otherwise.
func (e *Engine) Moved(moved bool) { e.moved = moved }

// resident is the size, in floats, of a tensor that is still in the caches when it is read again.
const resident = 256 << 10

// split is the number of equal parts of a batch in which a block computes its output. In evaluation, where nothing depends on the whole batch, it is the
// smallest with which the widest tensor, of so many floats an image, is resident.
func (e *Engine) split(batch, image int) int {
	n := 1
	for !e.training && n < batch && (batch%n != 0 || batch/n*image > resident) {
		n++
	}
	return n
}

// inPasses computes parts of a batch one after the other.
func (e *Engine) inPasses(n int, y, x []float32, forward func(y, x []float32)) {
	out, in, moved := len(y)/n, len(x)/n, e.moved
	for i := range n {
		e.moved = moved && i == 0
		forward(y[i*out:][:out], x[i*in:][:in])
	}
	e.moved = moved
}

// worker is a thread's own memory.
type worker struct {
	*kernel.Kernels
	id      int
	scratch [scratches][]float32
	memory  []float32 // of parameter rows
	used    int       // of it, in this phase
}

// scratches is the number of a worker's scratch tensors.
const scratches = 5

// unit is the size, in floats, of the part of a wide tensor that stays in the second cache while several kernels go over it.
const unit = 32 << 10

// past is the size, in floats, from which on a tensor is written past the caches: it would be out of them before it is read again.
const past = 1 << 20

// reserve makes scratch tensor i of every worker hold n floats.
func (e *Engine) reserve(i, n int) {
	for _, w := range e.workers {
		if len(w.scratch[i]) < n {
			w.scratch[i] = kernel.Floats(n)
		}
	}
}

// reserveWide makes a wide gradient hold n floats.
func (e *Engine) reserveWide(i, n int) {
	if e.training && len(e.wide[i]) < n {
		e.wide[i] = kernel.Floats(n)
	}
}

// params are rows of parameters for c channels in the worker's memory, each a copy of what is given, or zeros. They are good until the phase ends.
func (w *worker) params(c int, rows ...[]float32) kernel.Params {
	stride := w.Pad(c)
	begin, end := w.used, w.used+len(rows)*stride
	if end > len(w.memory) {
		w.memory = kernel.Floats(2 * end) // what is in use stays where it is
	}
	w.used = end
	return kernel.Params{Data: w.memory[begin:end], Stride: stride}.Set(rows...)
}

// run splits n units over the workers.
func (e *Engine) run(n int, phase func(w *worker, from, to int)) {
	for _, w := range e.workers {
		w.used = 0
	}
	if len(e.workers) == 1 {
		phase(e.workers[0], 0, n)
		return
	}
	var wait sync.WaitGroup
	for i, w := range e.workers[1:] {
		wait.Go(func() {
			defer kernel.FlushDenormals()()
			phase(w, e.share(i+1, n), e.share(i+2, n))
		})
	}
	phase(e.workers[0], 0, e.share(1, n))
	wait.Wait()
}

// share is the first unit of a worker.
func (e *Engine) share(worker, n int) int { return n * worker / len(e.workers) }

// chunk is a number of rows of so many channels that make a unit, a multiple of 48 where it can be: the tiles of the kernels divide that.
func chunk(rows, channels int) int {
	n := unit / max(1, channels)
	if n > 48 {
		n = n / 48 * 48
	}
	return max(1, min(n, rows))
}

// pieces is the number of pieces of so many that n make.
func pieces(n, size int) int { return (n + size - 1) / size }
