// Package formats knows the formats of image files: what a file says of itself in its header and at
// its end, and the decoder of its pixels. It says which part of a file is wrong, and names no file.
package formats

import (
	"errors"
	"fmt"
	"image"
	"io"
	"unicode"

	"gridsearch/dataset/picture/exif"
)

// File is what an image file says of itself, before memory for its pixels is allocated.
type File struct {
	Format      string      // "jpeg", "png", "gif", "bmp", "tiff", "webp"
	Stored      image.Point // width and height before orientation
	Orientation int         // EXIF, 1 to 8; what is missing or damaged is 1
	Grey        bool        // every pixel is grey by the format, alpha aside; or by the palette
	Opaque      bool        // a fourth channel is padding
	Unsure      string      // why decoding alone can tell that the file is whole, "" if it is

	decode func(*parts) (image.Image, error)
}

// maxArea limits the pixels of a file, whose header alone decides how much memory is allocated.
const maxArea = 1 << 27

// kinds are the formats, by what files begin with; ? stands for any byte.
var kinds = []struct {
	name, begins string
	header       func(exif.Source, *File) error
	decode       func(*parts) (image.Image, error)
}{
	{"jpeg", "\xff\xd8\xff", jpegHeader, jpegDecode},
	{"png", "\x89PNG\r\n\x1a\n", pngHeader, pngDecode},
	{"gif", "GIF87a", gifHeader, gifDecode},
	{"gif", "GIF89a", gifHeader, gifDecode},
	{"bmp", "BM", bmpHeader, bmpDecode},
	{"tiff", "II*\x00", tiffHeader, tiffDecode},
	{"tiff", "MM\x00*", tiffHeader, tiffDecode},
	{"webp", "RIFF????WEBP", webpHeader, webpDecode},
}

// ErrUnknown is the error of Read for a file that begins like none of the formats.
var ErrUnknown = errors.New("is of no known image format")

// Read reads the header of a file of size bytes and looks at its end. Errors are files of no known
// format (ErrUnknown), files that are damaged or cut off, kinds that are not read, and pictures of
// no pixels or of more than 2^27.
func Read(r io.ReaderAt, size int64) (File, error) {
	s := exif.Source{ReaderAt: r, Size: size}
	start, err := s.Bytes(0, min(size, 12))
	if err != nil {
		return File{}, err
	}
	for _, k := range kinds {
		if !Begins(start, k.begins) {
			continue
		}
		f := File{Format: k.name, Orientation: 1, decode: k.decode}
		if err := k.header(s, &f); err != nil {
			return File{}, fmt.Errorf("%s file: %w", k.name, err)
		}
		if err := checkSize(f.Stored.X, f.Stored.Y); err != nil {
			return File{}, fmt.Errorf("%s file: %w", k.name, err)
		}
		return f, nil
	}
	return File{}, ErrUnknown
}

// Begins says whether a file that starts with some bytes begins with others, of which ? stands for
// any.
func Begins(start []byte, with string) bool {
	if len(start) < len(with) {
		return false
	}
	for i, b := range []byte(with) {
		if b != '?' && start[i] != b {
			return false
		}
	}
	return true
}

func checkSize(width, height int) error {
	if width < 1 || height < 1 || height > maxArea/width {
		return fmt.Errorf("%d x %d pixels are none, or more than the %d of the largest image that "+
			"is read", width, height, maxArea)
	}
	return nil
}

// Decode decodes the pixels of the file that Read read, as they are stored. A decoder's panic is an
// error of the file.
func (f File) Decode(r io.ReaderAt, size int64) (im image.Image, err error) {
	data := &parts{exif.Source{ReaderAt: r, Size: size}, [][2]int64{{0, size}}}
	defer func() {
		if p := recover(); p != nil {
			im, err = nil, fmt.Errorf("%s file: corrupt at or before offset %d: %s", f.Format,
				data.offset(), printable(fmt.Sprint(p)))
		}
	}()
	im, err = f.decode(data)
	switch {
	case err != nil && f.Unsure != "":
		return nil, fmt.Errorf("%s file: %s: %s", f.Format, f.Unsure, printable(err.Error()))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%s file: cut off: its %d bytes end before its pixels do", f.Format,
			size)
	case err != nil:
		return nil, fmt.Errorf("%s file: corrupt at or before offset %d: %s", f.Format,
			data.offset(), printable(err.Error()))
	}
	if b := im.Bounds(); f.Format != "gif" && b != image.Rect(0, 0, f.Stored.X, f.Stored.Y) {
		return nil, fmt.Errorf("%s file: corrupt: its header says %d x %d pixels, its data are "+
			"%d x %d", f.Format, f.Stored.X, f.Stored.Y, b.Dx(), b.Dy())
	}
	return im, nil
}

// printable is a text without control characters, which may come from a damaged file.
func printable(text string) string {
	out := []rune(text)
	for i, r := range out {
		if !unicode.IsPrint(r) {
			out[i] = '?'
		}
	}
	return string(out)
}
