// Package picture reads one image file as a person sees it: oriented as its EXIF data say,
// transparent parts on a ground, and of that the central square at a size.
package picture

import (
	"bytes"
	"fmt"
	"io"

	"gridsearch/dataset/picture/formats"
)

// Header says what a file is before memory for its pixels is allocated.
type Header struct {
	Format        string // "jpeg", "png", "gif", "bmp", "tiff", "webp"
	Width, Height int    // as seen: after EXIF orientation
	Grey          bool   // every pixel is grey by its format, alpha aside; or by a palette of greys
	Orientation   int    // EXIF, 1 to 8; what is missing or damaged is 1
}

// Side is the shorter side in pixels, which is the side of the central square.
func (h Header) Side() int { return min(h.Width, h.Height) }

// Ground is the colour, red, green and blue, under transparent pixels.
type Ground [3]uint8

// White is the ground that most viewers and pages have.
var White = Ground{255, 255, 255}

// Check reads the header of a file of size bytes and looks at its end. Files that are no images of
// a known format, that have more pixels than are read, or that are cut off, are errors; these say
// offsets in bytes, and leave the file's name to the caller. Where only decoding can tell whether a
// file is whole, Check decodes it.
func Check(r io.ReaderAt, size int64) (Header, error) {
	f, err := open(r, size)
	if err != nil {
		return Header{}, err
	}
	if f.Unsure != "" {
		if _, err := f.Decode(r, size); err != nil {
			return Header{}, err
		}
	}
	return headerOf(f), nil
}

func open(r io.ReaderAt, size int64) (formats.File, error) {
	f, err := formats.Read(r, size)
	if err == formats.ErrUnknown {
		err = unknown(r, size)
	}
	return f, err
}

func headerOf(f formats.File) Header {
	h := Header{f.Format, f.Stored.X, f.Stored.Y, f.Grey, f.Orientation}
	if turns[f.Orientation].swap {
		h.Width, h.Height = h.Height, h.Width
	}
	return h
}

// Picture is a decoded image file.
type Picture struct {
	file   formats.File
	layers []layer
	colour func(values []int64) [3]uint8 // of the values of all layers, in 1/256 levels
}

// Decode decodes a whole file, of which transparent pixels show the ground. Errors are those of
// Check, and those of damaged pixels.
func Decode(file []byte, ground Ground) (*Picture, error) {
	r, size := bytes.NewReader(file), int64(len(file))
	f, err := open(r, size)
	if err != nil {
		return nil, err
	}
	im, err := f.Decode(r, size)
	if err != nil {
		return nil, err
	}
	p := &Picture{file: f}
	p.layers, p.colour = layersOf(im, f, ground)
	return p, nil
}

// Side is the side of the central square in pixels.
func (p *Picture) Side() int { return headerOf(p.file).Side() }

// Square is the central square at pixels on a side, [pixels, pixels, channels], in grey for one
// channel and in red, green and blue for three. Every new pixel is the mean of the area that it
// covers, of smaller pictures as of larger ones. The arithmetic is in integers, so that the bytes
// are the same on every processor. Several squares may be made at once.
func (p *Picture) Square(pixels, channels int) []uint8 {
	if pixels < 1 || channels != 1 && channels != 3 {
		panic(fmt.Sprintf("picture: a square of %d pixels in %d channels", pixels, channels))
	}
	square := squareOf(p.file.Stored, p.file.Orientation)
	depth := 0
	for _, l := range p.layers {
		depth += len(l.at)
	}
	values := make([]int64, pixels*pixels*depth)
	first := 0
	for _, l := range p.layers {
		l.filter(values[first:], depth, square, pixels)
		first += len(l.at)
	}
	out := make([]uint8, pixels*pixels*channels)
	for i := range pixels * pixels {
		from := storedPlace(i%pixels, i/pixels, pixels, p.file.Orientation) * depth
		c := p.colour(values[from : from+depth])
		if channels == 1 {
			out[i] = luma(c)
		} else {
			copy(out[3*i:], c[:])
		}
	}
	return out
}

// luma is the grey of a colour by ITU-R BT.601, which leaves greys as they are.
func luma(c [3]uint8) uint8 {
	return uint8((19595*uint32(c[0]) + 38470*uint32(c[1]) + 7471*uint32(c[2]) + 1<<15) >> 16)
}
