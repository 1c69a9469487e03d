package plain

// Conv is a convolution on square maps with padding of (Kernel-1)/2, less Shift rows and columns at
// the top and left: x is [Batch, InSize, InSize, InChannels], y [Batch, OutSize, OutSize,
// OutChannels] with OutSize = ceil(InSize/Stride), the weights [Kernel, Kernel, InChannels,
// OutChannels].
type Conv struct {
	Batch, InSize, InChannels, OutSize, OutChannels, Kernel, Stride, Shift int
}

// ScratchSize is the number of floats that the methods need: the patches (im2col) of one image.
func (g Conv) ScratchSize() int { return g.OutSize * g.OutSize * g.patch() }

func (g Conv) patch() int { return g.Kernel * g.Kernel * g.InChannels }

func (g Conv) inImage() int  { return g.InSize * g.InSize * g.InChannels }
func (g Conv) outImage() int { return g.OutSize * g.OutSize * g.OutChannels }

// Forward computes y from x and the weights, image by image: the matrix of its patches (im2col)
// times the weights.
func (g Conv) Forward(y, x, w, scratch []float32) {
	for n := range g.Batch {
		g.gather(scratch, x[n*g.inImage():])
		MatMul(y[n*g.outImage():], scratch, w, g.OutSize*g.OutSize, g.OutChannels, g.patch())
	}
}

// BackwardData computes the gradient of the input.
func (g Conv) BackwardData(dx, dy, w, scratch []float32) {
	clear(dx[:g.Batch*g.inImage()])
	for n := range g.Batch {
		MatMulTB(scratch, dy[n*g.outImage():], w, g.OutSize*g.OutSize, g.patch(), g.OutChannels)
		g.scatter(dx[n*g.inImage():], scratch)
	}
}

// BackwardWeights computes the gradient of the weights, summed over the batch. Its scratch is
// ScratchSize plus the size of the weights.
func (g Conv) BackwardWeights(dw, dy, x, scratch []float32) {
	dw = dw[:g.patch()*g.OutChannels]
	patches, one := scratch[:g.ScratchSize()], scratch[g.ScratchSize():][:len(dw)]
	clear(dw)
	for n := range g.Batch {
		g.gather(patches, x[n*g.inImage():])
		MatMulTA(one, patches, dy[n*g.outImage():], g.patch(), g.OutChannels, g.OutSize*g.OutSize)
		Add(dw, one)
	}
}

// gather copies the patches of one image (im2col), zero outside it.
func (g Conv) gather(patches, x []float32) {
	g.taps(func(patch, pixel int) {
		to := patches[patch:][:g.InChannels]
		if pixel < 0 {
			clear(to)
			return
		}
		copy(to, x[pixel:])
	})
}

// scatter adds the patches to the pixels that they were gathered from (col2im).
func (g Conv) scatter(dx, patches []float32) {
	g.taps(func(patch, pixel int) {
		if pixel >= 0 {
			Add(dx[pixel:][:g.InChannels], patches[patch:])
		}
	})
}

// taps visits every place of every patch with the offsets of its channels among the patches and in
// the image; the latter is negative in the padding.
func (g Conv) taps(visit func(patch, pixel int)) {
	pad, patch := (g.Kernel-1)/2-g.Shift, 0
	for oy := range g.OutSize {
		for ox := range g.OutSize {
			for ky := range g.Kernel {
				for kx := range g.Kernel {
					iy, ix, pixel := oy*g.Stride+ky-pad, ox*g.Stride+kx-pad, -1
					if iy >= 0 && iy < g.InSize && ix >= 0 && ix < g.InSize {
						pixel = (iy*g.InSize + ix) * g.InChannels
					}
					visit(patch, pixel)
					patch += g.InChannels
				}
			}
		}
	}
}
