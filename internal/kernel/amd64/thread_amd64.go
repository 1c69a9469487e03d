//go:build !purego

package amd64

// controlWord is MXCSR of this thread.
func controlWord() uint32

func setControlWord(word uint32)

// flushToZero are the bits that make results and operands below the normal numbers 0.
const flushToZero = 1<<15 | 1<<6

// FlushDenormals makes numbers below 1.2e-38 zero on this thread.
func FlushDenormals() { setControlWord(controlWord() | flushToZero) }

// KeepDenormals takes them as they come again.
func KeepDenormals() { setControlWord(controlWord() &^ flushToZero) }

// Pause tells the processor that this thread waits in a loop: for some tens of nanoseconds it leaves the core to the other thread on it.
func Pause()
