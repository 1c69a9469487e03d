// Package safetensors reads and writes files of named tensors: the length of the header in 8 bytes,
// little-endian; the header, a JSON object; the tensors' bytes, little-endian and row-major, one
// behind the other.
//
// Decode treats files as untrusted. It checks every number of a header against the bytes that
// exist: what it allocates is in proportion to the header, and a tensor's data stay where they are
// in the file. It is as strict as the format's own implementation, and also refuses what that
// leaves open: names that occur twice, keys that nobody knows, and headers of more than a MiB that
// are more than 1/32 of their file.
package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
)

// File is what a file holds.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor // in the order of their bytes
}

// Tensor is a named array. Its data are raw bytes, so that types without conversions here are
// passed through.
type Tensor struct {
	Name  string
	Type  string // one of the format: "F32", "I64", ...
	Shape []int
	Data  []byte
}

// sizes are the bytes of an element of each type.
var sizes = map[string]int{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2,
	"BF16": 2, "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}

// size is the number of bytes that a type and a shape need.
func size(kind string, shape []int) (int, error) {
	n, ok := sizes[kind]
	if !ok {
		return 0, fmt.Errorf("dtype %.20q is not known", kind)
	}
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("dimension %d of its shape is negative", d)
		}
		if d > 0 && n > math.MaxInt/d {
			return 0, fmt.Errorf("its shape has more elements than can be counted")
		}
		n *= d
	}
	return n, nil
}

// Float32s makes a tensor of type F32.
func Float32s(name string, shape []int, values []float32) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return Tensor{name, "F32", shape, data}
}

// Int64 makes a tensor of type I64 without dimensions.
func Int64(name string, value int64) Tensor {
	return Tensor{name, "I64", []int{}, binary.LittleEndian.AppendUint64(nil, uint64(value))}
}

// Float32s returns the elements of a tensor of a floating-point type of 16 bits or more, rounded to
// float32.
func (t Tensor) Float32s() ([]float32, error) {
	read := floats[t.Type]
	if read == nil {
		return nil, fmt.Errorf("its dtype is %s, not one of F16, BF16, F32, F64", t.Type)
	}
	width := sizes[t.Type]
	values := make([]float32, len(t.Data)/width)
	for i := range values {
		values[i] = read(t.Data[i*width:])
	}
	return values, nil
}

// IsFloat reports whether Float32s can convert the tensor.
func (t Tensor) IsFloat() bool { return floats[t.Type] != nil }

// floats convert an element of each type that float32 can represent.
var floats = map[string]func([]byte) float32{
	"F16": func(b []byte) float32 { return half(binary.LittleEndian.Uint16(b)) },
	"BF16": func(b []byte) float32 {
		return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
	},
	"F32": func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) },
	"F64": func(b []byte) float32 {
		return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	},
}

// half converts IEEE 754 binary16: 1 bit sign, 5 bits exponent, 10 bits fraction.
func half(h uint16) float32 {
	exponent, fraction := int(h>>10&31), float64(h&1023)
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		v = math.Inf(1)
		if fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if h>>15 == 1 {
		v = -v
	}
	return float32(v)
}
