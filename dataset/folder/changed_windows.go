package folder

import (
	"io/fs"
	"syscall"
)

// changed is when a file was created: of two that are exchanged it differs.
func changed(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		return s.CreationTime.Nanoseconds()
	}
	return 0
}
