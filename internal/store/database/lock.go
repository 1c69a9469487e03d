package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"gridsearch/internal/files"
)

// FileLock keeps other processes off a study.
type FileLock struct{ file *os.File }

// LockedError says that a living process works on the study.
type LockedError struct {
	Path string
	PID  int // 0 if not known
}

// Error names the process, where it is known, and what to do.
func (e *LockedError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("%s works on this study (%s): wait for it or stop it; gridsearch status "+
		"shows how far it is", who, e.Path)
}

// patience is how long a lock is tried for: whoever only asks for its holder has it for a moment.
const patience = 300 * time.Millisecond

// Lock takes the lock of a study and writes the number of this process into it. The error is a
// *LockedError where another process has it, and a *FileError where its file cannot be opened.
func Lock(path string) (*FileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		var place *fs.PathError
		if errors.As(err, &place) {
			err = place.Err
		}
		return nil, &FileError{path, fmt.Errorf("%w: working on a study takes the right to write "+
			"into its folder", err)}
	}
	taken, err := files.TryLock(file, false)
	for began := time.Now(); !taken && err == nil && time.Since(began) < patience; taken,
		err = files.TryLock(file, false) {
		time.Sleep(patience / 50)
	}
	if err == nil && !taken {
		err = &LockedError{path, owner(file)}
		file.Close()
		return nil, err
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintln(file, os.Getpid())
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &FileLock{file}, nil
}

// Holder returns the process that holds a lock, 0 for none. It neither makes the file nor keeps
// others that ask from seeing the same.
func Holder(path string) (pid int) {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	for began := time.Now(); pid == 0 && time.Since(began) < patience; {
		if free, err := files.TryLock(file, true); free || err != nil {
			return 0
		}
		if pid = owner(file); pid == 0 { // taken, but not yet signed
			time.Sleep(patience / 50)
		}
	}
	return pid
}

// Died returns the process that has ended without giving a lock back, 0 for none. Whether the lock is
// free Holder says.
func Died(path string) (pid int) {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	return owner(file)
}

// owner reads the number of the process that a lock's file names, 0 for none.
func owner(file *os.File) int {
	text := make([]byte, 32)
	n, _ := file.ReadAt(text, 0)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	return pid
}

// Release gives the lock back. The file stays: removing it would let two processes lock two files
// of one name.
func (l *FileLock) Release() error { return errors.Join(l.file.Truncate(0), l.file.Close()) }
