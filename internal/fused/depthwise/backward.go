package depthwise

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// Backward takes du, the gradient of the norm's output, padded like z, with its sums in the norm.
// It computes the gradient of the weights and that of the input: after an expansion whose output is
// kept the gradient of its norm's output, padded, with its sums there; otherwise dx, dense, to
// which it adds the residual if there is one.
func (d *Layer) Backward(dx, du, x, residual []float32) {
	d.Norm.Backward(d.batch * d.shape.OutSize * d.shape.OutSize)
	if d.kernel == 1 {
		d.Run(engine.Pieces(d.batch, d.chunk()), func(w *engine.Worker, from, to int) {
			d.backwardPixels(w, dx, du, x, residual, from, to)
		})
	} else {
		d.Run(d.units(), func(w *engine.Worker, from, to int) {
			d.backwardBands(w, dx, du, x, residual, from, to)
		})
	}
	d.collect()
}

// writer passes on the gradient of the convolution's input.
type writer struct {
	*Layer
	w        *engine.Worker
	x, dx    []float32
	residual []float32
	sums     *engine.Statistics // of the expansion's norm; nil without one
	par      ops.Params         // without one: factors 1 and 1
}

func (d *Layer) writer(w *engine.Worker, x, dx, residual []float32) writer {
	o := writer{Layer: d, w: w, x: x, dx: dx, residual: residual}
	if d.from != nil {
		o.sums = d.NewStatistics(w, d.from.Norm, d.pad)
		return o
	}
	o.par = w.Params(d.pad, nil, nil, nil)
	for i := range d.pad {
		o.par.Data[i], o.par.Data[o.par.Stride+i] = 1, 1
	}
	return o
}

// write takes consecutive pixels of the input, from one on, with the slopes of the activation
// there; n says how they are grouped, without the channels.
func (o writer) write(da, slope ops.Grouped, pixel int, n ops.Rows) {
	rows := n.Rows * n.Groups * max(1, n.Images)
	n.Channels = o.pad
	if o.from != nil && o.from.Implicit() {
		// z has been read; the second sum is not used
		du := engine.Grouped(o.w.Scratch[engine.Recomputed], o.pad, n.Rows, n.Groups)
		o.w.MulProductsGroups(du, da, slope, da, o.sums.Par, n, false)
		o.from.Take(o.w, o.dx, du.Data, o.x, o.residual, pixel, rows)
		o.sums.Count(rows)
		return
	}
	if o.from != nil {
		to, z := engine.Grouped(o.dx[pixel*o.pad:], o.pad, n.Rows, n.Groups),
			engine.Grouped(o.from.Z[pixel*o.pad:], o.pad, n.Rows, n.Groups)
		o.w.MulProductsGroups(to, da, slope, z, o.sums.Par, n, len(o.from.Z) >= engine.Past)
		o.sums.Count(rows)
		return
	}
	n.Channels = o.shape.In
	to := engine.Grouped(o.dx[pixel*n.Channels:], n.Channels, n.Rows, n.Groups)
	if o.residual == nil {
		o.w.Copy(to, da, n)
		return
	}
	o.w.AffineAddGroups(to, da, engine.Grouped(o.residual[pixel*n.Channels:], n.Channels, n.Rows,
		n.Groups), o.par, n)
}

func (o writer) flush() {
	if o.sums != nil {
		o.sums.Flush()
	}
}

// backwardPixels is backward on maps of one pixel.
func (d *Layer) backwardPixels(w *engine.Worker, dx, du, x, residual []float32, from, to int) {
	in, out := d.reader(w, x), d.writer(w, x, dx, residual)
	coefficients, middle := w.Params(d.pad, d.Norm.A, d.Norm.B, d.Norm.C),
		w.Params(d.pad, d.taps[:d.pad], nil)
	grad := w.Params(d.pad, nil, nil)
	a, dz := ops.Dense(w.Scratch[engine.Input], d.pad), ops.Dense(w.Scratch[engine.Output], d.pad)
	clear(a.Data[:d.chunk()*d.pad])
	for u, step := from, d.chunk(); u < to; u++ {
		first := u * step
		n := ops.Rows{Rows: min(step, d.batch-first), Channels: d.pad, Groups: 1}
		slope := engine.Grouped(w.Scratch[engine.Slopes], d.pad, n.Rows, 1)
		in.readSlope(engine.Grouped(a.Data, d.pad, n.Rows, 1), slope, first, n)
		w.AffineAdd(dz, ops.Dense(du[first*d.pad:], d.pad), ops.Dense(d.Output(first), d.pad),
			coefficients, n)
		w.Products(dz, a, grad, n)
		w.Affine(dz, dz, middle, n)
		out.write(engine.Grouped(dz.Data, d.pad, n.Rows, 1), slope, first, n)
	}
	w.Add(d.grads[w.ID], grad.Row(1))
	out.flush()
}

// backwardBands is backward on larger maps. Scratch Output holds the gradient of z with its margin,
// scratch InputGradient that of the convolution's input.
func (d *Layer) backwardBands(w *engine.Worker, dx, du, x, residual []float32, from, to int) {
	in, out := d.window(w, x), d.writer(w, x, dx, residual)
	in.slopes = true
	gradient := d.gradientWindow(w, du)
	inner := ops.Map{Data: w.Scratch[engine.Output][d.margin()*(d.outStride()+d.pad):],
		Stride: d.outStride(), Image: d.outImage()}
	size := d.shape.InSize
	for u := from; u < to; u++ {
		continued := in.last == u-1
		b := in.move(u)
		gradient.move(b, continued)
		w.DepthwiseWeights(d.grads[w.ID], inner, in.input(), d.kernel, d.shape.Stride, d.area(b))
		top := b.first * d.shape.Stride
		n := ops.Rows{Rows: size, Groups: min(b.rows*d.shape.Stride, size-top), Images: b.images}
		out.write(d.inputGradient(w, b), in.slope(d.padding()), (b.image*size+top)*size, n)
	}
	out.flush()
}

// inputGradient computes the gradient of the convolution's input for the input rows of a band.
func (d *Layer) inputGradient(w *engine.Worker, b band) ops.Grouped {
	dz := ops.Map{Data: w.Scratch[engine.Output], Stride: d.outStride(), Image: d.outImage()}
	a := d.area(b)
	line, rows := d.shape.InSize*d.pad, b.rows
	if d.shape.Stride == 2 {
		line, rows = 2*d.shape.OutSize*d.pad, 2*b.rows
	}
	to := ops.Map{Data: w.Scratch[engine.InputGradient], Stride: line, Image: rows * line}
	switch {
	case d.shape.Stride == 1:
		a.Width = d.shape.InSize
		w.Depthwise(to, dz, d.flipped, d.kernel, 1, a)
	case d.kernel == 3: // its squares see no output pixel before their own
		dz.Data = dz.Data[d.outStride()+d.pad:]
		w.DepthwiseData2(to, dz, d.taps, d.kernel, a)
	default:
		w.DepthwiseData2(to, dz, d.taps, d.kernel, a)
	}
	return ops.Grouped{Matrix: ops.Dense(to.Data, d.pad), Group: to.Stride, Image: to.Image}
}
