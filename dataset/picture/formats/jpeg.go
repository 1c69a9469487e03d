package formats

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"

	"gridsearch/dataset/picture/exif"
)

// what the standard decoder does not take, by the marker of the frame
var jpegKinds = map[byte]string{0xc3: "lossless", 0xc5: "hierarchical", 0xc6: "hierarchical",
	0xc7: "hierarchical lossless", 0xc9: "arithmetic-coded", 0xca: "arithmetic-coded progressive",
	0xcb: "arithmetic-coded lossless", 0xcd: "arithmetic-coded hierarchical",
	0xce: "arithmetic-coded hierarchical", 0xcf: "arithmetic-coded lossless"}

const jpegEOI, jpegSOS, jpegAPP1 = 0xd9, 0xda, 0xe1

// jpegHeader reads the segments before the first scan.
func jpegHeader(s exif.Source, f *File) error {
	in := streamOf(s, 2)
	oriented := false
	for {
		marker, length, err := jpegSegment(in)
		if err != nil {
			return err
		}
		switch {
		case marker == jpegSOS:
			if f.Stored.X == 0 {
				return fmt.Errorf("corrupt: pixels at offset %d, before their size", in.at)
			}
			return jpegEnd(s, in.at, f)
		case marker == jpegEOI:
			return fmt.Errorf("corrupt: it ends at offset %d, before any pixels", in.at)
		case marker == jpegAPP1 && !oriented && length > len(exif.Begins):
			var segment []byte
			if segment, err = in.next(length); err != nil {
				return err
			}
			if bytes.HasPrefix(segment, []byte(exif.Begins)) {
				f.Orientation, oriented = exif.Orientation(segment), true
			}
		case 0xc0 <= marker && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
			marker != 0xcc:
			err = jpegFrame(in, marker, length, f)
		default:
			err = in.skip(length)
		}
		if err != nil {
			return err
		}
	}
}

// jpegSegment reads the head of the next segment: its marker and the bytes to follow. Bytes between
// segments are passed over, as decoders do.
func jpegSegment(in *stream) (marker byte, length int, err error) {
	for previous := byte(0); ; {
		b, err := in.next(1)
		if err != nil {
			return 0, 0, err
		}
		if previous == 0xff && b[0] != 0 && b[0] != 0xff {
			marker = b[0]
			break
		}
		previous = b[0]
	}
	if marker == jpegEOI || 0xd0 <= marker && marker <= 0xd7 { // no length follows
		return marker, 0, nil
	}
	b, err := in.next(2)
	if err != nil {
		return 0, 0, err
	}
	if length = int(b[0])<<8 + int(b[1]) - 2; length < 0 {
		return 0, 0, fmt.Errorf("corrupt: a segment at offset %d is of %d bytes", in.at-4, length+2)
	}
	return marker, length, nil
}

func jpegFrame(in *stream, marker byte, length int, f *File) error {
	if kind := jpegKinds[marker]; kind != "" {
		return fmt.Errorf("it is %s, which is not read: save it as a baseline JPEG", kind)
	}
	if length < 6 {
		return fmt.Errorf("corrupt: a frame header of %d bytes at offset %d", length, in.at)
	}
	b, err := in.next(length)
	if err != nil {
		return err
	}
	if b[0] != 8 {
		return fmt.Errorf("it has %d bits a channel, which is not read: save it with 8", b[0])
	}
	f.Stored = image.Pt(int(b[3])<<8+int(b[4]), int(b[1])<<8+int(b[2]))
	f.Grey = b[5] == 1
	// a progressive one is kept as coefficients of four bytes beside its samples
	if need := 5 * int(b[5]) * f.Stored.X * f.Stored.Y; marker == 0xc2 && need > 1<<31 {
		return fmt.Errorf("as a progressive JPEG its %d x %d pixels need %d MB of memory: save it "+
			"as a baseline JPEG", f.Stored.X, f.Stored.Y, need>>20)
	}
	return nil
}

// jpegEnd looks for the end marker, which no scan contains, near the end of the file.
func jpegEnd(s exif.Source, scan int64, f *File) error {
	const near = 4096
	from := max(scan, s.Size-near)
	tail, err := s.Bytes(from, s.Size-from)
	if err != nil {
		return err
	}
	if !bytes.Contains(tail, []byte{0xff, jpegEOI}) {
		f.Unsure = fmt.Sprintf("cut off: no end marker in the last %d of its %d bytes",
			len(tail), s.Size)
	}
	return nil
}

func jpegDecode(data *parts) (image.Image, error) {
	im, err := jpeg.Decode(data)
	var unsupported jpeg.UnsupportedError
	if errors.As(err, &unsupported) {
		return nil, fmt.Errorf("%w: save it as a baseline JPEG", err)
	}
	return im, err
}
