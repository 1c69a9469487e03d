// Package depthwise computes the depthwise convolution of an inverted bottleneck (MBConv), forward
// and backward: normalisation and activation of the expansion are fused into its reads.
package depthwise

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// Layer is the depthwise convolution of an inverted bottleneck, followed by batch norm. It reads
// the expansion's output through norm and activation, or the block's input as it is, in bands of
// rows of an image, or in several images at once where they are small.
type Layer struct {
	*engine.Engine
	shape  engine.ConvShape
	weight engine.Weight
	Norm   *engine.Norm
	from   *engine.Expansion // nil: the block's input

	kernel int // side of the part of the kernel that reaches into the map
	pad    int // numbers of a pixel
	batch  int
	Z      []float32 // output [batch, OutSize, OutSize, pad], kept for the backward pass

	// weights as the kernels read them, the second for the gradient of the input
	taps, flipped []float32
	grads         [][]float32 // of the weights, of each worker

	band  int // output rows of a unit
	group int // images of a unit; 1 where a band is less than an image
}

// New makes a layer; the activation of its shape is that of the expansion it reads, if any.
func New(e *engine.Engine, s engine.ConvShape, weight engine.Weight, p engine.NormParams,
	from *engine.Expansion) *Layer {
	// On a map of 2 x 2 the outer taps of a 5 x 5 kernel only see padding.
	d := &Layer{Engine: e, shape: s, weight: weight, Norm: e.NewNorm(p), from: from,
		kernel: min(s.Kernel, 2*s.InSize-1), pad: e.Set.Pad(s.In)}
	size := d.kernel * d.kernel * d.pad
	d.taps, d.flipped = ops.Floats(size), ops.Floats(size)
	for range e.Workers {
		d.grads = append(d.grads, ops.Floats(size))
	}
	return d
}

// Allocate sizes the layer.
func (d *Layer) Allocate(batch int) {
	d.batch = batch
	d.Z = d.Keep(engine.DepthwiseOutput, batch*d.shape.OutSize*d.shape.OutSize*d.pad)
	d.cut()
	d.Reserve(engine.Input, max(d.group*d.inImage(), d.chunk()*d.pad))
	d.Reserve(engine.Output, max(d.group*d.outImage(), d.chunk()*d.pad))
	d.Reserve(engine.InputGradient, d.group*d.outRows()*d.shape.Stride*(d.shape.InSize+1)*d.pad)
	d.Reserve(engine.Slopes, max(d.group*d.slopeImage(), d.chunk()*d.pad))
	if d.from != nil && d.from.Implicit() {
		d.Reserve(engine.Recomputed, d.group*d.slopeImage())
	}
}

// chunk is the number of images of a unit where maps are single pixels.
func (d *Layer) chunk() int { return engine.Chunk(d.batch, d.pad) }

// cut chooses the units: bands of an image whose input does not fit, or as many images as do.
func (d *Layer) cut() {
	d.band, d.group = d.shape.OutSize, 1
	for d.band > 4 && d.inImage() > 2*engine.Unit {
		d.band = (d.band + 1) / 2
	}
	if d.band == d.shape.OutSize {
		d.group = d.Group(d.batch, engine.Unit/d.inImage())
	}
}

// bands is the number of units per image, 1 for a whole image or several; units is the number in
// the batch.
func (d *Layer) bands() int { return engine.Pieces(d.shape.OutSize, d.band) }
func (d *Layer) units() int { return engine.Pieces(d.batch, d.group) * d.bands() }

// inRows is the number of input rows, padding included, that a number of output rows depend on.
func (d *Layer) inRows(rows int) int { return (rows-1)*d.shape.Stride + d.kernel }

// padding is that of the input, margin that of the output's gradient in the backward pass.
func (d *Layer) padding() int { return (d.kernel - 1) / 2 }

func (d *Layer) margin() int {
	if d.shape.Stride == 2 {
		return 1
	}
	return d.padding()
}

// inStride and outStride are the number of floats in a row of pixels with its padding.
func (d *Layer) inStride() int  { return (d.shape.InSize + 2*d.padding()) * d.pad }
func (d *Layer) outStride() int { return (d.shape.OutSize + 2*d.margin()) * d.pad }

// outRows is the number of rows of the output's gradient, margin included, that a band of input
// rows depends on.
func (d *Layer) outRows() int { return d.band + 2*d.margin() }

// inImage, slopeImage and outImage are the floats per image of a band in the windows: of the
// input, of the slopes beside it, which have no padding on the sides, and of the output's gradient.
func (d *Layer) inImage() int    { return d.inRows(d.band) * d.inStride() }
func (d *Layer) slopeImage() int { return d.inRows(d.band) * d.shape.InSize * d.pad }
func (d *Layer) outImage() int   { return d.outRows() * d.outStride() }

// load copies the weights to where the kernels read them.
func (d *Layer) load() {
	if !d.Stale() {
		return
	}
	n, c := d.kernel*d.kernel, d.shape.In
	d.eachTap(func(tap, at int) {
		copy(d.taps[tap*d.pad:], d.weight.Value[at:][:c])
		copy(d.flipped[(n-1-tap)*d.pad:], d.weight.Value[at:][:c])
	})
}

// eachTap visits the taps that ever reach into the map, with their place in the weights.
func (d *Layer) eachTap(visit func(tap, at int)) {
	cut := (d.shape.Kernel - d.kernel) / 2
	for y := range d.kernel {
		for x := range d.kernel {
			visit(y*d.kernel+x, ((y+cut)*d.shape.Kernel+x+cut)*d.shape.In)
		}
	}
}

// collect writes the gradient of the weights, summed over the workers.
func (d *Layer) collect() {
	clear(d.weight.Grad)
	d.eachTap(func(tap, at int) {
		d.weight.Sum(at, d.shape.In, len(d.grads),
			func(worker int) []float32 { return d.grads[worker][tap*d.pad:] })
	})
}

// Output is z from a pixel on.
func (d *Layer) Output(pixel int) []float32 { return d.Z[pixel*d.pad:] }

// Forward computes z and the batch's statistics.
func (d *Layer) Forward(x []float32) {
	d.load()
	d.Norm.Begin(d.Engine)
	size := d.shape.OutSize
	if d.kernel == 1 {
		d.Run(engine.Pieces(d.batch, d.chunk()), func(w *engine.Worker, from, to int) {
			d.forwardPixels(w, x, from, to)
		})
	} else {
		d.Run(d.units(), func(w *engine.Worker, from, to int) { d.forwardBands(w, x, from, to) })
	}
	d.Norm.Finish(d.Engine, d.batch*size*size)
}

// forwardPixels is forward on maps of one pixel, where only the kernel's centre tap matters.
func (d *Layer) forwardPixels(w *engine.Worker, x []float32, from, to int) {
	in, middle := d.reader(w, x), w.Params(d.pad, d.taps[:d.pad], nil)
	s := d.NewStatistics(w, d.Norm, d.pad)
	scratch, step := ops.Dense(w.Scratch[engine.Input], d.pad), d.chunk()
	clear(scratch.Data[:step*d.pad])
	for u := from; u < to; u++ {
		first := u * step
		n := min(step, d.batch-first)
		in.read(engine.Grouped(scratch.Data, d.pad, n, 1), first, ops.Rows{Rows: n, Groups: 1})
		s.Write(ops.Dense(d.Output(first), d.pad), ops.Dense(w.Scratch[engine.Output], d.pad), n,
			len(d.Z), func(z ops.Matrix) {
				w.Affine(z, scratch, middle, ops.Rows{Rows: n, Channels: d.pad})
			})
	}
	s.Flush()
}

// forwardBands is forward on larger maps.
func (d *Layer) forwardBands(w *engine.Worker, x []float32, from, to int) {
	in, s := d.window(w, x), d.NewStatistics(w, d.Norm, d.pad)
	size := d.shape.OutSize
	for u := from; u < to; u++ {
		b := in.move(u)
		s.Write(ops.Dense(d.Output(b.pixel(size)), d.pad), ops.Dense(w.Scratch[engine.Output], d.pad),
			b.images*b.rows*size, len(d.Z), func(z ops.Matrix) {
				w.Depthwise(ops.Map{Data: z.Data, Stride: size * d.pad,
					Image: b.rows * size * d.pad}, in.input(), d.taps, d.kernel, d.shape.Stride, d.area(b))
			})
	}
	s.Flush()
}

// band is a unit's output: rows of an image from a first one on, or whole images.
type band struct{ image, images, first, rows int }

// pixel is the first pixel's number in the batch, on maps of a size.
func (b band) pixel(size int) int { return (b.image*size + b.first) * size }

// area is a band as the kernels take it.
func (d *Layer) area(b band) ops.Area {
	return ops.Area{Images: b.images, Rows: b.rows, Width: d.shape.OutSize, Channels: d.pad}
}
