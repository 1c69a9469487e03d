//go:build !purego

package kernel

import "runtime"

// controlWord is MXCSR of this thread.
func controlWord() uint32

func setControlWord(word uint32)

// flushToZero are the bits that make results and operands below the normal numbers 0.
const flushToZero = 1<<15 | 1<<6

// FlushesDenormals says whether FlushDenormals does anything here.
const FlushesDenormals = true

// FlushDenormals makes numbers below 1.2e-38 zero on this goroutine, which stays on its thread until restore is called: they take a hundred times longer
// than others, and say nothing in training.
func FlushDenormals() (restore func()) {
	runtime.LockOSThread()
	setControlWord(controlWord() | flushToZero)
	return restoreDenormals
}

func restoreDenormals() {
	setControlWord(controlWord() &^ flushToZero)
	runtime.UnlockOSThread()
}
