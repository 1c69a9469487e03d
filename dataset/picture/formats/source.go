package formats

import (
	"bufio"
	"fmt"
	"io"

	"gridsearch/dataset/picture/exif"
)

// stream reads a file from an offset, and knows where it is.
type stream struct {
	*bufio.Reader
	at int64
}

func streamOf(s exif.Source, at int64) *stream {
	return &stream{bufio.NewReader(io.NewSectionReader(s, at, max(0, s.Size-at))), at}
}

func (s *stream) next(n int) ([]byte, error) {
	b := make([]byte, n)
	m, err := io.ReadFull(s.Reader, b)
	s.at += int64(m)
	return b, s.told(err)
}

func (s *stream) skip(n int) error {
	m, err := s.Discard(n)
	s.at += int64(m)
	return s.told(err)
}

func (s *stream) told(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("cut off: the file ends at offset %d, within its header", s.at)
	}
	return err
}

// parts reads some ranges of a file, from and to offsets, as if they were the whole.
type parts struct {
	exif.Source
	rest [][2]int64
}

// Read is that of io.Reader.
func (p *parts) Read(b []byte) (int, error) {
	for len(p.rest) > 0 && p.rest[0][0] == p.rest[0][1] {
		p.rest = p.rest[1:]
	}
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n, err := p.Source.ReadAt(b[:min(int64(len(b)), p.rest[0][1]-p.rest[0][0])], p.rest[0][0])
	p.rest[0][0] += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// ReadAt is that of io.ReaderAt, in the whole file.
func (p *parts) ReadAt(b []byte, at int64) (int, error) {
	n, err := p.Source.ReadAt(b, at)
	p.rest = [][2]int64{{min(max(at, 0)+int64(n), p.Size), p.Size}}
	return n, err
}

// offset is the end of what was read last.
func (p *parts) offset() int64 {
	if len(p.rest) == 0 {
		return p.Size
	}
	return p.rest[0][0]
}
