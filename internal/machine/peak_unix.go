//go:build unix

package machine

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// maxRSS is the largest resident memory of this process by getrusage, in bytes.
func maxRSS() int64 {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss) // bytes there, KiB elsewhere
	}
	return int64(usage.Maxrss) * 1024
}
