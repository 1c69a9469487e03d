//go:build !amd64 || purego

package thread

import "runtime"

// FlushesDenormals reports whether FlushDenormals does anything on this processor.
const FlushesDenormals = false

// FlushDenormals does nothing here: the Go kernels compute with denormal numbers.
func FlushDenormals() (restore func()) { return func() {} }

// Pause lets others run while a goroutine waits in a loop.
func Pause() { runtime.Gosched() }
