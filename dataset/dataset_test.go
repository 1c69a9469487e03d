package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/internal/random"
)

// noisy are images with random pixels, of as many classes as labels say.
func noisy(n, size, channels, classes int) *Images {
	im := NewImages(n, size, channels)
	s := random.New(1, "noisy")
	for i := range im.Pixels {
		im.Pixels[i] = uint8(s.IntN(256))
	}
	for i := range im.Labels {
		im.Labels[i] = int32(i % classes)
	}
	return im
}

// TestResizeIsTheAreaMean compares with the mean over the covered area, summed directly in float64.
func TestResizeIsTheAreaMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 30).Draw(t, "size")
		to := rapid.IntRange(1, size).Draw(t, "to")
		im := noisy(2, size, rapid.IntRange(1, 3).Draw(t, "channels"), 1)
		small, err := im.Resize(to)
		if err != nil {
			t.Fatal(err)
		}
		ratio := float64(size) / float64(to)
		overlap := func(pixel, cell int) float64 {
			return max(0, min(float64(pixel+1), float64(cell+1)*ratio)-max(float64(pixel),
				float64(cell)*ratio))
		}
		for place := range small.Pixels {
			c, x, y, n := place%im.Channels, place/im.Channels%to, place/im.Channels/to%to,
				place/small.Bytes()
			var want float64
			for iy := range size {
				for ix := range size {
					want += overlap(iy, y) * overlap(ix, x) * float64(im.image(n)[(iy*size+ix)*im.Channels+c])
				}
			}
			want /= ratio * ratio
			if got := float64(small.Pixels[place]); math.Abs(got-want) > .5+1e-6 {
				t.Fatalf("%d to %d: pixel %d is %v, want %.3f", size, to, place, got, want)
			}
		}
	})
	if _, err := noisy(1, 8, 1, 1).Resize(9); err == nil || !strings.Contains(err.Error(),
		"never enlarged") {
		t.Errorf("enlarging gave %v", err)
	}
}

func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, classes := rapid.IntRange(20, 300).Draw(t, "n"), rapid.IntRange(1, 7).Draw(t, "classes")
		labels := make([]int, n)
		for i := range labels {
			labels[i] = rapid.IntRange(0, classes-1).Draw(t, "label")
		}
		fraction := rapid.Float64Range(.1, .5).Draw(t, "fraction")
		train, validation, err := Split(labels, fraction, 0, 7)
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Sorted(slices.Values(append(slices.Clone(train), validation...)))
		for i, v := range all {
			if len(all) != n || v != i {
				t.Fatal("the parts are not a partition")
			}
		}
		share := float64(len(validation)) / float64(n)
		for class := range classes {
			total, got := count(labels, class, nil), count(labels, class, validation)
			if want := share * float64(total); math.Abs(float64(got)-want) > 1.5 {
				t.Fatalf("class %d has %d of %d images in validation, want %.1f", class, got, total, want)
			}
		}
		fewer, same, err := Split(labels, fraction, 5, 7)
		if err != nil || !slices.Equal(same, validation) || len(fewer) != 5 {
			t.Fatalf("5 examples: %d, %v, the validation images may not change", len(fewer), err)
		}
		for _, i := range fewer {
			if !slices.Contains(train, i) {
				t.Fatal("fewer examples are no subset")
			}
		}
	})
	a, _, _ := Split(make([]int, 100), .5, 0, 1)
	b, _, _ := Split(make([]int, 100), .5, 0, 2)
	if slices.Equal(a, b) {
		t.Error("two seeds give one split")
	}
	for _, fraction := range []float64{0, 1, -1, math.NaN()} {
		if _, _, err := Split(make([]int, 10), fraction, 0, 1); err == nil {
			t.Errorf("fraction %v is accepted", fraction)
		}
	}
	if _, _, err := Split(make([]int, 10), .5, 6, 1); err == nil {
		t.Error("6 of 5 training images are accepted")
	}
}

// count counts the images of a class among indices, or among all.
func count(labels []int, class int, indices []int) int {
	n := 0
	if indices == nil {
		for _, l := range labels {
			if l == class {
				n++
			}
		}
		return n
	}
	for _, i := range indices {
		if labels[i] == class {
			n++
		}
	}
	return n
}

func TestMotifs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "cache")
	set := &motifSet{path}
	a, err := set.Load(Train, []int{0, 1, 300, 11999})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Labels, []int32{0, 1, 12, 15}) || a.Size != 72 {
		t.Errorf("labels %v", a.Labels)
	}
	// Torn and damaged records are drawn again.
	spoilt, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	spoilt[motifRecord+5000] ^= 1
	if err := os.WriteFile(path, spoilt[:len(spoilt)-1000], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, again := range []*motifSet{set, {}} {
		b, err := again.Load(Train, []int{0, 1, 300, 11999})
		if err != nil || a.Checksum() != b.Checksum() {
			t.Errorf("other pictures the second time (%v)", err)
		}
	}
	if whole, err := os.ReadFile(path); err != nil || whole[motifRecord+5000] == spoilt[motifRecord+
		5000] {
		t.Errorf("the damaged record is still there (%v)", err)
	}
	test, err := set.Load(Test, []int{0})
	if err != nil || bytes.Equal(test.Pixels, a.image(0)) {
		t.Errorf("the first test picture is the first training picture (%v)", err)
	}
	if _, err := set.Load(Test, []int{4000}); err == nil {
		t.Error("test picture 4000 of 4000 is given")
	}
}

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

func writeAll(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIDX(t *testing.T) {
	folder := t.TempDir()
	pixels := noisy(3, 4, 1, 1).Pixels
	writeAll(t, folder, map[string][]byte{
		"train-images-idx3-ubyte.gz": zipped(idxBytes(pixels, 3, 4, 4)),
		"train-labels-idx1-ubyte":    idxBytes([]byte{2, 0, 1}, 3),
		"t10k-images-idx3-ubyte":     idxBytes(pixels[:16], 1, 4, 4),
		"t10k-labels-idx1-ubyte.gz":  zipped(idxBytes([]byte{1}, 1)),
	})
	src, err := Open(Spec{Name: "idx", Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	im, err := src.Load(Train, []int{2, 0})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(im.image(0), pixels[32:48]) || !slices.Equal(im.Labels, []int32{1, 2}) {
		t.Error("not the images of the file")
	}
	if info := src.Info(); info.Native != 4 || info.Train != 3 || info.Test != 1 ||
		len(info.Classes) != 3 {
		t.Errorf("%+v", info)
	}
	_, err = Open(Spec{Name: "fashion-mnist", Path: folder})
	if err == nil || !strings.Contains(err.Error(), "not the published file") {
		t.Errorf("other files pass for Fashion-MNIST: %v", err)
	}
}

func TestBadIDX(t *testing.T) {
	for want, text := range map[string][]byte{
		"ends at offset 2, inside the first 4 bytes":     {0, 0},
		"offset 0 has 00 00 0d 01":                       {0, 0, 13, 1, 0, 0, 0, 1},
		"truncated at offset 6, inside the dimensions":   {0, 0, 8, 1, 0, 0},
		"truncated at offset 10":                         idxBytes([]byte{1, 2}, 5),
		"2 bytes too many after offset 9":                idxBytes([]byte{1, 2, 3}, 1),
		"offset 12: dimensions [65536 65536 65536] make": idxBytes(nil, 65536, 65536, 65536),
	} {
		_, _, err := parseIDX(bytes.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "x.gz")
	whole := zipped(idxBytes(bytes.Repeat([]byte{7, 1, 9}, 1000), 3000))
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readIDX(path); err == nil || !strings.Contains(err.Error(), path) ||
		!strings.Contains(err.Error(), "offset") {
		t.Errorf("a torn gzip file gives %v", err)
	}
}

func FuzzIDX(f *testing.F) {
	f.Add(idxBytes([]byte{1, 2, 3, 4}, 1, 2, 2))
	f.Add(idxBytes([]byte{1, 2}, 5))
	f.Add(idxBytes(nil, 1<<31, 1<<31))
	f.Fuzz(func(t *testing.T, text []byte) {
		idx, _, err := parseIDX(bytes.NewReader(text))
		if err != nil {
			return
		}
		size := 1
		for _, d := range idx.dims {
			size *= d
		}
		if size != len(idx.data) || size > len(text) {
			t.Fatalf("dimensions %v, %d bytes of data from %d", idx.dims, len(idx.data), len(text))
		}
	})
}

func TestFashionMNIST(t *testing.T) {
	src, err := Open(Spec{Name: "fashion-mnist"})
	if err != nil {
		if !strings.Contains(err.Error(), "apt-get install") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	im, err := src.Load(Train, []int{0, 59999})
	if err != nil {
		t.Fatal(err)
	}
	if info := src.Info(); info.Train != 60000 || info.Test != 10000 || info.Native != 28 ||
		info.Classes[im.Labels[0]] != "ankle boot" {
		t.Errorf("%+v, first label %d", info, im.Labels[0])
	}
}

// cifarRecord makes a record whose planes are constant.
func cifarRecord(f cifarFormat, class, r, g, b byte) []byte {
	record := make([]byte, f.labelBytes)
	record[f.labelBytes-1] = class
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
			files[name] = append(cifarRecord(f, byte(i), 10, 20, 30), cifarRecord(f, 9, 40, 50, 60)...)
		}
		writeAll(t, folder, files)
		src, err := Open(Spec{Name: f.name, Path: folder})
		if err != nil {
			t.Fatal(err)
		}
		im, err := src.Load(Train, []int{1, 0})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(im.Pixels[:3], []byte{40, 50, 60}) || im.Labels[0] != 9 ||
			im.Labels[1] != 0 || len(src.Labels(Test)) != 1 {
			t.Errorf("%s: pixels %v, labels %v", f.name, im.Pixels[:3], im.Labels)
		}
		if err := os.Truncate(filepath.Join(folder, f.files[Test][0]), 3000); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Spec{Name: f.name, Path: folder}); err == nil ||
			!strings.Contains(err.Error(), "offset 0 has 3000 bytes") ||
			!strings.Contains(err.Error(), f.files[Test][0]) {
			t.Errorf("a torn file gives %v", err)
		}
	}
	if _, _, err := cifar10.parse(cifarRecord(cifar10, 10, 0, 0, 0)); err == nil ||
		!strings.Contains(err.Error(), "offset 0: class 10") {
		t.Errorf("class 10 of 10 gives %v", err)
	}
}

func FuzzCIFAR(f *testing.F) {
	f.Add(cifarRecord(cifar10, 3, 1, 2, 3))
	f.Add([]byte{1, 2})
	f.Fuzz(func(t *testing.T, text []byte) {
		pixels, labels, err := cifar10.parse(text)
		if err == nil && (len(pixels) != len(labels)*cifarPixels ||
			len(labels)*(cifarPixels+1) != len(text)) {
			t.Fatalf("%d labels and %d bytes of pixels from %d", len(labels), len(pixels), len(text))
		}
	})
}

func TestImageFolder(t *testing.T) {
	folder := t.TempDir()
	files := map[string][]byte{"train/note.txt": []byte("x"), "train/cat/b.PNG": encoded(t, 9, 6,
		true), "train/cat/a.jpg": encoded(t, 8, 8, false),
		"train/dog/c.png": encoded(t, 7, 12, false), "test/dog/d.png": encoded(t, 6, 6, false)}
	writeAll(t, folder, files)
	src, err := Open(Spec{Name: "image-folder", Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	if info := src.Info(); info.Native != 6 || info.Channels != 3 || !slices.Equal(info.Classes,
		[]string{"cat", "dog"}) || info.Train != 3 || info.Test != 1 {
		t.Errorf("%+v", info)
	}
	im, err := src.Load(Train, []int{0, 1, 2})
	if err != nil || !slices.Equal(im.Labels, []int32{0, 0, 1}) || im.Size != 6 {
		t.Fatalf("%v, labels %v", err, im.Labels)
	}
	writeAll(t, folder, map[string][]byte{"train/dog/e.jpg": encoded(t, 30, 30, false)[:400]})
	if src, err = Open(Spec{Name: "image-folder", Path: folder}); err == nil {
		_, err = src.Load(Train, []int{3})
	}
	if err == nil || !strings.Contains(err.Error(), filepath.Join("train", "dog", "e.jpg")) {
		t.Errorf("a torn image gives %v", err)
	}
}

// TestImageFolderClasses: hidden folders are no classes, an empty class is a mistake, and a file
// that is torn in its header is named with the offset.
func TestImageFolderClasses(t *testing.T) {
	folder := t.TempDir()
	writeAll(t, folder, map[string][]byte{"cat/a.png": encoded(t, 9, 6, true),
		"dog/b.png": encoded(t, 6, 6, true), ".cache/c.png": encoded(t, 2, 2, true)})
	spec := Spec{Name: "image-folder", Path: folder}
	src, err := Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	if info := src.Info(); !slices.Equal(info.Classes, []string{"cat", "dog"}) ||
		info.Native != 6 || info.Channels != 1 {
		t.Errorf("%+v", info)
	}
	writeAll(t, folder, map[string][]byte{"empty/note.txt": []byte("x")})
	if _, err := Open(spec); err == nil || !strings.Contains(err.Error(),
		filepath.Join(folder, "empty")+" holds no JPEG or PNG image") {
		t.Errorf("an empty class gives %v", err)
	}
	writeAll(t, folder, map[string][]byte{"empty/d.jpg": encoded(t, 30, 30, false)[:20]})
	if _, err := Open(spec); err == nil || !strings.Contains(err.Error(),
		"d.jpg: not a readable image, at or before offset 20") {
		t.Errorf("a torn header gives %v", err)
	}
}

// TestHugeImage: a header of a few bytes cannot ask for more memory than an image may have.
func TestHugeImage(t *testing.T) {
	text := encoded(t, 9, 6, true)
	header := text[12:29] // "IHDR", width, height, ...; its checksum follows
	binary.BigEndian.PutUint32(header[4:], 100_000)
	binary.BigEndian.PutUint32(header[8:], 100_000)
	binary.BigEndian.PutUint32(text[29:], crc32.ChecksumIEEE(header))
	folder := t.TempDir()
	writeAll(t, folder, map[string][]byte{"cat/a.png": text})
	const want = "a.png: 100000 x 100000 pixels are none, or more than the 134217728 of the " +
		"largest image that is read"
	if _, err := ReadFile(filepath.Join(folder, "cat/a.png"), 3); err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Open(Spec{Name: "image-folder", Path: folder}); err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// encoded makes a picture, as PNG where it is grey or not square, as JPEG otherwise.
func encoded(t *testing.T, width, height int, grey bool) []byte {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range im.Pix {
		im.Pix[i] = uint8(i * 7)
	}
	var b bytes.Buffer
	encode := func(w io.Writer) error { return png.Encode(w, im) }
	if grey {
		g := image.NewGray(im.Bounds())
		g.Set(0, 0, color.White)
		encode = func(w io.Writer) error { return png.Encode(w, g) }
	} else if width == height && width != 6 {
		encode = func(w io.Writer) error { return jpeg.Encode(w, im, nil) }
	}
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOpenErrors(t *testing.T) {
	part := t.TempDir()
	writeAll(t, part, map[string][]byte{"train-images-idx3-ubyte": idxBytes(make([]byte, 4), 1, 2, 2)})
	if _, err := Open(Spec{Name: "fashion-mnist", Path: part}); err == nil ||
		!strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("another set in the place of fashion-mnist gives %v", err)
	}
	for want, spec := range map[string]Spec{
		`did you mean "motifs"`:      {Name: "motif"},
		"apt-get install":            {Name: "fashion-mnist", Path: "/nowhere"},
		"set [data] path":            {Name: "cifar-10"},
		"published binary version":   {Name: "cifar-100", Path: t.TempDir()},
		"plain or as .gz":            {Name: "idx", Path: t.TempDir()},
		"holds no folders with JPEG": {Name: "image-folder", Path: t.TempDir()},
	} {
		if _, err := Open(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v gives %v, want %q", spec, err, want)
		}
	}
	if _, err := Open(Spec{Name: "image-folder", Path: "/nowhere"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder gives %v", err)
	}
}

func TestContactSheet(t *testing.T) {
	sheet, err := ContactSheet(&motifSet{}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if size := sheet.Bounds().Size(); size != image.Pt(3*74+2, 16*74+2) {
		t.Errorf("the sheet is %v", size)
	}
	folder := t.TempDir()
	writeAll(t, folder, map[string][]byte{"cat/a.png": encoded(t, 6, 6, true),
		"dog/b.png": encoded(t, 6, 6, true), "dog/c.png": encoded(t, 6, 6, true)})
	src, err := Open(Spec{Name: "image-folder", Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	if sheet, err = ContactSheet(src, 1<<40); err != nil {
		t.Fatal(err)
	}
	if size := sheet.Bounds().Size(); size != image.Pt(2*8+2, 2*8+2) {
		t.Errorf("the sheet of 3 images is %v", size)
	}
}
