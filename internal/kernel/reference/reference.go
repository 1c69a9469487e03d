// Package reference holds the reference implementation of every kernel in plain Go: processors
// without assembly run it, and the assembly is tested against it.
package reference

import (
	"unsafe"

	"gridsearch/internal/kernel/abi"
)

// Width is the vector width of the Go set: the columns that a product computes at a time, whose
// sums the compiler keeps in registers.
const Width = 4

// Table holds the kernels of the Go set.
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

// floats are the n numbers that begin bytes after a pointer.
func floats(p *float32, bytes, n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(p), bytes)), n)
}
