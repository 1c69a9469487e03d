//go:build unix

package study

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// peakRSS is the largest resident memory of this process so far, in bytes.
func peakRSS() int64 {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss) // bytes there, KiB elsewhere
	}
	return int64(usage.Maxrss) * 1024
}
