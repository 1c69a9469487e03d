package engine

import "gridsearch/internal/kernel/ops"

// DepthGates are the coefficients that stochastic depth gives each image: two rows per image.
type DepthGates struct {
	engine      *Engine
	area, width int
	batch       int
}

// NewDepthGates makes the gates of a block for images of area pixels and rows of width numbers. All
// blocks share the memory, [2, batch, width], so that it stays in the caches: the gates are valid
// for one pass.
func (e *Engine) NewDepthGates(batch, area, width int) DepthGates {
	ops.Room(&e.gates, 2*batch*width)
	return DepthGates{e, area, width, batch}
}

// Weigh sets a row of each image to coefficients times the image's factor.
func (g *DepthGates) Weigh(row int, factors, coefficients []float32) {
	for i, f := range factors {
		gate := g.row(row, i)
		for j, v := range coefficients {
			gate[j] = f * v
		}
	}
}

// Fill sets a row of each image to the coefficients.
func (g *DepthGates) Fill(row int, coefficients []float32) {
	for i := range g.batch {
		copy(g.row(row, i), coefficients)
	}
}

// Add adds coefficients to a row of each image.
func (g *DepthGates) Add(row int, coefficients []float32) {
	for i := range g.batch {
		gate := g.row(row, i)
		for j, v := range coefficients {
			gate[j] += v
		}
	}
}

func (g *DepthGates) row(row, image int) []float32 {
	return g.engine.gates[(row*g.batch+image)*g.width:][:g.width]
}

// From are the gates of the images from a pixel of the batch on.
func (g *DepthGates) From(pixel int) ops.Gates {
	return ops.Gates{Data: g.engine.gates[pixel/g.area*g.width:], Row: g.batch * g.width,
		Group: g.width}
}

// Images groups pixels by image.
func (g *DepthGates) Images(pixels ops.Matrix) ops.Grouped {
	return Grouped(pixels.Data, pixels.Stride, g.area, 1)
}

// Rows groups the channels of pixels by image: whole images, or a part of one.
func (g *DepthGates) Rows(pixels, channels int) ops.Rows {
	return ops.Rows{Rows: min(pixels, g.area), Channels: channels, Groups: Pieces(pixels, g.area)}
}
