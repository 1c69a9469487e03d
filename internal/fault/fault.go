// Package fault separates faults of the machine from those of the program: a disk that is full or
// broken, a limit, a missing folder. Such a fault says nothing about a run.
package fault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"gridsearch/internal/machine"
)

// Fault is a fault of the machine. It is sent as JSON.
type Fault struct {
	Path   string `json:"path,omitempty"` // of the file or program; empty where the system names none
	Cause  string `json:"cause"`
	Advice string `json:"advice"` // what to do before going on
}

// Error is what the machine has refused, with the path and what to do.
func (f *Fault) Error() string {
	if f.Path == "" {
		return f.Cause
	}
	return f.Path + ": " + f.Cause
}

// kinds are the system's errors that want advice of their own. Others have that of the last line.
var kinds = []struct {
	errors []error
	advice string
}{
	{[]error{syscall.ENOSPC}, "make room on that disk"},
	{[]error{syscall.EDQUOT}, "make room below your quota on that disk, or have it raised"},
	{[]error{syscall.EFBIG}, "there is a limit on the size of files: raise it (ulimit -f)"},
	{[]error{syscall.EROFS}, "make that disk one that can be written"},
	{[]error{syscall.EIO}, "that disk fails: the system's log says how"},
	{[]error{syscall.EMFILE, syscall.ENFILE},
		"too many files are open: raise the limit (ulimit -n) or take fewer --workers"},
	{[]error{fs.ErrNotExist, syscall.ENOTDIR, syscall.ESTALE},
		"that place is gone: bring it back, or go on with the study where it is now"},
	{[]error{fs.ErrPermission}, "make it one that this user may read and write"},
	{[]error{syscall.ENOMEM, syscall.EAGAIN},
		"memory or processes are short: take fewer --workers, or end other programs"},
	{nil, "see to what the system says of it"},
}

// Of finds a fault of the machine in an error: anything that the operating system has refused. It
// is nil for an error of the program itself.
func Of(err error) *Fault {
	var known *Fault
	if err == nil || errors.As(err, &known) {
		return known
	}
	var number syscall.Errno
	if !errors.As(err, &number) {
		return nil
	}
	return At(pathOf(err), plain(number))
}

// At is the fault of a system error at a path.
func At(path string, err error) *Fault {
	f := &Fault{Path: path, Cause: err.Error()}
	for _, k := range kinds {
		if f.Advice = k.advice; isOne(err, k.errors) {
			break
		}
	}
	if errors.Is(err, syscall.ENOSPC) {
		f.Cause += Room(path)
	}
	return f
}

func isOne(err error, list []error) bool {
	for _, e := range list {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// plain gives Windows' errors of a full disk the name that they have elsewhere.
func plain(number syscall.Errno) syscall.Errno {
	const handleDiskFull, diskFull = 39, 112
	if runtime.GOOS == "windows" && (number == handleDiskFull || number == diskFull) {
		return syscall.ENOSPC
	}
	return number
}

// pathOf is the file that the system's error is about.
func pathOf(err error) string {
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &file):
		return file.Path
	case errors.As(err, &link):
		return link.New
	}
	return ""
}

// Room describes the free space on a path's disk, to be appended to a cause; empty if it is not
// known.
func Room(path string) string {
	if runtime.GOOS != "linux" {
		return ""
	}
	const kB, MB, GB = 1e3, 1e6, 1e9
	switch free := float64(machine.DiskFree(filepath.Dir(path))); {
	case free >= GB:
		return fmt.Sprintf(", %.1f GB free", free/GB)
	case free >= MB:
		return fmt.Sprintf(", %.1f MB free", free/MB)
	default:
		return fmt.Sprintf(", %.0f kB free", free/kB)
	}
}
