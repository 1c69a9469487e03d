package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func check(file []byte) (Header, error) {
	return Check(bytes.NewReader(file), int64(len(file)))
}

// TestHeaders compares what Check says before decoding with what is decoded.
func TestHeaders(t *testing.T) {
	for _, c := range readPillow(t) {
		h, err := check(c.File)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		p, err := Decode(c.File, White)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(c.Name)
		if h.Format != words[0] || h.Side() != p.Side() || h != headerOf(p.file) {
			t.Errorf("%s is %+v", c.Name, h)
		}
		if slices.Contains(words, "orientation") && slices.Contains(words, "x") {
			// orientation O of W x H, as stored
			stored := words[4] + words[6]
			if h.Orientation >= 5 {
				stored = words[6] + words[4]
			}
			if string(rune('0'+h.Width))+string(rune('0'+h.Height)) != stored ||
				words[2] != string(rune('0'+h.Orientation)) {
				t.Errorf("%s is %+v", c.Name, h)
			}
		}
		grey := strings.Contains(c.Name, "grey") || c.Name == "bmp 1" ||
			strings.HasPrefix(c.Name, "tiff 1") || c.Name == "tiff white is zero"
		if h.Grey != grey {
			t.Errorf("%s is %+v", c.Name, h)
		}
	}
}

// turned is a picture as a viewer shows it, by the definition of an EXIF orientation: where its
// first row and its first column are, as seen.
func turned(im *image.RGBA, orientation int) *image.RGBA {
	w, h := im.Rect.Dx(), im.Rect.Dy()
	place := map[int]func(row, column int) (x, y int){
		1: func(r, c int) (int, int) { return c, r },                 // top, left
		2: func(r, c int) (int, int) { return w - 1 - c, r },         // top, right
		3: func(r, c int) (int, int) { return w - 1 - c, h - 1 - r }, // bottom, right
		4: func(r, c int) (int, int) { return c, h - 1 - r },         // bottom, left
		5: func(r, c int) (int, int) { return r, c },                 // left, top
		6: func(r, c int) (int, int) { return h - 1 - r, c },         // right, top
		7: func(r, c int) (int, int) { return h - 1 - r, w - 1 - c }, // right, bottom
		8: func(r, c int) (int, int) { return r, w - 1 - c },         // left, bottom
	}[orientation]
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for row := range h {
		for column := range w {
			x, y := place(row, column)
			out.Set(x, y, im.At(column, row))
		}
	}
	return out
}

// exifOf are EXIF data of an orientation.
func exifOf(orientation byte) []byte {
	return []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" +
		string(orientation) + "\x00\x00\x00\x00\x00\x00\x00")
}

// withChunk is a PNG with a chunk after IHDR.
func withChunk(file []byte, kind string, data []byte) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(append(chunk, kind...), data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Insert(slices.Clone(file), 33, chunk...)
}

func encode(t testing.TB, im image.Image) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, im); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestOrientation holds, of all orientations, shapes and sizes, that a square is that of the
// picture turned before.
func TestOrientation(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 60 {
		im := image.NewRGBA(image.Rect(0, 0, 1+random.IntN(20), 1+random.IntN(20)))
		for i := range im.Pix {
			im.Pix[i] = uint8(random.Uint32()) | uint8(i%4/3*255)
		}
		file := encode(t, im)
		size := 1 + random.IntN(25)
		for orientation := 1; orientation <= 8; orientation++ {
			tagged, err := Decode(withChunk(file, "eXIf", exifOf(byte(orientation))), White)
			if err != nil {
				t.Fatal(err)
			}
			before, err := Decode(encode(t, turned(im, orientation)), White)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(tagged.Square(size, 3), before.Square(size, 3)) {
				t.Errorf("orientation %d of %v at %d pixels is another picture", orientation,
					im.Rect.Max, size)
			}
		}
	}
}

// TestDamagedOrientation holds that damage of EXIF data never costs the picture.
func TestDamagedOrientation(t *testing.T) {
	plain := encode(t, image.NewGray(image.Rect(0, 0, 3, 2)))
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 3, 2)), nil); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(9, 10))
	for i := range 2000 {
		exif := exifOf(byte(random.IntN(9)))
		for range random.IntN(4) {
			exif[random.IntN(len(exif))] = uint8(random.Uint32())
		}
		exif = exif[:random.IntN(len(exif)+1)]
		file := withChunk(plain, "eXIf", exif)
		if i%2 == 1 {
			file[33+8+len(exif)]++ // its checksum
		}
		segment := append([]byte("\xff\xe1\x00"+string(rune(8+len(exif)))+"Exif\x00\x00"), exif...)
		for _, file := range [][]byte{file, slices.Insert(photo.Bytes(), 2, segment...)} {
			h, err := check(file)
			if err != nil || h.Orientation < 1 || h.Orientation > 8 {
				t.Fatalf("EXIF data % x: %+v, %v", exif, h, err)
			}
			if _, err := Decode(file, White); err != nil {
				t.Fatalf("EXIF data % x: %v", exif, err)
			}
		}
	}
}

// TestGround holds that transparent pixels show the ground, and that a grey picture on a coloured
// one is no longer grey.
func TestGround(t *testing.T) {
	ground := Ground{250, 130, 10}
	im := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	im.SetNRGBA(0, 0, color.NRGBA{9, 9, 9, 0})
	for _, c := range readPillow(t) {
		if c.Name == "png grey alpha 8" || c.Name == "gif grey" {
			p, err := Decode(c.File, ground)
			if err != nil {
				t.Fatal(err)
			}
			pixel := p.Square(1, 3)
			coloured := pixel[0] != pixel[1]
			if !p.file.Grey || coloured != (c.Name == "png grey alpha 8") {
				t.Errorf("%s on %v is %v", c.Name, ground, pixel)
			}
		}
	}
	p, err := Decode(encode(t, im), ground)
	if err != nil {
		t.Fatal(err)
	}
	if got := Ground(p.Square(1, 3)); got != ground {
		t.Errorf("a transparent pixel is %v", got)
	}
}

// TestCutOff cuts files at every length: no picture is made of a part, but of files that lack what
// ends no pixels. Check notices most of it.
func TestCutOff(t *testing.T) {
	missed := map[string]int{}
	for _, c := range readPillow(t) {
		file := c.File
		format := strings.Fields(c.Name)[0]
		whole, err := Decode(file, White)
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(file) {
			if n > 200 && n < len(file)-20 && n%7 > 0 {
				continue
			}
			_, checked := check(file[:n])
			p, err := Decode(file[:n], White)
			if checked != nil && err == nil {
				t.Errorf("%s cut to %d bytes: Check says %v", c.Name, n, checked)
			}
			if err == nil && !bytes.Equal(p.Square(5, 3), whole.Square(5, 3)) {
				t.Errorf("%s cut to %d of %d bytes is another picture", c.Name, n, len(file))
			}
			if checked == nil && err != nil {
				missed[format]++
			}
			if text := errorOf(checked) + errorOf(err); printableOnly(text) != text {
				t.Errorf("%s cut to %d bytes: %q", c.Name, n, text)
			}
		}
	}
	if len(missed) > 0 {
		t.Errorf("Check misses files that are cut off: %v", missed)
	}
}

// TestTrailingBytes holds that what other programs append does not hide the end of a picture.
func TestTrailingBytes(t *testing.T) {
	for _, c := range readPillow(t) {
		for _, n := range []int{1, 5000} {
			file := append(slices.Clone(c.File), make([]byte, n)...)
			if _, err := check(file); err != nil {
				t.Errorf("%s with %d bytes more: %v", c.Name, n, err)
			}
			if _, err := Decode(file, White); err != nil {
				t.Errorf("%s with %d bytes more: %v", c.Name, n, err)
			}
		}
	}
}

func errorOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func printableOnly(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

// TestContentNotEnding holds that the content decides, not the name.
func TestContentNotEnding(t *testing.T) {
	for name, is := range map[string]bool{"a.jpg": true, "a.JPEG": true, "b/a.Png": true,
		"a.jfif": true, "a.jpe": true, "a.gif": true, "a.bmp": true, "a.tif": true,
		"a.TIFF": true, "a.webp": true, "a.heic": false, "jpg": false, "a.jpg.txt": false,
		"a": false, ".png": true, "": false} {
		if HasExtension(name) != is {
			t.Errorf("HasExtension(%q) is %v", name, !is)
		}
	}
	for name, want := range map[string]string{"IMG_1.HEIC": "-format jpg *.HEIC`",
		"a.svg": "-format png *.svg`", "a.cr2": "-format jpg *.cr2`", "a.jpg": "", "a.txt": "",
		"a": ""} {
		got := Advice(name)
		if (got == "") != (want == "") || !strings.HasSuffix(got, want) {
			t.Errorf("Advice(%q) is %q", name, got)
		}
	}
}

// TestUnread says of files that are not read what they are.
func TestUnread(t *testing.T) {
	jpegOf := func(marker byte, rest string) string {
		return "\xff\xd8\xff\xe0\x00\x04ab\xff" + string([]byte{marker}) + rest
	}
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "is an empty file"},
		{"pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
			"is a Git LFS pointer, not the file: run git lfs pull"},
		{"page", "\n <!DOCTYPE html><html><body>404", "is an HTML page, not an image"},
		{"page", "\xef\xbb\xbf<html lang=en>", "is an HTML page, not an image"},
		{"drawing", `<?xml version="1.0"?><svg xmlns=`, "is an SVG drawing, which is not read: " +
			"convert to JPEG or PNG, for example with `magick mogrify -format png *.svg`"},
		{"page", "<?xml version='1.0'?><note>", "is XML, not an image"},
		{"heic", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
			"is HEIC, which is not read: convert to JPEG or PNG"},
		{"avif", "\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", "is AVIF, which is not read: convert"},
		{"film", "\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "is a film (MP4, QuickTime)"},
		{"archive", "PK\x03\x04\x14\x00", "is a ZIP archive, not an image: unpack it"},
		{"attributes", "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X", "is a macOS file of attributes"},
		{"sound", "RIFF\x24\x00\x00\x00WAVEfmt ", "is a RIFF file (AVI, WAVE) without WebP"},
		{"text", "cat,dog\n1,2\n", "is text, not an image"},
		{"text", "Bücher über Käfer", "is text, not an image"},
		{"zeros", strings.Repeat("\x00", 600), "it begins with the bytes 00 00 00 00 00 00 00 00"},
		{"bytes", "\x1b[31m\xff\x00", "it begins with the bytes 1b 5b 33 31 6d ff 00"},
		{"start of a PNG", "\x89PNG\r\n\x1a\n", "cut off: 21 bytes at offset 8 are beyond"},
		{"arithmetic", jpegOf(0xc9, "\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00"),
			"jpeg file: it is arithmetic-coded, which is not read: save it as a baseline JPEG"},
		{"12 bits", jpegOf(0xc1, "\x00\x0b\x0c\x00\x10\x00\x10\x01\x01\x11\x00"),
			"jpeg file: it has 12 bits a channel, which is not read"},
		{"no pixels", jpegOf(0xd9, ""), "jpeg file: corrupt: it ends at offset 10, before any"},
		{"cut in the header", jpegOf(0xc0, "\x00\x0b\x08\x00"),
			"jpeg file: cut off: the file ends at offset 14, within its header"},
		{"large", jpegOf(0xc0, "\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00\xff\xda"+
			"\x00\x02\xff\xd9"), "jpeg file: 65535 x 65535 pixels are none, or more than"},
		{"large progressive", jpegOf(0xc2, "\x00\x14\x08\x2c\x00\x2c\x00\x04\x01\x11\x00"+
			"\x02\x11\x00\x03\x11\x00\x04\x11\x00\xff\xda"), "need 2420 MB of memory"},
		{"animation", "RIFF\x18\x00\x00\x00WEBPANIM\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
			"\x00\x00\x00\x00\x00\x00", "webp file: it is an animation, which is not read"},
		{"no frame", "GIF89a\x01\x00\x01\x00\x00\x00\x00;", "gif file: corrupt: it ends at " +
			"offset 14, before any frame"},
		{"run lengths", bmpOf(4, 4, 8, 1), "bmp file: it is run-length encoded, which is not read"},
		{"16 bits", bmpOf(4, 4, 16, 0), "bmp file: it has 16 bits a pixel; 1, 2, 4, 8, 24 and 32"},
		{"large", bmpOf(1<<20, 1<<20, 24, 0), "1048576 x 1048576 pixels are none, or more than"},
		{"short", bmpOf(4, 4, 24, 0), "bmp file: cut off: its pixels end at offset 102, the"},
		{"CMYK", tiffOf(map[uint16]uint32{256: 1, 257: 1, 258: 8, 262: 5}),
			"tiff file: its colours are of kind 5, CMYK, which is not read"},
		{"planes", tiffOf(map[uint16]uint32{256: 1, 257: 1, 258: 12, 262: 1}),
			"tiff file: it has 12 bits a channel, which is not read"},
		{"JPEG in TIFF", tiffOf(map[uint16]uint32{256: 1, 257: 1, 258: 8, 259: 7, 262: 1}),
			"tiff file: its compression is JPEG, which is not read"},
		{"reverse", tiffOf(map[uint16]uint32{256: 1, 257: 1, 258: 8, 262: 1, 266: 2}),
			"tiff file: its bits are stored in reverse order"},
		{"BigTIFF", "II+\x00\x08\x00\x00\x00", "is BigTIFF, which is not read"},
		{"strip", tiffOf(map[uint16]uint32{256: 1, 257: 1, 258: 8, 262: 1, 273: 8, 279: 999}),
			"tiff file: cut off: strip 0 ends at offset 1007, the file at"},
	} {
		_, err := check([]byte(c.file))
		_, decoded := Decode([]byte(c.file), White)
		if err == nil || !strings.Contains(err.Error(), c.want) || errorOf(decoded) != err.Error() {
			t.Errorf("%s: %v (decoding: %v), not %s", c.name, err, decoded, c.want)
		} else if text := err.Error(); printableOnly(text) != text {
			t.Errorf("%s: %q", c.name, text)
		}
	}
}

// bmpOf is the header of a BMP.
func bmpOf(width, height int32, bits uint16, compression uint32) string {
	b := append([]byte("BM"), make([]byte, 52)...)
	put := binary.LittleEndian
	put.PutUint32(b[10:], 54)
	put.PutUint32(b[14:], 40)
	put.PutUint32(b[18:], uint32(width))
	put.PutUint32(b[22:], uint32(height))
	put.PutUint16(b[26:], 1)
	put.PutUint16(b[28:], bits)
	put.PutUint32(b[30:], compression)
	return string(b)
}

// tiffOf is a TIFF of a directory alone.
func tiffOf(tags map[uint16]uint32, after ...byte) string {
	b := []byte("II*\x00\x08\x00\x00\x00")
	put := binary.LittleEndian
	b = put.AppendUint16(b, uint16(len(tags)))
	for tag := range uint16(400) {
		if value, ok := tags[tag]; ok {
			b = put.AppendUint16(b, tag)
			b = put.AppendUint16(b, 4)
			b = put.AppendUint32(b, 1)
			b = put.AppendUint32(b, value)
		}
	}
	return string(append(b, after...))
}
