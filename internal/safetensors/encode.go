package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
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
	tensors := slices.Clone(f.Tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(sizes[b.Type], sizes[a.Type]), cmp.Compare(a.Name, b.Name))
	})
	header, end := map[string]any{}, 0
	if len(f.Metadata) > 0 {
		header[metadataKey] = f.Metadata
	}
	for _, t := range tensors {
		want, err := size(t.Type, t.Shape)
		if err == nil && want != len(t.Data) {
			err = fmt.Errorf("it has %d bytes, its shape %v wants %d", len(t.Data), t.Shape, want)
		}
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if header[t.Name] != nil || t.Name == metadataKey {
			return nil, fmt.Errorf("the name %q occurs twice, or is the format's own", t.Name)
		}
		header[t.Name] = entry{t.Type, append([]int{}, t.Shape...), []int{end, end + len(t.Data)}}
		end += len(t.Data)
	}
	text, err := json.Marshal(header) // with sorted keys
	if err != nil {
		return nil, err
	}
	text = append(text, bytes.Repeat([]byte{' '}, -len(text)&(alignment-1))...)
	file := make([]byte, 0, lengthSize+len(text)+end)
	file = append(binary.LittleEndian.AppendUint64(file, uint64(len(text))), text...)
	for _, t := range tensors {
		file = append(file, t.Data...)
	}
	return file, nil
}
