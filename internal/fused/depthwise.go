package fused

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/fused/expansion"
	"gridsearch/internal/kernel"
)

// depthwise is the depthwise convolution of a bottleneck with batch norm behind it. It reads the expansion's output through norm and activation, or the block's
// input as it is, and goes over bands of rows of an image, or over several images where they are small.
type depthwise struct {
	*engine.Engine
	shape  MBConvShape
	weight engine.Weight
	norm   *engine.Norm
	from   *expansion.Layer // nil: the block's input

	kernel int // side of the part of the kernel that reaches into the map
	pad    int // numbers of a pixel
	batch  int
	z      []float32 // output [batch, OutSize, OutSize, pad]

	taps, flipped []float32   // weights as the kernels read them, the second for the gradient of the input
	grads         [][]float32 // of the weights, of each worker

	band  int // output rows of a unit
	group int // images of a unit; 1 where a band is less than an image
}

func newDepthwise(e *engine.Engine, s MBConvShape, weight engine.Weight, p engine.NormParams, from *expansion.Layer) *depthwise {
	// On a map of 2 x 2 the outer taps of a 5 x 5 kernel only see padding.
	d := &depthwise{Engine: e, shape: s, weight: weight, norm: e.NewNorm(p), from: from, kernel: min(s.Kernel, 2*s.InSize-1), pad: e.Set.Pad(s.Expanded)}
	size := d.kernel * d.kernel * d.pad
	d.taps, d.flipped = kernel.Floats(size), kernel.Floats(size)
	for range e.Workers {
		d.grads = append(d.grads, kernel.Floats(size))
	}
	return d
}

func (d *depthwise) allocate(batch int) {
	d.batch = batch
	d.z = kernel.Floats(batch * d.shape.OutSize * d.shape.OutSize * d.pad)
	d.cut()
	d.Reserve(0, max(d.group*d.inImage(), d.chunk()*d.pad))
	d.Reserve(1, max(d.group*d.outImage(), d.chunk()*d.pad))
	d.Reserve(2, d.group*d.outRows()*d.shape.Stride*(d.shape.InSize+1)*d.pad)
	d.Reserve(3, max(d.group*d.slopeImage(), d.chunk()*d.pad))
	if d.from != nil && d.from.Implicit() {
		d.Reserve(4, d.group*d.slopeImage())
	}
}

// chunk is the number of images of a unit where maps are single pixels.
func (d *depthwise) chunk() int { return engine.Chunk(d.batch, d.pad) }

// cut chooses the units: bands of an image whose input does not fit, or as many images as do.
func (d *depthwise) cut() {
	d.band, d.group = d.shape.OutSize, 1
	for d.band > 4 && d.inImage() > 2*engine.Unit {
		d.band = (d.band + 1) / 2
	}
	if d.band == d.shape.OutSize {
		d.group = max(1, min(engine.Unit/d.inImage(), engine.Pieces(d.batch, len(d.Workers))))
	}
}

// bands is the number of units of an image that is not whole in one, units that of the batch.
func (d *depthwise) bands() int { return engine.Pieces(d.shape.OutSize, d.band) }
func (d *depthwise) units() int { return engine.Pieces(d.batch, d.group) * d.bands() }

// inRows is the number of input rows, padding included, that so many output rows see.
func (d *depthwise) inRows(rows int) int { return (rows-1)*d.shape.Stride + d.kernel }

// padding is that of the input, margin that of the output's gradient in the backward pass.
func (d *depthwise) padding() int { return (d.kernel - 1) / 2 }

func (d *depthwise) margin() int {
	if d.shape.Stride == 2 {
		return 1
	}
	return d.padding()
}

// inStride and outStride are the numbers of a row of pixels with its padding.
func (d *depthwise) inStride() int  { return (d.shape.InSize + 2*d.padding()) * d.pad }
func (d *depthwise) outStride() int { return (d.shape.OutSize + 2*d.margin()) * d.pad }

// outRows is the number of rows of the output's gradient, margin included, that a band of input rows sees.
func (d *depthwise) outRows() int { return d.band + 2*d.margin() }

// inImage, slopeImage and outImage are the numbers of the band of an image in the windows: of the input, of the slopes beside it, which have no padding on
// the sides, and of the output's gradient.
func (d *depthwise) inImage() int    { return d.inRows(d.band) * d.inStride() }
func (d *depthwise) slopeImage() int { return d.inRows(d.band) * d.shape.InSize * d.pad }
func (d *depthwise) outImage() int   { return d.outRows() * d.outStride() }

// load copies the weights to where the kernels read them.
func (d *depthwise) load() {
	if !d.Stale() {
		return
	}
	n, c := d.kernel*d.kernel, d.shape.Expanded
	d.eachTap(func(tap, at int) {
		copy(d.taps[tap*d.pad:], d.weight.Value[at:][:c])
		copy(d.flipped[(n-1-tap)*d.pad:], d.weight.Value[at:][:c])
	})
}

// eachTap visits the taps that count with their place in the weights.
func (d *depthwise) eachTap(visit func(tap, at int)) {
	cut := (d.shape.Kernel - d.kernel) / 2
	for y := range d.kernel {
		for x := range d.kernel {
			visit(y*d.kernel+x, ((y+cut)*d.shape.Kernel+x+cut)*d.shape.Expanded)
		}
	}
}

// collect writes the gradient of the weights, summed over the workers.
func (d *depthwise) collect() {
	clear(d.weight.Grad)
	d.eachTap(func(tap, at int) {
		d.weight.Sum(at, d.shape.Expanded, len(d.grads), func(worker int) []float32 { return d.grads[worker][tap*d.pad:] })
	})
}

// output is z from a pixel on.
func (d *depthwise) output(pixel int) []float32 { return d.z[pixel*d.pad:] }

// forward computes z and the batch's statistics.
func (d *depthwise) forward(x []float32) {
	d.load()
	d.norm.Begin(d.Engine)
	size := d.shape.OutSize
	if d.kernel == 1 {
		d.Run(engine.Pieces(d.batch, d.chunk()), func(w *engine.Worker, from, to int) { d.forwardPixels(w, x, from, to) })
	} else {
		d.Run(d.units(), func(w *engine.Worker, from, to int) { d.forwardBands(w, x, from, to) })
	}
	d.norm.Finish(d.Engine, d.batch*size*size)
}

// forwardPixels is forward on maps of one pixel, where only the tap in the middle counts.
func (d *depthwise) forwardPixels(w *engine.Worker, x []float32, from, to int) {
	in, middle := d.reader(w, x), w.Params(d.pad, d.taps[:d.pad], nil)
	s := d.NewStatistics(w, d.norm, d.pad)
	scratch, step := kernel.Dense(w.Scratch[0], d.pad), d.chunk()
	clear(scratch.Data[:step*d.pad])
	for u := from; u < to; u++ {
		first := u * step
		n := min(step, d.batch-first)
		in.read(engine.Grouped(scratch.Data, d.pad, n, 1), first, kernel.Rows{Rows: n, Groups: 1})
		s.Write(kernel.Dense(d.output(first), d.pad), kernel.Dense(w.Scratch[1], d.pad), n, len(d.z), func(z kernel.Matrix) {
			w.Affine(z, scratch, middle, kernel.Rows{Rows: n, Channels: d.pad})
		})
	}
	s.Flush()
}

// forwardBands is forward on larger maps.
func (d *depthwise) forwardBands(w *engine.Worker, x []float32, from, to int) {
	in, s := d.window(w, x), d.NewStatistics(w, d.norm, d.pad)
	size := d.shape.OutSize
	for u := from; u < to; u++ {
		b := in.move(u)
		s.Write(kernel.Dense(d.output(b.pixel(size)), d.pad), kernel.Dense(w.Scratch[1], d.pad), b.images*b.rows*size, len(d.z), func(z kernel.Matrix) {
			w.Depthwise(kernel.Map{Data: z.Data, Stride: size * d.pad, Image: b.rows * size * d.pad}, in.input(), d.taps, d.kernel, d.shape.Stride, d.area(b))
		})
	}
	s.Flush()
}

// band is a unit's output: rows of an image from a first one on, or whole images.
type band struct{ image, images, first, rows int }

// pixel is the first pixel's number in the batch, on maps of a size.
func (b band) pixel(size int) int { return (b.image*size + b.first) * size }

// area is a band as the kernels take it.
func (d *depthwise) area(b band) kernel.Area {
	return kernel.Area{Images: b.images, Rows: b.rows, Width: d.shape.OutSize, Channels: d.pad}
}

// reader brings pixels of the input to where the convolution reads them: through norm and activation, or as they are.
type reader struct {
	*depthwise
	w   *engine.Worker
	x   []float32
	par kernel.Params
}

func (d *depthwise) reader(w *engine.Worker, x []float32) reader {
	r := reader{depthwise: d, w: w, x: x}
	if d.from != nil {
		r.par = w.Params(d.pad, d.from.Norm.Scale, d.from.Norm.Shift)
	}
	return r
}

// read writes pixels that follow each other in the input, from one on; n says how they are grouped, without the channels.
func (r reader) read(to kernel.Grouped, pixel int, n kernel.Rows) {
	if r.from == nil {
		n.Channels = r.shape.Expanded // what is behind the channels stays 0
		r.w.Copy(to, engine.Grouped(r.x[pixel*n.Channels:], n.Channels, n.Rows, n.Groups), n)
		return
	}
	n.Channels = r.pad
	r.w.NormActGroups(r.shape.Activation, to, r.expanded(pixel, n), r.par, n)
}

// expanded is the expansion's output from a pixel on.
func (r reader) expanded(pixel int, n kernel.Rows) kernel.Grouped {
	z := r.from.Z
	if r.from.Implicit() {
		z = r.from.Rows(r.w, r.x, pixel, n.Rows*n.Groups*max(1, n.Images))
	} else {
		z = z[pixel*r.pad:]
	}
	return engine.Grouped(z, r.pad, n.Rows, n.Groups)
}

// readSlope is read with the derivative of the activation beside it.
func (r reader) readSlope(to, slope kernel.Grouped, pixel int, n kernel.Rows) {
	if r.from == nil {
		r.read(to, pixel, n)
		return
	}
	n.Channels = r.pad
	r.w.NormActSlopeGroups(r.shape.Activation, to, r.expanded(pixel, n), slope, r.par, n)
}

// window holds the input rows of a band, with their padding, in scratch 0, and in the backward pass their slopes in scratch 3. From a band to the next
// of the same image it keeps the rows that both see.
type window struct {
	reader
	last   int // unit that the window is at, -1 at first
	slopes bool
}

func (d *depthwise) window(w *engine.Worker, x []float32) *window {
	clear(w.Scratch[0][:d.group*d.inImage()])
	return &window{reader: d.reader(w, x), last: -1}
}

// input is the band as the convolution reads it.
func (v *window) input() kernel.Map {
	return kernel.Map{Data: v.w.Scratch[0], Stride: v.inStride(), Image: v.inImage()}
}

// move fills the window for a unit.
func (v *window) move(u int) band {
	bands := v.bands()
	image, first := u/bands*v.group, u%bands*v.band
	b := band{image: image, images: min(v.group, v.batch-image), first: first, rows: min(v.band, v.shape.OutSize-first)}
	kept := 0
	if first > 0 && v.last == u-1 {
		kept = v.keep()
	}
	v.last = u
	v.fill(b, kept)
	return b
}

// keep moves the last rows of the band to the front and says how many.
func (v *window) keep() int {
	kept, from := v.kernel-v.shape.Stride, v.band*v.shape.Stride
	buffer, stride := v.w.Scratch[0], v.inStride()
	copy(buffer[:kept*stride], buffer[from*stride:])
	if v.slopes {
		slopes, stride := v.w.Scratch[3], v.shape.InSize*v.pad
		copy(slopes[:kept*stride], slopes[from*stride:])
	}
	return kept
}

// fill reads the rows of the window from one on; those outside the image are zero.
func (v *window) fill(b band, from int) {
	size, stride := v.shape.InSize, v.inStride()
	top, to := b.first*v.shape.Stride-v.padding(), v.inRows(b.rows) // row 0 of the window is row top of the image
	low, high := max(from, -top), min(to, size-top)
	if v.bands() > 1 { // otherwise they are zero still
		clear(v.w.Scratch[0][from*stride : max(from, min(low, to))*stride])
		clear(v.w.Scratch[0][max(from, high)*stride : max(from, to)*stride])
	}
	if low >= high {
		return
	}
	n := kernel.Rows{Rows: size, Groups: high - low, Images: b.images}
	at := kernel.Grouped{Matrix: kernel.Dense(v.w.Scratch[0][low*stride+v.padding()*v.pad:], v.pad), Group: stride, Image: v.inImage()}
	pixel := (b.image*size + top + low) * size
	if v.slopes {
		v.readSlope(at, v.slope(low), pixel, n)
		return
	}
	v.read(at, pixel, n)
}

// slope is the slopes from a row of the window on.
func (v *window) slope(row int) kernel.Grouped {
	line := v.shape.InSize * v.pad
	return kernel.Grouped{Matrix: kernel.Dense(v.w.Scratch[3][row*line:], v.pad), Group: line, Image: v.slopeImage()}
}

// backward takes du, the gradient behind the norm, padded like z, with its sums in the norm. It computes the gradient of the weights and that of the
// input: with an expansion whose output is kept the gradient behind its norm, padded, with its sums there; otherwise dx, dense, with the residual added where
// there is one.
func (d *depthwise) backward(dx, du, x, residual []float32) {
	d.norm.Backward(d.batch * d.shape.OutSize * d.shape.OutSize)
	if d.kernel == 1 {
		d.Run(engine.Pieces(d.batch, d.chunk()), func(w *engine.Worker, from, to int) { d.backwardPixels(w, dx, du, x, residual, from, to) })
	} else {
		d.Run(d.units(), func(w *engine.Worker, from, to int) { d.backwardBands(w, dx, du, x, residual, from, to) })
	}
	d.collect()
}

// writer takes the gradient in front of the convolution.
type writer struct {
	*depthwise
	w        *engine.Worker
	x, dx    []float32
	residual []float32
	sums     *engine.Statistics // of the expansion's norm; nil without one
	par      kernel.Params      // without one: factors 1 and 1
}

func (d *depthwise) writer(w *engine.Worker, x, dx, residual []float32) writer {
	o := writer{depthwise: d, w: w, x: x, dx: dx, residual: residual}
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

// write takes pixels that follow each other in the input, from one on, with the slopes of the activation there; n says how they are grouped, without the channels.
func (o writer) write(da, slope kernel.Grouped, pixel int, n kernel.Rows) {
	rows := n.Rows * n.Groups * max(1, n.Images)
	n.Channels = o.pad
	if o.from != nil && o.from.Implicit() {
		du := engine.Grouped(o.w.Scratch[4], o.pad, n.Rows, n.Groups) // z has been read; the second sum is not used
		o.w.MulProductsGroups(du, da, slope, da, o.sums.Par, n, false)
		o.from.Take(o.w, o.dx, du.Data, o.x, o.residual, pixel, rows)
		o.sums.Count(rows)
		return
	}
	if o.from != nil {
		to, z := engine.Grouped(o.dx[pixel*o.pad:], o.pad, n.Rows, n.Groups), engine.Grouped(o.from.Z[pixel*o.pad:], o.pad, n.Rows, n.Groups)
		o.w.MulProductsGroups(to, da, slope, z, o.sums.Par, n, len(o.from.Z) >= engine.Past)
		o.sums.Count(rows)
		return
	}
	n.Channels = o.shape.Expanded
	to := engine.Grouped(o.dx[pixel*n.Channels:], n.Channels, n.Rows, n.Groups)
	if o.residual == nil {
		o.w.Copy(to, da, n)
		return
	}
	o.w.AffineAddGroups(to, da, engine.Grouped(o.residual[pixel*n.Channels:], n.Channels, n.Rows, n.Groups), o.par, n)
}

func (o writer) flush() {
	if o.sums != nil {
		o.sums.Flush()
	}
}

// backwardPixels is backward on maps of one pixel.
func (d *depthwise) backwardPixels(w *engine.Worker, dx, du, x, residual []float32, from, to int) {
	in, out := d.reader(w, x), d.writer(w, x, dx, residual)
	coefficients, middle := w.Params(d.pad, d.norm.A, d.norm.B, d.norm.C), w.Params(d.pad, d.taps[:d.pad], nil)
	grad := w.Params(d.pad, nil, nil)
	a, dz := kernel.Dense(w.Scratch[0], d.pad), kernel.Dense(w.Scratch[1], d.pad)
	clear(a.Data[:d.chunk()*d.pad])
	for u, step := from, d.chunk(); u < to; u++ {
		first := u * step
		n := kernel.Rows{Rows: min(step, d.batch-first), Channels: d.pad, Groups: 1}
		slope := engine.Grouped(w.Scratch[3], d.pad, n.Rows, 1)
		in.readSlope(engine.Grouped(a.Data, d.pad, n.Rows, 1), slope, first, n)
		w.AffineAdd(dz, kernel.Dense(du[first*d.pad:], d.pad), kernel.Dense(d.output(first), d.pad), coefficients, n)
		w.Products(dz, a, grad, n)
		w.Affine(dz, dz, middle, n)
		out.write(engine.Grouped(dz.Data, d.pad, n.Rows, 1), slope, first, n)
	}
	w.Add(d.grads[w.ID], grad.Row(1))
	out.flush()
}

// backwardBands is backward on larger maps. Scratch 1 holds the gradient of z with its margin, scratch 2 the gradient in front of the convolution.
func (d *depthwise) backwardBands(w *engine.Worker, dx, du, x, residual []float32, from, to int) {
	in, out := d.window(w, x), d.writer(w, x, dx, residual)
	in.slopes = true
	gradient := d.gradientWindow(w, du)
	inner := kernel.Map{Data: w.Scratch[1][d.margin()*(d.outStride()+d.pad):], Stride: d.outStride(), Image: d.outImage()}
	size := d.shape.InSize
	for u := from; u < to; u++ {
		continued := in.last == u-1
		b := in.move(u)
		gradient.move(b, continued)
		w.DepthwiseWeights(d.grads[w.ID], inner, in.input(), d.kernel, d.shape.Stride, d.area(b))
		top := b.first * d.shape.Stride
		n := kernel.Rows{Rows: size, Groups: min(b.rows*d.shape.Stride, size-top), Images: b.images}
		out.write(d.inputGradient(w, b), in.slope(d.padding()), (b.image*size+top)*size, n)
	}
	out.flush()
}

// inputGradient computes the gradient in front of the convolution for the input rows of a band.
func (d *depthwise) inputGradient(w *engine.Worker, b band) kernel.Grouped {
	dz, a := kernel.Map{Data: w.Scratch[1], Stride: d.outStride(), Image: d.outImage()}, d.area(b)
	line, rows := d.shape.InSize*d.pad, b.rows
	if d.shape.Stride == 2 {
		line, rows = 2*d.shape.OutSize*d.pad, 2*b.rows
	}
	to := kernel.Map{Data: w.Scratch[2], Stride: line, Image: rows * line}
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
	return kernel.Grouped{Matrix: kernel.Dense(to.Data, d.pad), Group: to.Stride, Image: to.Image}
}

// gradientWindow holds the gradient of z of a band with its margin in scratch 1.
type gradientWindow struct {
	*depthwise
	w   *engine.Worker
	du  []float32
	par kernel.Params
}

func (d *depthwise) gradientWindow(w *engine.Worker, du []float32) gradientWindow {
	clear(w.Scratch[1][:d.group*d.outImage()])
	return gradientWindow{d, w, du, w.Params(d.pad, d.norm.A, d.norm.B, d.norm.C)}
}

// move fills the window for a band. Where it is continued from the band before, it keeps the rows that both see.
func (v gradientWindow) move(b band, continued bool) {
	size, stride, margin := v.shape.OutSize, v.outStride(), v.margin()
	buffer, kept := v.w.Scratch[1], 0
	if continued && b.first > 0 {
		kept = 2 * margin
		copy(buffer[:kept*stride], buffer[v.band*stride:])
	}
	top, to := b.first-margin, b.rows+2*margin
	low, high := max(kept, -top), min(to, size-top)
	if v.bands() > 1 {
		clear(buffer[kept*stride : max(kept, min(low, to))*stride])
		clear(buffer[max(kept, high)*stride : max(kept, to)*stride])
	}
	if low >= high {
		return
	}
	pixel, rows := (b.image*size+top+low)*size*v.pad, high-low
	out := kernel.Grouped{Matrix: kernel.Dense(buffer[low*stride+margin*v.pad:], v.pad), Group: stride, Image: v.outImage()}
	v.w.AffineAddGroups(out, engine.Grouped(v.du[pixel:], v.pad, size, rows), engine.Grouped(v.z[pixel:], v.pad, size, rows), v.par,
		kernel.Rows{Rows: size, Channels: v.pad, Groups: rows, Images: b.images})
}
