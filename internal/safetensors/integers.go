package safetensors

import (
	"encoding/binary"
	"fmt"
)

// Int32s makes a tensor of type I32.
func Int32s(name string, shape []int, values []int32) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	return Tensor{name, "I32", shape, data}
}

// Int32s returns the elements of a tensor of type I32.
func (t Tensor) Int32s() ([]int32, error) {
	if t.Type != "I32" {
		return nil, fmt.Errorf("its dtype is %s, not I32", t.Type)
	}
	values := make([]int32, len(t.Data)/4)
	for i := range values {
		values[i] = int32(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return values, nil
}

// Tensor finds a tensor by its name; it is an error if there is none.
func (f File) Tensor(name string) (Tensor, error) {
	for _, t := range f.Tensors {
		if t.Name == name {
			return t, nil
		}
	}
	return Tensor{}, fmt.Errorf("it has no tensor %q", name)
}
