package formats

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"

	"gridsearch/dataset/picture/exif"
)

// pngChunk is a chunk of a PNG file: its kind, and where its length bytes of data are.
type pngChunk struct {
	kind       string
	at, length int64
}

// pngChunks hands on the chunks of a file up to IEND.
func pngChunks(s exif.Source, each func(pngChunk) error) error {
	for at := int64(8); ; {
		if at+8 > s.Size {
			return fmt.Errorf("cut off: no IEND chunk before the end at offset %d", s.Size)
		}
		head, err := s.Bytes(at, 8)
		if err != nil {
			return err
		}
		c := pngChunk{string(head[4:]), at + 8, int64(binary.BigEndian.Uint32(head))}
		if end := c.at + c.length + 4; end > s.Size {
			return fmt.Errorf("cut off: chunk %s at offset %d ends at %d, the file at %d",
				printable(c.kind), at, end, s.Size)
		}
		if err := each(c); err != nil || c.kind == "IEND" {
			return err
		}
		at = c.at + c.length + 4
	}
}

// colour types of PNG
const pngGrey, pngPalette, pngGreyAlpha = 0, 3, 4

func pngHeader(s exif.Source, f *File) error {
	head, err := s.Bytes(8, 8+13)
	if err != nil {
		return err
	}
	if string(head[4:8]) != "IHDR" || head[3] != 13 {
		return errors.New("corrupt: it begins with another chunk than IHDR")
	}
	width, height := binary.BigEndian.Uint32(head[8:]), binary.BigEndian.Uint32(head[12:])
	if err := checkSize(int(width), int(height)); err != nil {
		return err
	}
	f.Stored = image.Pt(int(width), int(height))
	depth, colour := int(head[16]), head[17]
	f.Grey = colour == pngGrey || colour == pngGreyAlpha
	pixels := int64(0)
	err = pngChunks(s, func(c pngChunk) error {
		switch {
		case c.kind == "PLTE" && colour == pngPalette && c.length <= 3*256:
			palette, err := s.Bytes(c.at, c.length)
			f.Grey = err == nil && greys(palette, 3)
			return err
		case c.kind == "eXIf" && f.Orientation == 1 && c.length < 1<<20:
			data, err := s.Bytes(c.at, c.length)
			f.Orientation = exif.Orientation(data)
			return err
		case c.kind == "IDAT":
			pixels += c.length
		}
		return nil
	})
	// deflate makes at most 1032 bytes of one
	if least := f.Stored.X * f.Stored.Y / 8 * depth / 1032; err == nil && int64(least) > pixels {
		return fmt.Errorf("corrupt: its %d bytes of IDAT chunks are too few for %d x %d pixels",
			pixels, width, height)
	}
	return err
}

// greys says whether the colours of a palette, of some bytes each, are all grey.
func greys(palette []byte, bytes int) bool {
	for ; len(palette) >= bytes; palette = palette[bytes:] {
		if palette[0] != palette[1] || palette[1] != palette[2] {
			return false
		}
	}
	return true
}

// pngDecode reads the chunks that hold pixels and their colours alone, so that damage in a comment,
// or in EXIF data, does not lose the picture.
func pngDecode(data *parts) (image.Image, error) {
	data.rest = [][2]int64{{0, 8}}
	err := pngChunks(data.Source, func(c pngChunk) error {
		switch c.kind {
		case "IHDR", "PLTE", "tRNS", "IDAT", "IEND":
			data.rest = append(data.rest, [2]int64{c.at - 8, c.at + c.length + 4})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return png.Decode(data)
}
