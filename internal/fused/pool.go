package fused

import "gridsearch/internal/kernel"

// Pool is a 1x1 convolution with batch norm and SiLU behind it, and the mean of each channel over the pixels of an image: the head in front of the
// classifier.
type Pool struct {
	*Engine
	conv        *convNorm
	area, batch int
}

// NewPool makes the block for maps of area pixels.
func (e *Engine) NewPool(weight Weight, norm NormParams, in, out, area int) *Pool {
	return &Pool{Engine: e, conv: e.convNorm(weight, norm, in, out), area: area}
}

// Allocate implements Block.
func (p *Pool) Allocate(batch int) int {
	p.batch = batch
	p.conv.allocate(batch * p.area)
	p.reserve(1, p.area*p.conv.pad)
	p.reserveWide(0, len(p.conv.z))
	return batch * p.conv.conv.out
}

// Forward implements Block.
func (p *Pool) Forward(y, x []float32) {
	p.conv.forward(x)
	out, pad := p.conv.conv.out, p.conv.pad
	p.run(p.batch, func(w *worker, from, to int) {
		par, a := w.params(pad, p.conv.norm.scale, p.conv.norm.shift, nil), kernel.Dense(w.scratch[1], pad)
		for i := from; i < to; i++ {
			w.NormSiLUSum(a, p.conv.output(i*p.area), par, kernel.Rows{Rows: p.area, Channels: pad})
			w.means(y[i*out:][:out], par.Row(2)[:out], p.area)
		}
	})
}

// Backward implements Block.
func (p *Pool) Backward(dx, dy, x, _ []float32) {
	out, pad, du := p.conv.conv.out, p.conv.pad, p.wide[0]
	scale := 1 / float32(p.area)
	p.run(p.batch, func(w *worker, from, to int) {
		// The gradient of every pixel is that of the mean, divided: as a gate of 0 with a gradient of the mean beside it.
		par := w.params(pad, p.conv.norm.scale, p.conv.norm.shift, nil, nil, nil, nil)
		for i := from; i < to; i++ {
			w.ScaleTo(par.Row(5)[:out], dy[i*out:][:out], scale)
			z := p.conv.output(i * p.area)
			w.SlopeProductsGate(kernel.Dense(du[i*p.area*pad:], pad), z, z, par, kernel.Rows{Rows: p.area, Channels: pad})
			p.conv.norm.add(w, par.Row(2), par.Row(3), 1)
		}
	})
	p.conv.backward(dx, du, x, nil)
}
