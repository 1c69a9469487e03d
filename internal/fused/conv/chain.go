// Package conv computes chains of k x k convolutions, each followed by batch norm: plain
// convolutions and residual blocks.
//
// Reference:
//
//	[resnet] K. He et al., Deep Residual Learning, 2015: residual blocks of two and three convolutions.
package conv

import (
	"slices"

	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// ChainShape is the shape of consecutive convolutions, each followed by batch norm, with an
// activation between them. The input, or a projection of it, may be added to the last norm's
// output; the activation follows once more.
type ChainShape struct {
	Convs      []engine.ConvShape
	Skip       bool              // the input is added
	Shortcut   *engine.ConvShape // projected by this convolution; nil for the input itself
	Activation ops.Activation
	// Drop fills in the factors of stochastic depth, one an example, for the step that begins; nil
	// for none.
	Drop func(factors []float32)
}

// Params are the parameters of a convolution, [kernel, kernel, in, out], and of the norm after it.
type Params struct {
	Weight engine.Weight
	Norm   engine.NormParams
}

// Chain is a plain convolution, or a residual block of two or three ([resnet], Figures 2 and 5).
type Chain struct {
	*engine.Engine
	shape    ChainShape
	layers   []*layer
	shortcut *layer    // nil for none
	all      []*layer  // the layers and the shortcut
	passes   int       // parts of the batch that go through one after the other
	rows     int       // pixels of the output of a pass
	factors  []float32 // of stochastic depth; nil for none
	gates    engine.DepthGates
}

// SupportsChain reports whether there are kernels for the shape.
func SupportsChain(s ChainShape) bool { return !s.Skip || s.Activation.Clips() }

// NewChain makes the block. The parameters of a shortcut come last.
func NewChain(e *engine.Engine, s ChainShape, p []Params) *Chain {
	c := &Chain{Engine: e, shape: s}
	var from *layer
	for i, conv := range s.Convs {
		conv.Activation = s.Activation
		from = newLayer(e, conv, p[i], from)
		c.layers = append(c.layers, from)
	}
	c.all = c.layers
	if s.Shortcut != nil {
		c.shortcut = newLayer(e, *s.Shortcut, p[len(s.Convs)], nil)
		c.all = append(slices.Clone(c.layers), c.shortcut)
	}
	return c
}

func (c *Chain) last() *layer { return c.layers[len(c.layers)-1] }

// Allocate implements engine.Block.
func (c *Chain) Allocate(batch int) int {
	last := c.last()
	widest := 0
	for _, l := range c.layers {
		widest = max(widest, l.outPixels()*l.pad)
	}
	c.passes = c.Split(batch, widest)
	size := batch * last.outPixels() * last.shape.Out
	batch /= c.passes
	c.rows = batch * last.outPixels()
	if c.shape.Drop != nil {
		c.factors = make([]float32, batch)
		c.gates = c.NewDepthGates(batch, last.outPixels(), last.pad)
	}
	for i, l := range c.all {
		l.allocate(engine.FirstOutput+engine.Tensor(i), batch)
		c.ReserveWide(engine.Gradient, len(l.z))
		c.ReserveWide(engine.OtherGradient, len(l.z))
	}
	return size
}

// Forward implements engine.Block.
func (c *Chain) Forward(y, x []float32) {
	c.InPasses(c.passes, y, x, func(y, x []float32) {
		for _, l := range c.all {
			l.forward(x)
		}
		c.join(y, x)
	})
}

// units splits the output's pixels into units.
func (c *Chain) units(visit func(w *engine.Worker, pixel int, n ops.Rows, par ops.Params)) {
	l := c.last()
	c.Stretches(c.rows, l.outPixels(), l.pad, func(w *engine.Worker, pixel, n int, par ops.Params) {
		visit(w, pixel, ops.Rows{Rows: n, Channels: l.shape.Out}, par)
	})
}

// join computes the output: the last norm plus the input or its projection, then the activation.
func (c *Chain) join(y, x []float32) {
	l, s := c.last(), c.shortcut
	out, act := l.shape.Out, c.shape.Activation
	if c.factors != nil {
		c.weigh()
	}
	c.units(func(w *engine.Worker, pixel int, n ops.Rows, par ops.Params) {
		to := ops.Dense(y[pixel*out:], out)
		switch {
		case c.factors != nil:
			beside := ops.Dense(x[pixel*out:], out)
			par.Set(l.ones)
			if s != nil {
				beside = s.output(pixel)
				par.Set(s.norm.Scale)
			}
			g := &c.gates
			w.AddClipGate(act, g.Images(to), g.Images(l.output(pixel)), g.Images(beside), par,
				g.From(pixel), g.Rows(n.Rows, out))
		case !c.shape.Skip:
			w.NormAct(act, to, l.output(pixel), par.Set(l.norm.Scale, l.norm.Shift), n)
		case s == nil:
			w.AddClip(act, to, l.output(pixel), ops.Dense(x[pixel*out:], out),
				par.Set(l.norm.Scale, l.ones, l.norm.Shift), n)
		default:
			par.Set(l.norm.Scale, s.norm.Scale, l.norm.Shift)
			w.Add(par.Row(2), s.norm.Shift)
			w.AddClip(act, to, l.output(pixel), s.output(pixel), par, n)
		}
	})
}

// weigh draws the factors of stochastic depth, which multiply each image's last norm.
func (c *Chain) weigh() {
	c.shape.Drop(c.factors)
	n := c.last().norm
	c.gates.Weigh(0, c.factors, n.Scale)
	c.gates.Weigh(1, c.factors, n.Shift)
	if c.shortcut != nil {
		c.gates.Add(1, c.shortcut.norm.Shift)
	}
}

// Backward implements engine.Block.
func (c *Chain) Backward(dx, dy, x, y []float32) {
	du, other := c.Wide[engine.Gradient], c.Wide[engine.OtherGradient]
	c.unjoin(du, dx, dy, y)
	if c.shortcut != nil {
		c.shortcut.backward(dx, du, x, false)
	}
	if c.factors != nil {
		c.unweigh(du)
	}
	for _, l := range slices.Backward(c.layers) {
		if l.from == nil {
			l.backward(dx, du, x, c.shape.Skip)
			return
		}
		l.backward(other, du, x, false)
		du, other = other, du
	}
}

// unjoin computes the gradient of the last norm's output, which is the shortcut's too, with its
// sums. Where the input itself was added it is also the first summand of dx.
func (c *Chain) unjoin(du, dx, dy, y []float32) {
	l, s := c.last(), c.shortcut
	out, act := l.shape.Out, c.shape.Activation
	c.units(func(w *engine.Worker, pixel int, n ops.Rows, par ops.Params) {
		to, from := ops.Dense(du[pixel*l.pad:], l.pad), ops.Dense(dy[pixel*out:], out)
		if !c.shape.Skip {
			w.SlopeProducts(act, to, from, l.output(pixel), par.Set(l.norm.Scale, l.norm.Shift), n)
			l.norm.Add(w, par.Row(2), par.Row(3))
			return
		}
		w.ClippedProducts(act, to, from, ops.Dense(y[pixel*out:], out), l.output(pixel), par, n)
		if c.factors == nil {
			l.norm.Add(w, par.Row(0), par.Row(1))
		} else {
			clear(par.Data) // unweigh takes them
		}
		if s != nil {
			w.Products(to, s.output(pixel), par, n)
			s.norm.Add(w, par.Row(0), par.Row(1))
			return
		}
		w.Copy(engine.Grouped(dx[pixel*out:], out, n.Rows, 1), engine.Grouped(to.Data, l.pad,
			n.Rows, 1), ops.Rows{Rows: n.Rows, Channels: out, Groups: 1})
	})
}

// unweigh multiplies the gradient of the last norm's output by the images' factors and takes its
// sums.
func (c *Chain) unweigh(du []float32) {
	l, g := c.last(), &c.gates
	g.Weigh(0, c.factors, l.ones[:l.pad])
	c.units(func(w *engine.Worker, pixel int, n ops.Rows, par ops.Params) {
		d := ops.Dense(du[pixel*l.pad:], l.pad)
		w.Scale(g.Images(d), g.From(pixel), g.Rows(n.Rows, l.shape.Out))
		w.Products(d, l.output(pixel), par, n)
		l.norm.Add(w, par.Row(0), par.Row(1))
	})
}
