package pack

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"gridsearch/internal/files"
)

// pause between two attempts to take a lock.
const pause = 50 * time.Millisecond

// Acquire takes the right to write a pack, DIR/ID.lock, so that of several processes one decodes.
// The others wait for it, and then open what it has written; if it was killed, one of them has the
// lock. waiting, which may be nil, is called once if there is a wait; Holder says for whom. The
// wait ends with ctx, whose cause is then the error. On a disk without locks nobody waits: packs
// are then written more than once, and each is right.
func Acquire(ctx context.Context, dir, id string, waiting func()) (release func(), err error) {
	path, err := place(dir, id, lockEnd)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for {
		l, err := take(path)
		if err != nil {
			return nil, err
		}
		if l != nil {
			return l.release, nil
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s: %w", path, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// lock is a lock that this process has.
type lock struct {
	file *os.File
	path string
}

// take takes a lock; it is nil if another has it.
func take(path string) (*lock, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		taken, err := files.TryLock(file, false)
		if err == nil && !taken {
			file.Close()
			return nil, nil
		}
		if err != nil || files.InPlace(file, path) {
			_ = file.Truncate(0)
			_, _ = fmt.Fprintln(file, os.Getpid())
			return &lock{file, path}, nil
		}
		file.Close() // its last holder has removed it
	}
}

// release gives the lock back, and removes its file where an open one can be.
func (l *lock) release() {
	if runtime.GOOS != "windows" {
		_ = os.Remove(l.path)
	}
	l.file.Close()
}

// Holder is the process that has the lock of a pack, 0 if it is not known or has it no more.
func Holder(dir, id string) (pid int) {
	path, err := place(dir, id, lockEnd)
	if err != nil {
		return 0
	}
	text, _ := os.ReadFile(path)
	pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}
