package store

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// FileLock keeps other processes off a study.
type FileLock struct{ file *os.File }

// LockedError says that a living process works on the study.
type LockedError struct {
	Path string
	PID  int // 0 if not known
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("%s works on this study (%s): wait for it or stop it; gridsearch status shows how far it is", who, e.Path)
}

// Lock takes the lock of a study and writes the number of this process into it.
func Lock(path string) (*FileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	taken, err := tryLock(file)
	if err != nil || !taken {
		text := make([]byte, 32)
		n, _ := file.Read(text)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text[:n])))
		return nil, &LockedError{path, pid}
	}
	err = file.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintln(file, os.Getpid())
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &FileLock{file}, nil
}

// Release gives the lock back. The file stays: removing it would let two processes lock two files of one name.
func (l *FileLock) Release() error { return l.file.Close() }
