// Package abi is what assembly, reference implementations and package ops agree on: the arguments
// of each kind of kernel, the names of the kernels, and the table of the kernels of one instruction
// set. Only internal/kernel and the packages below it import this package.
//
// A kernel takes one pointer, to a structure whose field offsets the assembly knows (move a field
// here and in amd64/_asm together). Strides and gaps are in bytes. Kernels check nothing: their
// caller does.
package abi

// Table holds the kernels of one instruction set.
type Table struct {
	// by vectors across; the tallest first; the last has one row
	Tiles          [MaxAcross + 1][]Tile
	PackPanel      [MaxAcross + 1]func(*GemmArgs) // by vectors across
	PackTransposed func(*GemmArgs)                // nil where Go does it
	Rows           [RowKernels]func(*RowArgs)
	Flat           [FlatKernels]func(*RowArgs)
	Depthwise      map[Window]*DepthwiseKernels
	Peak           func(*ProbeArgs)
	Read, Copy     func(*ProbeArgs)
}

// ProbeArgs are the arguments of the kernels that measure the processor's speed.
type ProbeArgs struct {
	To, From *float32
	N        int // rounds, or pieces of ProbePiece floats
}

const (
	ProbePiece  = 64 // floats that the memory probes take at a time
	ProbeRounds = 24 // vector multiply-adds of a round of the peak probe
)
