//go:build !linux

package pack

import "os"

// reserve gives a file its size. A disk that is full is told at the image that does not fit.
func reserve(file *os.File, size int64) error { return file.Truncate(size) }
