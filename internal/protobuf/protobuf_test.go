package protobuf

import (
	"bytes"
	"testing"
)

// TestFields: bytes as the encoding's specification has them.
func TestFields(t *testing.T) {
	for name, c := range map[string]struct {
		write func(*Message)
		want  string
	}{
		"150, of the specification": {func(m *Message) { m.Int(1, 150) }, "\x08\x96\x01"},
		"testing, of the specification": {func(m *Message) { m.Text(2, "testing") },
			"\x12\x07testing"},
		"a negative one": {func(m *Message) { m.Int(1, -2) },
			"\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
		"a field of two bytes": {func(m *Message) { m.Int(16, 1) }, "\x80\x01\x01"},
		"a float":              {func(m *Message) { m.Float32(2, 1) }, "\x15\x00\x00\x80\x3f"},
		"a double":             {func(m *Message) { m.Float64(1, 2) }, "\x09\x00\x00\x00\x00\x00\x00\x00\x40"},
		"nothing":              {func(m *Message) { m.Bytes(3, nil) }, "\x1a\x00"},
		"a message, repeated": {func(m *Message) {
			var inner Message
			inner.Int(1, 150)
			m.Bytes(3, inner)
			m.Bytes(3, inner)
		}, "\x1a\x03\x08\x96\x01\x1a\x03\x08\x96\x01"},
	} {
		var m Message
		if c.write(&m); !bytes.Equal(m, []byte(c.want)) {
			t.Errorf("%s: %x, want %x", name, []byte(m), c.want)
		}
	}
}
