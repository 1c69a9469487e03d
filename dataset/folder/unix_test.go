//go:build unix

package folder

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPipes: pipes are left out, and one that has taken the place of a file is not waited for.
func TestPipes(t *testing.T) {
	root := t.TempDir()
	draw(t, root, "cat/1.png", "cat/2.png", "dog/1.png", "dog/3.png -> ../cat/2.png")
	pipe := filepath.Join(root, "cat", "2.png")
	if err := os.Remove(pipe); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := list(root, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Train) != 2 || len(l.Skipped) != 1 || l.Skipped[0].Reason != ReasonIrregular ||
		l.Skipped[0].Count != 2 {
		t.Error(shown(l))
	}
	if _, err := l.Open(File{Path: "cat/2.png"}); !errors.Is(err, errIrregular) {
		t.Errorf("a pipe is opened: %v", err)
	}
	write(t, root, "list.csv", "path,label\ncat/2.png,cat\n")
	if _, err := list(root, "list.csv"); err == nil || !strings.Contains(err.Error(),
		errIrregular.Error()) {
		t.Errorf("a pipe is listed: %v", err)
	}
	if _, err := list(root, "cat/2.png"); !errors.Is(err, errIrregular) {
		t.Errorf("a pipe is a list: %v", err)
	}
}

// TestStrangeNames: names that do not print, or are no UTF-8, are classes and files as others are,
// and are quoted in messages.
func TestStrangeNames(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("names are UTF-8")
	}
	root := t.TempDir()
	draw(t, root, "a\xff/1\xfe.png", "b\u202e/\x1b[2J.png", "b\u202e/\\.png", "c\n/.x\a",
		"c\n/x.png")
	l, err := list(root, "")
	if err != nil {
		t.Fatal(err)
	}
	want := "a folder for each class\n" + `["a\xff" "b\u202e" "c\n"]` + "\n" +
		"train a\xff/1\xfe.png=0 b\u202e/\x1b[2J.png=1 b\u202e/\\.png=1 c\n/x.png=2\n" +
		`1 hidden: "c\n/.x\a"` + "\n"
	if got := shown(l); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	for _, f := range l.Train {
		file, err := l.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
	draw(t, root, "d\x1b\u202e\xff/")
	if _, err := list(root, ""); err == nil || !strings.Contains(err.Error(), `"d\x1b\u202e\xff"`) {
		t.Errorf("%q", err)
	}
}
