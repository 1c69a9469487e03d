package formats

import (
	"encoding/binary"
	"fmt"
	"image"

	"gridsearch/dataset/picture/exif"

	"golang.org/x/image/bmp"
)

func bmpHeader(s exif.Source, f *File) error {
	head, err := s.Bytes(0, 14+40)
	if err != nil {
		return err
	}
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	offset, size := u32(head[10:]), u32(head[14:])
	width, height := int(int32(u32(head[18:]))), int(int32(u32(head[22:])))
	bits, compression := int(u16(head[28:])), u32(head[30:])
	if height < 0 { // from the top down
		height = -height
	}
	switch {
	case size != 40 && size != 108 && size != 124:
		return fmt.Errorf("its header is of %d bytes; 40, 108 and 124 are read: save it again, "+
			"for example as PNG", size)
	case compression == 1 || compression == 2:
		return fmt.Errorf("it is run-length encoded, which is not read: save it without, or as PNG")
	case compression > 3:
		return fmt.Errorf("its compression %d is not read: save it as PNG", compression)
	case bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 24 && bits != 32:
		return fmt.Errorf("it has %d bits a pixel; 1, 2, 4, 8, 24 and 32 are read: save it as PNG",
			bits)
	}
	if err := checkSize(width, height); err != nil {
		return err
	}
	f.Stored = image.Pt(width, height)
	f.Opaque = compression != 3 // only with its masks is a fourth channel more than padding
	if end := int64(offset) + int64((width*bits+31)/32*4)*int64(height); end > s.Size {
		return fmt.Errorf("cut off: its pixels end at offset %d, the file at %d", end, s.Size)
	}
	if bits > 8 {
		return nil
	}
	colours := u32(head[46:])
	if colours == 0 || colours > 1<<bits {
		colours = 1 << bits
	}
	palette, err := s.Bytes(14+int64(size), 4*int64(colours))
	f.Grey = greys(palette, 4)
	return err
}

func bmpDecode(data *parts) (image.Image, error) {
	im, err := bmp.Decode(data)
	if err == bmp.ErrUnsupported {
		return nil, fmt.Errorf("%w: save it as PNG", err)
	}
	return im, err
}
