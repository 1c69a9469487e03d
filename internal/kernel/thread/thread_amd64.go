//go:build !purego

package thread

import "runtime"

// controlWord is MXCSR of this thread.
func controlWord() uint32

func setControlWord(word uint32)

// flushToZero are the bits that make results and operands below the normal numbers 0.
const flushToZero = 1<<15 | 1<<6

// FlushesDenormals says whether FlushDenormals does anything here.
const FlushesDenormals = true

// FlushDenormals makes numbers below 1.2e-38 zero on this goroutine, which stays on its thread
// until restore is called: in training they say nothing.
func FlushDenormals() (restore func()) {
	runtime.LockOSThread()
	setControlWord(controlWord() | flushToZero)
	return keepDenormals
}

// keepDenormals takes them as they come again.
func keepDenormals() {
	setControlWord(controlWord() &^ flushToZero)
	runtime.UnlockOSThread()
}

// Pause tells the processor that this thread waits in a loop: for some tens of nanoseconds it leaves
// the core to the other thread on it.
func Pause()
