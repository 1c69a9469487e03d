package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// file makes the bytes of a file from its header and data.
func file(header, data string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header+data...)
}

// drawFile draws any file.
func drawFile(t *rapid.T) File {
	types := rapid.SampledFrom([]string{"BOOL", "I64", "F32", "F16", "BF16", "F64", "U16"})
	f := File{}
	if rapid.Bool().Draw(t, "with metadata") {
		f.Metadata = rapid.MapOfN(rapid.String(), rapid.String(), 1, 4).Draw(t, "metadata")
	}
	names := rapid.SliceOfNDistinct(rapid.String().Filter(
		func(s string) bool { return s != metadataKey }), 0, 6, rapid.ID).Draw(t, "names")
	for _, name := range names {
		tensor := Tensor{Name: name, Type: types.Draw(t, "type"),
			Shape: rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(t, "shape")}
		n, err := size(tensor.Type, tensor.Shape)
		if err != nil {
			t.Fatal(err)
		}
		tensor.Data = rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "data")
		f.Tensors = append(f.Tensors, tensor)
	}
	return f
}

// byName is the content of a file without its order.
func byName(f *File) map[string]Tensor {
	all := map[string]Tensor{}
	for _, t := range f.Tensors {
		t.Shape, t.Data = append([]int{}, t.Shape...), append([]byte{}, t.Data...)
		all[t.Name] = t
	}
	return all
}

// TestRoundTrip: what is written is read, and is written again with the same bytes.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFile(t)
		text, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		read, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(byName(&f), byName(read)) || !reflect.DeepEqual(f.Metadata, read.Metadata) {
			t.Fatalf("wrote %+v, read %+v", f, read)
		}
		for i := range read.Tensors {
			read.Tensors[i].Data = nil
		}
		head, err := read.Header()
		if err != nil || len(head)%alignment != 0 || !bytes.HasPrefix(text, head) {
			t.Fatalf("the header is %q (%v), the file %q", head, err, text)
		}
		if read, err = Decode(text); err != nil {
			t.Fatal(err)
		}
		if again, err := read.Encode(); err != nil || string(again) != string(text) {
			t.Fatalf("written again it is %q, was %q (%v)", again, text, err)
		}
	})
}

func TestFloat32s(t *testing.T) {
	for _, c := range []struct {
		kind string
		data []byte
		want float32
	}{
		{"F32", []byte{0, 0, 0x80, 0x3f}, 1}, {"F64", []byte{0, 0, 0, 0, 0, 0, 0, 0xc0}, -2},
		{"BF16", []byte{0x40, 0x40}, 3},
		{"F16", []byte{0x00, 0x3c}, 1}, {"F16", []byte{0xff, 0x7b}, 65504},
		{"F16", []byte{0x01, 0x80}, -0x1p-24}, {"F16", []byte{0x00, 0xfc}, float32(math.Inf(-1))},
		{"F16", []byte{0x55, 0x35}, 0x1.554p-2},
	} {
		got, err := Tensor{Type: c.kind, Data: c.data}.Float32s()
		if err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%s %x is %v (%v), want %v", c.kind, c.data, got, err, c.want)
		}
	}
	if v, err := (Tensor{Type: "F16", Data: []byte{1, 0x7c}}).Float32s(); err != nil || v[0] == v[0] {
		t.Errorf("a half that is no number is %v (%v)", v, err)
	}
	if _, err := Int64("n", 3).Float32s(); err == nil ||
		err.Error() != "its dtype is I64, not one of F16, BF16, F32, F64" {
		t.Errorf("got %v", err)
	}
}

// bad are files with a flaw, and what the error says of it.
var bad = []struct{ want, header, data string }{
	{"its header is no JSON object", "", ""},
	{"its header is no JSON object", "[]", ""},
	{"its header is no JSON object", " {}", ""},
	{"its header is no JSON object", "{\"\xff\":1}", ""},
	{"unexpected EOF", "{", ""},
	{"follows its end", "{}{}", ""},
	{"the last 3 bytes belong to no tensor", "{}", "abc"},
	{`"a": a tensor wants dtype, shape and two data_offsets`, `{"a":{}}`, ""},
	{`"a": a tensor wants`, `{"a":{"dtype":"F32","shape":null,"data_offsets":[0,0]}}`, ""},
	{`"a": a tensor wants`, `{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0,0]}}`, ""},
	{`"a": an object is wanted`, `{"a":3}`, ""},
	{`"a": "color": no key of a tensor`,
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"color":1}}`, "abcd"},
	{`"a": dtype "F31" is not known`, `{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}`,
		"abcd"},
	{`"a": "dtype" occurs twice`,
		`{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}`, "abcd"},
	{`"a" occurs twice`,
		`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, "ab"},
	{`"a": dimension -1 of its shape is negative`,
		`{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}`, "a"},
	{"more elements than can be counted",
		`{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,1]}}`, "a"},
	{"cannot unmarshal number", `{"a":{"dtype":"U8","shape":[1e30],"data_offsets":[0,1]}}`, "a"},
	{"cannot unmarshal number", `{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}`, "a"},
	{"its data_offsets are 0 and 3, shape [1] of F32 wants 4 bytes",
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}}`, "abc"},
	{"its data_offsets are 4 and 0", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, "abcd"},
	{"its data_offsets are -4 and 0", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`,
		"abcd"},
	{"ends at byte 4000000000000 of the data, which have 4",
		`{"a":{"dtype":"U8","shape":[4000000000000],"data_offsets":[0,4000000000000]}}`, "abcd"},
	{`tensor "b" begins at byte 1 of the data, inside the one before, which ends at 2`,
		`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, "abc"},
	{`bytes 2 to 3 of the data, before tensor "b", belong to no tensor`,
		`{"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, "abcd"},
	{`"__metadata__": "k": a string is wanted`, `{"__metadata__":{"k":null}}`, ""},
	{`"__metadata__": "k" occurs twice`, `{"__metadata__":{"k":"","k":""}}`, ""},
}

func TestBadFiles(t *testing.T) {
	for _, c := range bad {
		if _, err := Decode(file(c.header, c.data)); err == nil || !strings.Contains(err.Error(),
			c.want) {
			t.Errorf("%.60s: got %v, want %q", c.header, err, c.want)
		}
	}
	huge := binary.LittleEndian.AppendUint64(nil, math.MaxUint64)
	long := append(binary.LittleEndian.AppendUint64(nil, maxHeader), "{}"...)
	for want, text := range map[string][]byte{
		"7 bytes are too few for the length of its header": make([]byte, 7),
		"not a safetensors file but one of torch.save: load it in PyTor": []byte(
			"PK\x03\x04\x00\x00\x08\x08"),
		"not a safetensors file but one of torch.save: load it": []byte("\x80\x02\x8a\nl\xfc\x9cF"),
		"a header of 18446744073709551615 bytes is longer than": huge,
		"its header should have 100000000 bytes, 2 are left":    long,
		"its header should have 8 bytes, 2 are left":            file("{}      ", "")[:10],
		"ends at byte 4 of the data, which have 3: the file is cut shor": file(
			`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, "abc"),
	} {
		if _, err := Decode(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestLongHeaders: what reading takes, of headers made to take much, is less than the file or a few
// MiB.
func TestLongHeaders(t *testing.T) {
	many := func(n int, text func(i int) string) string {
		var parts []string
		for i := range n {
			parts = append(parts, text(i))
		}
		return strings.Join(parts, ",")
	}
	empty := func(n int) string {
		return "{" + many(n,
			func(i int) string {
				return fmt.Sprintf(`"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
			}) + "}"
	}
	shape := func(n int) string {
		return `{"a":{"dtype":"U8","data_offsets":[0,0],"shape":[` +
			many(n, func(int) string { return "0" }) + "]}}"
	}
	name := func(n int) string {
		return `{"` + strings.Repeat("a", n) + `":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`
	}
	for kind, header := range map[string]func(n int) string{"tensors": empty, "dimensions": shape,
		"a name": name} {
		small := header(10_000)
		taken, err := allocated(file(small, ""))
		if err != nil || taken > headerShare*uint64(len(small)) {
			t.Errorf("%s: a header of %d bytes takes %d (%v)", kind, len(small), taken, err)
		}
		long := header(longHeader)
		if taken, err := allocated(file(long, "")); err == nil || !strings.Contains(err.Error(),
			"is no network's") || taken > longHeader {
			t.Errorf("%s: a header of %d bytes takes %d (%v)", kind, len(long), taken, err)
		}
	}
}

// allocated is what the reading of a file allocates, in bytes, garbage included.
func allocated(text []byte) (uint64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Decode(text)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}

// TestLengthLikePickle: a header of 640 bytes begins as a pickle does.
func TestLengthLikePickle(t *testing.T) {
	if _, err := Decode(file("{}"+strings.Repeat(" ", 638), "")); err != nil {
		t.Error(err)
	}
}

// TestDecodeAllocatesForTheHeaderAlone: neither claims nor data cost memory.
func TestDecodeAllocatesForTheHeaderAlone(t *testing.T) {
	const header = `{"a":{"dtype":"U8","shape":[10000000],"data_offsets":[0,10000000]}}`
	for name, text := range map[string][]byte{"data": file(header, strings.Repeat("x", 10_000_000)),
		"claims": file(header, "")} {
		if n, _ := allocated(text); n > 100_000 {
			t.Errorf("%s: %d bytes are allocated for a header of %d", name, n, len(header))
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	one := Float32s("a", []int{1}, []float32{1})
	for want, f := range map[string]File{
		`the name "a" occurs twice`: {Tensors: []Tensor{one, one}},
		`the name "__metadata__" occurs twice, or is the format'`: {Tensors: []Tensor{Int64(
			metadataKey, 1)}},
		`tensor "a": it has 4 bytes, its shape [2] wants 8`: {Tensors: []Tensor{{"a", "F32",
			[]int{2}, one.Data}}},
		`tensor "b": with those before it, it has more bytes than can`: {Tensors: []Tensor{
			{"a", "U8", []int{math.MaxInt}, nil}, {"b", "U8", []int{1}, []byte{1}}}},
		`tensor "a": dtype "F33" is not known`: {Tensors: []Tensor{{"a", "F33", []int{1}, one.Data}}},
	} {
		if _, err := f.Encode(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// FuzzDecode: no file does harm, and one that is read can be written and read again as the same.
func FuzzDecode(f *testing.F) {
	for _, c := range bad {
		f.Add(file(c.header, c.data))
	}
	good, err := File{map[string]string{"k": "v"},
		[]Tensor{Float32s("w", []int{2, 1}, []float32{1, 2}), Int64("n", 7),
			{"e", "U8", []int{0, 3}, nil}}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := Decode(text)
		if err != nil {
			return
		}
		total := 0
		for _, tensor := range read.Tensors {
			total += len(tensor.Data)
			_, _ = tensor.Float32s()
		}
		if total > len(text) {
			t.Fatalf("tensors of %d bytes in a file of %d", total, len(text))
		}
		again, err := read.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if second, err := Decode(again); err != nil || !reflect.DeepEqual(byName(read), byName(second)) {
			t.Fatalf("read %+v, then %+v (%v)", read, second, err)
		}
	})
}
