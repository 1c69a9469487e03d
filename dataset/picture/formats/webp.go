package formats

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"

	"gridsearch/dataset/picture/exif"

	"golang.org/x/image/webp"
)

// webpHeader passes over the chunks of the file, which is whole if they are.
func webpHeader(s exif.Source, f *File) error {
	head, err := s.Bytes(0, 12)
	if err != nil {
		return err
	}
	u32 := binary.LittleEndian.Uint32
	end := int64(u32(head[4:])) + 8
	if end > s.Size {
		return fmt.Errorf("cut off: it is to end at offset %d, the file ends at %d", end, s.Size)
	}
	for at := int64(12); at < end; {
		head, err := s.Bytes(at, 8)
		if err != nil {
			return err
		}
		kind, length := string(head[:4]), int64(u32(head[4:]))
		if at+8+length > end {
			return fmt.Errorf("corrupt: chunk %s at offset %d ends at %d, the file at %d",
				printable(kind), at, at+8+length, end)
		}
		if err := webpChunk(s, f, kind, at+8, length); err != nil {
			return err
		}
		at += 8 + length + length&1
	}
	if f.Stored.X == 0 {
		return errors.New("corrupt: it has no pixels")
	}
	return nil
}

func webpChunk(s exif.Source, f *File, kind string, at, length int64) error {
	data, err := s.Bytes(at, min(length, 10))
	if err != nil {
		return err
	}
	var size image.Point
	switch {
	case kind == "ANMF" || kind == "ANIM":
		return errors.New("it is an animation, which is not read: save its first frame, for " +
			"example as PNG")
	case kind == "EXIF" && f.Orientation == 1 && length < 1<<20:
		data, err := s.Bytes(at, length)
		f.Orientation = exif.Orientation(data)
		return err
	case kind == "VP8X" && length >= 10:
		size = image.Pt(1+int(data[4])+int(data[5])<<8+int(data[6])<<16,
			1+int(data[7])+int(data[8])<<8+int(data[9])<<16)
	case kind == "VP8 " && length >= 10:
		size = image.Pt(int(binary.LittleEndian.Uint16(data[6:])&0x3fff),
			int(binary.LittleEndian.Uint16(data[8:])&0x3fff))
	case kind == "VP8L" && length >= 5:
		bits := binary.LittleEndian.Uint32(data[1:])
		size = image.Pt(1+int(bits&0x3fff), 1+int(bits>>14&0x3fff))
		f.Opaque = bits>>28&1 == 0
	default:
		return nil
	}
	if f.Stored.X != 0 && size != f.Stored {
		return fmt.Errorf("corrupt: %d x %d pixels by chunk %s at offset %d, %d x %d before it",
			size.X, size.Y, kind, at-8, f.Stored.X, f.Stored.Y)
	}
	f.Stored = size
	return nil
}

func webpDecode(data *parts) (image.Image, error) { return webp.Decode(data) }
