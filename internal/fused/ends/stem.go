// Package ends computes the parts of a network before and after its stages: the stem, the pooling
// head and the classifier.
package ends

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// Stem is a k x k convolution of images, followed by batch norm and activation. Its weights are
// [kernel, kernel, in, out].
type Stem struct {
	*engine.Engine
	shape engine.ConvShape
	conv  *engine.Pointwise // on patches
	norm  *engine.Norm
	batch int
	pad   int       // numbers of a pixel of z
	z     []float32 // [batch, OutSize, OutSize, pad]

	// [batch, OutSize, OutSize, Kernel, Kernel, In], kept for the backward pass; nil in evaluation
	patches []float32
}

// NewStem makes the block.
func NewStem(e *engine.Engine, s engine.ConvShape, weight engine.Weight,
	norm engine.NormParams) *Stem {
	return &Stem{Engine: e, shape: s, conv: e.NewPointwise(weight, engine.Weight{},
		s.Kernel*s.Kernel*s.In, s.Out), norm: e.NewNorm(norm), pad: e.Set.Pad(s.Out)}
}

// Allocate implements engine.Block.
func (c *Stem) Allocate(batch int) int {
	c.batch = batch
	c.z = c.Keep(engine.FirstOutput, c.rows()*c.pad)
	c.ReserveWide(engine.Gradient, len(c.z))
	if c.Training {
		c.patches = ops.Floats(c.rows() * c.conv.In)
	} else {
		c.Reserve(engine.Input, c.lines()*c.shape.OutSize*c.conv.In)
	}
	c.Reserve(engine.Output, c.lines()*c.shape.OutSize*c.pad)
	return c.rows() * c.shape.Out
}

func (c *Stem) rows() int { return c.batch * c.shape.OutSize * c.shape.OutSize }

// lines is the number of rows of output pixels of a unit.
func (c *Stem) lines() int {
	return min(c.batch*c.shape.OutSize, max(1, engine.Unit/(c.shape.OutSize*max(c.pad, c.conv.In))))
}

// units visits consecutive whole rows of output pixels with the first one's number in the batch.
func (c *Stem) units(from, to int, visit func(pixel, n int)) {
	size, lines := c.shape.OutSize, c.lines()
	for u := from; u < to; u++ {
		first := u * lines
		visit(first*size, min(lines, c.batch*size-first)*size)
	}
}

// phase runs over all units.
func (c *Stem) phase(run func(w *engine.Worker, from, to int)) {
	c.Run(engine.Pieces(c.batch*c.shape.OutSize, c.lines()), run)
}

// patch is the patches of the pixels from one on.
func (c *Stem) patch(pixel int) ops.Matrix {
	return ops.Dense(c.patches[pixel*c.conv.In:], c.conv.In)
}

func (c *Stem) raw(pixel int) ops.Matrix { return ops.Dense(c.z[pixel*c.pad:], c.pad) }

// Forward implements engine.Block.
func (c *Stem) Forward(y, x []float32) {
	c.conv.Pack(c.Workers[0].Kernels)
	c.norm.Begin(c.Engine)
	c.phase(func(w *engine.Worker, from, to int) {
		s := c.NewStatistics(w, c.norm, c.pad)
		c.units(from, to, func(pixel, n int) {
			patches := ops.Dense(w.Scratch[engine.Input], c.conv.In)
			if c.Training {
				patches = c.patch(pixel)
			}
			c.gather(w, patches.Data, x, pixel, n)
			s.Write(c.raw(pixel), ops.Dense(w.Scratch[engine.Output], c.pad), n, len(c.z),
				func(z ops.Matrix) { w.ProductPadded(z, patches, c.conv.Forward, n) })
		})
		s.Flush()
	})
	c.norm.Finish(c.Engine, c.rows())
	c.phase(func(w *engine.Worker, from, to int) {
		par := w.Params(c.shape.Out, c.norm.Scale, c.norm.Shift)
		c.units(from, to, func(pixel, n int) {
			w.NormAct(c.shape.Activation, ops.Dense(y[pixel*c.shape.Out:], c.shape.Out),
				c.raw(pixel), par, ops.Rows{Rows: n, Channels: c.shape.Out})
		})
	})
}

// Backward implements engine.Block. The gradient of the input would be that of images, which is
// never needed: dx must be nil.
func (c *Stem) Backward(dx, dy, _, _ []float32) {
	if dx != nil {
		panic("ends: a stem has no gradient of its input")
	}
	du := c.Wide[engine.Gradient]
	c.phase(func(w *engine.Worker, from, to int) {
		par, count := w.Params(c.pad, c.norm.Scale, c.norm.Shift, nil, nil), 0
		c.units(from, to, func(pixel, n int) {
			w.SlopeProducts(c.shape.Activation, ops.Dense(du[pixel*c.pad:], c.pad),
				ops.Dense(dy[pixel*c.shape.Out:], c.shape.Out), c.raw(pixel), par,
				ops.Rows{Rows: n, Channels: c.shape.Out})
			if count += n; count >= engine.FlushRows {
				c.norm.Add(w, par.Row(2), par.Row(3))
				count = 0
			}
		})
		c.norm.Add(w, par.Row(2), par.Row(3))
	})
	c.norm.Backward(c.rows())
	c.phase(func(w *engine.Worker, from, to int) {
		par := w.Params(c.pad, c.norm.A, c.norm.B, c.norm.C)
		dz := ops.Dense(w.Scratch[engine.Output], c.pad)
		c.units(from, to, func(pixel, n int) {
			w.AffineAdd(dz, ops.Dense(du[pixel*c.pad:], c.pad), c.raw(pixel), par,
				ops.Rows{Rows: n, Channels: c.shape.Out})
			c.conv.Gradient(w, c.patch(pixel), dz, n)
		})
	})
	c.conv.Collect(c.Workers[0].Kernels)
}

// gather copies the patches of n output pixels from a row's first one on, zero outside the image.
func (c *Stem) gather(w *engine.Worker, to, x []float32, pixel, n int) {
	size, area := c.shape.OutSize, c.shape.InSize*c.shape.InSize*c.shape.In
	for row, end := pixel/size, (pixel+n)/size; row < end; {
		image, first := row/size, row%size
		rows := min(size-first, end-row)
		for ky := range c.shape.Kernel {
			c.gatherLines(w, to, x[image*area:][:area], ky, first, rows)
		}
		to, row = to[rows*size*c.conv.In:], row+rows
	}
}

// gatherLines copies what a row of the kernel reads for the rows of output pixels of an image, from
// first on.
func (c *Stem) gatherLines(w *engine.Worker, to, image []float32, ky, first, rows int) {
	s := c.shape
	line, row, pad := s.Kernel*s.In, s.OutSize*c.conv.In, (s.Kernel-1)/2
	out, in, n := s.Reach(ky)
	top, bottom := max(first, out), min(first+rows, out+n) // the rows whose line is inside
	left := engine.Pieces(pad, s.Stride)                   // the pixels whose line is: those from here
	right := max(left, (s.InSize-s.Kernel+pad)/s.Stride+1) // to here
	if top < bottom && left < right {
		at := ((in+(top-out)*s.Stride)*s.InSize + left*s.Stride - pad) * s.In
		w.Copy(ops.Grouped{Matrix: ops.Matrix{Data: to[(top-first)*row+left*c.conv.In+
			ky*line:], Stride: c.conv.In}, Group: row},
			ops.Grouped{Matrix: ops.Matrix{Data: image[at:], Stride: s.Stride * s.In},
				Group: s.Stride * s.InSize * s.In},
			ops.Rows{Rows: right - left, Channels: line, Groups: bottom - top})
	}
	for y := first; y < first+rows; y++ {
		patches := to[(y-first)*row+ky*line:]
		if y < top || y >= bottom {
			for o := range s.OutSize {
				clear(patches[o*c.conv.In:][:line])
			}
			continue
		}
		from := image[(in+(y-out)*s.Stride)*s.InSize*s.In:][:s.InSize*s.In]
		for o := 0; o < s.OutSize; o++ {
			if o == left {
				o = right
			}
			if o < s.OutSize {
				copyPart(patches[o*c.conv.In:][:line], from, (o*s.Stride-pad)*s.In)
			}
		}
	}
}

// copyPart copies the part of a line that is inside the row; the rest is zero. The line begins at
// index at, which may be negative.
func copyPart(line, row []float32, at int) {
	clear(line)
	if at < 0 {
		copy(line[min(-at, len(line)):], row)
	} else if at < len(row) {
		copy(line, row[at:])
	}
}
