package depthwise

import (
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// reader reads pixels of the input for the convolution: through norm and activation, or as they
// are.
type reader struct {
	*Layer
	w   *engine.Worker
	x   []float32
	par ops.Params
}

func (d *Layer) reader(w *engine.Worker, x []float32) reader {
	r := reader{Layer: d, w: w, x: x}
	if d.from != nil {
		r.par = w.Params(d.pad, d.from.Norm.Scale, d.from.Norm.Shift)
	}
	return r
}

// read reads consecutive pixels of the input, from one on; n says how they are grouped, without the
// channels.
func (r reader) read(to ops.Grouped, pixel int, n ops.Rows) {
	if r.from == nil {
		n.Channels = r.shape.In // the padding after the channels stays 0
		r.w.Copy(to, engine.Grouped(r.x[pixel*n.Channels:], n.Channels, n.Rows, n.Groups), n)
		return
	}
	n.Channels = r.pad
	r.w.NormActGroups(r.shape.Activation, to, r.expanded(pixel, n), r.par, n)
}

// expanded is the expansion's output from a pixel on.
func (r reader) expanded(pixel int, n ops.Rows) ops.Grouped {
	z := r.from.Z
	if r.from.Implicit() {
		z = r.from.Rows(r.w, r.x, pixel, n.Rows*n.Groups*max(1, n.Images))
	} else {
		z = z[pixel*r.pad:]
	}
	return engine.Grouped(z, r.pad, n.Rows, n.Groups)
}

// readSlope is read with the derivative of the activation beside it.
func (r reader) readSlope(to, slope ops.Grouped, pixel int, n ops.Rows) {
	if r.from == nil {
		r.read(to, pixel, n)
		return
	}
	n.Channels = r.pad
	r.w.NormActSlopeGroups(r.shape.Activation, to, r.expanded(pixel, n), slope, r.par, n)
}

// window holds the input rows of a band, with their padding, in scratch Input, and in the backward
// pass their slopes in scratch Slopes. Between consecutive bands of one image it keeps the rows
// that both read.
type window struct {
	reader
	last   int // unit that the window is at, -1 at first
	slopes bool
}

func (d *Layer) window(w *engine.Worker, x []float32) *window {
	data := w.Scratch[engine.Input][:d.group*d.inImage()]
	if d.from == nil && d.shape.In < d.pad {
		clear(data) // reading skips the padding after the channels
	} else {
		d.clearMargins(data, d.inStride(), d.inRows(d.band), d.padding(), d.shape.InSize)
	}
	return &window{reader: d.reader(w, x), last: -1}
}

// clearMargins sets to zero the margins of windows: margin pixels on the sides and, where windows
// hold whole images of size rows, the rows above and below. The margins of bands are cleared as
// they are filled.
func (d *Layer) clearMargins(data []float32, stride, rows, margin, size int) {
	top, bottom, side := margin, min(margin+size, rows), margin*d.pad
	if d.bands() > 1 {
		top, bottom = 0, rows
	}
	for ; len(data) > 0; data = data[rows*stride:] {
		clear(data[:top*stride+side])
		for row := top + 1; row <= bottom; row++ {
			clear(data[row*stride-side : min(row*stride+side, rows*stride)])
		}
		clear(data[bottom*stride : rows*stride])
	}
}

// input is the band as the convolution reads it.
func (v *window) input() ops.Map {
	return ops.Map{Data: v.w.Scratch[engine.Input], Stride: v.inStride(), Image: v.inImage()}
}

// move fills the window for a unit.
func (v *window) move(u int) band {
	bands := v.bands()
	image, first := u/bands*v.group, u%bands*v.band
	b := band{image: image, images: min(v.group, v.batch-image), first: first,
		rows: min(v.band, v.shape.OutSize-first)}
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
	buffer, stride := v.w.Scratch[engine.Input], v.inStride()
	copy(buffer[:kept*stride], buffer[from*stride:])
	if v.slopes {
		slopes, stride := v.w.Scratch[engine.Slopes], v.shape.InSize*v.pad
		copy(slopes[:kept*stride], slopes[from*stride:])
	}
	return kept
}

// fill reads the rows of the window from one on; those outside the image are zero.
func (v *window) fill(b band, from int) {
	size, stride := v.shape.InSize, v.inStride()
	// row 0 of the window is row top of the image
	top, to := b.first*v.shape.Stride-v.padding(), v.inRows(b.rows)
	low, high := max(from, -top), min(to, size-top)
	if v.bands() > 1 { // otherwise they are zero still
		clear(v.w.Scratch[engine.Input][from*stride : max(from, min(low, to))*stride])
		clear(v.w.Scratch[engine.Input][max(from, high)*stride : max(from, to)*stride])
	}
	if low >= high {
		return
	}
	n := ops.Rows{Rows: size, Groups: high - low, Images: b.images}
	inside := v.w.Scratch[engine.Input][low*stride+v.padding()*v.pad:]
	at := ops.Grouped{Matrix: ops.Dense(inside, v.pad), Group: stride, Image: v.inImage()}
	pixel := (b.image*size + top + low) * size
	if v.slopes {
		v.readSlope(at, v.slope(low), pixel, n)
		return
	}
	v.read(at, pixel, n)
}

// slope is the slopes from a row of the window on.
func (v *window) slope(row int) ops.Grouped {
	line := v.shape.InSize * v.pad
	return ops.Grouped{Matrix: ops.Dense(v.w.Scratch[engine.Slopes][row*line:], v.pad), Group: line,
		Image: v.slopeImage()}
}

// gradientWindow holds the gradient of z of a band with its margin in scratch Output.
type gradientWindow struct {
	*Layer
	w   *engine.Worker
	du  []float32
	par ops.Params
}

func (d *Layer) gradientWindow(w *engine.Worker, du []float32) gradientWindow {
	d.clearMargins(w.Scratch[engine.Output][:d.group*d.outImage()], d.outStride(), d.outRows(),
		d.margin(), d.shape.OutSize)
	return gradientWindow{d, w, du, w.Params(d.pad, d.Norm.A, d.Norm.B, d.Norm.C)}
}

// move fills the window for a band. If it continues the previous band, it keeps the rows that both
// read.
func (v gradientWindow) move(b band, continued bool) {
	size, stride, margin := v.shape.OutSize, v.outStride(), v.margin()
	buffer, kept := v.w.Scratch[engine.Output], 0
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
	out := ops.Grouped{Matrix: ops.Dense(buffer[low*stride+margin*v.pad:], v.pad),
		Group: stride, Image: v.outImage()}
	v.w.AffineAddGroups(out, engine.Grouped(v.du[pixel:], v.pad, size, rows),
		engine.Grouped(v.Z[pixel:], v.pad, size, rows), v.par,
		ops.Rows{Rows: size, Channels: v.pad, Groups: rows, Images: b.images})
}
