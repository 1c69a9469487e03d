// Package reference holds the reference implementation of every kernel in plain Go: what processors
// without assembly run, and what the assembly is held against.
package reference

import (
	"unsafe"

	"gridsearch/internal/kernel/abi"
)

// Width is the vector of the Go set: the columns that a product computes at a time, whose sums the
// compiler keeps in registers.
const Width = 4

// Table is the kernels of the Go set.
var Table = abi.Table{
	Tiles: [abi.MaxAcross + 1][]abi.Tile{
		1: {
			{Rows: 2, Product: productTile, ProductTA: productTATile},
			{Rows: 1, Product: product(1, 1, Width), ProductTA: productTA(1, 1, Width)},
		},
		2: {{Rows: 1, Product: product(1, 2, Width), ProductTA: productTA(1, 2, Width)}},
		3: {{Rows: 1, Product: product(1, 3, Width), ProductTA: productTA(1, 3, Width)}},
	},
	PackPanel: packPanels(Width),
	Rows:      rowKernels,
	Flat:      flatKernels,
	Depthwise: Depthwise(Width),
	Peak:      peak, Read: readMemory, Copy: copyMemory,
}

// floats are n numbers in memory, from a pointer and a distance in bytes on.
func floats(p *float32, bytes, n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(p), bytes)), n)
}
