//go:build !linux

package machine

// DiskFree is not known on this system.
func DiskFree(string) int64 { return 0 }
