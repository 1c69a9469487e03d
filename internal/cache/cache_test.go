package cache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFolder: what is whole comes back, what is damaged or missing does not, and nothing is left
// over.
func TestFolder(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	f := User("test")
	if !strings.HasSuffix(string(f), filepath.Join("gridsearch", "test")) {
		t.Errorf("the folder is %s", f)
	}
	if _, ok := f.Load("a"); ok {
		t.Error("there is something before anything was saved")
	}
	f.Save("a", []byte("abc"))
	f.Save("a", []byte("abcd"))
	if data, ok := f.Load("a"); !ok || string(data) != "abcd" {
		t.Errorf("%q %v", data, ok)
	}
	path := filepath.Join(string(f), "a")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range [][]byte{text[:len(text)-1], text[:10], append(text[:40:40], "abcx"...)} {
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if data, ok := f.Load("a"); ok {
			t.Errorf("%q is taken for whole", data)
		}
	}
	if files, err := os.ReadDir(string(f)); err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
}

// TestNoFolder: where nothing can be written, nothing is cached and nothing fails.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, f := range []Folder{"", Folder(filepath.Join(file, "below"))} {
		f.Save("a", []byte("abc"))
		if _, ok := f.Load("a"); ok {
			t.Errorf("%q holds something", f)
		}
	}
}
