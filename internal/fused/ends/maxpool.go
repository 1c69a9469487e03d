package ends

import (
	"math"

	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// MaxPool takes the maximum of each channel in windows on square maps, image by image and tap by
// tap. As in PyTorch the gradient goes to the first of equal values, and NaN is propagated.
type MaxPool struct {
	*engine.Engine
	shape engine.ConvShape
	taps  ops.Params // a row for each tap: its number
	batch int
	which []float32 // of the taps each value of the output is, like the output
}

// NewMaxPool makes the block; the shape has as many channels out as in.
func NewMaxPool(e *engine.Engine, s engine.ConvShape) *MaxPool {
	p := &MaxPool{Engine: e, shape: s, taps: e.Set.NewParams(s.Kernel*s.Kernel, s.Out)}
	for tap := range s.Kernel * s.Kernel {
		for j := range s.Out {
			p.taps.Row(tap)[j] = float32(tap)
		}
	}
	return p
}

// Allocate implements engine.Block.
func (p *MaxPool) Allocate(batch int) int {
	p.batch = batch
	p.which = p.Keep(engine.FirstOutput, batch*p.outImage())
	return len(p.which)
}

// inImage and outImage are the floats in an image of the input and of the output.
func (p *MaxPool) inImage() int  { return p.shape.InSize * p.shape.InSize * p.shape.Out }
func (p *MaxPool) outImage() int { return p.shape.OutSize * p.shape.OutSize * p.shape.Out }

// Forward implements engine.Block.
func (p *MaxPool) Forward(y, x []float32) {
	p.Run(p.batch, func(w *engine.Worker, from, to int) {
		for i := from; i < to; i++ {
			at := i * p.outImage()
			image := y[at:][:p.outImage()]
			fill(image, float32(math.Inf(-1)))
			clear(p.which[at:][:p.outImage()])
			for tap := range p.shape.Kernel * p.shape.Kernel {
				if a := p.area(tap); !a.empty() {
					w.Raise(p.behind(a, image), p.before(a, x[i*p.inImage():]),
						p.behind(a, p.which[at:]), p.taps.From(tap), a.rows)
				}
			}
		}
	})
}

// Backward implements engine.Block. It visits the taps from last to first, which is the order of
// the windows that contain a pixel.
func (p *MaxPool) Backward(dx, dy, _, _ []float32) {
	if dx == nil {
		return
	}
	p.Run(p.batch, func(w *engine.Worker, from, to int) {
		for i := from; i < to; i++ {
			image, at := dx[i*p.inImage():][:p.inImage()], i*p.outImage()
			clear(image)
			for tap := p.shape.Kernel*p.shape.Kernel - 1; tap >= 0; tap-- {
				if a := p.area(tap); !a.empty() {
					w.AddWhere(p.before(a, image), p.behind(a, dy[at:]), p.behind(a, p.which[at:]),
						p.taps.From(tap), a.rows)
				}
			}
		}
	})
}

// fill sets all elements to v.
func fill(to []float32, v float32) {
	to[0] = v
	for n := 1; n < len(to); n *= 2 {
		copy(to[n:], to[:n])
	}
}

// area is the part of an image whose windows have a tap inside the map.
type area struct {
	out, in int // index of its first number in the output and the input
	rows    ops.Rows
}

// empty reports whether there is none: a kernel may be larger than the map.
func (a area) empty() bool { return a.rows.Rows == 0 || a.rows.Groups == 0 }

func (p *MaxPool) area(tap int) area {
	s := p.shape
	y, top, height := s.Reach(tap / s.Kernel)
	x, left, width := s.Reach(tap % s.Kernel)
	return area{(y*s.OutSize + x) * s.Out, (top*s.InSize + left) * s.Out,
		ops.Rows{Rows: width, Channels: s.Out, Groups: height}}
}

// before and behind are an area of an image's input and output map.
func (p *MaxPool) before(a area, image []float32) ops.Grouped {
	s := p.shape
	return ops.Grouped{Matrix: ops.Dense(image[a.in:], s.Stride*s.Out),
		Group: s.Stride * s.InSize * s.Out}
}

func (p *MaxPool) behind(a area, image []float32) ops.Grouped {
	s := p.shape
	return ops.Grouped{Matrix: ops.Dense(image[a.out:], s.Out), Group: s.OutSize * s.Out}
}
