package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// lengthSize is the size in bytes of the header's length.
const lengthSize = 8

// maxHeader is the longest header that the format allows.
const maxHeader = 100_000_000

// Parsing a header takes up to 24 times its length in memory, garbage included. Headers of networks
// have about a hundred bytes per tensor: a long header must be a small part of its file, so that
// parsing never takes more memory than the file.
const (
	longHeader  = 1 << 20
	headerShare = 32 // of a file with a long header
)

// Decode reads a file. The tensors' data are parts of text.
func Decode(text []byte) (*File, error) {
	if len(text) < lengthSize {
		return nil, fmt.Errorf("not a safetensors file: %d bytes are too few for the length of "+
			"its header", len(text))
	}
	length, rest := binary.LittleEndian.Uint64(text), text[lengthSize:]
	switch {
	// an archive, or a pickle
	case length > maxHeader && (bytes.HasPrefix(text, []byte("PK\x03\x04")) ||
		bytes.HasPrefix(text, []byte{0x80, 2})):
		return nil, errors.New("not a safetensors file but one of torch.save: load it in " +
			"PyTorch, and write its state dictionary by safetensors.torch.save_file")
	case length > maxHeader:
		return nil, fmt.Errorf("not a safetensors file: a header of %d bytes is longer than the "+
			"%d that the format allows", length, maxHeader)
	case length > uint64(len(rest)):
		return nil, fmt.Errorf("not a safetensors file, or one cut short: its header should have "+
			"%d bytes, %d are left", length, len(rest))
	}
	if length > longHeader && length > uint64(len(text)/headerShare) {
		return nil, fmt.Errorf("a header of %d bytes in a file of %d is no network's: above %d "+
			"bytes it may be 1/%d of the file", length, len(text), longHeader, headerShare)
	}
	header, data := rest[:length], rest[length:]
	if len(header) == 0 || header[0] != '{' || !utf8.Valid(header) {
		return nil, errors.New("not a safetensors file: its header is no JSON object in UTF-8")
	}
	d := decoder{Decoder: json.NewDecoder(bytes.NewReader(header)), file: &File{}}
	err := d.object(d.member)
	if err == nil {
		err = d.end()
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	return d.file, d.place(data)
}

// decoder reads a header.
type decoder struct {
	*json.Decoder
	file    *File
	offsets [][2]int // of each tensor, in the order of the header
}

// object reads an object and calls member for each key. encoding/json itself would silently take
// the last of two equal keys.
func (d *decoder) object(member func(key string) error) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return cmp.Or(err, fmt.Errorf("an object is wanted, not %.20v", t))
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key := t.(string) // nothing else is a key, says Token
		if seen[key] {
			return fmt.Errorf("%.80q occurs twice", key)
		}
		seen[key] = true
		if err := member(key); err != nil {
			return fmt.Errorf("%.80q: %w", key, err)
		}
	}
	_, err := d.Token()
	return err
}

// member reads a tensor or the metadata.
func (d *decoder) member(key string) error {
	if key != metadataKey {
		return d.tensor(key)
	}
	d.file.Metadata = map[string]string{}
	return d.object(func(key string) error {
		t, err := d.Token()
		value, ok := t.(string)
		if err == nil && !ok {
			err = errors.New("a string is wanted")
		}
		d.file.Metadata[key] = value
		return err
	})
}

func (d *decoder) tensor(name string) error {
	var e entry
	err := d.object(func(key string) error {
		switch key {
		case "dtype":
			return d.Decode(&e.Type)
		case "shape":
			return d.Decode(&e.Shape)
		case "data_offsets":
			return d.Decode(&e.Offsets)
		}
		return errors.New("no key of a tensor: dtype, shape and data_offsets are")
	})
	if err != nil {
		return err
	}
	if e.Type == "" || e.Shape == nil || len(e.Offsets) != 2 {
		return errors.New("a tensor wants dtype, shape and two data_offsets")
	}
	want, err := size(e.Type, e.Shape)
	if err != nil {
		return err
	}
	// The difference cannot overflow: the first offset is not negative.
	begin, end := e.Offsets[0], e.Offsets[1]
	if begin < 0 || end < begin || end-begin != want {
		return fmt.Errorf("its data_offsets are %d and %d, shape %v of %s wants %d bytes", begin,
			end, e.Shape, e.Type, want)
	}
	d.file.Tensors = append(d.file.Tensors, Tensor{Name: name, Type: e.Type, Shape: e.Shape})
	d.offsets = append(d.offsets, [2]int{begin, end})
	return nil
}

// end refuses anything but spaces after the header's object.
func (d *decoder) end() error {
	if t, err := d.Token(); err != io.EOF {
		return cmp.Or(err, fmt.Errorf("%.20v follows its end", t))
	}
	return nil
}

// place assigns every tensor its bytes. The tensors must cover the data exactly once.
func (d *decoder) place(data []byte) error {
	order := make([]int, len(d.offsets))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(d.offsets[a][0], d.offsets[b][0]), cmp.Compare(d.offsets[a][1],
			d.offsets[b][1]), cmp.Compare(a, b))
	})
	tensors, at := make([]Tensor, len(order)), 0
	for i, from := range order {
		t, begin, end := d.file.Tensors[from], d.offsets[from][0], d.offsets[from][1]
		switch {
		case end > len(data):
			return fmt.Errorf("tensor %.80q ends at byte %d of the data, which have %d: the file "+
				"is cut short, or no good", t.Name, end, len(data))
		case begin < at:
			return fmt.Errorf("tensor %.80q begins at byte %d of the data, inside the one "+
				"before, which ends at %d", t.Name, begin, at)
		case begin > at:
			return fmt.Errorf(
				"bytes %d to %d of the data, before tensor %.80q, belong to no tensor", at, begin, t.Name)
		}
		t.Data, at = data[begin:end:end], end
		tensors[i] = t
	}
	if at != len(data) {
		return fmt.Errorf("the last %d bytes belong to no tensor", len(data)-at)
	}
	d.file.Tensors = tensors
	return nil
}
