package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"gridsearch/dataset/picture/formats"
)

// fuzzFormat decodes changed files of a format, from those of Pillow. What Check says before
// decoding holds after it, and errors are printable.
func fuzzFormat(f *testing.F, format string, mend func([]byte) []byte) {
	for _, c := range readPillow(f) {
		if strings.HasPrefix(c.Name, format) && len(c.File) < 2000 {
			f.Add(c.File)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if mend != nil {
			file = mend(slices.Clone(file))
		}
		r, size := bytes.NewReader(file), int64(len(file))
		if head, err := formats.Read(r, size); err == nil &&
			head.Stored.X*head.Stored.Y > 1<<12 {
			return // slow, and no other than a smaller one
		}
		h, checked := Check(r, size)
		p, err := Decode(file, Ground{255, 127, 0})
		if text := errorOf(checked) + errorOf(err); printableOnly(text) != text {
			t.Errorf("%q", text)
		}
		if checked != nil && err == nil {
			t.Errorf("Check says %v of a file that is decoded", checked)
		}
		if err != nil {
			return
		}
		if h != headerOf(p.file) || h.Orientation < 1 || h.Orientation > 8 || h.Side() < 1 {
			t.Errorf("its header is %+v", h)
		}
		for _, size := range []int{1, 7} {
			if n := len(p.Square(size, 3)); n != 3*size*size {
				t.Errorf("a square of %d pixels has %d bytes", size, n)
			}
		}
	})
}

// FuzzJPEG fuzzes JPEG files.
func FuzzJPEG(f *testing.F) { fuzzFormat(f, "jpeg", nil) }

// FuzzPNG fuzzes PNG files, of which it mends checksums, so that changes reach the decoder.
func FuzzPNG(f *testing.F) {
	fuzzFormat(f, "png", func(file []byte) []byte {
		for at := 8; at+12 <= len(file); {
			length := int(binary.BigEndian.Uint32(file[at:]))
			if length > len(file)-at-12 {
				break
			}
			sum := crc32.ChecksumIEEE(file[at+4:][:4+length])
			binary.BigEndian.PutUint32(file[at+8+length:], sum)
			at += 12 + length
		}
		return file
	})
}

// FuzzGIF fuzzes GIF files.
func FuzzGIF(f *testing.F) { fuzzFormat(f, "gif", nil) }

// FuzzBMP fuzzes BMP files.
func FuzzBMP(f *testing.F) { fuzzFormat(f, "bmp", nil) }

// FuzzTIFF fuzzes TIFF files.
func FuzzTIFF(f *testing.F) { fuzzFormat(f, "tiff", nil) }

// FuzzWebP fuzzes WebP files, of which it mends the size.
func FuzzWebP(f *testing.F) {
	fuzzFormat(f, "webp", func(file []byte) []byte {
		if len(file) > 8 {
			binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
		}
		return file
	})
}
