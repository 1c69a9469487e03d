package formats

import (
	"fmt"
	"image"
	"image/gif"

	"gridsearch/dataset/picture/exif"
)

// gifHeader reads up to the first frame: the picture is the logical screen, of which the frame may
// cover a part.
func gifHeader(s exif.Source, f *File) error {
	in := streamOf(s, 6)
	screen, err := in.next(7)
	if err != nil {
		return err
	}
	f.Stored = image.Pt(int(screen[0])+int(screen[1])<<8, int(screen[2])+int(screen[3])<<8)
	if err := gifTable(in, screen[4], f); err != nil {
		return err
	}
	if err := gifFrame(in, f); err != nil {
		return err
	}
	if last, err := s.Bytes(s.Size-1, 1); err != nil || last[0] != ';' {
		f.Unsure = fmt.Sprintf("cut off: no trailer at the end of its %d bytes", s.Size)
	}
	return nil
}

// gifTable reads a table of colours, if the flags say that one follows.
func gifTable(in *stream, flags byte, f *File) error {
	if flags&0x80 == 0 {
		return nil
	}
	table, err := in.next(3 << (flags&7 + 1))
	f.Grey = greys(table, 3)
	return err
}

// gifFrame passes over extensions to the first frame.
func gifFrame(in *stream, f *File) error {
	for {
		kind, err := in.next(1)
		if err != nil {
			return err
		}
		switch kind[0] {
		case ',':
			b, err := in.next(9)
			if err != nil {
				return err
			}
			left, top := int(b[0])+int(b[1])<<8, int(b[2])+int(b[3])<<8
			frame := image.Rect(left, top, left+int(b[4])+int(b[5])<<8, top+int(b[6])+
				int(b[7])<<8)
			if !frame.In(image.Rectangle{Max: f.Stored}) {
				return fmt.Errorf("corrupt: its first frame, %v, is beyond its screen of %d x %d",
					frame, f.Stored.X, f.Stored.Y)
			}
			return gifTable(in, b[8], f)
		case '!':
			err = in.skip(1)
			for n := byte(1); err == nil && n > 0; {
				var size []byte
				if size, err = in.next(1); err == nil {
					n = size[0]
					err = in.skip(int(n))
				}
			}
		case ';':
			err = fmt.Errorf("corrupt: it ends at offset %d, before any frame", in.at)
		default:
			err = fmt.Errorf("corrupt: an unknown block, %#x, at offset %d", kind[0], in.at-1)
		}
		if err != nil {
			return err
		}
	}
}

func gifDecode(data *parts) (image.Image, error) { return gif.Decode(data) }
