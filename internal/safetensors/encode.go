package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// metadataKey is the only key of a header that is not a tensor.
const metadataKey = "__metadata__"

// alignment of the first tensor in bytes; the header is padded with spaces.
const alignment = 8

// entry is a tensor in the header.
type entry struct {
	Type  string `json:"dtype"`
	Shape []int  `json:"shape"`
	// of the first byte and behind the last one, counted from the end of the header
	Offsets []int `json:"data_offsets"`
}

// Encode writes a file: the same bytes for the same content. Tensors are ordered by the size of
// their elements, largest first, so that each is aligned, and then by name. It is an error if a
// name occurs twice, or if data do not fit their shape.
func (f File) Encode() ([]byte, error) {
	file, tensors, err := f.layout()
	if err != nil {
		return nil, err
	}
	for _, t := range tensors {
		if want, _ := size(t.Type, t.Shape); want != len(t.Data) {
			return nil, fmt.Errorf("tensor %q: it has %d bytes, its shape %v wants %d", t.Name,
				len(t.Data), t.Shape, want)
		}
		file = append(file, t.Data...)
	}
	return file, nil
}

// Header is what Encode writes before the first byte of data, for a file whose data are written
// piece by piece: it does not look at Data. A tensor's bytes are as many as its shape wants, and
// they follow each other in Encode's order.
func (f File) Header() ([]byte, error) {
	text, _, err := f.layout()
	return text, err
}

// layout is the header, with its length, and the tensors in the order of their data.
func (f File) layout() (text []byte, tensors []Tensor, err error) {
	tensors = slices.Clone(f.Tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(sizes[b.Type], sizes[a.Type]), cmp.Compare(a.Name, b.Name))
	})
	header, end := map[string]any{}, 0
	if len(f.Metadata) > 0 {
		header[metadataKey] = f.Metadata
	}
	for _, t := range tensors {
		want, err := size(t.Type, t.Shape)
		if err == nil && want > math.MaxInt-end {
			err = errors.New("with those before it, it has more bytes than can be counted")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if header[t.Name] != nil || t.Name == metadataKey {
			return nil, nil, fmt.Errorf("the name %q occurs twice, or is the format's own", t.Name)
		}
		header[t.Name] = entry{t.Type, append([]int{}, t.Shape...), []int{end, end + want}}
		end += want
	}
	object, err := json.Marshal(header) // with sorted keys
	if err != nil {
		return nil, nil, err
	}
	object = append(object, bytes.Repeat([]byte{' '}, -len(object)&(alignment-1))...)
	text = binary.LittleEndian.AppendUint64(nil, uint64(len(object)))
	return append(text, object...), tensors, nil
}
