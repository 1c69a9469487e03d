package mbconv

import (
	"slices"

	"gridsearch/internal/fused/depthwise"
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// projection is the end of an inverted bottleneck: squeeze-excite, the 1x1 convolution back to few
// channels followed by batch norm, and the residual. It reads the depthwise convolution's output
// through norm and activation, in groups of images.
type projection struct {
	*engine.Engine
	shape  Shape
	from   *depthwise.Layer
	excite *excite // nil for none
	conv   *engine.Pointwise
	norm   *engine.Norm

	pad, narrow int // floats per pixel before and after the convolution
	area        int // pixels of an image
	batch       int
	group       int       // images of a unit
	rows        int       // pixels of an image that are at hand at a time: all, but on large maps
	z           []float32 // [batch, area, narrow]
	ones        []float32 // as many as output channels
	gates       engine.DepthGates
}

func newProjection(e *engine.Engine, s Shape, p Params, from *depthwise.Layer,
	x *excite) *projection {
	return &projection{Engine: e, shape: s, from: from, ones: slices.Repeat([]float32{1}, s.Out),
		excite: x,
		conv:   e.NewPointwise(p.Project, engine.Weight{}, s.Expanded, s.Out), norm: e.NewNorm(p.OutNorm),
		pad: e.Set.Pad(s.Expanded), narrow: e.Set.Pad(s.Out), area: s.OutSize * s.OutSize}
}

func (p *projection) allocate(batch int) {
	p.batch = batch
	p.group = p.Group(batch, engine.Unit/(p.area*p.pad))
	p.rows = p.area
	if p.area*p.pad > 4*engine.Unit {
		p.rows = engine.Chunk(p.area, p.pad)
	}
	p.z = p.Keep(engine.ProjectionOutput, batch*p.area*p.narrow)
	p.gates = p.NewDepthGates(batch, p.area, p.narrow)
	if p.shape.Activated {
		p.ReserveWide(engine.Gradient, batch*p.area*p.shape.Out)
	}
	at := p.group * p.rows
	for _, i := range []engine.ScratchTensor{engine.Input, engine.InputGradient, engine.Slopes} {
		p.Reserve(i, at*p.pad)
	}
	p.Reserve(engine.Output, max(at*p.narrow, engine.Chunk(batch*p.area, p.narrow)*p.narrow))
}

// whole reports whether a unit holds whole images.
func (p *projection) whole() bool { return p.rows == p.area }

// input is the depthwise convolution's output from a pixel of the batch on.
func (p *projection) input(pixel int) ops.Matrix {
	return ops.Dense(p.from.Output(pixel), p.pad)
}

// raw is z from a pixel of the batch on.
func (p *projection) raw(pixel int) ops.Matrix {
	return ops.Dense(p.z[pixel*p.narrow:], p.narrow)
}

// groups visits the groups of images of a worker's units.
func (p *projection) groups(from, to int, visit func(first, n int)) {
	for u := from; u < to; u++ {
		visit(u*p.group, min(p.group, p.batch-u*p.group))
	}
}

// stretches visits the pixels of an image, a limited number at a time, with the first one's number
// in the batch.
func (p *projection) stretches(image int, visit func(pixel, n int)) {
	for i := 0; i < p.area; i += p.rows {
		visit(image*p.area+i, min(p.rows, p.area-i))
	}
}

// forward computes z and the batch's statistics.
func (p *projection) forward() {
	p.conv.Pack(p.Workers[0].Kernels)
	if p.excite != nil {
		p.excite.pack()
	}
	p.norm.Begin(p.Engine)
	p.Run(engine.Pieces(p.batch, p.group), func(w *engine.Worker, from, to int) {
		f := forwardProjection{projection: p, Worker: w, par: w.Params(p.pad, p.from.Norm.Scale,
			p.from.Norm.Shift)}
		f.sums = p.NewStatistics(w, p.norm, p.narrow)
		p.groups(from, to, f.group)
		f.sums.Flush()
	})
	p.norm.Finish(p.Engine, p.batch*p.area)
}

// forwardProjection is a worker's forward phase.
type forwardProjection struct {
	*projection
	*engine.Worker
	par  ops.Params
	sums *engine.Statistics
}

// group computes z of n images.
func (f *forwardProjection) group(first, n int) {
	a := ops.Dense(f.Scratch[engine.Input], f.pad)
	switch {
	case f.excite == nil:
		for i := first; i < first+n; i++ {
			f.stretches(i, func(pixel, n int) {
				f.NormAct(f.shape.Activation, a, f.input(pixel), f.par, ops.Rows{Rows: n, Channels: f.pad})
				f.convolve(a, pixel, n)
			})
		}
	case f.whole():
		images := ops.Rows{Rows: f.area, Channels: f.pad, Groups: n}
		clear(f.excite.wide(meanRow, first, n).Data)
		f.NormActSum(f.shape.Activation, f.images(a), f.images(f.input(first*f.area)), f.par,
			f.excite.gates(meanRow, first, meanRow), images)
		f.excite.forward(f.Worker, first, n)
		f.Scale(f.images(a), f.excite.gates(gateRow, first, gateRow), images)
		f.convolve(a, first*f.area, n*f.area)
	default:
		f.largeImage(a, first)
	}
}

// images groups pixels by image.
func (p *projection) images(pixels ops.Matrix) ops.Grouped {
	return engine.Grouped(pixels.Data, p.pad, p.area, 1)
}

// largeImage goes over the pixels of an image twice. The second time it recomputes their activation
// or, in evaluation, finds it in place of its input.
func (f *forwardProjection) largeImage(scratch ops.Matrix, image int) {
	clear(f.excite.wide(meanRow, image, 1).Data)
	activated := func(pixel int) ops.Matrix {
		if f.Training {
			return scratch
		}
		return f.input(pixel)
	}
	f.stretches(image, func(pixel, n int) {
		f.NormActSum(f.shape.Activation, f.images(activated(pixel)), f.images(f.input(pixel)),
			f.par, f.excite.gates(meanRow, image, meanRow),
			ops.Rows{Rows: n, Channels: f.pad, Groups: 1})
	})
	f.excite.forward(f.Worker, image, 1)
	f.stretches(image, func(pixel, n int) {
		a := activated(pixel)
		if f.Training {
			f.NormAct(f.shape.Activation, a, f.input(pixel), f.par, ops.Rows{Rows: n, Channels: f.pad})
		}
		f.Scale(f.images(a), f.excite.gates(gateRow, image, gateRow),
			ops.Rows{Rows: n, Channels: f.pad, Groups: 1})
		f.convolve(a, pixel, n)
	})
}

// convolve computes z of n pixels and sums it.
func (f *forwardProjection) convolve(a ops.Matrix, pixel, n int) {
	f.sums.Write(f.raw(pixel), ops.Matrix{}, n, 0,
		func(z ops.Matrix) { f.ProductPadded(z, a, f.conv.Forward, n) })
}

// output computes y, the norm of z, with stochastic depth and the residual x where the block has a
// skip.
func (p *projection) output(y, x, factors []float32) {
	n, out := p.norm, p.shape.Out
	if factors != nil {
		p.gates.Weigh(0, factors, n.Scale)
		p.gates.Weigh(1, factors, n.Shift)
	}
	p.units(func(w *engine.Worker, pixel, rows int, par ops.Params) {
		to, size := ops.Dense(y[pixel*out:], out), ops.Rows{Rows: rows, Channels: out}
		if p.shape.Activated {
			w.NormAct(p.shape.Activation, to, p.raw(pixel), par.Set(n.Scale, n.Shift), size)
			return
		}
		if !p.shape.Skip {
			w.Affine(to, p.raw(pixel), par.Set(n.Scale, n.Shift), size)
			return
		}
		residual := ops.Dense(x[pixel*out:], out)
		if factors == nil {
			w.AffineAdd(to, p.raw(pixel), residual, par.Set(n.Scale, p.ones, n.Shift), size)
			return
		}
		g := &p.gates
		w.AffineAddGate(g.Images(to), g.Images(p.raw(pixel)), g.Images(residual), par.Set(p.ones),
			g.From(pixel), g.Rows(rows, out))
	})
}

// units splits the narrow tensors into units.
func (p *projection) units(visit func(w *engine.Worker, pixel, rows int, par ops.Params)) {
	p.Stretches(p.batch*p.area, p.area, p.narrow, visit)
}

// backward takes the gradient of the block's output. It computes du, the gradient of the output of
// the depthwise convolution's norm, padded, with its sums there, and the gradients of the
// convolution and of squeeze-excite.
func (p *projection) backward(du, dy, factors []float32) {
	if p.shape.Activated {
		dy = p.unactivate(dy)
	} else {
		p.reduce(dy, factors)
	}
	p.norm.Backward(p.batch * p.area)
	if factors != nil {
		p.gates.Weigh(0, factors, p.norm.A)
		p.gates.Fill(1, p.norm.C)
	}
	p.Run(engine.Pieces(p.batch, p.group), func(w *engine.Worker, from, to int) {
		b := p.backwardProjection(w, du, dy, factors)
		p.groups(from, to, b.group)
		b.flush()
	})
	p.conv.Collect(p.Workers[0].Kernels)
	if p.excite != nil {
		p.excite.collect()
	}
}

// reduce sums the gradient of the norm's output.
func (p *projection) reduce(dy, factors []float32) {
	out := p.shape.Out
	if factors != nil {
		p.gates.Weigh(0, factors, p.ones)
	}
	p.units(func(w *engine.Worker, pixel, rows int, par ops.Params) {
		gradient := ops.Dense(dy[pixel*out:], out)
		if factors == nil {
			w.Products(gradient, p.raw(pixel), par, ops.Rows{Rows: rows, Channels: out})
		} else {
			g := &p.gates
			w.ProductsGate(g.Images(gradient), g.Images(p.raw(pixel)), par, g.From(pixel), g.Rows(rows, out))
		}
		p.norm.Add(w, par.Row(0), par.Row(1))
	})
}

// unactivate is reduce where an activation follows the norm. It returns the gradient of the
// activation's input.
func (p *projection) unactivate(dy []float32) []float32 {
	out, du := p.shape.Out, p.Wide[engine.Gradient] // which is free, as there is no expansion
	p.units(func(w *engine.Worker, pixel, rows int, par ops.Params) {
		w.SlopeProducts(p.shape.Activation, ops.Dense(du[pixel*out:], out),
			ops.Dense(dy[pixel*out:], out), p.raw(pixel), par.Set(p.norm.Scale, p.norm.Shift),
			ops.Rows{Rows: rows, Channels: out})
		p.norm.Add(w, par.Row(2), par.Row(3))
	})
	return du
}

// backwardProjection is a worker's backward phase.
type backwardProjection struct {
	*projection
	*engine.Worker
	du, dy []float32
	// stochastic depth does: the gates hold a, times an image's factor, and c
	weighs       bool
	coefficients ops.Params // a, b, c of the norm after the convolution
	par          ops.Params // scale, shift, sums
	count        int
}

func (p *projection) backwardProjection(w *engine.Worker, du, dy,
	factors []float32) *backwardProjection {
	return &backwardProjection{projection: p, Worker: w, du: du, dy: dy, weighs: factors != nil,
		coefficients: w.Params(p.narrow, p.norm.A, p.norm.B, p.norm.C),
		par:          w.Params(p.pad, p.from.Norm.Scale, p.from.Norm.Shift, nil, nil)}
}

func (b *backwardProjection) flush() {
	b.from.Norm.Add(b.Worker, b.par.Row(2), b.par.Row(3))
	b.count = 0
}

// group works on n images: whole ones, or one whose pixels are taken in ranges.
func (b *backwardProjection) group(first, n int) {
	if b.whole() {
		b.wholeImages(first, n)
	} else {
		b.largeImage(first)
	}
	if b.count += n * b.area; b.count >= engine.FlushRows {
		b.flush()
	}
}

// gradients computes the gradient of z in scratch Output and that of the convolution's input.
func (b *backwardProjection) gradients(da ops.Matrix, pixel, n int) {
	dz, out := ops.Dense(b.Scratch[engine.Output], b.narrow), b.shape.Out
	dy := ops.Dense(b.dy[pixel*out:], out)
	if b.weighs {
		g := &b.gates
		b.AffineAddGate(g.Images(dz), g.Images(dy), g.Images(b.raw(pixel)), b.coefficients.From(1),
			g.From(pixel), g.Rows(n, out))
	} else {
		b.AffineAdd(dz, dy, b.raw(pixel), b.coefficients, ops.Rows{Rows: n, Channels: out})
	}
	b.ProductPadded(da, dz, b.conv.Backward, n)
}

func (b *backwardProjection) wholeImages(first, n int) {
	a, slope := ops.Dense(b.Scratch[engine.Input], b.pad), ops.Dense(b.Scratch[engine.Slopes], b.pad)
	da := ops.Dense(b.Scratch[engine.InputGradient], b.pad)
	pixel, rows := first*b.area, ops.Rows{Rows: n * b.area, Channels: b.pad}
	b.gradients(da, pixel, rows.Rows)
	b.NormActSlope(b.shape.Activation, a, b.input(pixel), slope, b.par, rows)
	images := ops.Rows{Rows: b.area, Channels: b.pad, Groups: n}
	if b.excite != nil {
		clear(b.excite.wide(gateGradient, first, n).Data)
		b.GateProducts(b.images(a), b.images(da), b.excite.gates(gateRow, first, gateGradient), images)
	}
	b.conv.Gradient(b.Worker, a, ops.Dense(b.Scratch[engine.Output], b.narrow), rows.Rows)
	beyond := len(b.from.Z) >= engine.Past
	if b.excite == nil {
		b.MulProducts(b.target(pixel), da, slope, b.input(pixel), b.par.From(2), rows, beyond)
		return
	}
	b.excite.backward(b.Worker, first, n)
	b.MulProductsGate(b.images(b.target(pixel)), b.images(da), b.images(slope),
		b.images(b.input(pixel)), b.par.From(2),
		b.excite.gates(gateRow, first, meanGradient), images, beyond)
}

// target is du from a pixel of the batch on.
func (b *backwardProjection) target(pixel int) ops.Matrix {
	return ops.Dense(b.du[pixel*b.pad:], b.pad)
}

// largeImage keeps the gradient of the convolution's input in du between the two passes that
// squeeze-excite needs.
func (b *backwardProjection) largeImage(image int) {
	a := ops.Dense(b.Scratch[engine.Input], b.pad)
	if b.excite != nil {
		clear(b.excite.wide(gateGradient, image, 1).Data)
	}
	b.stretches(image, func(pixel, n int) {
		rows := ops.Rows{Rows: n, Channels: b.pad, Groups: 1}
		da := b.target(pixel)
		b.gradients(da, pixel, n)
		b.NormAct(b.shape.Activation, a, b.input(pixel), b.par, rows)
		if b.excite != nil {
			b.GateProducts(b.images(a), b.images(da), b.excite.gates(gateRow, image, gateGradient), rows)
		}
		b.conv.Gradient(b.Worker, a, ops.Dense(b.Scratch[engine.Output], b.narrow), n)
		if b.excite == nil {
			b.SlopeProducts(b.shape.Activation, da, da, b.input(pixel), b.par, rows)
		}
	})
	if b.excite == nil {
		return
	}
	b.excite.backward(b.Worker, image, 1)
	b.stretches(image, func(pixel, n int) {
		du := b.images(b.target(pixel))
		b.SlopeProductsGate(b.shape.Activation, du, du, b.images(b.input(pixel)), b.par,
			b.excite.gates(gateRow, image, meanGradient), ops.Rows{Rows: n, Channels: b.pad, Groups: 1})
	})
}
