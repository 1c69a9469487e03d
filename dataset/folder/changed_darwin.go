package folder

import (
	"io/fs"
	"syscall"
)

// changed is when a file was last written, renamed or given other rights, which no program can set.
func changed(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ctimespec.Nano()
	}
	return 0
}
