// Package ops is how the vector kernels of a set are called: products of matrices, depthwise
// convolutions, passes over rows of channels that do several things while the numbers are near, and
// updates of optimisers. A Kernels is a Set with the memory of its arguments, for one goroutine.
//
// Maps are NHWC: rows of channels, one row a pixel. Rows are any distance apart and any number of
// channels long; what a caller owns itself has rows that are whole vectors (Set.Pad), with zeros
// behind the channels. Sums are in a fixed order, so that equal inputs give equal bits for one set.
// NaN and infinities go through. Every method checks its slices and panics if one is too short,
// before anything is written.
package ops

import "gridsearch/internal/kernel/abi"

// Set is the kernels of one instruction set.
type Set struct {
	Name  string
	Width int // floats of a vector
	Table abi.Table
}

// Pad is the number of floats of whole vectors that hold c channels.
func (s *Set) Pad(c int) int { return (c + s.Width - 1) / s.Width * s.Width }

// Kernels runs a set's kernels for one goroutine.
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

// New makes the kernels of another goroutine.
func (s *Set) New() *Kernels { return &Kernels{Set: s} }
