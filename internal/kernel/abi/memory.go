package abi

import "unsafe"

// alignment of the memory from Floats, in bytes: a cache line, and the longest vector.
const alignment = 64

// slack is the number of floats that kernels may read past the end of a row that they pad.
const slack = 16

// Floats allocates n zeros that begin on a cache line.
func Floats(n int) []float32 {
	memory := make([]float32, n+alignment/4+slack)
	skip := 0
	for uintptr(unsafe.Pointer(&memory[skip]))%alignment != 0 {
		skip++
	}
	return memory[skip:][:n:n]
}
