package records

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// cifarRecord makes a record whose planes are constant.
func cifarRecord(f cifarFormat, class, r, g, b byte) []byte {
	record := make([]byte, len(f.labels))
	record[len(f.labels)-1] = class
	for _, v := range []byte{r, g, b} {
		record = append(record, bytes.Repeat([]byte{v}, cifarSize*cifarSize)...)
	}
	return record
}

func TestCIFAR(t *testing.T) {
	for _, f := range []cifarFormat{cifar10, cifar100} {
		folder := t.TempDir()
		files := map[string][]byte{f.files[Test][0]: cifarRecord(f, 3, 1, 2, 3)}
		for i, name := range f.files[Train] {
			files[name] = append(cifarRecord(f, byte(i), 10, 20, 30),
				cifarRecord(f, 9, 40, 50, 60)...)
		}
		writeAll(t, folder, files)
		set, err := f.open([]string{t.TempDir(), folder}, "")
		if err != nil {
			t.Fatal(err)
		}
		second, labels := set.Pixels[Train][cifarPixels:][:3], set.Labels[Train]
		if !bytes.Equal(second, []byte{40, 50, 60}) || labels[1] != 9 || labels[0] != 0 ||
			len(labels) != 2*len(f.files[Train]) || len(set.Labels[Test]) != 1 {
			t.Errorf("%s: pixels %v, labels %v", f.name, second, labels)
		}
		if err := os.Truncate(filepath.Join(folder, f.files[Test][0]), 3000); err != nil {
			t.Fatal(err)
		}
		if _, err := f.open([]string{folder}, ""); err == nil ||
			!strings.Contains(err.Error(), "offset 0 has 3000 bytes") ||
			!strings.Contains(err.Error(), f.files[Test][0]) {
			t.Errorf("a torn file gives %v", err)
		}
	}
}

func TestBadCIFAR(t *testing.T) {
	ten, hundred := cifarRecord(cifar10, 3, 1, 2, 3), cifarRecord(cifar100, 99, 1, 2, 3)
	coarse := slices.Clone(hundred)
	coarse[0] = 20
	for want, c := range map[string]struct {
		format cifarFormat
		text   []byte
		size   int64 // more than the text has
	}{
		"the record at offset 0 has 0 bytes of 3073":    {cifar10, nil, 0},
		"the record at offset 3073 has 1 bytes of 3073": {cifar10, append(ten, 0), 0},
		"offset 3073: label 10 of cifar-10, which has 0 to 9": {cifar10, append(slices.Clone(ten),
			cifarRecord(cifar10, 10, 0, 0, 0)...), 0},
		"offset 0: label 20 of cifar-100, which has 0 to 19": {cifar100, coarse, 0},
		"offset 1: label 100 of cifar-100": {cifar100,
			cifarRecord(cifar100, 100, 0, 0, 0), 0},
		"truncated at offset 3074: the file had 6148 bytes":  {cifar100, hundred, 3074},
		"3073003073 bytes are more than the 1000000 records": {cifar10, ten, 1_000_000 * 3073},
	} {
		_, _, err := c.format.parse(bytes.NewReader(c.text), int64(len(c.text))+c.size)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestHugeCIFAR: a file of any size is refused by its size.
func TestHugeCIFAR(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, cifar100.files[Train][0])
	writeAll(t, folder, map[string][]byte{cifar100.files[Train][0]: {0}})
	if err := os.Truncate(path, 3074*1_000_001); err != nil {
		t.Skip(err) // no file so large, or none with holes
	}
	if _, err := CIFAR100([]string{folder}, ""); err == nil ||
		!strings.Contains(err.Error(), path+": 3074003074 bytes are more than") {
		t.Errorf("got %v", err)
	}
}

func TestClassNames(t *testing.T) {
	const letters, digits, one = "a b c d e f g h i j", "0 1 2 3 4 5 6 7 8 9", "a 1 c d e f g h i j"
	const note = "name 2 cannot be printed: class 1 is named by its number"
	const number = " of names, not 10: classes are named by number"
	lines := func(names string) string { return strings.ReplaceAll(names, " ", "\n") }
	for name, c := range map[string]struct{ text, want, note string }{
		"lines":      {lines(letters) + "\n\n", letters, ""},
		"CRLF":       {strings.ReplaceAll(letters, " ", "\r\n") + "\r\n", letters, ""},
		"mark":       {"\ufeff" + lines(letters), letters, ""},
		"wide":       {lines("é 犬 c d e f g h i j"), "é 犬 c d e f g h i j", ""},
		"escape":     {lines("a b\x1b[31m c d e f g h i j"), one, note},
		"direction":  {lines("a b\u202e c d e f g h i j"), one, note},
		"no UTF-8":   {lines("a \xff c d e f g h i j"), one, note},
		"empty line": {lines("a  c d e f g h i j"), one, note},
		"too few":    {lines("a b"), digits, "2 lines" + number},
		"empty":      {"", digits, "1 line" + number},
		"too long":   {strings.Repeat("a\n", 1<<20), digits, "32768 lines" + number},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, cifar10.classFile)
		writeAll(t, folder, map[string][]byte{cifar10.classFile: []byte(c.text)})
		var set Set
		if err := set.name(cifar10, path); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(set.Classes, " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := strings.Join(set.Notes, "; "); got != "" && got != path+": "+c.note ||
			got == "" && c.note != "" {
			t.Errorf("%s: note %q, want %q", name, got, c.note)
		}
	}
	folder := t.TempDir()
	if err := new(Set).name(cifar10, folder); err == nil ||
		!strings.Contains(err.Error(), folder+" is not a regular file") {
		t.Errorf("a folder as file of names gives %v", err)
	}
}

// FuzzCIFAR reads files whose size has changed by delta since it was asked for.
func FuzzCIFAR(f *testing.F) {
	f.Add(cifarRecord(cifar10, 3, 1, 2, 3), false, int16(0))
	f.Add(cifarRecord(cifar100, 3, 1, 2, 3), true, int16(0))
	f.Add(cifarRecord(cifar100, 3, 1, 2, 3), true, int16(3074))
	f.Add([]byte{1, 2}, false, int16(-1))
	f.Fuzz(func(t *testing.T, text []byte, fine bool, delta int16) {
		format := cifar10
		if fine {
			format = cifar100
		}
		size := max(0, int64(len(text))+int64(delta))
		pixels, labels, err := format.parse(bytes.NewReader(text), size)
		if err != nil {
			return
		}
		if record := len(format.labels) + cifarPixels; len(pixels) != len(labels)*cifarPixels ||
			int64(len(labels)*record) != size || delta > 0 || len(labels) == 0 {
			t.Fatalf("%d labels and %d bytes of pixels from %d of %d", len(labels), len(pixels),
				size, len(text))
		}
		for i, label := range labels {
			if label >= format.classes() || text[i*(len(format.labels)+cifarPixels)+
				len(format.labels)-1] != byte(label) {
				t.Fatalf("label %d is %d", i, label)
			}
		}
	})
}

// FuzzClassNames: there is a name for every class, and it can be printed.
func FuzzClassNames(f *testing.F) {
	f.Add("a\r\nb\x1b\r\nc\r\n")
	f.Add("\ufeffa\n\n\xff")
	f.Fuzz(func(t *testing.T, text string) {
		set := Set{Classes: []string{"0", "1", "2"}}
		notes := set.parseNames(text)
		kept := 0
		for class, name := range set.Classes {
			if name == "" || strings.ContainsFunc(name, unicode.IsControl) ||
				!utf8.ValidString(name) {
				t.Fatalf("class %d is named %q", class, name)
			}
			if name == strconv.Itoa(class) {
				kept++
			}
		}
		if len(notes) > kept {
			t.Fatalf("%q has the names %q and notes %q", text, set.Classes, notes)
		}
	})
}
