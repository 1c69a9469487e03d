package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDatasetShort: however many files cannot be read and however many classes there are, few of
// them are named, and it is said how many are not.
func TestDatasetShort(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	folder := t.TempDir()
	for i := range 205 {
		class := filepath.Join(folder, fmt.Sprintf("c%03d", i))
		if err := errors.Join(os.Mkdir(class, 0o755), os.WriteFile(filepath.Join(class, "a.jpg"),
			dotted(i), 0o644)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(class, "b.jpg"), []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, messages bytes.Buffer
	args := []string{"dataset", "image-folder", "--path", folder, "--columns", "1", "--sheet",
		filepath.Join(t.TempDir(), "sheet.png")}
	if code := execute(args, &out, &messages); code != exitDone {
		t.Fatalf("ends with %d: %s", code, messages.String())
	}
	for _, part := range []string{"\nunreadable: c019/b.jpg: is text, not an image\n" +
		"unreadable: 185 more of the train part\n",
		"\nthe sheet shows the first 200 of the 205 classes\n"} {
		if !strings.Contains(out.String(), part) || strings.Count(out.String(), "\n") > 40 {
			t.Errorf("no %s in: %s", part, &out)
		}
	}
}

// TestDatasetNoCache: a user without a cache directory is told so.
func TestDatasetNoCache(t *testing.T) {
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, "")
	}
	for _, flag := range []string{"--cache", "--prune"} {
		var out, messages bytes.Buffer
		code := execute([]string{"dataset", "image-folder", flag}, &out, &messages)
		if code != exitDone || !strings.HasPrefix(out.String(), "nothing is kept: ") {
			t.Errorf("%s ends with %d: %s%s", flag, code, &out, &messages)
		}
	}
}

// TestDatasetNotes: what was made of the files is said after the description, a line each.
func TestDatasetNotes(t *testing.T) {
	folder := t.TempDir()
	labels := []byte{0, 0, 8, 1, 0, 0, 0, 2, 1, 2}
	strange := []byte{0, 0, 8, 1, 0, 0, 0, 2, 1, 3}
	images := []byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 10, 20}
	for name, text := range map[string][]byte{"train-images-idx3-ubyte": images,
		"train-labels-idx1-ubyte": labels, "t10k-images-idx3-ubyte": images,
		"t10k-labels-idx1-ubyte": strange} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, messages bytes.Buffer
	args := []string{"dataset", "idx", "--path", folder}
	if code := execute(args, &out, &messages); code != exitDone {
		t.Fatalf("ends with %d: %s", code, messages.String())
	}
	const want = "\nclasses: 1, 2\nnote: the labels are 1 to 2, not from 0: classes are numbered in " +
		"their order\nnote: 1 test image is left out: no training image has the label 3\n"
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("got %s\nwant %s", out.String(), want)
	}
}

// dotted is a small image like no other of the same number of pixels.
func dotted(n int) []byte {
	im := image.NewRGBA(image.Rect(0, 0, 40, 40))
	for i := range 1600 {
		v := uint8(n*37 + i*(n%7+1))
		im.SetRGBA(i%40, i/40, color.RGBA{v, 255 - v, uint8(n), 255})
	}
	var text bytes.Buffer
	if err := jpeg.Encode(&text, im, nil); err != nil {
		panic(err)
	}
	return text.Bytes()
}
