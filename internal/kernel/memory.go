package kernel

import "unsafe"

// alignment of what Floats returns: a cache line, and the longest vector.
const alignment = 64

// slack is what kernels may read behind the last number of a row that they pad.
const slack = 16

// Floats makes n zeros that begin on a cache line.
func Floats(n int) []float32 {
	memory := make([]float32, n+alignment/4+slack)
	skip := 0
	for uintptr(unsafe.Pointer(&memory[skip]))%alignment != 0 {
		skip++
	}
	return memory[skip:][:n:n]
}

// add moves a pointer by n floats.
func add(p *float32, n int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), 4*n)) }

// Room makes memory that grows hold n floats at least, and returns it.
func Room(memory *[]float32, n int) []float32 {
	if len(*memory) < n {
		*memory = Floats(n)
	}
	return *memory
}
