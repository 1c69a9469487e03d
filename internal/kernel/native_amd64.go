//go:build !purego

package kernel

import (
	"runtime"

	"golang.org/x/sys/cpu"

	"gridsearch/internal/kernel/amd64"
)

var (
	avx512 = Set{Name: AVX512, Width: 16, table: amd64.AVX512}
	avx2   = Set{Name: AVX2, Width: 8, table: amd64.AVX2}
)

// native lists the sets with assembly that this processor and its operating system run.
func native() []*Set {
	var sets []*Set
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		sets = append(sets, &avx512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		sets = append(sets, &avx2)
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
