package conv

import (
	"slices"

	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// layer is a k x k convolution of a chain, followed by batch norm. It reads the layer before it
// through norm and activation, or the chain's input as it is, into a window with padding around
// every image. The patches (im2col) of one row of the kernel are overlapping rows of the window:
// they are copied to where a matrix product reads them, one row of the kernel after the other. A
// 1x1 convolution of stride 1 reads pixels directly.
type layer struct {
	*engine.Engine
	shape engine.ConvShape
	from  *layer              // nil: the chain's input
	taps  []*engine.Pointwise // of each row of the kernel: [kernel*in, out]
	norm  *engine.Norm
	pad   int // numbers of a pixel of z
	batch int
	z     []float32 // output [batch, OutSize, OutSize, pad]
	ones  []float32

	group int // images of a unit
	// rows of output pixels of an image whose patches are in memory at a time: all, but on large
	// maps
	lines int
}

func newLayer(e *engine.Engine, s engine.ConvShape, p Params, from *layer) *layer {
	l := &layer{Engine: e, shape: s, from: from, norm: e.NewNorm(p.Norm), pad: e.Set.Pad(s.Out)}
	l.ones = slices.Repeat([]float32{1}, max(l.pad, s.Kernel*s.In))
	n := s.Kernel * s.In * s.Out
	for ky := range s.Kernel {
		weight := engine.Weight{Value: p.Weight.Value[ky*n:][:n]}
		if e.Training {
			weight.Grad = p.Weight.Grad[ky*n:][:n]
		}
		l.taps = append(l.taps, e.NewPointwise(weight, engine.Weight{}, s.Kernel*s.In, s.Out))
	}
	return l
}

// direct reports that pixels are read directly, without patches.
func (l *layer) direct() bool { return l.shape.Kernel == 1 && l.shape.Stride == 1 }

func (l *layer) inPixels() int  { return l.shape.InSize * l.shape.InSize }
func (l *layer) outPixels() int { return l.shape.OutSize * l.shape.OutSize }

// padding is the number of rows and columns of padding before the input's first.
func (l *layer) padding() int { return (l.shape.Kernel - 1) / 2 }

// line is the number of floats in a row of the window, image the number in an image.
func (l *layer) line() int  { return l.side() * l.shape.In }
func (l *layer) image() int { return l.side() * l.line() }

// side is the window's side in pixels.
func (l *layer) side() int {
	return max((l.shape.OutSize-1)*l.shape.Stride+l.shape.Kernel, l.shape.InSize+l.padding())
}

// patchesLimit is the size, in floats, of the patches of a unit: they stay in the L2 cache together
// with the weights that are applied to them.
const patchesLimit = 3 * engine.Unit

// allocate sizes the layer, whose output is the block's kept tensor i.
func (l *layer) allocate(i engine.Tensor, batch int) {
	s, width := l.shape, l.shape.Kernel*l.shape.In
	l.batch, l.z = batch, l.Keep(i, batch*l.outPixels()*l.pad)
	l.group = l.Group(batch, patchesLimit/(l.outPixels()*width))
	l.lines = s.OutSize
	if l.group == 1 {
		l.lines = max(1, min(s.OutSize, patchesLimit/(s.OutSize*width)))
	}
	pixels := l.group * l.lines * s.OutSize
	l.Reserve(engine.Output, pixels*l.pad)
	l.Reserve(engine.Input, l.group*l.image())
	l.Reserve(engine.Patches, pixels*width)
	if l.Training {
		l.Reserve(engine.Slopes, l.group*l.inPixels()*s.In)
		l.Reserve(engine.WindowGradient, l.group*l.image())
	}
}

// output is z from a pixel of the batch on.
func (l *layer) output(pixel int) ops.Matrix { return ops.Dense(l.z[pixel*l.pad:], l.pad) }

// stretch is rows of output pixels of consecutive images.
type stretch struct{ image, images, first, rows int }

// units visits a worker's groups of images.
func (l *layer) units(from, to int, visit func(image, images int)) {
	for u := from; u < to; u++ {
		visit(u*l.group, min(l.group, l.batch-u*l.group))
	}
}

// stretches visits the rows of images, lines at a time.
func (l *layer) stretches(image, images int, visit func(s stretch)) {
	for row := 0; row < l.shape.OutSize; row += l.lines {
		visit(stretch{image, images, row, min(l.lines, l.shape.OutSize-row)})
	}
}

// pixel is a stretch's first pixel in the batch, pixels their number.
func (l *layer) pixel(s stretch) int {
	return (s.image*l.shape.OutSize + s.first) * l.shape.OutSize
}
func (l *layer) pixels(s stretch) int { return s.images * s.rows * l.shape.OutSize }

// forward computes z and the batch's statistics.
func (l *layer) forward(x []float32) {
	for _, t := range l.taps {
		t.Pack(l.Workers[0].Kernels)
	}
	l.norm.Begin(l.Engine)
	l.Run(engine.Pieces(l.batch, l.group), func(w *engine.Worker, from, to int) {
		in, s := l.input(w, x), l.NewStatistics(w, l.norm, l.pad)
		l.units(from, to, func(image, images int) {
			in.fill(image, images, false)
			l.stretches(image, images, func(st stretch) {
				n := l.pixels(st)
				s.Write(l.output(l.pixel(st)), ops.Dense(w.Scratch[engine.Output], l.pad), n, len(l.z),
					func(z ops.Matrix) { in.convolve(z, st, n) })
			})
		})
		s.Flush()
	})
	l.norm.Finish(l.Engine, l.batch*l.outPixels())
}

// input reads a layer's input for the convolution: its window is in scratch Input, slopes of the
// activation in Slopes, patches in Patches.
type input struct {
	*layer
	w   *engine.Worker
	x   []float32
	par ops.Params
}

func (l *layer) input(w *engine.Worker, x []float32) input {
	in := input{layer: l, w: w, x: x}
	if l.from != nil {
		in.par = w.Params(l.from.pad, l.from.norm.Scale, l.from.norm.Shift)
	}
	if !l.direct() {
		clear(w.Scratch[engine.Input][:l.group*l.image()])
	}
	return in
}

// inside is the input's pixels without the window's padding.
func (in input) inside(scratch engine.ScratchTensor) ops.Grouped {
	data, channels := in.w.Scratch[scratch], in.shape.In
	if in.direct() {
		return engine.Grouped(data, channels, in.shape.InSize, in.shape.InSize)
	}
	return ops.Grouped{Matrix: ops.Dense(data[in.padding()*(in.line()+channels):], channels),
		Group: in.line(), Image: in.image()}
}

// slopes are the derivatives of the activation.
func (in input) slopes() ops.Grouped {
	return engine.Grouped(in.w.Scratch[engine.Slopes], in.shape.In, in.shape.InSize, in.shape.InSize)
}

// numbers are the input's rows of a number of images.
func (in input) numbers(images int) ops.Rows {
	return ops.Rows{Rows: in.shape.InSize, Channels: in.shape.In, Groups: in.shape.InSize,
		Images: images}
}

// front is the output of the preceding layer, from an image on.
func (in input) front(of []float32, image int) ops.Grouped {
	pad := in.from.pad
	return engine.Grouped(of[image*in.inPixels()*pad:], pad, in.shape.InSize, in.shape.InSize)
}

// fill reads images, with the slopes if asked.
func (in input) fill(image, images int, slopes bool) {
	n, act := in.numbers(images), in.shape.Activation
	switch {
	case in.from != nil && slopes:
		in.w.NormActSlopeGroups(act, in.inside(engine.Input), in.front(in.from.z, image),
			in.slopes(), in.par, n)
	case in.from != nil:
		in.w.NormActGroups(act, in.inside(engine.Input), in.front(in.from.z, image), in.par, n)
	case !in.direct():
		c := in.shape.In
		in.w.Copy(in.inside(engine.Input), engine.Grouped(in.x[image*in.inPixels()*c:], c,
			in.shape.InSize, in.shape.InSize), n)
	}
}

// patches are what a row of the kernel reads for the output pixels of a stretch: [pixels,
// kernel*in].
func (in input) patches(s stretch, ky int) ops.Matrix {
	c := in.shape.In
	if in.direct() {
		at := s.first * in.shape.OutSize * c
		if in.from == nil {
			return ops.Dense(in.x[s.image*in.inPixels()*c+at:], c)
		}
		return ops.Dense(in.w.Scratch[engine.Input][at:], c)
	}
	rows, n := in.rows(s)
	to := ops.Dense(in.w.Scratch[engine.Patches], n.Channels)
	in.w.Copy(engine.Grouped(to.Data, n.Channels, n.Rows, n.Groups),
		rows(in.w.Scratch[engine.Input], ky), n)
	return to
}

// convolve computes the output of a stretch of n pixels: the sum of the contributions of the
// kernel's rows.
func (in input) convolve(z ops.Matrix, s stretch, n int) {
	in.w.ProductPadded(z, in.patches(s, 0), in.taps[0].Forward, n)
	for ky := 1; ky < len(in.taps); ky++ {
		in.w.Product(z, in.patches(s, ky), in.taps[ky].Forward, n, true)
	}
}

// rows addresses the patches of a stretch in a window: rows of the window that overlap.
func (in input) rows(s stretch) (func(window []float32, ky int) ops.Grouped, ops.Rows) {
	size, stride, c := in.shape.OutSize, in.shape.Stride, in.shape.In
	n := ops.Rows{Rows: size, Channels: in.shape.Kernel * c, Groups: s.rows, Images: s.images}
	return func(window []float32, ky int) ops.Grouped {
		return ops.Grouped{Matrix: ops.Dense(window[(s.first*stride+ky)*in.line():],
			stride*c), Group: stride * in.line(), Image: in.image()}
	}, n
}

// backward takes du, the gradient of the norm's output, padded like z, with its sums in the norm.
// It computes the gradient of the weights and that of the input: if there is a preceding layer the
// gradient of its norm's output, padded, with its sums there; otherwise dx, dense, which it writes
// or adds to.
func (l *layer) backward(dx, du, x []float32, add bool) {
	l.norm.Backward(l.batch * l.outPixels())
	l.Run(engine.Pieces(l.batch, l.group), func(w *engine.Worker, from, to int) {
		b := l.backwardConv(w, dx, x, add)
		par := w.Params(l.pad, l.norm.A, l.norm.B, l.norm.C)
		dz := ops.Dense(w.Scratch[engine.Output], l.pad)
		l.units(from, to, func(image, images int) {
			b.begin(image, images)
			l.stretches(image, images, func(s stretch) {
				pixel, n := l.pixel(s), l.pixels(s)
				w.AffineAdd(dz, ops.Dense(du[pixel*l.pad:], l.pad), l.output(pixel), par,
					ops.Rows{Rows: n, Channels: l.shape.Out})
				for ky := range l.taps {
					b.tap(s, ky, dz, n)
				}
			})
			b.write(image, images)
		})
		if b.sums != nil {
			b.sums.Flush()
		}
	})
	for _, t := range l.taps {
		t.Collect(l.Workers[0].Kernels)
	}
}

// backwardConv is a worker's backward phase. Scratch WindowGradient holds the gradient of the
// window.
type backwardConv struct {
	input
	dx   []float32
	add  bool
	sums *engine.Statistics // of the norm in front; nil without one
	ones ops.Params
}

func (l *layer) backwardConv(w *engine.Worker, dx, x []float32, add bool) *backwardConv {
	b := &backwardConv{input: l.input(w, x), dx: dx, add: add,
		ones: w.Params(l.shape.Kernel*l.shape.In, l.ones, l.ones, nil)}
	if l.from != nil {
		b.sums = l.NewStatistics(w, l.from.norm, l.from.pad)
	}
	return b
}

func (b *backwardConv) begin(image, images int) {
	b.fill(image, images, true)
	if !b.direct() {
		clear(b.w.Scratch[engine.WindowGradient][:images*b.image()])
	}
}

// tap handles one row of the kernel: the gradient of its weights, and that of its patches, which is
// added to the pixels that they were copied from (col2im).
func (b *backwardConv) tap(s stretch, ky int, dz ops.Matrix, n int) {
	t := b.taps[ky]
	t.Gradient(b.w, b.patches(s, ky), dz, n)
	if b.direct() {
		to := b.w.Scratch[engine.WindowGradient][s.first*b.shape.OutSize*t.In:]
		b.w.Product(ops.Dense(to, t.In), dz, t.Backward, n, false)
		return
	}
	d := ops.Dense(b.w.Scratch[engine.Patches], t.In)
	b.w.Product(d, dz, t.Backward, n, false)
	rows, size := b.rows(s)
	// Rows overlap: the kernel adds them one after the other.
	to := rows(b.w.Scratch[engine.WindowGradient], ky)
	b.w.AffineAddGroups(to, to, engine.Grouped(d.Data, t.In, size.Rows, size.Groups), b.ones, size)
}

// write passes on the gradient of the window.
func (b *backwardConv) write(image, images int) {
	da, n := b.inside(engine.WindowGradient), b.numbers(images)
	if b.from != nil {
		past := len(b.from.z) >= engine.Past && b.from.pad == b.shape.In
		b.w.MulProductsGroups(b.front(b.dx, image), da, b.slopes(), b.front(b.from.z, image),
			b.sums.Par, n, past)
		b.sums.Count(images * b.inPixels())
		return
	}
	c := b.shape.In
	to := engine.Grouped(b.dx[image*b.inPixels()*c:], c, b.shape.InSize, b.shape.InSize)
	if b.add {
		b.w.AffineAddGroups(to, da, to, b.ones, n)
		return
	}
	b.w.Copy(to, da, n)
}
