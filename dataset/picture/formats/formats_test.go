package formats

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// TestAPanicIsAnError holds that a decoder's panic is told like its errors.
func TestAPanicIsAnError(t *testing.T) {
	f := File{Format: "png", decode: func(data *parts) (image.Image, error) {
		if _, err := io.ReadFull(data, make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		panic("index out of range\x1b[2J")
	}}
	_, err := f.Decode(strings.NewReader("pixels"), 6)
	want := "png file: corrupt at or before offset 3: index out of range?[2J"
	if err == nil || err.Error() != want {
		t.Errorf("%v, not %s", err, want)
	}
}

// TestAnotherSizeIsAnError holds that a decoder does not make a picture of another size than the
// header's, which was within the limit.
func TestAnotherSizeIsAnError(t *testing.T) {
	f := File{Format: "tiff", Stored: image.Pt(2, 3), decode: func(*parts) (image.Image, error) {
		return image.NewGray(image.Rect(0, 0, 3, 2)), nil
	}}
	_, err := f.Decode(strings.NewReader(""), 0)
	if err == nil || !strings.Contains(err.Error(), "2 x 3 pixels, its data are 3 x 2") {
		t.Error(err)
	}
}

// failing reads a file from a disk that has bad sectors from an offset on.
type failing struct {
	*bytes.Reader
	from int64
}

var errDisk = errors.New("bad sector")

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.from {
		return 0, errDisk
	}
	return f.Reader.ReadAt(b, at)
}

// TestReadingFails holds that a disk's error is told as such, not as a damaged file.
func TestReadingFails(t *testing.T) {
	im := image.NewPaletted(image.Rect(0, 0, 30, 30), color.Palette{color.Black, color.White})
	for name, encode := range map[string]func(io.Writer) error{
		"png":  func(w io.Writer) error { return png.Encode(w, im) },
		"jpeg": func(w io.Writer) error { return jpeg.Encode(w, im, nil) },
		"gif":  func(w io.Writer) error { return gif.Encode(w, im, nil) },
		"bmp":  func(w io.Writer) error { return bmp.Encode(w, im) },
		"tiff": func(w io.Writer) error { return tiff.Encode(w, im, nil) },
	} {
		var file bytes.Buffer
		if err := encode(&file); err != nil {
			t.Fatal(err)
		}
		size := int64(file.Len())
		failed := 0
		for from := range size {
			_, err := Read(failing{bytes.NewReader(file.Bytes()), from}, size)
			if err != nil && !errors.Is(err, errDisk) {
				t.Errorf("%s with bad sectors from %d on: %v", name, from, err)
			} else if err != nil {
				failed++
			}
		}
		if failed < 10 {
			t.Errorf("%s is read with bad sectors from %d bytes on", name, failed)
		}
	}
}
