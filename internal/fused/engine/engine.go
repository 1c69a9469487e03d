// Package engine is what the fused blocks of a network are made of: threads with scratch memory,
// and layers whose passes a block runs together.
//
// A block computes a part of a network, forward and backward, with fused kernels: batch norm and
// activation are never a pass of their own. Its work is cut into units that fit the L2 cache, and
// in each unit several kernels go over the same numbers: statistics are taken where a convolution's
// output has just been written, normalisation and activation happen where the next convolution
// reads it, and the backward pass recomputes them (activation checkpointing). So a block keeps only
// the outputs of its convolutions. A phase ends where a statistic of the whole batch is needed.
//
// Tensors at a block's edge are dense: [batch, size, size, channels]. Inside, rows of channels are
// whole vectors with zeros at the end. Units are split evenly over the threads of an Engine, each
// with sums of its own that are added up in order: the bits depend on the number of threads and on
// nothing else.
//
// The layers of package plain are the reference implementation that every block is tested against.
//
// Reference:
//
//	[bn] S. Ioffe, C. Szegedy, Batch Normalization, 2015: the gradients of Norm.
package engine

import (
	"gridsearch/internal/fused/pool"
	"gridsearch/internal/kernel/ops"
)

// Block is a part of a network with parameters of its own. It owns what backward needs besides
// input and output.
type Block interface {
	// Allocate sizes the block for a batch and returns the number of floats of its output.
	Allocate(batch int) int
	Forward(y, x []float32)
	// Backward computes the gradients of the parameters and, unless dx is nil, of the input. dx is
	// never dy.
	Backward(dx, dy, x, y []float32)
}

// Weight is a parameter and its gradient, which Backward writes.
type Weight struct{ Value, Grad []float32 }

// ConvShape is the shape of a convolution on square maps with symmetric padding of (Kernel-1)/2.
type ConvShape struct {
	In, Out         int // channels
	Kernel, Stride  int
	InSize, OutSize int
	Activation      ops.Activation
}

// Reach says, along a side, which is the first output pixel whose tap number k is inside the map,
// where that is, and how many such pixels there are.
func (s ConvShape) Reach(k int) (out, in, n int) {
	offset := k - (s.Kernel-1)/2
	if offset < 0 {
		out = Pieces(-offset, s.Stride)
	}
	in = out*s.Stride + offset
	return out, in, max(0, min(s.OutSize-out, Pieces(s.InSize-in, s.Stride)))
}

// Engine is what the blocks of a network share: kernels, threads and scratch memory.
type Engine struct {
	Set      *ops.Set
	Training bool      // false: running statistics, and no backward pass
	Workers  []*Worker // one a thread
	pool     *pool.Pool
	phase    phase // that runs
	moved    bool  // the parameters may have, since the blocks read them
	// Wide are gradients as large as the wide tensors of whichever block runs: Gradient and
	// OtherGradient.
	Wide  [wideGradients][]float32
	kept  [tensors][]float32 // in evaluation: see Keep
	gates []float32          // see DepthGates
}

// Gradients in Engine.Wide, of the outputs of the norms after a block's convolutions, which
// alternate between the two.
const (
	Gradient      = iota // of an inverted bottleneck: after its expansion
	OtherGradient        // after its depthwise convolution
	wideGradients
)

// New makes the engine of a network: for training, or for evaluation with running statistics and no
// backward pass. Close ends its threads.
func New(set *ops.Set, threads int, training bool) *Engine {
	e := &Engine{Set: set, Training: training, moved: true}
	for id := range max(1, threads) {
		e.Workers = append(e.Workers, &Worker{Kernels: set.New(), ID: id})
	}
	e.pool = pool.New(len(e.Workers))
	return e
}

// Close ends the engine's threads; its blocks cannot run any more. It may be called again.
func (e *Engine) Close() { e.pool.Close() }

// Moved reports whether the parameters may have changed since the last step: if not, blocks keep
// what they have derived from weights and running statistics.
func (e *Engine) Moved(moved bool) { e.moved = moved }

// Stale reports whether what blocks have derived from parameters may be out of date.
func (e *Engine) Stale() bool { return e.moved }

// resident is the size, in floats, of a tensor that is still in the caches when it is read again.
const resident = 256 << 10

// Split is the number of parts into which a block cuts the batch to compute its output. In
// evaluation, where nothing depends on the whole batch, it is the smallest with which the widest
// tensor, of image floats per image, stays in the caches.
func (e *Engine) Split(batch, image int) int {
	n := 1
	for !e.Training && n < batch && (batch%n != 0 || batch/n*image > resident) {
		n++
	}
	return n
}

// InPasses computes parts of a batch one after the other.
func (e *Engine) InPasses(n int, y, x []float32, forward func(y, x []float32)) {
	out, in, moved := len(y)/n, len(x)/n, e.moved
	for i := range n {
		e.moved = moved && i == 0
		forward(y[i*out:][:out], x[i*in:][:in])
	}
	e.moved = moved
}

// Worker is a thread's own memory.
type Worker struct {
	*ops.Kernels
	ID      int                  // its place among the workers
	Scratch [scratches][]float32 // by ScratchTensor
	memory  []float32            // of parameter rows
	used    int                  // of it, in this phase
}

// ScratchTensor names a worker's scratch tensor by its use in a convolution. No block uses one
// tensor under two names at once.
type ScratchTensor int

// Scratch tensors.
const (
	// Input is what it reads: a window of its input with padding, or pixels after the activation.
	Input ScratchTensor = iota
	// Output is what it computes and, in the backward pass, the gradient of that.
	Output
	// InputGradient is the gradient of its input.
	InputGradient
	// Slopes are the derivatives of the activation beside its input.
	Slopes
	// Recomputed is the output of an implicit expansion, which is computed again.
	Recomputed
	scratches

	// Patches are the patches of a k x k convolution (im2col), and their gradient.
	Patches = InputGradient
	// WindowGradient is the gradient of the window that patches are taken from.
	WindowGradient = Recomputed
)

// Unit is the size, in floats, of the part of a wide tensor that stays in the L2 cache while
// several kernels go over it.
const Unit = 32 << 10

// Past is the size, in floats, from which on a tensor is written with non-temporal stores, which
// bypass the caches: it would be evicted before it is read again.
const Past = 1 << 20

// Reserve makes a scratch tensor of every worker hold n floats.
func (e *Engine) Reserve(i ScratchTensor, n int) {
	for _, w := range e.Workers {
		ops.Room(&w.Scratch[i], n)
	}
}

// Tensor names what a block keeps for its backward pass: the output of a convolution.
type Tensor int

// Outputs that blocks keep for their backward pass.
const (
	// FirstOutput is that of a block's only convolution, or the first of a chain of four at most,
	// whose others follow.
	FirstOutput Tensor = 0

	// Those of an inverted bottleneck.
	DepthwiseOutput  Tensor = 0
	ProjectionOutput Tensor = 1
	ExpansionOutput  Tensor = 2

	tensors = 4 // their number: a residual block's three convolutions and its shortcut
)

// Keep allocates memory of n floats, not necessarily zero, for an output of a block. In training
// the memory is the block's own, as its backward pass reads it. In evaluation all blocks share it,
// so that it stays in the caches.
func (e *Engine) Keep(i Tensor, n int) []float32 {
	if e.Training {
		return ops.Floats(n)
	}
	return ops.Room(&e.kept[i], n)[:n]
}

// ReserveWide makes Gradient or OtherGradient hold n floats.
func (e *Engine) ReserveWide(i, n int) {
	if e.Training {
		ops.Room(&e.Wide[i], n)
	}
}

// Params are rows of parameters for c channels in the worker's memory, each a copy of the given
// row, or zeros if it is nil. They are valid until the phase ends.
func (w *Worker) Params(c int, rows ...[]float32) ops.Params {
	stride := w.Pad(c)
	begin, end := w.used, w.used+len(rows)*stride
	if end > len(w.memory) {
		w.memory = ops.Floats(2 * end) // what is in use stays where it is
	}
	w.used = end
	return ops.Params{Data: w.memory[begin:end], Stride: stride}.Set(rows...)
}

// Run splits n units over the workers.
func (e *Engine) Run(n int, run func(w *Worker, from, to int)) {
	for _, w := range e.Workers {
		w.used = 0
	}
	e.phase = phase{e, n, run}
	e.pool.Run(&e.phase)
	e.phase = phase{}
}

// phase is units of work that are split over the workers.
type phase struct {
	engine *Engine
	units  int
	run    func(w *Worker, from, to int)
}

// Run implements pool.Task.
func (p *phase) Run(thread int) {
	e := p.engine
	p.run(e.Workers[thread], e.share(thread, p.units), e.share(thread+1, p.units))
}

// Stretches splits the pixels of a batch into ranges of whole images, of area pixels each, whose
// rows of channels make a unit. A worker has four rows of parameters for its ranges, zero at first.
func (e *Engine) Stretches(pixels, area, channels int, visit func(w *Worker, pixel, n int,
	par ops.Params)) {
	step := e.Group(pixels/area, Chunk(pixels, channels)/area) * area
	e.Run(Pieces(pixels, step), func(w *Worker, from, to int) {
		par := w.Params(channels, nil, nil, nil, nil)
		for u := from; u < to; u++ {
			visit(w, u*step, min(step, pixels-u*step), par)
		}
	})
}

// share is the first unit of a worker.
func (e *Engine) share(worker, n int) int { return n * worker / len(e.Workers) }

// Group is the number of images in a unit, of a batch of n: the most that fit, or fewer where that
// balances the workers' shares.
func (e *Engine) Group(n, most int) int {
	best, least := 1, n+1
	for size := max(1, min(n, most)); size > 0; size-- {
		if images := e.largest(n, size); images < least {
			best, least = size, images
		}
	}
	return best
}

// largest is the largest share of n images in units of size images.
func (e *Engine) largest(n, size int) int {
	images, units := 0, Pieces(n, size)
	for worker := range e.Workers {
		images = max(images, min(n, e.share(worker+1, units)*size)-e.share(worker, units)*size)
	}
	return images
}

// Chunk is the number of rows of channels in a unit, a multiple of 48 if possible, which all tile
// heights of the kernels divide.
func Chunk(rows, channels int) int {
	n := Unit / max(1, channels)
	if n > 48 {
		n = n / 48 * 48
	}
	return max(1, min(n, rows))
}

// Pieces is n / size rounded up.
func Pieces(n, size int) int { return (n + size - 1) / size }

// Grouped is consecutive images, each of rows groups of width rows of channels.
func Grouped(data []float32, channels, width, rows int) ops.Grouped {
	return ops.Grouped{Matrix: ops.Dense(data, channels), Group: width * channels,
		Image: rows * width * channels}
}
