//go:build unix

package records

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFIFO: a pipe in the place of a file is an error, and is not waited for.
func TestFIFO(t *testing.T) {
	coarse := cifarRecord(cifar100, 3, 1, 2, 3)
	whole := map[string]map[string][]byte{
		"idx": labelled([]byte{0, 1}, []byte{1, 0}),
		"cifar-100": {cifar100.files[Train][0]: coarse, cifar100.files[Test][0]: coarse,
			cifar100.classFile: nil},
	}
	read := map[string]func(folder string) (*Set, error){"idx": IDX,
		"cifar-100": func(folder string) (*Set, error) { return CIFAR100([]string{folder}, "") }}
	for set, files := range whole {
		for name := range files {
			folder := t.TempDir()
			writeAll(t, folder, files)
			path := filepath.Join(folder, name)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(path, 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := read[set](folder); err == nil ||
				!strings.Contains(err.Error(), path+" is not a regular file (its mode is prw") {
				t.Errorf("%s gives %v", name, err)
			}
		}
	}
}
