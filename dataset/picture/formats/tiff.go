package formats

import (
	"bufio"
	"compress/zlib"
	"fmt"
	"image"
	"io"

	"gridsearch/dataset/picture/exif"

	"golang.org/x/image/tiff"
	"golang.org/x/image/tiff/lzw"
)

// tags of a TIFF directory
const (
	tiffWidth, tiffHeight, tiffBits, tiffCompression, tiffColour = 256, 257, 258, 259, 262

	tiffFillOrder, tiffStrips, tiffRows, tiffStripBytes = 266, 273, 278, 279

	tiffPlanes, tiffPredictor, tiffPalette, tiffTileWidth, tiffTileHeight = 284, 317, 320, 322, 323

	tiffTiles, tiffTileBytes, tiffExtra = 324, 325, 338
)

// compressions that are read
const tiffNone, tiffGroup3, tiffGroup4, tiffLZW, tiffDeflate, tiffOldDeflate, tiffPackBits = 1, 3,
	4, 5, 8, 32946, 32773

func tiffHeader(s exif.Source, f *File) error {
	d, err := exif.Read(s)
	if err != nil {
		return err
	}
	width, height := d.First(tiffWidth, 0), d.First(tiffHeight, 0)
	if err := checkSize(width, height); err != nil {
		return err
	}
	f.Stored = image.Pt(width, height)
	f.Orientation = d.Orientation()
	if err := readable(d); err != nil {
		return err
	}
	switch d.First(tiffColour, 0) {
	case 0, 1:
		f.Grey = true
	case 3:
		palette, err := d.Values(tiffPalette, 3*256)
		if err != nil {
			return err
		}
		n := len(palette) / 3
		f.Grey = true
		for i := range n {
			r, g, b := palette[i]>>8, palette[n+i]>>8, palette[2*n+i]>>8
			f.Grey = f.Grey && r == g && g == b
		}
	}
	_, err = tiffBlocks(d, f.Stored)
	return err
}

// readable says what of a file the decoder does not take.
func readable(d exif.Directory) error {
	const save = "which is not read: save it as 8-bit RGB, or as PNG"
	kinds := map[int]string{5: "CMYK", 6: "YCbCr", 8: "CIELab", 9: "ICCLab", 4: "a mask",
		32803: "camera raw", 34892: "camera raw"}
	colour := d.First(tiffColour, 0)
	if kind := kinds[colour]; kind != "" || colour > 3 {
		return fmt.Errorf("its colours are of kind %d, %s, %s", colour, kind, save)
	}
	bits := d.First(tiffBits, 1)
	if bits != 1 && bits != 8 && bits != 16 || bits == 1 && colour == 2 {
		return fmt.Errorf("it has %d bits a channel, %s", bits, save)
	}
	samples := samples(d)
	switch extra := d.First(tiffExtra, 0); {
	case colour != 2 && samples != 1:
		return fmt.Errorf("it has %d channels, of grey or of a palette, %s", samples, save)
	case colour == 2 && samples != 3 && (samples != 4 || extra != 1 && extra != 2):
		return fmt.Errorf("it has %d channels, which are not red, green, blue and alpha, %s",
			samples, save)
	}
	if samples > 1 && d.First(tiffPlanes, 1) != 1 {
		return fmt.Errorf("its channels are stored apart, %s", save)
	}
	if d.First(tiffPredictor, 1) > 2 {
		return fmt.Errorf("its predictor is of floating-point numbers, %s", save)
	}
	switch c := d.First(tiffCompression, tiffNone); c {
	case tiffGroup3, tiffGroup4:
		return nil
	case tiffNone, tiffLZW, tiffDeflate, tiffOldDeflate, tiffPackBits:
	case 6, 7:
		return fmt.Errorf("its compression is JPEG, %s", save)
	default:
		return fmt.Errorf("its compression %d is unknown: save it with LZW, or as PNG", c)
	}
	if d.First(tiffFillOrder, 1) != 1 {
		return fmt.Errorf("its bits are stored in reverse order, %s", save)
	}
	return nil
}

// samples is the number of channels.
func samples(d exif.Directory) int {
	bits, err := d.Values(tiffBits, 16)
	if err != nil {
		return 0
	}
	return max(len(bits), 1)
}

// blocks are the strips or tiles of a file.
type blocks struct {
	kind            string
	size            image.Point // of each, in pixels
	offsets, counts []uint32    // in bytes
}

// tiffBlocks reads where the strips or tiles of a picture are, which must be within the file.
func tiffBlocks(d exif.Directory, picture image.Point) (b blocks, err error) {
	b.kind, b.size = "strip", picture
	offsetTag, countTag := uint16(tiffStrips), uint16(tiffStripBytes)
	if rows := d.First(tiffRows, 0); rows > 0 {
		b.size.Y = min(rows, picture.Y)
	}
	if tile := d.First(tiffTileWidth, 0); tile != 0 {
		b.kind, offsetTag, countTag = "tile", tiffTiles, tiffTileBytes
		b.size = image.Pt(tile, d.First(tiffTileHeight, 0))
		if b.size.Y < 1 || b.size.X > maxArea/b.size.Y {
			return b, fmt.Errorf("corrupt: tiles of %d x %d pixels", b.size.X, b.size.Y)
		}
	}
	across, down := (picture.X-1)/b.size.X+1, (picture.Y-1)/b.size.Y+1
	if across*b.size.X > 2*maxArea/(down*b.size.Y) {
		return b, fmt.Errorf("corrupt: %d x %d tiles of %d x %d pixels for %d x %d", across, down,
			b.size.X, b.size.Y, picture.X, picture.Y)
	}
	if b.offsets, err = d.Values(offsetTag, across*down); err != nil {
		return b, err
	}
	if b.counts, err = d.Values(countTag, across*down); err != nil {
		return b, err
	}
	if n := across * down; len(b.offsets) < n || len(b.counts) < n {
		return b, fmt.Errorf("corrupt: %d offsets and %d sizes of %d %ss", len(b.offsets),
			len(b.counts), n, b.kind)
	}
	for i, at := range b.offsets {
		if end := int64(at) + int64(b.counts[i]); end > d.Size {
			return b, fmt.Errorf("cut off: %s %d ends at offset %d, the file at %d", b.kind, i,
				end, d.Size)
		}
	}
	return b, nil
}

// checkUnpacked looks whether strips or tiles hold no more than their pixels: the decoder would
// make room for eight bytes a pixel.
func checkUnpacked(d exif.Directory, b blocks) error {
	most := int64((b.size.X*samples(d)*d.First(tiffBits, 1)+7)/8) * int64(b.size.Y)
	for i, at := range b.offsets {
		data := io.NewSectionReader(d, int64(at), int64(b.counts[i]))
		if unpacked(d, data, most+1) > most {
			return fmt.Errorf("%s %d at offset %d holds more than the %d bytes of its pixels",
				b.kind, i, at, most)
		}
	}
	return nil
}

// unpacked is how many bytes a strip or tile becomes, limit at most. What is wrong with it is for
// the decoder to say; fax compression makes no more than the pixels.
func unpacked(d exif.Directory, data io.Reader, limit int64) (n int64) {
	switch d.First(tiffCompression, tiffNone) {
	case tiffLZW:
		r := lzw.NewReader(data, lzw.MSB, 8)
		n, _ = io.CopyN(io.Discard, r, limit)
		r.Close()
	case tiffDeflate, tiffOldDeflate:
		if r, err := zlib.NewReader(data); err == nil {
			n, _ = io.CopyN(io.Discard, r, limit)
			r.Close()
		}
	case tiffPackBits:
		for in := bufio.NewReader(data); n < limit; {
			code, err := in.ReadByte()
			length, follow := int(code)+1, int(code)+1 // as they are, or one byte repeated
			if code >= 128 {
				length, follow = 257-int(code), 1
			}
			if code == 128 { // nothing
				length, follow = 0, 0
			}
			if _, short := in.Discard(follow); err != nil || short != nil {
				break
			}
			n += int64(length)
		}
	}
	return n
}

func tiffDecode(data *parts) (image.Image, error) {
	d, err := exif.Read(exif.Source{ReaderAt: data, Size: data.Size})
	if err != nil {
		return nil, err
	}
	b, err := tiffBlocks(d, image.Pt(d.First(tiffWidth, 0), d.First(tiffHeight, 0)))
	if err != nil {
		return nil, err
	}
	if err := checkUnpacked(d, b); err != nil {
		return nil, err
	}
	im, err := tiff.Decode(data)
	if fax, ok := im.(*image.Gray); ok && isFax(d) && d.First(tiffColour, 0) == 1 {
		// The decoder takes what fax calls white for white. It is 0, and black of this kind of
		// file, as libtiff has it.
		for i, v := range fax.Pix {
			fax.Pix[i] = 255 - v
		}
	}
	return im, err
}

func isFax(d exif.Directory) bool {
	c := d.First(tiffCompression, tiffNone)
	return c == tiffGroup3 || c == tiffGroup4
}
