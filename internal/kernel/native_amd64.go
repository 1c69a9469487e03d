//go:build !purego

package kernel

import (
	"runtime"
	"slices"

	"golang.org/x/sys/cpu"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/amd64"
	"gridsearch/internal/kernel/twin"
)

// written are the sets with assembly by the names that package amd64 gives them.
var written = map[string]*Set{
	"AVX512": {Name: AVX512, Width: 16, table: completed(amd64.AVX512)},
	"AVX2":   {Name: AVX2, Width: 8, table: completed(amd64.AVX2)},
}

// completed is a table with the Go form of each kernel on rows that has no assembly.
func completed(table abi.Table) abi.Table {
	for i, kernel := range table.Rows {
		if kernel == nil {
			table.Rows[i] = twin.Table.Rows[i]
		}
	}
	return table
}

// extensions are those that this processor and its operating system have.
var extensions = map[string]bool{
	"AVX":      cpu.X86.HasAVX,
	"AVX2":     cpu.X86.HasAVX2,
	"FMA3":     cpu.X86.HasFMA,
	"AVX512F":  cpu.X86.HasAVX512F,
	"AVX512DQ": cpu.X86.HasAVX512DQ,
	"AVX512VL": cpu.X86.HasAVX512VL,
}

// native lists the sets with assembly all of whose extensions are here, the fastest first.
func native() []*Set {
	var sets []*Set
	for _, s := range amd64.Sets {
		if !slices.ContainsFunc(s.Extensions, func(e string) bool { return !extensions[e] }) {
			sets = append(sets, written[s.Name])
		}
	}
	return sets
}

// Pause lets a thread that waits in a loop rest for a moment, below a microsecond.
func Pause() { amd64.Pause() }

// FlushesDenormals says whether FlushDenormals does anything here.
const FlushesDenormals = true

// FlushDenormals makes numbers below 1.2e-38 zero on this goroutine, which stays on its thread until restore is called: they take a hundred times longer
// than others, and say nothing in training.
func FlushDenormals() (restore func()) {
	runtime.LockOSThread()
	amd64.FlushDenormals()
	return restoreDenormals
}

func restoreDenormals() {
	amd64.KeepDenormals()
	runtime.UnlockOSThread()
}
