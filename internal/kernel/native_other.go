//go:build !amd64 || purego

package kernel

// native lists the sets with assembly for this processor: none.
func native() []*Set { return nil }

// FlushesDenormals says whether FlushDenormals does anything here.
const FlushesDenormals = false

// FlushDenormals does nothing here: the Go kernels take denormal numbers as they come.
func FlushDenormals() (restore func()) { return func() {} }
