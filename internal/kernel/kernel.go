// Package kernel holds the vector kernels that training spends its time in: products of matrices,
// depthwise convolutions, and passes over rows of channels that do several things while the numbers
// are near.
//
// A Set is the kernels of one instruction set: assembly for AVX-512 and for AVX2 with FMA (package
// amd64), and Go twins (package twin), which run everywhere and which the assembly is tested
// against. A Kernels is a Set with the memory of its arguments, for one goroutine.
//
// Maps are NHWC: rows of channels, one row a pixel. Rows are any distance apart and any number of
// channels long; what a caller owns itself has rows that are whole vectors (Set.Pad), with zeros
// behind the channels. Sums are in a fixed order, so that equal inputs give equal bits for one set.
// NaN and infinities go through. Every method checks its slices and panics if one is too short,
// before anything is written.
package kernel

import (
	"fmt"
	"strings"
	"sync"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/twin"
)

// Names of the sets. Numbers of two sets differ by rounding.
const (
	AVX512  = "avx512"
	AVX2    = "avx2"
	Generic = "generic"
)

// Variable is the environment variable that chooses a set by its name, to measure or to test it.
const Variable = "GRIDSEARCH_KERNELS"

// Set is the kernels of one instruction set.
type Set struct {
	Name  string
	Width int // floats of a vector
	table abi.Table
	check struct {
		once sync.Once
		err  error
	}
}

// generic is the set in plain Go, which every processor runs.
var generic = Set{Name: Generic, Width: twin.Width, table: twin.Table}

// GenericSlowdown is how many times longer a training step takes with the Go set than with AVX2: 26
// to 30 on scaled B0, one AMD Zen 4 core.
const GenericSlowdown = 30

// Sets lists the sets that this processor can run, the fastest first. Generic is always there.
func Sets() []*Set { return append(native(), &generic) }

// Named finds a set that this processor can run.
func Named(name string) (*Set, error) {
	var names []string
	for _, s := range Sets() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("kernels %q are not here: this processor runs %s", name,
		strings.Join(names, ", "))
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
