//go:build !purego

package thread

import "runtime"

// controlWord is the register MXCSR of this thread.
func controlWord() uint32

func setControlWord(word uint32)

// flushToZero are the bits FTZ and DAZ, which make denormal results and operands 0.
const flushToZero = 1<<15 | 1<<6

// FlushesDenormals reports whether FlushDenormals does anything on this processor.
const FlushesDenormals = true

// FlushDenormals makes numbers below 1.2e-38 zero on this goroutine, which is locked to its thread
// until restore is called: training gains nothing from them.
func FlushDenormals() (restore func()) {
	runtime.LockOSThread()
	setControlWord(controlWord() | flushToZero)
	return keepDenormals
}

// keepDenormals restores denormal numbers.
func keepDenormals() {
	setControlWord(controlWord() &^ flushToZero)
	runtime.UnlockOSThread()
}

// Pause is the PAUSE instruction, for spin loops: for some tens of nanoseconds it leaves the core
// to its other thread.
func Pause()
