package plain

// GlobalMean is global average pooling: x is [batch, area, c], y [batch, c].
func GlobalMean(y, x []float32, batch, area, c int) {
	for n := range batch {
		out := y[n*c:][:c]
		clear(out)
		for p := range area {
			Add(out, x[(n*area+p)*c:][:c])
		}
		scale := 1 / float32(area)
		for j := range out {
			out[j] *= scale
		}
	}
}

// GlobalMeanBackward spreads the gradient of each mean over its pixels.
func GlobalMeanBackward(dx, dy []float32, batch, area, c int) {
	clear(dx[:batch*area*c])
	GlobalMeanBackwardAdd(dx, dy, batch, area, c)
}

// GlobalMeanBackwardAdd adds what GlobalMeanBackward writes.
func GlobalMeanBackwardAdd(dx, dy []float32, batch, area, c int) {
	scale := 1 / float32(area)
	for n := range batch {
		in := dy[n*c:][:c]
		for p := range area {
			out := dx[(n*area+p)*c:][:c]
			for j, v := range in {
				out[j] += v * scale
			}
		}
	}
}

// ScaleChannels computes y[n, p, j] = x[n, p, j] * gate[n, j]. y may be x.
func ScaleChannels(y, x, gate []float32, batch, area, c int) {
	for n := range batch {
		g := gate[n*c:][:c]
		for p := range area {
			in, out := x[(n*area+p)*c:][:c], y[(n*area+p)*c:][:c]
			for j, v := range in {
				out[j] = v * g[j]
			}
		}
	}
}

// ScaleChannelsBackward computes the gradients of x and of the gate. dx may be dy.
func ScaleChannelsBackward(dx, dgate, dy, x, gate []float32, batch, area, c int) {
	for n := range batch {
		g, dg := gate[n*c:][:c], dgate[n*c:][:c]
		clear(dg)
		for p := range area {
			at := (n*area + p) * c
			d, in, out := dy[at:][:c], x[at:][:c], dx[at:][:c]
			for j, v := range d {
				dg[j] += v * in[j]
				out[j] = v * g[j]
			}
		}
	}
}

// MaxPool takes the maximum of each channel in windows on square maps that begin (Kernel-1)/2 -
// Shift rows and columns outside, where padding is never the maximum: x is [Batch, InSize, InSize,
// Channels], y [Batch, OutSize, OutSize, Channels] with OutSize = ceil(InSize/Stride).
type MaxPool struct {
	Batch, InSize, OutSize, Channels, Kernel, Stride, Shift int
}

// Forward computes y, and for each of its values the index of the element of x that it is: the
// first of equals.
func (g MaxPool) Forward(y []float32, from []int32, x []float32) {
	pad, c, out := (g.Kernel-1)/2-g.Shift, g.Channels, 0
	for n := range g.Batch {
		image := n * g.InSize * g.InSize
		for oy := range g.OutSize {
			for ox := range g.OutSize {
				top, left := oy*g.Stride-pad, ox*g.Stride-pad
				to, place := y[out:][:c], from[out:][:c]
				first := (image + max(0, top)*g.InSize + max(0, left)) * c
				copy(to, x[first:])
				for j := range place {
					place[j] = int32(first + j)
				}
				for iy := max(0, top); iy < min(g.InSize, top+g.Kernel); iy++ {
					for ix := max(0, left); ix < min(g.InSize, left+g.Kernel); ix++ {
						raise(to, place, x, (image+iy*g.InSize+ix)*c)
					}
				}
				out += c
			}
		}
	}
}

// raise takes the values of the pixel at offset at where they are larger, or NaN.
func raise(to []float32, place []int32, x []float32, at int) {
	for j, v := range x[at:][:len(to)] {
		if v > to[j] || v != v {
			to[j], place[j] = v, int32(at+j)
		}
	}
}

// Backward adds the gradient of each value to that of the element that it was taken from.
func (g MaxPool) Backward(dx, dy []float32, from []int32) {
	clear(dx[:g.Batch*g.InSize*g.InSize*g.Channels])
	for i, d := range dy[:g.Batch*g.OutSize*g.OutSize*g.Channels] {
		dx[from[i]] += d
	}
}
