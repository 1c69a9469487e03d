// Package exif reads directories of numbered values, of which TIFF files and EXIF data consist, and
// the orientation in them.
package exif

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Begins is what EXIF data begin with in a JPEG file.
const Begins = "Exif\x00\x00"

// Source is a file of Size bytes, of which parts are read.
type Source struct {
	io.ReaderAt
	Size int64
}

// Bytes reads n bytes from an offset. What is beyond the file is an error before memory is
// allocated for it.
func (s Source) Bytes(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || at > s.Size || n > s.Size-at {
		return nil, fmt.Errorf("cut off: %d bytes at offset %d are beyond the file's %d", n, at,
			s.Size)
	}
	b := make([]byte, n)
	if m, err := s.ReadAt(b, at); m < len(b) {
		return nil, fmt.Errorf("reading %d bytes at offset %d: %w", n, at, err)
	}
	return b, nil
}

// Directory is the first directory of a file: its entries by their tags.
type Directory struct {
	Source
	order   binary.ByteOrder
	entries map[uint16][]byte
}

// Read reads the first directory. Errors are files of another structure, and directories beyond the
// end of the file.
func Read(s Source) (Directory, error) {
	d := Directory{s, binary.LittleEndian, map[uint16][]byte{}}
	head, err := s.Bytes(0, 8)
	if err != nil {
		return d, err
	}
	switch string(head[:4]) {
	case "II*\x00":
	case "MM\x00*":
		d.order = binary.BigEndian
	default:
		return d, errors.New("corrupt: no TIFF structure")
	}
	at := int64(d.order.Uint32(head[4:]))
	count, err := s.Bytes(at, 2)
	if err != nil {
		return d, err
	}
	all, err := s.Bytes(at+2, 12*int64(d.order.Uint16(count)))
	for ; len(all) > 0; all = all[12:] {
		d.entries[d.order.Uint16(all)] = all[:12]
	}
	return d, err
}

// First is the first value of a tag, otherwise where there is none that can be read.
func (d Directory) First(tag uint16, otherwise int) int {
	values, err := d.Values(tag, 1)
	if err != nil || len(values) == 0 {
		return otherwise
	}
	return int(values[0])
}

// Values are those of a tag, limit at most, if they are whole numbers of one, two or four bytes;
// none where the tag is missing. Values beyond the end of the file are an error.
func (d Directory) Values(tag uint16, limit int) ([]uint32, error) {
	entry := d.entries[tag]
	if entry == nil {
		return nil, nil
	}
	size := map[uint16]int64{1: 1, 3: 2, 4: 4}[d.order.Uint16(entry[2:])]
	if size == 0 {
		return nil, nil
	}
	count := int64(d.order.Uint32(entry[4:]))
	data := entry[8:]
	if size*count > 4 {
		var err error
		at := int64(d.order.Uint32(data))
		if data, err = d.Bytes(at, size*min(count, int64(limit))); err != nil {
			return nil, err
		}
	}
	values := make([]uint32, min(count, int64(limit)))
	for i := range values {
		switch size {
		case 1:
			values[i] = uint32(data[i])
		case 2:
			values[i] = uint32(d.order.Uint16(data[2*i:]))
		case 4:
			values[i] = d.order.Uint32(data[4*i:])
		}
	}
	return values, nil
}

// Orientation is that of the directory, 1 to 8; 1 where it is missing or none of these.
func (d Directory) Orientation() int {
	value := d.First(274, 1)
	if value < 1 || value > 8 {
		return 1
	}
	return value
}

// Orientation is that of EXIF data, with or without what they begin with in a JPEG file; of damaged
// data it is 1.
func Orientation(data []byte) int {
	data = bytes.TrimPrefix(data, []byte(Begins))
	d, err := Read(Source{bytes.NewReader(data), int64(len(data))})
	if err != nil {
		return 1
	}
	return d.Orientation()
}
