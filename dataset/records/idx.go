package records

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"gridsearch/internal/plural"
)

// idxFile is a parsed IDX file of bytes: the format of MNIST and its kin (magic 0x00 0x00 0x08 and
// the number of dimensions, the dimensions as big-endian 32-bit numbers, the data).
type idxFile struct {
	dims []int
	data []uint8
}

// maxIDX limits the bytes of data that a file may declare: no known set of this format comes near.
// A gzip file may declare freeIDX, and beyond that maxRatio for each of its own bytes: images
// compress to a fifth or a thirtieth of their bytes, what is made to fill the memory to a
// thousandth.
const (
	maxIDX   = 1 << 32
	freeIDX  = 32 << 20
	maxRatio = 128
)

// readIDX reads an IDX file, gzipped or plain, whose dimensions check accepts, and the SHA-256 of
// its uncompressed bytes. Errors name the file and the offset in the uncompressed bytes.
func readIDX(path string, check func(dims []int) error) (idxFile, []byte, error) {
	file, size, err := openRegular(path)
	if err != nil {
		return idxFile{}, nil, err
	}
	defer file.Close()
	idx, sum, err := decodeIDX(file, size, check)
	if err != nil {
		return idxFile{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	return idx, sum, nil
}

// decodeIDX reads a file of so many bytes, gzipped or plain.
func decodeIDX(r io.Reader, size int64, check func([]int) error) (idxFile, []byte, error) {
	buffered := bufio.NewReader(r)
	if head, _ := buffered.Peek(2); !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return parseIDX(buffered, maxIDX, check)
	}
	unpacked, err := gzip.NewReader(buffered)
	if err != nil {
		return idxFile{}, nil, broken(0, err, "the header of the gzip file is not whole")
	}
	return parseIDX(unpacked, min(maxIDX, max(freeIDX, maxRatio*min(size, maxIDX))), check)
}

// parseIDX reads the uncompressed bytes, of which the data may be limit, and their SHA-256. It
// stops soon after the data that the header declares, and never holds more than about twice the
// bytes that it has read.
func parseIDX(r io.Reader, limit int64, check func([]int) error) (idxFile, []byte, error) {
	hash := sha256.New()
	r = io.TeeReader(r, hash)
	dims, size, err := parseDims(r, limit)
	if err == nil {
		err = check(dims)
	}
	if err != nil {
		return idxFile{}, nil, err
	}
	data, err := readGrowing(r, int(size))
	if start := 4 + 4*len(dims); err != nil {
		missing := fmt.Sprintf("dimensions %v want %d bytes more", dims, int(size)-len(data))
		return idxFile{}, nil, broken(start+len(data), err, missing)
	} else if err := ended(r, start+len(data)); err != nil {
		return idxFile{}, nil, err
	}
	return idxFile{dims, data}, hash.Sum(nil), nil
}

// parseDims reads the header: the dimensions and the bytes of data, limit at most.
func parseDims(r io.Reader, limit int64) (dims []int, size int64, err error) {
	header := make([]byte, 4)
	if n, err := io.ReadFull(r, header); err != nil {
		return nil, 0, broken(n, err, "this is not an IDX file")
	}
	if header[0] != 0 || header[1] != 0 || header[2] != 8 || header[3] < 1 || header[3] > 4 {
		return nil, 0, fmt.Errorf("not an IDX file of bytes: offset 0 has % x, want 00 00 08 and "+
			"1 to 4 dimensions", header)
	}
	text := make([]byte, 4*int(header[3]))
	if n, err := io.ReadFull(r, text); err != nil {
		return nil, 0, broken(4+n, err, "the header has "+
			plural.Of(int(header[3]), "dimension"))
	}
	size = 1
	for i := 0; i < len(text); i += 4 {
		d := int64(binary.BigEndian.Uint32(text[i:]))
		dims = append(dims, int(d))
		if d == 0 {
			return nil, 0, fmt.Errorf("offset %d: dimensions %v have no data", 4+i, dims)
		}
		if size > limit/d {
			text := fmt.Sprintf("dimensions %v want more than %d bytes, the most that is read",
				dims, limit)
			if limit < maxIDX {
				text += " from so small a gzip file: unpack it if it is as meant"
			}
			return nil, 0, fmt.Errorf("offset %d: %s", 4+i, text)
		}
		size *= d
	}
	return dims, size, nil
}

// readGrowing reads size bytes into memory that grows with what has been read, so that a header
// alone allocates little. The bytes before an error are returned with it.
func readGrowing(r io.Reader, size int) ([]byte, error) {
	data := make([]byte, 0, min(size, 1<<20))
	for len(data) < size {
		if len(data) == cap(data) {
			grown := make([]byte, len(data), min(size, 2*len(data)))
			copy(grown, data)
			data = grown
		}
		n, err := io.ReadFull(r, data[len(data):cap(data)])
		if data = data[:len(data)+n]; err != nil {
			return data, err
		}
	}
	return data, nil
}

// ended checks that a stream ends at this offset, as it should, by reading a little more. The end
// of a gzip stream has its checksum.
func ended(r io.Reader, offset int) error {
	more := make([]byte, 4096)
	switch n, err := io.ReadFull(r, more); {
	case n == len(more):
		return fmt.Errorf("%d bytes or more too many after offset %d", n, offset)
	case n > 0:
		return fmt.Errorf("%d bytes too many after offset %d", n, offset)
	case err != io.EOF:
		return broken(offset, err, "the gzip file has no proper end")
	}
	return nil
}
