package exif

import (
	"strings"
	"testing"
)

// little and big are EXIF data of orientation 6, after another value.
const (
	little = "II*\x00\x08\x00\x00\x00\x02\x00\x00\x01\x04\x00\x01\x00\x00\x00\x07\x00\x00\x00" +
		"\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
	big = "MM\x00*\x00\x00\x00\x08\x00\x02\x01\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x07" +
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
)

func TestOrientation(t *testing.T) {
	changed := func(at int, to byte) string {
		b := []byte(little)
		b[at] = to
		return string(b)
	}
	for _, c := range []struct {
		name, data string
		want       int
	}{
		{"little-endian", little, 6}, {"big-endian", big, 6}, {"as in JPEG", Begins + big, 6},
		{"bytes", changed(24, 1), 6}, {"four bytes", changed(24, 4), 6},
		{"of 0", changed(30, 0), 1}, {"of 9", changed(30, 9), 1}, {"of 8", changed(30, 8), 8},
		{"text", changed(24, 2), 1}, {"a type of none", changed(24, 99), 1},
		{"no values", changed(26, 0), 1}, {"a directory beyond the end", changed(4, 200), 1},
		{"more entries than there are", changed(8, 9), 1}, {"another tag", changed(22, 0x13), 1},
		{"empty", "", 1}, {"a mark alone", Begins, 1}, {"another beginning", "XX" + little[2:], 1},
	} {
		if got := Orientation([]byte(c.data)); got != c.want {
			t.Errorf("%s: %d, not %d", c.name, got, c.want)
		}
	}
}

func TestValues(t *testing.T) {
	data := "II*\x00\x08\x00\x00\x00\x03\x00" +
		"\x01\x00\x03\x00\x03\x00\x00\x00\x2e\x00\x00\x00" + // three of two bytes, after the rest
		"\x02\x00\x01\x00\x02\x00\x00\x00\x05\x06\x00\x00" + // two bytes
		"\x03\x00\x04\x00\xff\xff\xff\xff\x2e\x00\x00\x00" + // far too many
		"\x01\x00\x02\x00\x03\x00"
	s := Source{strings.NewReader(data), int64(len(data))}
	d, err := Read(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tag   uint16
		limit int
		want  []uint32
	}{{1, 9, []uint32{1, 2, 3}}, {1, 2, []uint32{1, 2}}, {2, 9, []uint32{5, 6}}, {4, 9, nil},
		{3, 1, []uint32{0x20001}}} {
		got, err := d.Values(c.tag, c.limit)
		if err != nil || len(got) != len(c.want) {
			t.Fatalf("tag %d: %v, %v", c.tag, got, err)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("tag %d: %v, not %v", c.tag, got, c.want)
			}
		}
	}
	if _, err := d.Values(3, 1000); err == nil {
		t.Error("values beyond the end are none")
	}
	if got := d.First(9, 42); got != 42 {
		t.Errorf("a missing value is %d", got)
	}
}

// FuzzEXIF reads changed EXIF data: an orientation is always 1 to 8.
func FuzzEXIF(f *testing.F) {
	f.Add([]byte(little))
	f.Add([]byte(big))
	f.Add([]byte(Begins + little))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := Orientation(data); got < 1 || got > 8 {
			t.Errorf("an orientation of %d", got)
		}
	})
}
