// Package ops is how the vector kernels of a set are called: matrix products, depthwise
// convolutions, fused passes over rows of channels, and optimiser updates. A Kernels is a Set with
// memory for its arguments, for use by one goroutine.
//
// Maps are NHWC: rows of channels, one row a pixel. Rows may have any stride and any number of
// channels; tensors inside a block have rows of whole vectors (Set.Pad), with zeros after the
// channels. Sums are in a fixed order, so that equal inputs give equal bits for one set. NaN and
// infinities propagate. Every method checks its slices and panics if one is too short, before
// anything is written.
package ops

import "gridsearch/internal/kernel/abi"

// Set is the kernels of one instruction set.
type Set struct {
	Name  string
	Width int // floats of a vector
	Table abi.Table
}

// Pad is c rounded up to whole vectors.
func (s *Set) Pad(c int) int { return (c + s.Width - 1) / s.Width * s.Width }

// Kernels calls a set's kernels from one goroutine.
type Kernels struct {
	*Set
	row      abi.RowArgs
	product  abi.GemmArgs
	convolve abi.DepthwiseArgs
	scalars  [6]float32
	top      float32   // of the activation of the call
	repeated []float32 // parameters of joined rows

	corner, square, turned []float32 // of matrices that are transposed: see transpose
}

// New makes the Kernels of another goroutine.
func (s *Set) New() *Kernels { return &Kernels{Set: s} }
