package ends

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// Pool is a 1x1 convolution followed by batch norm and activation, and global average pooling: the
// head before the classifier.
type Pool struct {
	*engine.Engine
	conv        *engine.Expansion
	act         ops.Activation
	out         int // channels
	area, batch int // area: pixels of an image
}

// NewPool makes the block for maps of area pixels.
func NewPool(e *engine.Engine, weight engine.Weight, norm engine.NormParams, in, out, area int,
	act ops.Activation) *Pool {
	return &Pool{Engine: e, act: act, conv: e.NewExpansion(weight, norm, in, out), out: out,
		area: area}
}

// Allocate implements engine.Block.
func (p *Pool) Allocate(batch int) int {
	p.batch = batch
	p.conv.Allocate(batch * p.area)
	p.Reserve(engine.Input, p.area*p.conv.Pad)
	p.ReserveWide(engine.Gradient, len(p.conv.Z))
	return batch * p.out
}

// Forward implements engine.Block.
func (p *Pool) Forward(y, x []float32) {
	p.conv.Forward(x)
	out, pad := p.out, p.conv.Pad
	image := ops.Rows{Rows: p.area, Channels: pad, Groups: 1}
	p.Run(p.batch, func(w *engine.Worker, from, to int) {
		par, a, sum := w.Params(pad, p.conv.Norm.Scale, p.conv.Norm.Shift),
			engine.Grouped(w.Scratch[engine.Input], pad, p.area, 1), w.Params(pad, nil)
		for i := from; i < to; i++ {
			clear(sum.Data)
			w.NormActSum(p.act, a, p.image(p.conv.Z, i), par, ops.Gates{Data: sum.Data}, image)
			w.ScaleTo(y[i*out:][:out], sum.Data, 1/float32(p.area))
		}
	})
}

// image is the pixels of an image.
func (p *Pool) image(of []float32, i int) ops.Grouped {
	return engine.Grouped(of[i*p.area*p.conv.Pad:], p.conv.Pad, p.area, 1)
}

// Backward implements engine.Block.
func (p *Pool) Backward(dx, dy, x, _ []float32) {
	out, pad, du := p.out, p.conv.Pad, p.Wide[engine.Gradient]
	image := ops.Rows{Rows: p.area, Channels: pad, Groups: 1}
	p.Run(p.batch, func(w *engine.Worker, from, to int) {
		par := w.Params(pad, p.conv.Norm.Scale, p.conv.Norm.Shift, nil, nil)
		// The gradient of every pixel is that of the mean, divided by the area: the kernel computes
		// it with a gate of 0 and the gradient as its second row.
		gates := w.Params(pad, nil, nil)
		for i := from; i < to; i++ {
			w.ScaleTo(gates.Row(1)[:out], dy[i*out:][:out], 1/float32(p.area))
			z := p.image(p.conv.Z, i)
			w.SlopeProductsGate(p.act, p.image(du, i), z, z, par, ops.Gates{Data: gates.Data,
				Row: gates.Stride}, image)
			p.conv.Norm.Add(w, par.Row(2), par.Row(3))
		}
	})
	p.conv.Backward(dx, du, x, nil)
}
