package ops

import (
	"unsafe"

	"gridsearch/internal/kernel/abi"
)

// Floats allocates n zeros that begin on a cache line.
func Floats(n int) []float32 { return abi.Floats(n) }

// add moves a pointer by n floats.
func add(p *float32, n int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), 4*n)) }

// Room grows memory to at least n floats, and returns it.
func Room(memory *[]float32, n int) []float32 {
	if len(*memory) < n {
		*memory = Floats(n)
	}
	return *memory
}
