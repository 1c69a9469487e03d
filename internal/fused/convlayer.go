package fused

import (
	"slices"

	"gridsearch/internal/kernel"
)

// convLayer is a k x k convolution of a chain with batch norm behind it. It reads the layer in front through norm and activation, or the chain's input
// as it is, into a window with padding around every image. The patches of a row of the kernel are rows of the window that overlap: they are copied to
// where a matrix product reads them, a row of the kernel after the other. A 1x1 convolution of stride 1 reads pixels as they are.
type convLayer struct {
	*Engine
	shape ConvShape
	from  *convLayer   // nil: the chain's input
	taps  []*pointwise // of each row of the kernel: [kernel*in, out]
	norm  *norm
	pad   int // numbers of a pixel of z
	batch int
	z     []float32 // output [batch, OutSize, OutSize, pad]
	ones  []float32

	group int // images of a unit
	lines int // rows of output pixels of an image whose patches are at hand at a time: all, but on large maps
}

func (e *Engine) convLayer(s ConvShape, p ConvParams, from *convLayer) *convLayer {
	l := &convLayer{Engine: e, shape: s, from: from, norm: e.norm(p.Norm), pad: e.set.Pad(s.Out)}
	l.ones = slices.Repeat([]float32{1}, max(l.pad, s.Kernel*s.In))
	n := s.Kernel * s.In * s.Out
	for ky := range s.Kernel {
		weight := Weight{Value: p.Weight.Value[ky*n:][:n]}
		if e.training {
			weight.Grad = p.Weight.Grad[ky*n:][:n]
		}
		l.taps = append(l.taps, e.pointwise(weight, Weight{}, s.Kernel*s.In, s.Out))
	}
	return l
}

// direct says that pixels are read as they are.
func (l *convLayer) direct() bool { return l.shape.Kernel == 1 && l.shape.Stride == 1 }

func (l *convLayer) inPixels() int  { return l.shape.InSize * l.shape.InSize }
func (l *convLayer) outPixels() int { return l.shape.OutSize * l.shape.OutSize }

// padding is that in front of the input's first row and column.
func (l *convLayer) padding() int { return (l.shape.Kernel - 1) / 2 }

// line is the numbers of a row of the window, image those of an image.
func (l *convLayer) line() int  { return l.side() * l.shape.In }
func (l *convLayer) image() int { return l.side() * l.line() }

// side is that of the window in pixels.
func (l *convLayer) side() int {
	return max((l.shape.OutSize-1)*l.shape.Stride+l.shape.Kernel, l.shape.InSize+l.padding())
}

// patchesLimit is the size, in floats, of the patches of a unit: they stay in the second cache beside the weights that go over them.
const patchesLimit = 3 * unit

func (l *convLayer) allocate(batch int) {
	s, width := l.shape, l.shape.Kernel*l.shape.In
	l.batch, l.z = batch, kernel.Floats(batch*l.outPixels()*l.pad)
	l.group = max(1, min(patchesLimit/(l.outPixels()*width), pieces(batch, len(l.workers))))
	l.lines = s.OutSize
	if l.group == 1 {
		l.lines = max(1, min(s.OutSize, patchesLimit/(s.OutSize*width)))
	}
	pixels := l.group * l.lines * s.OutSize
	l.reserve(1, pixels*l.pad)
	l.reserve(0, l.group*l.image())
	l.reserve(2, pixels*width)
	if l.training {
		l.reserve(3, l.group*l.inPixels()*s.In)
		l.reserve(4, l.group*l.image())
	}
}

// output is z from a pixel of the batch on.
func (l *convLayer) output(pixel int) kernel.Matrix { return kernel.Dense(l.z[pixel*l.pad:], l.pad) }

// stretch is rows of output pixels of images.
type stretch struct{ image, images, first, rows int }

// units visits the units of images, and stretches of their rows.
func (l *convLayer) units(from, to int, begin func(image, images int), each func(s stretch), end func(image, images int)) {
	for u := from; u < to; u++ {
		image := u * l.group
		images := min(l.group, l.batch-image)
		begin(image, images)
		for row := 0; row < l.shape.OutSize; row += l.lines {
			each(stretch{image, images, row, min(l.lines, l.shape.OutSize-row)})
		}
		end(image, images)
	}
}

// pixel is a stretch's first pixel in the batch, pixels their number.
func (l *convLayer) pixel(s stretch) int {
	return (s.image*l.shape.OutSize + s.first) * l.shape.OutSize
}
func (l *convLayer) pixels(s stretch) int { return s.images * s.rows * l.shape.OutSize }

// forward computes z and the batch's statistics.
func (l *convLayer) forward(x []float32) {
	for _, t := range l.taps {
		t.pack(l.workers[0].Kernels)
	}
	l.norm.begin(l.Engine)
	l.run(pieces(l.batch, l.group), func(w *worker, from, to int) {
		in, s := l.input(w, x), l.statistics(w, l.norm, l.pad)
		l.units(from, to, func(image, images int) { in.fill(image, images, false) }, func(st stretch) {
			n := l.pixels(st)
			s.write(l.output(l.pixel(st)), kernel.Dense(w.scratch[1], l.pad), n, len(l.z), func(z kernel.Matrix) {
				for ky, t := range l.taps {
					if ky == 0 {
						w.ProductPadded(z, in.patches(st, ky), t.forward, n)
					} else {
						w.Product(z, in.patches(st, ky), t.forward, n, true)
					}
				}
			})
		}, func(int, int) {})
		s.flush()
	})
	l.norm.finish(l.Engine, l.batch*l.outPixels())
}

// convInput brings a layer's input to where the convolution reads it: the window is scratch 0, the slopes of the activation scratch 3, patches are
// scratch 2.
type convInput struct {
	*convLayer
	w   *worker
	x   []float32
	par kernel.Params
}

func (l *convLayer) input(w *worker, x []float32) convInput {
	in := convInput{convLayer: l, w: w, x: x}
	if l.from != nil {
		in.par = w.params(l.from.pad, l.from.norm.scale, l.from.norm.shift)
	}
	if !l.direct() {
		clear(w.scratch[0][:l.group*l.image()])
	}
	return in
}

// inside is the input's pixels of a window, or of direct ones.
func (in convInput) inside(scratch int) kernel.Grouped {
	data, channels := in.w.scratch[scratch], in.shape.In
	if in.direct() {
		return dense(data, channels, in.shape.InSize, in.shape.InSize)
	}
	return kernel.Grouped{Matrix: kernel.Dense(data[in.padding()*(in.line()+channels):], channels), Group: in.line(), Image: in.image()}
}

// slopes are those of the activation.
func (in convInput) slopes() kernel.Grouped {
	return dense(in.w.scratch[3], in.shape.In, in.shape.InSize, in.shape.InSize)
}

// numbers are the input's rows of so many images.
func (in convInput) numbers(images int) kernel.Rows {
	return kernel.Rows{Rows: in.shape.InSize, Channels: in.shape.In, Groups: in.shape.InSize, Images: images}
}

// front is the output of the layer in front, from an image on.
func (in convInput) front(of []float32, image int) kernel.Grouped {
	pad := in.from.pad
	return dense(of[image*in.inPixels()*pad:], pad, in.shape.InSize, in.shape.InSize)
}

// fill reads images, with the slopes if asked.
func (in convInput) fill(image, images int, slopes bool) {
	n, act := in.numbers(images), in.shape.Activation
	switch {
	case in.from != nil && slopes:
		in.w.NormActSlopeGroups(act, in.inside(0), in.front(in.from.z, image), in.slopes(), in.par, n)
	case in.from != nil:
		in.w.NormActGroups(act, in.inside(0), in.front(in.from.z, image), in.par, n)
	case !in.direct():
		c := in.shape.In
		in.w.Copy(in.inside(0), dense(in.x[image*in.inPixels()*c:], c, in.shape.InSize, in.shape.InSize), n)
	}
}

// patches are what the output pixels of a stretch see of a row of the kernel: [pixels, kernel*in].
func (in convInput) patches(s stretch, ky int) kernel.Matrix {
	c := in.shape.In
	if in.direct() {
		at := s.first * in.shape.OutSize * c
		if in.from == nil {
			return kernel.Dense(in.x[s.image*in.inPixels()*c+at:], c)
		}
		return kernel.Dense(in.w.scratch[0][at:], c)
	}
	rows, n := in.rows(s)
	to := kernel.Dense(in.w.scratch[2], n.Channels)
	in.w.Copy(dense(to.Data, n.Channels, n.Rows, n.Groups), rows(in.w.scratch[0], ky), n)
	return to
}

// rows addresses the patches of a stretch in a window: rows of the window that overlap.
func (in convInput) rows(s stretch) (func(window []float32, ky int) kernel.Grouped, kernel.Rows) {
	size, stride, c := in.shape.OutSize, in.shape.Stride, in.shape.In
	n := kernel.Rows{Rows: size, Channels: in.shape.Kernel * c, Groups: s.rows, Images: s.images}
	return func(window []float32, ky int) kernel.Grouped {
		return kernel.Grouped{Matrix: kernel.Dense(window[(s.first*stride+ky)*in.line():], stride*c), Group: stride * in.line(), Image: in.image()}
	}, n
}

// backward takes du, the gradient behind the norm, padded like z, with its sums in the norm. It computes the gradient of the weights and that of the
// input: of a layer in front the gradient behind its norm, padded, with its sums there; otherwise dx, dense, or what is added to it.
func (l *convLayer) backward(dx, du, x []float32, add bool) {
	l.norm.backward(l.batch * l.outPixels())
	l.run(pieces(l.batch, l.group), func(w *worker, from, to int) {
		b := l.backwardConv(w, dx, x, add)
		par := w.params(l.pad, l.norm.a, l.norm.b, l.norm.c)
		dz := kernel.Dense(w.scratch[1], l.pad)
		l.units(from, to, b.begin, func(s stretch) {
			pixel, n := l.pixel(s), l.pixels(s)
			w.AffineAdd(dz, kernel.Dense(du[pixel*l.pad:], l.pad), l.output(pixel), par, kernel.Rows{Rows: n, Channels: l.shape.Out})
			for ky := range l.taps {
				b.tap(s, ky, dz, n)
			}
		}, b.write)
		if b.sums != nil {
			b.sums.flush()
		}
	})
	for _, t := range l.taps {
		t.collect(l.workers[0].Kernels)
	}
}

// backwardConv is a worker's backward phase. Scratch 4 holds the gradient of the window.
type backwardConv struct {
	convInput
	dx   []float32
	add  bool
	sums *statistics // of the norm in front; nil without one
	ones kernel.Params
}

func (l *convLayer) backwardConv(w *worker, dx, x []float32, add bool) *backwardConv {
	b := &backwardConv{convInput: l.input(w, x), dx: dx, add: add, ones: w.params(l.shape.Kernel*l.shape.In, l.ones, l.ones, nil)}
	if l.from != nil {
		b.sums = l.statistics(w, l.from.norm, l.from.pad)
	}
	return b
}

func (b *backwardConv) begin(image, images int) {
	b.fill(image, images, true)
	if !b.direct() {
		clear(b.w.scratch[4][:images*b.image()])
	}
}

// tap takes a row of the kernel: the gradient of its weights, and what its patches get, which is added where they came from.
func (b *backwardConv) tap(s stretch, ky int, dz kernel.Matrix, n int) {
	t := b.taps[ky]
	t.gradient(b.w, b.patches(s, ky), dz, n)
	if b.direct() {
		b.w.Product(kernel.Dense(b.w.scratch[4][s.first*b.shape.OutSize*t.in:], t.in), dz, t.backward, n, false)
		return
	}
	d := kernel.Dense(b.w.scratch[2], t.in)
	b.w.Product(d, dz, t.backward, n, false)
	rows, size := b.rows(s)
	// Rows overlap: the kernel adds them one after the other.
	b.w.AffineAddGroups(rows(b.w.scratch[4], ky), rows(b.w.scratch[4], ky), dense(d.Data, t.in, size.Rows, size.Groups), b.ones, size)
}

// write takes the gradient of the window.
func (b *backwardConv) write(image, images int) {
	da, n := b.inside(4), b.numbers(images)
	if b.from != nil {
		past := len(b.from.z) >= past && b.from.pad == b.shape.In
		b.w.MulProductsGroups(b.front(b.dx, image), da, b.slopes(), b.front(b.from.z, image), b.sums.par, n, past)
		b.sums.count(images * b.inPixels())
		return
	}
	c := b.shape.In
	to := dense(b.dx[image*b.inPixels()*c:], c, b.shape.InSize, b.shape.InSize)
	if b.add {
		b.w.AffineAddGroups(to, da, to, b.ones, n)
		return
	}
	b.w.Copy(to, da, n)
}
