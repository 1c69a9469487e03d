package fused

import "gridsearch/internal/kernel"

// depthGates are coefficients that stochastic depth makes an image's own: two rows for each image.
type depthGates struct {
	area, width int
	batch       int
	data        []float32 // [2, batch, width]
}

// allocate sizes the gates for images of area pixels and rows of width numbers.
func (g *depthGates) allocate(batch, area, width int) {
	*g = depthGates{area: area, width: width, batch: batch, data: kernel.Floats(2 * batch * width)}
}

// weigh makes a row of each image of coefficients times the image's factor.
func (g *depthGates) weigh(row int, factors, coefficients []float32) {
	for i, f := range factors {
		gate := g.row(row, i)
		for j, v := range coefficients {
			gate[j] = f * v
		}
	}
}

// fill makes a row the same for each image; add adds to it.
func (g *depthGates) fill(row int, coefficients []float32) {
	for i := range g.batch {
		copy(g.row(row, i), coefficients)
	}
}

func (g *depthGates) add(row int, coefficients []float32) {
	for i := range g.batch {
		gate := g.row(row, i)
		for j, v := range coefficients {
			gate[j] += v
		}
	}
}

func (g *depthGates) row(row, image int) []float32 {
	return g.data[(row*g.batch+image)*g.width:][:g.width]
}

// from are the gates of the images from a pixel of the batch on.
func (g *depthGates) from(pixel int) kernel.Gates {
	return kernel.Gates{Data: g.data[pixel/g.area*g.width:], Row: g.batch * g.width, Group: g.width}
}

// images are pixels in groups of an image, rows the number of such groups: whole images, or a part of one.
func (g *depthGates) images(pixels kernel.Matrix) kernel.Grouped {
	return dense(pixels.Data, pixels.Stride, g.area, 1)
}

func (g *depthGates) rows(pixels, channels int) kernel.Rows {
	return kernel.Rows{Rows: min(pixels, g.area), Channels: channels, Groups: pieces(pixels, g.area)}
}
