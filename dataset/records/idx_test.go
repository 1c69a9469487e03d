package records

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// idxBytes makes an IDX file.
func idxBytes(data []byte, dims ...uint32) []byte {
	text := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		text = binary.BigEndian.AppendUint32(text, d)
	}
	return append(text, data...)
}

func zipped(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text)
	w.Close()
	return b.Bytes()
}

func TestIDX(t *testing.T) {
	folder := t.TempDir()
	pixels := make([]byte, 3*4*4)
	for i := range pixels {
		pixels[i] = byte(i * 37)
	}
	writeAll(t, folder, map[string][]byte{
		"train-images-idx3-ubyte.gz": zipped(idxBytes(pixels, 3, 4, 4)),
		"train-labels-idx1-ubyte":    idxBytes([]byte{2, 0, 1}, 3),
		"t10k-images-idx3-ubyte":     idxBytes(pixels[:16], 1, 4, 4),
		"t10k-labels-idx1-ubyte.gz":  zipped(idxBytes([]byte{1}, 1)),
	})
	set, err := IDX(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(set.Pixels[Train], pixels) || !slices.Equal(set.Labels[Train], []int{2, 0, 1}) ||
		!bytes.Equal(set.Pixels[Test], pixels[:16]) || !slices.Equal(set.Labels[Test], []int{1}) {
		t.Error("not the images of the files")
	}
	if set.Native != 4 || set.Channels != 1 || len(set.Classes) != 3 || set.Origin != folder {
		t.Errorf("%+v", set)
	}
	_, err = FashionMNIST([]string{folder}, "")
	if err == nil || !strings.Contains(err.Error(), "not the published file") {
		t.Errorf("other files pass for Fashion-MNIST: %v", err)
	}
}

// anySize accepts all dimensions.
func anySize(dims []int) error { return nil }

func TestBadIDX(t *testing.T) {
	good := idxBytes([]byte{1, 2, 3, 4}, 1, 2, 2)
	spoilt := zipped(good)
	spoilt[len(spoilt)-6] ^= 1 // the checksum of the gzip trailer
	const small = "bytes, the most that is read from so small a gzip file"
	const large = "offset 8: dimensions [65536 65537] want more than 4294967296 bytes, the most " +
		"that is read"
	for want, text := range map[string][]byte{
		"truncated at offset 0: this is not an IDX file":      nil,
		"truncated at offset 2: this is not an IDX file":      {0, 0},
		"offset 0 has 00 00 0d 01":                            {0, 0, 13, 1, 0, 0, 0, 1},
		"offset 0 has 00 00 08 05":                            {0, 0, 8, 5},
		"offset 0 has 1f 8b 08 00":                            zipped(zipped(good)),
		"truncated at offset 6: the header has 1 dimension":   {0, 0, 8, 1, 0, 0},
		"truncated at offset 10: dimensions [5] want 3 bytes": idxBytes([]byte{1, 2}, 5),
		"truncated at offset 8: dimensions [7] want 7 bytes":  zipped(idxBytes(nil, 7)),
		"2 bytes too many after offset 9":                     idxBytes([]byte{1, 2, 3}, 1),
		"4096 bytes or more too many after offset 9":          idxBytes(make([]byte, 1e5), 1),
		"offset 8: dimensions [3 0] have no data":             idxBytes(nil, 3, 0),
		"offset 12: dimensions [65536 65536 65536] want":      idxBytes(nil, 1<<16, 1<<16, 1<<16),
		large:                                  idxBytes(nil, 1<<16, 1<<16+1),
		small:                                  zipped(idxBytes(nil, 1<<16, 1<<16)),
		"at offset 20: gzip: invalid checksum": spoilt,
		"at offset 20: gzip: invalid header":   append(zipped(good), "this is no member"...),
		"at offset 0: gzip: invalid header":    {0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0},
		"truncated at offset 0: the header of the gzip file is not whole": {0x1f, 0x8b, 8},
		"truncated at offset 20: the gzip file has no proper end": zipped(good)[:len(zipped(good))-
			3],
	} {
		_, _, err := decodeIDX(bytes.NewReader(text), int64(len(text)), anySize)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "x.gz")
	whole := zipped(idxBytes(bytes.Repeat([]byte{7, 1, 9}, 1000), 3000))
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readIDX(path, anySize); err == nil || !strings.Contains(err.Error(), path) ||
		!strings.Contains(err.Error(), "offset") {
		t.Errorf("a torn gzip file gives %v", err)
	}
}

// TestGzipMembers: a file of several members is their bytes one after the other.
func TestGzipMembers(t *testing.T) {
	text := idxBytes([]byte{1, 2, 3, 4}, 1, 2, 2)
	var members []byte
	for _, piece := range [][]byte{text[:3], nil, text[3:17], text[17:], nil} {
		members = append(members, zipped(piece)...)
	}
	idx, sum, err := decodeIDX(bytes.NewReader(members), int64(len(members)), anySize)
	if want := sha256.Sum256(text); err != nil || !bytes.Equal(sum, want[:]) ||
		!bytes.Equal(idx.data, []byte{1, 2, 3, 4}) || !slices.Equal(idx.dims, []int{1, 2, 2}) {
		t.Errorf("%v, SHA-256 %x, %v", idx, sum, err)
	}
}

// TestBomb: 4 MB of gzip that unpack to 4 GiB take little memory, and are left soon after what
// their header declares.
func TestBomb(t *testing.T) {
	zeros := bytes.Repeat(zipped(make([]byte, 4<<20)), 1024)
	for name, c := range map[string]struct {
		dims []uint32
		want string
		left int // bytes of the file that are not read
	}{
		"all declared":    {[]uint32{1 << 12, 1 << 10, 1 << 10}, "so small a gzip file", 1 << 22},
		"little declared": {[]uint32{1, 28, 28}, "4096 bytes or more too many", 1 << 22},
		"far too much":    {[]uint32{1 << 31, 1 << 31}, "so small a gzip file", 1 << 22},
		"some declared":   {[]uint32{8, 1 << 10, 1 << 10}, "4096 bytes or more", 1<<22 - 1<<14},
	} {
		bomb := append(zipped(idxBytes(nil, c.dims...)), zeros...)
		file := bytes.NewReader(bomb)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := decodeIDX(file, file.Size(), anySize)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		allocated, read := after.TotalAlloc-before.TotalAlloc, len(bomb)-file.Len()
		if allocated > 64<<20 || file.Len() < c.left {
			t.Errorf("%s: %d bytes allocated, %d of %d read", name, allocated, read, len(bomb))
		}
	}
}

// TestReadGrowing: what a header declares is not allocated before it has been read, and in the end
// there is no more memory than declared.
func TestReadGrowing(t *testing.T) {
	for _, c := range []struct{ declared, there, allocated int }{{1 << 32, 100, 1 << 20},
		{1 << 32, 5 << 20, 16 << 20}, {5<<20 + 3, 5<<20 + 3, 5<<20 + 3}, {100, 100, 100}} {
		data, err := readGrowing(bytes.NewReader(make([]byte, c.there)), c.declared)
		if len(data) != c.there || cap(data) > c.allocated ||
			(err == nil) != (c.there == c.declared) {
			t.Errorf("%+v: %d bytes in %d, %v", c, len(data), cap(data), err)
		}
	}
}

// FuzzIDX reads the text as it is, and as a gzip file of two members, whose result is the same.
func FuzzIDX(f *testing.F) {
	f.Add(idxBytes([]byte{1, 2, 3, 4}, 1, 2, 2), uint(7))
	f.Add(idxBytes([]byte{1, 2}, 5), uint(0))
	f.Add(idxBytes([]byte{1, 2, 3}, 1), uint(3))
	f.Add(idxBytes(nil, 1<<31, 1<<31), uint(1))
	f.Add(zipped(idxBytes([]byte{1, 2, 3, 4}, 1, 2, 2)), uint(30))
	f.Add(zipped(nil), uint(30))
	zipper, _ := gzip.NewWriterLevel(nil, gzip.HuffmanOnly)
	f.Fuzz(func(t *testing.T, text []byte, cut uint) {
		idx, sum, err := decodeIDX(bytes.NewReader(text), int64(len(text)), anySize)
		size := 1
		for _, d := range idx.dims {
			size *= d
		}
		unpacked := !bytes.HasPrefix(text, []byte{0x1f, 0x8b})
		if err == nil && (size != len(idx.data) || unpacked && size > len(text)) {
			t.Fatalf("dimensions %v, %d bytes of data from %d", idx.dims, len(idx.data), len(text))
		}
		if !unpacked {
			return
		}
		var members bytes.Buffer
		cut %= uint(len(text)) + 1
		for _, member := range [][]byte{text[:cut], text[cut:]} {
			zipper.Reset(&members)
			zipper.Write(member)
			zipper.Close()
		}
		same, sameSum, second := decodeIDX(&members, int64(members.Len()), anySize)
		if (err == nil) != (second == nil) || !slices.Equal(idx.dims, same.dims) ||
			!bytes.Equal(idx.data, same.data) || !bytes.Equal(sum, sameSum) {
			t.Fatalf("%v (%v), zipped %v (%v)", idx.dims, err, same.dims, second)
		}
	})
}

// labelled are the files of a set whose images of 2 x 2 pixels are all of one value, their number.
func labelled(train, test []byte) map[string][]byte {
	files := map[string][]byte{}
	for part, labels := range [][]byte{train, test} {
		if labels == nil {
			continue
		}
		var pixels []byte
		for i := range labels {
			pixels = append(pixels, bytes.Repeat([]byte{byte(i)}, 4)...)
		}
		files[idxNames[part][0]] = idxBytes(pixels, uint32(len(labels)), 2, 2)
		files[idxNames[part][1]] = idxBytes(labels, uint32(len(labels)))
	}
	return files
}

func openLabelled(t *testing.T, train, test []byte) *Set {
	t.Helper()
	folder := t.TempDir()
	writeAll(t, folder, labelled(train, test))
	set, err := IDX(folder)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestIDXLabels(t *testing.T) {
	var letters []byte
	var numbers []string
	var descending []int
	for i := range 26 {
		letters, descending = append(letters, byte(26-i)), append(descending, 25-i)
		numbers = append(numbers, strconv.Itoa(i+1))
	}
	const order = ": classes are numbered in their order"
	const left = " left out: no training image has the label "
	for _, c := range []struct {
		name        string
		train, test []byte
		classes     string
		labels      []int // of the training part
		tests       []int
		notes       []string
	}{
		{"digits", []byte{2, 0, 1, 2}, []byte{1, 0}, "0 1 2", []int{2, 0, 1, 2}, []int{1, 0}, nil},
		{"no test part", []byte{1, 0}, nil, "0 1", []int{1, 0}, nil, nil},
		{"letters", letters, []byte{1, 26}, strings.Join(numbers, " "), descending, []int{0, 25},
			[]string{"the labels are 1 to 26, not from 0" + order}},
		{"one", []byte{3, 3}, []byte{3}, "3", []int{0, 0}, []int{0},
			[]string{"the only label is 3, not 0" + order}},
		{"one 0", []byte{0, 0}, []byte{0}, "0", []int{0, 0}, []int{0}, nil},
		{"gaps", []byte{9, 0, 2}, []byte{2}, "0 2 9", []int{2, 0, 1}, []int{1},
			[]string{"the labels are 3 of those from 0 to 9" + order}},
		{"both", []byte{200, 255}, []byte{255, 200}, "200 255", []int{0, 1}, []int{1, 0},
			[]string{"the labels are 2 of those from 200 to 255" + order}},
		{"strange test", []byte{0, 1}, []byte{7, 1, 2, 0, 7}, "0 1", []int{0, 1}, []int{1, 0},
			[]string{"3 test images are" + left + "2 or 7"}},
		{"one strange", []byte{0, 1}, []byte{7}, "0 1", []int{0, 1}, nil,
			[]string{"1 test image is" + left + "7"}},
		{"many strange", []byte{1, 0}, []byte{2, 3, 4, 5, 6, 7, 8}, "0 1", []int{1, 0}, nil,
			[]string{"7 test images are" + left + "2, 3, 4, 5, 6 or 2 others"}},
		{"six strange", []byte{1, 0}, []byte{2, 3, 4, 5, 6, 7}, "0 1", []int{1, 0}, nil,
			[]string{"6 test images are" + left + "2, 3, 4, 5, 6 or 7"}},
	} {
		set := openLabelled(t, c.train, c.test)
		if got := strings.Join(set.Classes, " "); got != c.classes ||
			!slices.Equal(set.Labels[Train], c.labels) ||
			!slices.Equal(set.Labels[Test], c.tests) {
			t.Errorf("%s: classes %q, labels %v and %v", c.name, got, set.Labels[Train],
				set.Labels[Test])
		}
		if !slices.Equal(set.Notes, c.notes) {
			t.Errorf("%s: notes %q, want %q", c.name, set.Notes, c.notes)
		}
	}
}

// TestIDXLabelsAreTheFiles: the name of an image's class is its label in the file, classes are
// those of the training part in order, and the pixels stay with their labels.
func TestIDXLabelsAreTheFiles(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		span := rapid.SampledFrom([]byte{1, 3, 30, 255}).Draw(r, "span")
		label := rapid.ByteMax(span)
		train := rapid.SliceOfN(label, 1, 40).Draw(r, "train")
		test := rapid.SliceOfN(label, 1, 40).Draw(r, "test")
		set := openLabelled(t, train, test)
		kept := slices.DeleteFunc(slices.Clone(test), func(l byte) bool {
			return !slices.Contains(train, l)
		})
		distinct := slices.Compact(slices.Sorted(slices.Values(train)))
		for class, name := range set.Classes {
			if len(set.Classes) != len(distinct) || name != strconv.Itoa(int(distinct[class])) {
				r.Fatalf("classes %q of %v", set.Classes, distinct)
			}
		}
		for part, want := range [][]byte{train, kept} {
			labels, pixels := set.Labels[part], set.Pixels[part]
			if len(labels) != len(want) || len(pixels) != 4*len(want) {
				r.Fatalf("%d labels and %d bytes of %d images", len(labels), len(pixels), len(want))
			}
			file := [][]byte{train, test}[part]
			for i, class := range labels {
				number := pixels[4*i] // of the image in the file
				if got := set.Classes[class]; got != strconv.Itoa(int(want[i])) ||
					file[number] != want[i] {
					r.Fatalf("image %d, %d in the file, is %q, want %d", i, number, got, want[i])
				}
			}
		}
		fromZero := int(distinct[len(distinct)-1]) == len(distinct)-1
		if fromZero && len(kept) == len(test) != (set.Notes == nil) {
			r.Fatalf("labels %v and %v have the notes %q", train, test, set.Notes)
		}
		if fromZero {
			for i, class := range set.Labels[Train] {
				if class != int(train[i]) {
					r.Fatalf("label %d became %d", train[i], class)
				}
			}
		}
	})
}

// TestIDXShapes: images and labels that do not fit are named with their file and an offset.
func TestIDXShapes(t *testing.T) {
	for want, change := range map[string]map[string][]byte{
		"train-images-idx3-ubyte: offset 8: images of 28 rows and 32 columns are not square: " +
			"crop them to 28 x 28": {idxNames[Train][0]: idxBytes(nil, 2, 28, 32)},
		"train-images-idx3-ubyte: offset 3: 4 dimensions [2 2 2 3], as of colour": {
			idxNames[Train][0]: idxBytes(make([]byte, 24), 2, 2, 2, 3)},
		"train-images-idx3-ubyte: offset 3: images have dimensions [2]": {
			idxNames[Train][0]: idxBytes([]byte{0, 1}, 2)},
		"train-labels-idx1-ubyte: offset 3: labels have dimensions [3], want [2]": {
			idxNames[Train][1]: idxBytes([]byte{0, 1, 2}, 3)},
		"train-labels-idx1-ubyte: offset 3: labels have dimensions [2 2 2], want [2]": {
			idxNames[Train][1]: idxBytes(make([]byte, 8), 2, 2, 2)},
		"t10k-images-idx3-ubyte: offset 8: test images have 3 x 3 pixels, training images 2 x 2": {
			idxNames[Test][0]: idxBytes(make([]byte, 18), 2, 3, 3)},
		"t10k-labels-idx1-ubyte: truncated at offset 9: dimensions [2] want 1 bytes more": {
			idxNames[Test][1]: idxBytes([]byte{0}, 2)},
		"may hold t10k-images-idx3-ubyte with t10k-labels-idx1-ubyte": {idxNames[Test][1]: nil},
	} {
		files := labelled([]byte{0, 1}, []byte{1, 0})
		for name, text := range change {
			if files[name] = text; text == nil {
				delete(files, name)
			}
		}
		folder := t.TempDir()
		writeAll(t, folder, files)
		if _, err := IDX(folder); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	folder := t.TempDir()
	writeAll(t, folder, labelled([]byte{0, 1}, []byte{1, 0}))
	if err := os.Mkdir(filepath.Join(folder, idxNames[Test][1]+".gz"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := IDX(folder); err == nil ||
		!strings.Contains(err.Error(), "t10k-labels-idx1-ubyte.gz is not a regular file") {
		t.Errorf("a folder as file gives %v", err)
	}
}
