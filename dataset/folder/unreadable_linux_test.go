//go:build linux

package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnreadable: a folder that may not be read is an error that names it, also behind a link.
func TestUnreadable(t *testing.T) {
	base := t.TempDir()
	root := filepath.Join(base, "data")
	draw(t, base, "data/cat/1.png", "data/dog/1.png", "data/\x1b/1.png", "closed/in/1.png",
		"data/owl -> ../closed/in")
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // who may read everything, but for this thread
		if err := os.Chmod(filepath.Dir(base), 0o755); err != nil {
			t.Fatal(err)
		}
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if _, err := unix.SetfsuidRetUid(65534); err != nil {
			t.Fatal(err)
		}
		defer unix.SetfsuidRetUid(0)
	}
	for path, want := range map[string]string{
		"data/\x1b": `/data/\x1b": permission denied`, "closed": `/data/owl": permission denied`,
	} {
		path = filepath.Join(base, path)
		chmod(t, path, 0)
		_, err := list(root, "")
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", path, err)
		}
		chmod(t, path, 0o755)
	}
}

// chmod changes the mode as the owner.
func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	own, err := unix.SetfsuidRetUid(-1)
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		unix.Setfsuid(0)
		defer unix.Setfsuid(own)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
