// Package amd64 holds the kernels in assembly, for AVX-512 and for AVX2 with FMA. Folder _asm
// generates the assembly and its declarations. With build tag purego, and for other processors, the
// package says what the sets are and no more.
package amd64

//go:generate go run -C _asm . -group gemm -into .. -as gemm_amd64
//go:generate go run -C _asm . -group rows -into .. -as rows_amd64
//go:generate go run -C _asm . -group flat -into .. -as flat_amd64
//go:generate go run -C _asm . -group depthwise -into .. -as depthwise_amd64
//go:generate go run -C _asm . -group machine -into .. -as machine_amd64
//go:generate go run -C _asm . -sets ../sets.go

// Set is what the kernels of a set, whose names end in its name, may use.
type Set struct {
	Name        string
	VectorBytes int // of the longest vector
	Registers   int // for vectors: numbered from 0
	Opmasks     bool
	Extensions  []string // beyond what every amd64 has, as Go's assembler calls them
}
