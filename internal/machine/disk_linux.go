package machine

import "golang.org/x/sys/unix"

// DiskFree is the space on a folder's disk that this user can fill, in bytes.
func DiskFree(folder string) int64 {
	var s unix.Statfs_t
	if unix.Statfs(folder, &s) != nil {
		return 0
	}
	return int64(s.Bavail) * s.Bsize
}
