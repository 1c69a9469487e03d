// Package protobuf writes protocol-buffer messages, field by field: what it takes to write files of
// other programs whose few messages are known. It reads nothing.
package protobuf

import (
	"encoding/binary"
	"math"
)

// Message is an encoded message: fields, each a number and a wire type, then a value. A field that
// is written twice is repeated.
type Message []byte

// Wire types.
const (
	varint  = 0
	fixed64 = 1
	counted = 2
	fixed32 = 5
)

func (m *Message) key(field, wire int) { *m = binary.AppendUvarint(*m, uint64(field<<3|wire)) }

// Int adds an integer, a truth value or an enumeration. Negative ones take ten bytes.
func (m *Message) Int(field, value int) {
	m.key(field, varint)
	*m = binary.AppendUvarint(*m, uint64(value))
}

// Float32 adds a float.
func (m *Message) Float32(field int, value float32) {
	m.key(field, fixed32)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(value))
}

// Float64 adds a double.
func (m *Message) Float64(field int, value float64) {
	m.key(field, fixed64)
	*m = binary.LittleEndian.AppendUint64(*m, math.Float64bits(value))
}

// Bytes adds bytes, or a message.
func (m *Message) Bytes(field int, value []byte) {
	m.key(field, counted)
	*m = append(binary.AppendUvarint(*m, uint64(len(value))), value...)
}

// Text adds a string, which must be UTF-8.
func (m *Message) Text(field int, value string) { m.Bytes(field, []byte(value)) }
