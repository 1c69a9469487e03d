//go:build !amd64 || purego

package thread

import "runtime"

// FlushesDenormals says whether FlushDenormals does anything here.
const FlushesDenormals = false

// FlushDenormals does nothing here: the Go kernels take denormal numbers as they come.
func FlushDenormals() (restore func()) { return func() {} }

// Pause lets others run while a goroutine waits in a loop.
func Pause() { runtime.Gosched() }
