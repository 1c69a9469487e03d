package fused

import "gridsearch/internal/kernel"

// depthwise is the depthwise convolution of a bottleneck with batch norm behind it. It reads the expansion's output through norm and SiLU, or the block's
// input as it is, and goes over bands of rows of one image.
type depthwise struct {
	*Engine
	shape  MBConvShape
	weight Weight
	norm   *norm
	from   *convNorm // nil: the block's input

	kernel int // side of the part of the kernel that reaches into the map
	pad    int // numbers of a pixel
	batch  int
	z      []float32 // output [batch, OutSize, OutSize, pad]

	taps, flipped []float32   // weights as the kernels read them, the second for the gradient of the input
	grads         [][]float32 // of the weights, of each worker

	forwardBand, backwardBand int // output rows of a band
}

func (e *Engine) depthwise(s MBConvShape, weight Weight, p NormParams, from *convNorm) *depthwise {
	// On a map of 2 x 2 the outer taps of a 5 x 5 kernel only see padding.
	d := &depthwise{Engine: e, shape: s, weight: weight, norm: e.norm(p), from: from, kernel: min(s.Kernel, 2*s.InSize-1), pad: e.set.Pad(s.Expanded)}
	size := d.kernel * d.kernel * d.pad
	d.taps, d.flipped = kernel.Floats(size), kernel.Floats(size)
	for range e.workers {
		d.grads = append(d.grads, kernel.Floats(size))
	}
	return d
}

func (d *depthwise) allocate(batch int) {
	d.batch = batch
	d.z = kernel.Floats(batch * d.shape.OutSize * d.shape.OutSize * d.pad)
	d.forwardBand, d.backwardBand = d.band(2*unit), d.band(2*unit)
	in, out := d.inRows(max(d.forwardBand, d.backwardBand)), max(d.forwardBand, d.backwardBand)+2*d.margin()
	d.reserve(0, in*d.inStride())
	d.reserve(1, out*d.outStride())
	d.reserve(2, max(out*d.shape.Stride*(d.shape.InSize+1), d.chunk())*d.pad)
	d.reserve(3, max(in*d.shape.InSize, d.chunk())*d.pad)
	d.reserve(0, d.chunk()*d.pad)
	d.reserve(1, d.chunk()*d.pad)
	if d.from != nil && d.from.implicit != nil {
		d.reserve(4, in*d.shape.InSize*d.pad)
	}
}

// chunk is the number of images of a unit where maps are single pixels.
func (d *depthwise) chunk() int { return chunk(d.batch, d.pad) }

// band is the number of output rows of which input and output fit so many numbers.
func (d *depthwise) band(limit int) int {
	rows := d.shape.OutSize
	for rows > 4 && d.inRows(rows)*d.inStride() > limit {
		rows = (rows + 1) / 2
	}
	return rows
}

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

// load copies the weights to where the kernels read them.
func (d *depthwise) load() {
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
		d.weight.sum(at, d.shape.Expanded, len(d.grads), func(worker int) []float32 { return d.grads[worker][tap*d.pad:] })
	})
}

// output is z from a pixel on.
func (d *depthwise) output(pixel int) []float32 { return d.z[pixel*d.pad:] }

// forward computes z and the batch's statistics.
func (d *depthwise) forward(x []float32) {
	d.load()
	if !d.training {
		d.norm.fixed()
	}
	size := d.shape.OutSize
	if d.kernel == 1 {
		d.run(pieces(d.batch, d.chunk()), func(w *worker, from, to int) { d.forwardPixels(w, x, from, to) })
	} else {
		bands := pieces(size, d.forwardBand)
		d.run(d.batch*bands, func(w *worker, from, to int) { d.forwardBands(w, x, from, to) })
	}
	d.norm.finish(d.Engine, d.batch*size*size)
}

// forwardPixels is forward on maps of one pixel, where only the tap in the middle counts.
func (d *depthwise) forwardPixels(w *worker, x []float32, from, to int) {
	in, middle := d.reader(w, x), w.params(d.pad, d.taps[:d.pad], nil)
	s := d.statistics(w, d.norm, d.pad)
	scratch, step := kernel.Dense(w.scratch[0], d.pad), d.chunk()
	clear(scratch.Data[:step*d.pad])
	for u := from; u < to; u++ {
		first := u * step
		n := min(step, d.batch-first)
		in.read(scratch.Data, d.pad, first, n, 1)
		s.write(kernel.Dense(d.output(first), d.pad), kernel.Dense(w.scratch[1], d.pad), n, len(d.z), func(z kernel.Matrix) {
			w.Affine(z, scratch, middle, kernel.Rows{Rows: n, Channels: d.pad})
		})
	}
	s.flush()
}

// forwardBands is forward on larger maps.
func (d *depthwise) forwardBands(w *worker, x []float32, from, to int) {
	in, s := d.window(w, x, d.forwardBand), d.statistics(w, d.norm, d.pad)
	size := d.shape.OutSize
	stride := size * d.pad
	for u := from; u < to; u++ {
		image, first, rows := in.move(u)
		s.write(kernel.Dense(d.output((image*size+first)*size), d.pad), kernel.Dense(w.scratch[1], d.pad), rows*size, len(d.z), func(z kernel.Matrix) {
			w.Depthwise(kernel.Map{Data: z.Data, Stride: stride}, in.input(), d.taps, d.kernel, d.shape.Stride, rows, size, d.pad)
		})
	}
	s.flush()
}

// reader brings pixels of the input to where the convolution reads them: through norm and SiLU, or as they are.
type reader struct {
	*depthwise
	w   *worker
	x   []float32
	par kernel.Params
}

func (d *depthwise) reader(w *worker, x []float32) reader {
	r := reader{depthwise: d, w: w, x: x}
	if d.from != nil {
		r.par = w.params(d.pad, d.from.norm.scale, d.from.norm.shift)
	}
	return r
}

// read writes rows of width pixels from a pixel of the input on, rows stride apart.
func (r reader) read(to []float32, stride, pixel, width, rows int) {
	n := kernel.Rows{Rows: width, Channels: r.pad, Groups: rows}
	out := kernel.Grouped{Matrix: kernel.Dense(to, r.pad), Group: stride}
	if r.from == nil {
		n.Channels = r.shape.Expanded // what is behind the channels stays 0
		r.w.Copy(out, grouped(r.x[pixel*n.Channels:], n.Channels, width), n)
		return
	}
	r.w.NormSiLUGroups(out, grouped(r.expanded(pixel, width*rows), r.pad, width), r.par, n)
}

// expanded is the expansion's output from a pixel on.
func (r reader) expanded(pixel, n int) []float32 {
	if r.from.implicit != nil {
		return r.from.rowsOf(r.w, r.x, pixel, n)
	}
	return r.from.z[pixel*r.pad:]
}

// readSlope is read with the derivative of SiLU beside it, whose rows have no padding.
func (r reader) readSlope(to, slope []float32, stride, pixel, width, rows int) {
	if r.from == nil {
		r.read(to, stride, pixel, width, rows)
		return
	}
	out := kernel.Grouped{Matrix: kernel.Dense(to, r.pad), Group: stride}
	r.w.NormSiLUSlopeGroups(out, grouped(r.expanded(pixel, width*rows), r.pad, width), grouped(slope, r.pad, width), r.par,
		kernel.Rows{Rows: width, Channels: r.pad, Groups: rows})
}

// grouped are groups of width rows that follow each other.
func grouped(data []float32, channels, width int) kernel.Grouped {
	return kernel.Grouped{Matrix: kernel.Dense(data, channels), Group: width * channels}
}

// window holds the input rows of a band, with their padding, in scratch 0, and in the backward pass their slopes in scratch 3. From a band to the next
// of the same image it keeps the rows that both see.
type window struct {
	reader
	rows   int // output rows of a band
	bands  int
	last   int // unit that the window is at, -1 at first
	slopes bool
}

func (d *depthwise) window(w *worker, x []float32, band int) *window {
	clear(w.scratch[0][:d.inRows(band)*d.inStride()])
	return &window{reader: d.reader(w, x), rows: band, bands: pieces(d.shape.OutSize, band), last: -1}
}

// input is the band as the convolution reads it.
func (v *window) input() kernel.Map { return kernel.Map{Data: v.w.scratch[0], Stride: v.inStride()} }

// move fills the window for a unit: an image's band of output rows from first on.
func (v *window) move(u int) (image, first, rows int) {
	image, band := u/v.bands, u%v.bands
	first = band * v.rows
	rows = min(v.rows, v.shape.OutSize-first)
	kept := 0
	if band > 0 && v.last == u-1 {
		kept = v.keep()
	}
	v.last = u
	v.fill(image, first*v.shape.Stride-v.padding(), kept, v.inRows(rows))
	return image, first, rows
}

// keep moves the last rows of the band to the front and says how many.
func (v *window) keep() int {
	kept, from := v.kernel-v.shape.Stride, v.rows*v.shape.Stride
	buffer, stride := v.w.scratch[0], v.inStride()
	copy(buffer[:kept*stride], buffer[from*stride:])
	if v.slopes {
		slopes, stride := v.w.scratch[3], v.shape.InSize*v.pad
		copy(slopes[:kept*stride], slopes[from*stride:])
	}
	return kept
}

// fill reads rows from..to of the window, whose row 0 is row top of the image; rows outside the image are zero.
func (v *window) fill(image, top, from, to int) {
	size, stride := v.shape.InSize, v.inStride()
	low, high := max(from, -top), min(to, size-top)
	if v.bands > 1 { // otherwise they are zero still
		clear(v.w.scratch[0][from*stride : max(from, min(low, to))*stride])
		clear(v.w.scratch[0][max(from, high)*stride : max(from, to)*stride])
	}
	if low >= high {
		return
	}
	at, pixel := v.w.scratch[0][low*stride+v.padding()*v.pad:], (image*size+top+low)*size
	if v.slopes {
		v.readSlope(at, v.w.scratch[3][low*size*v.pad:], stride, pixel, size, high-low)
		return
	}
	v.read(at, stride, pixel, size, high-low)
}

// backward takes du, the gradient behind the norm, padded like z, with its sums in the norm. It computes the gradient of the weights and that of the
// input: with an expansion whose output is kept the gradient behind its norm, padded, with its sums there; otherwise dx, dense, with the residual added where
// there is one.
func (d *depthwise) backward(dx, du, x, residual []float32) {
	d.norm.backward(d.batch * d.shape.OutSize * d.shape.OutSize)
	if d.kernel == 1 {
		d.run(pieces(d.batch, d.chunk()), func(w *worker, from, to int) { d.backwardPixels(w, dx, du, x, residual, from, to) })
	} else {
		bands := pieces(d.shape.OutSize, d.backwardBand)
		d.run(d.batch*bands, func(w *worker, from, to int) { d.backwardBands(w, dx, du, x, residual, from, to) })
	}
	d.collect()
}

// writer takes the gradient in front of the convolution.
type writer struct {
	*depthwise
	w        *worker
	x, dx    []float32
	residual []float32
	sums     *statistics   // of the expansion's norm; nil without one
	par      kernel.Params // without one: factors 1 and 1
}

func (d *depthwise) writer(w *worker, x, dx, residual []float32) writer {
	o := writer{depthwise: d, w: w, x: x, dx: dx, residual: residual}
	if d.from != nil {
		o.sums = d.statistics(w, d.from.norm, d.pad)
		return o
	}
	o.par = w.params(d.pad, nil, nil, nil)
	for i := range d.pad {
		o.par.Data[i], o.par.Data[o.par.Stride+i] = 1, 1
	}
	return o
}

// write takes rows of width pixels from a pixel of the input on, rows stride apart, with the slopes of SiLU there.
func (o writer) write(da, slope []float32, stride, pixel, width, rows int) {
	n := kernel.Rows{Rows: width, Channels: o.pad, Groups: rows}
	from := kernel.Grouped{Matrix: kernel.Dense(da, o.pad), Group: stride}
	if o.from != nil && o.from.implicit != nil {
		du := grouped(o.w.scratch[4], o.pad, width) // z has been read; the second sum is not used
		o.w.MulProductsGroups(du, from, grouped(slope, o.pad, width), from, o.sums.par, n, false)
		o.from.take(o.w, o.dx, du.Data, o.x, o.residual, pixel, width*rows)
		o.sums.count(width * rows)
		return
	}
	if o.from != nil {
		to, z := grouped(o.dx[pixel*o.pad:], o.pad, width), grouped(o.from.z[pixel*o.pad:], o.pad, width)
		o.w.MulProductsGroups(to, from, grouped(slope, o.pad, width), z, o.sums.par, n, len(o.from.z) >= past)
		o.sums.count(width * rows)
		return
	}
	n.Channels = o.shape.Expanded
	to := grouped(o.dx[pixel*n.Channels:], n.Channels, width)
	if o.residual == nil {
		o.w.Copy(to, from, n)
		return
	}
	o.w.AffineAddGroups(to, from, grouped(o.residual[pixel*n.Channels:], n.Channels, width), o.par, n)
}

func (o writer) flush() {
	if o.sums != nil {
		o.sums.flush()
	}
}

// backwardPixels is backward on maps of one pixel.
func (d *depthwise) backwardPixels(w *worker, dx, du, x, residual []float32, from, to int) {
	in, out := d.reader(w, x), d.writer(w, x, dx, residual)
	coefficients, middle := w.params(d.pad, d.norm.a, d.norm.b, d.norm.c), w.params(d.pad, d.taps[:d.pad], nil)
	grad := w.params(d.pad, nil, nil)
	a, dz := kernel.Dense(w.scratch[0], d.pad), kernel.Dense(w.scratch[1], d.pad)
	clear(a.Data[:d.chunk()*d.pad])
	for u, step := from, d.chunk(); u < to; u++ {
		first := u * step
		n := kernel.Rows{Rows: min(step, d.batch-first), Channels: d.pad}
		in.readSlope(a.Data, w.scratch[3], n.Rows*d.pad, first, n.Rows, 1)
		w.AffineAdd(dz, kernel.Dense(du[first*d.pad:], d.pad), kernel.Dense(d.output(first), d.pad), coefficients, n)
		w.Products(dz, a, grad, n)
		w.Affine(dz, dz, middle, n)
		out.write(dz.Data, w.scratch[3], n.Rows*d.pad, first, n.Rows, 1)
	}
	w.Add(d.grads[w.id], grad.Row(1))
	out.flush()
}

// backwardBands is backward on larger maps. Scratch 1 holds the gradient of z with its margin, scratch 2 the gradient in front of the convolution.
func (d *depthwise) backwardBands(w *worker, dx, du, x, residual []float32, from, to int) {
	in, out := d.window(w, x, d.backwardBand), d.writer(w, x, dx, residual)
	in.slopes = true
	gradient := d.gradientWindow(w, du)
	inner := kernel.Map{Data: w.scratch[1][d.margin()*(d.outStride()+d.pad):], Stride: d.outStride()}
	size := d.shape.InSize
	for u := from; u < to; u++ {
		continued := in.last == u-1
		image, first, rows := in.move(u)
		gradient.move(image, first, rows, continued)
		w.DepthwiseWeights(d.grads[w.id], inner, in.input(), d.kernel, d.shape.Stride, rows, d.shape.OutSize, d.pad)
		da := d.inputGradient(w, rows)
		top := first * d.shape.Stride
		out.write(da.Data, w.scratch[3][d.padding()*size*d.pad:], da.Stride, (image*size+top)*size, size, min(rows*d.shape.Stride, size-top))
	}
	out.flush()
}

// inputGradient computes the gradient in front of the convolution for the input rows of a band.
func (d *depthwise) inputGradient(w *worker, rows int) kernel.Map {
	dz := kernel.Map{Data: w.scratch[1], Stride: d.outStride()}
	if d.shape.Stride == 1 {
		to := kernel.Map{Data: w.scratch[2], Stride: d.shape.InSize * d.pad}
		w.Depthwise(to, dz, d.flipped, d.kernel, 1, rows, d.shape.InSize, d.pad)
		return to
	}
	to := kernel.Map{Data: w.scratch[2], Stride: 2 * d.shape.OutSize * d.pad}
	if d.kernel == 3 { // its squares see no output pixel before their own
		dz.Data = dz.Data[d.outStride()+d.pad:]
	}
	w.DepthwiseData2(to, dz, d.taps, d.kernel, rows, d.shape.OutSize, d.pad)
	return to
}

// gradientWindow holds the gradient of z of a band with its margin in scratch 1.
type gradientWindow struct {
	*depthwise
	w   *worker
	du  []float32
	par kernel.Params
}

func (d *depthwise) gradientWindow(w *worker, du []float32) gradientWindow {
	clear(w.scratch[1][:(d.backwardBand+2*d.margin())*d.outStride()])
	return gradientWindow{d, w, du, w.params(d.pad, d.norm.a, d.norm.b, d.norm.c)}
}

// move fills the window for a band of an image. Where it is continued from the band before, it keeps the rows that both see.
func (v gradientWindow) move(image, first, rows int, continued bool) {
	size, stride, margin := v.shape.OutSize, v.outStride(), v.margin()
	buffer, kept := v.w.scratch[1], 0
	if continued && first > 0 {
		kept = 2 * margin
		copy(buffer[:kept*stride], buffer[v.backwardBand*stride:])
	}
	top, to := first-margin, rows+2*margin
	low, high := max(kept, -top), min(to, size-top)
	if v.backwardBand < size {
		clear(buffer[kept*stride : max(kept, min(low, to))*stride])
		clear(buffer[max(kept, high)*stride : max(kept, to)*stride])
	}
	if low >= high {
		return
	}
	pixel := (image*size + top + low) * size
	out := kernel.Grouped{Matrix: kernel.Dense(buffer[low*stride+margin*v.pad:], v.pad), Group: stride}
	v.w.AffineAddGroups(out, grouped(v.du[pixel*v.pad:], v.pad, size), grouped(v.z[pixel*v.pad:], v.pad, size), v.par,
		kernel.Rows{Rows: size, Channels: v.pad, Groups: high - low})
}
