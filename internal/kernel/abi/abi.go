// Package abi is what assembly, reference implementations and package ops agree on: the arguments
// of each kind of kernel, the names of the kernels, and the table that holds those of one
// instruction set. Only internal/kernel and what is below it knows this package.
//
// A kernel takes one pointer, to a structure whose offsets the assembly knows (a field moves here
// and in amd64/_asm together). Strides and gaps are in bytes. Kernels check nothing: their caller
// has.
package abi

// Table is the kernels of one instruction set.
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

// ProbeArgs are the arguments of what measures the processor.
type ProbeArgs struct {
	To, From *float32
	N        int // rounds, or pieces of ProbePiece floats
}

const (
	ProbePiece  = 64 // floats that the memory probes take at a time
	ProbeRounds = 24 // vector multiply-adds of a round of the peak probe
)
