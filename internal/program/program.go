// Package program gives access to the executable of the running program, even after its file is
// replaced by a build or an upgrade: a running study then keeps starting workers of its own
// version.
package program

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

// image is the open file of the executable: on Linux the one that was started, elsewhere the one at
// its path at the first call.
var image = sync.OnceValues(func() (*os.File, error) {
	if runtime.GOOS == "linux" {
		if file, err := os.Open("/proc/self/exe"); err == nil {
			return file, nil
		}
	}
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.Open(path)
})

// Path starts the running program once more, as long as this process lives: on Linux, where the
// system shows the files that a process has open, its very file, elsewhere what lies at its path.
//
// Reference: Linux, proc_pid_fd(5).
var Path = sync.OnceValues(func() (string, error) {
	if file, err := image(); err == nil && runtime.GOOS == "linux" {
		path := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), file.Fd())
		there, err1 := os.Stat(path)
		here, err2 := file.Stat()
		if err1 == nil && err2 == nil && os.SameFile(there, here) {
			return path, nil
		}
	}
	return os.Executable()
})

// Hash is the SHA-256 of the running program, hexadecimal; empty if it cannot be read.
var Hash = sync.OnceValue(func() string {
	file, err := image()
	if err != nil {
		return ""
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(file, 0, 1<<62)); err != nil {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil))
})

// Shown is a command for display: if it starts with Path, that is replaced by the file's name.
func Shown(command []string) []string {
	path, err1 := Path()
	name, err2 := os.Executable()
	if err1 != nil || err2 != nil || len(command) == 0 || command[0] != path {
		return command
	}
	return append([]string{name}, command[1:]...)
}

// Command is exec.CommandContext for words, the first of which may be Path: lists of processes then
// show the file's name.
func Command(ctx context.Context, words []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Args[0] = Shown(words)[0]
	return cmd
}

// Sign sets this process's name in the system's list of processes to its file's name: a process
// started from Path would be shown as a number. Failures are ignored.
func Sign() {
	if name, err := os.Executable(); err == nil && runtime.GOOS == "linux" {
		_ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(name)), 0)
	}
}
