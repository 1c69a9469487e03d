package collection

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/dataset"
	"gridsearch/dataset/picture"
)

// TestCollectionParts: the validation part is taken, or else the test part, or else all.
func TestCollectionParts(t *testing.T) {
	one := asPNG(t, 40, 30)
	for _, c := range []struct {
		paths []string
		text  string // without the folder
		files string
		notes string
	}{
		{[]string{"train/cat/a.png", "val/cat/b.png", "test/cat/c.png"}, "the validation part of ",
			"val/cat/b.png", ""},
		{[]string{"train/cat/a.png", "test/cat/c.png", "test/cow/d.png"}, "the test part of ",
			"test/cat/c.png", "1 left out, no class;1 left out, class without training images: test/cow/d.png"},
		{[]string{"train/cat/a.png", "test/c.png"}, "the training part of ", "train/cat/a.png", ""},
		{[]string{"cat/a.png", "dog/b.png"}, "", "cat/a.png,dog/b.png", ""},
		{[]string{"a.png", "b.png", "._b.png"}, "", "a.png,b.png",
			"1 left out, macOS metadata (._*, __MACOSX): ._b.png"},
	} {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		folder, files := t.TempDir(), map[string][]byte{}
		for _, path := range c.paths {
			files[path] = one
		}
		writeAll(t, folder, files)
		got, err := Open(t.Context(), folder, dataset.Reading{}, 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		im, err := got.At(t.Context(), 20, 0)
		if err != nil || got.String() != c.text+folder || strings.Join(got.Files(), ",") != c.files ||
			strings.Join(got.Notes(), ";") != c.notes || im.N != len(got.Files()) || im.Channels != 3 {
			t.Errorf("%q is %q with %q, %q (%v)", c.paths, got, got.Files(), got.Notes(), err)
		}
	}
}

// TestCollectionImages: they come straight from the files, and with a crop from the largest size
// that all of them have; damaged files are named, or left out.
func TestCollectionImages(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	text := asJPEG(t, 48)
	folder := t.TempDir()
	writeAll(t, folder, map[string][]byte{"cat/a.jpg": text, "cat/b.jpg": text})
	c, err := Open(t.Context(), folder, dataset.Reading{}, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	im, err := c.At(t.Context(), 20, 0)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := picture.Decode(text, picture.White)
	if err != nil {
		t.Fatal(err)
	}
	got, err := im.Image(1)
	if err != nil || !bytes.Equal(got, whole.Square(20, 3)) {
		t.Errorf("an image is not that of its file (%v)", err)
	}
	single, err := dataset.ReadFile(filepath.Join(folder, "cat/a.jpg"), 3, "")
	if err != nil {
		t.Fatal(err)
	}
	if own, err := single.Square(20); err != nil || !bytes.Equal(got, own.Pixels) {
		t.Errorf("a file by itself is another image (%v)", err)
	}
	cropped, err := c.At(t.Context(), 20, .5)
	if err != nil || cropped.N != 2 || cropped.Size != 20 || bytes.Equal(cropped.Pixels[:1200], got) {
		t.Errorf("the crop changes nothing (%v)", err)
	}

	writeAll(t, folder, map[string][]byte{"cat/b.jpg": []byte("x"), "cat/c\n.jpg": text[:99]})
	c, err = Open(t.Context(), folder, dataset.Reading{}, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.At(t.Context(), 20, 0); err == nil || !strings.Contains(err.Error(),
		"has 2 images that cannot be read:\n  cat/b.jpg: ") || !strings.Contains(err.Error(),
		"\n  \"cat/c\\n.jpg\": ") {
		t.Errorf("damaged files: %v", err)
	}
	c, err = Open(t.Context(), folder, dataset.Reading{OnUnreadable: dataset.UnreadableSkips}, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	if im, err := c.At(t.Context(), 20, 0); err != nil || im.N != 1 ||
		!slices.Equal(c.Notes(), []string{"2 left out, cannot be read"}) {
		t.Errorf("damaged files that are left out: %q (%v)", c.Notes(), err)
	}
	if _, err := Open(t.Context(), folder, dataset.Reading{}, 2, nil); err == nil {
		t.Error("files are read as images of 2 channels")
	}
	if _, err := Open(t.Context(), folder, dataset.Reading{Ground: "whit"}, 3, nil); err == nil {
		t.Error("a ground of no colour is taken")
	}
}

// asPNG is a grey picture.
func asPNG(t *testing.T, width, height int) []byte {
	t.Helper()
	im := image.NewGray(image.Rect(0, 0, width, height))
	im.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// asJPEG is a picture in colour.
func asJPEG(t *testing.T, side int) []byte {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range im.Pix {
		im.Pix[i] = uint8(i * 7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeAll(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
