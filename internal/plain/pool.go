package plain

// GlobalMean computes the mean of each channel of each image: x is [batch, area, c], y [batch, c].
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
