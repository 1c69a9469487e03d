package dataset

import (
	"bytes"
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
	set := &motifSet{cache: path, watch: func(string, int, int) {}}
	a, err := set.Load(t.Context(), Train, []int{0, 1, 300, 11999})
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
	for _, again := range []*motifSet{set, {watch: set.watch}} {
		b, err := again.Load(t.Context(), Train, []int{0, 1, 300, 11999})
		if err != nil || a.Checksum() != b.Checksum() {
			t.Errorf("other pictures the second time (%v)", err)
		}
	}
	if whole, err := os.ReadFile(path); err != nil || whole[motifRecord+5000] == spoilt[motifRecord+
		5000] {
		t.Errorf("the damaged record is still there (%v)", err)
	}
	test, err := set.Load(t.Context(), Test, []int{0})
	if err != nil || bytes.Equal(test.Pixels, a.image(0)) {
		t.Errorf("the first test picture is the first training picture (%v)", err)
	}
	if _, err := set.Load(t.Context(), Test, []int{4000}); err == nil {
		t.Error("test picture 4000 of 4000 is given")
	}
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

func TestImageFolder(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	folder := t.TempDir()
	files := map[string][]byte{"train/note.txt": []byte("x"), "train/cat/b.PNG": encoded(t, 9, 6,
		true), "train/cat/a.jpg": encoded(t, 8, 8, false),
		"train/dog/c.png": encoded(t, 7, 12, false), "test/dog/d.png": encoded(t, 6, 6, false)}
	writeAll(t, folder, files)
	src, err := Open(t.Context(), Spec{Name: "image-folder", Path: folder}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if info := src.Info(); info.Native != 6 || info.Channels != 3 || !slices.Equal(info.Classes,
		[]string{"cat", "dog"}) || info.Train != 3 || info.Test != 1 {
		t.Errorf("%+v", info)
	}
	im, err := src.Load(t.Context(), Train, []int{0, 1, 2})
	if err != nil || !slices.Equal(im.Labels, []int32{0, 0, 1}) || im.Size != 6 {
		t.Fatalf("%v, labels %v", err, im.Labels)
	}
	writeAll(t, folder, map[string][]byte{"train/dog/e.jpg": encoded(t, 30, 30, false)[:400]})
	if src, err = Open(t.Context(), Spec{Name: "image-folder", Path: folder}, nil); err != nil {
		t.Fatal(err)
	}
	err = src.(*Photographs).Unreadable(Train)
	if err == nil || !strings.Contains(err.Error(), "train/dog/e.jpg: ") {
		t.Errorf("a torn image gives %v", err)
	}
}

// TestImageFolderClasses: hidden folders are no classes, an empty class is a mistake, and a file
// that is torn in its header is named with the offset.
func TestImageFolderClasses(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	folder := t.TempDir()
	writeAll(t, folder, map[string][]byte{"cat/a.png": encoded(t, 9, 6, true),
		"dog/b.png": encoded(t, 6, 6, true), ".cache/c.png": encoded(t, 2, 2, true)})
	spec := Spec{Name: "image-folder", Path: folder}
	src, err := Open(t.Context(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	if info := src.Info(); !slices.Equal(info.Classes, []string{"cat", "dog"}) ||
		info.Native != 6 || info.Channels != 1 {
		t.Errorf("%+v", info)
	}
	writeAll(t, folder, map[string][]byte{"empty/note.txt": []byte("x")})
	if _, err := Open(t.Context(), spec, nil); err == nil || !strings.Contains(err.Error(),
		`no image is in "empty": remove the folder`) {
		t.Errorf("an empty class gives %v", err)
	}
	writeAll(t, folder, map[string][]byte{"empty/d.jpg": encoded(t, 30, 30, false)[:20]})
	if src, err = Open(t.Context(), spec, nil); err != nil {
		t.Fatal(err)
	}
	if err := src.(*Photographs).Unreadable(Train); err == nil ||
		!strings.Contains(err.Error(), "empty/d.jpg: ") || !strings.Contains(err.Error(), "20") {
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
	const want = "100000 x 100000 pixels are none, or more than the 134217728 of the " +
		"largest image that is read"
	if _, err := ReadFile(filepath.Join(folder, "cat/a.png"), 3, ""); err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Open(t.Context(), Spec{Name: "image-folder", Path: folder}, nil); err == nil ||
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
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // with no data set in it
	t.Setenv("HOME", t.TempDir())
	t.Setenv("LocalAppData", t.TempDir())
	part := t.TempDir()
	writeAll(t, part, map[string][]byte{"train-images-idx3-ubyte": idxBytes(make([]byte, 4), 1, 2, 2)})
	if _, err := Open(t.Context(), Spec{Name: "fashion-mnist", Path: part}, nil); err == nil ||
		!strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("another set in the place of fashion-mnist gives %v", err)
	}
	for want, spec := range map[string]Spec{
		`did you mean "motifs"`:      {Name: "motif"},
		"apt-get install":            {Name: "fashion-mnist", Path: "/nowhere"},
		"fashion-mnist --fetch --pa": {Name: "fashion-mnist", Path: "/nowhere"},
		"set [data] path":            {Name: "cifar-10"},
		"dataset cifar-10 --fetch\n": {Name: "cifar-10"},
		"published binary version":   {Name: "cifar-100", Path: t.TempDir()},
		"plain or as .gz":            {Name: "idx", Path: t.TempDir()},
		"holds no image: expected":   {Name: "image-folder", Path: t.TempDir()},
	} {
		if _, err := Open(t.Context(), spec, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v gives %v, want %q", spec, err, want)
		}
	}
	if _, err := Open(t.Context(), Spec{Name: "image-folder", Path: "/nowhere"}, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder gives %v", err)
	}
}

func TestContactSheet(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	sheet, err := ContactSheet(t.Context(), &motifSet{watch: func(string, int, int) {}}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if size := sheet.Bounds().Size(); size != image.Pt(3*74+2, 16*74+2) {
		t.Errorf("the sheet is %v", size)
	}
	folder := t.TempDir()
	writeAll(t, folder, map[string][]byte{"cat/a.png": encoded(t, 6, 6, true),
		"dog/b.png": encoded(t, 6, 6, true), "dog/c.png": encoded(t, 6, 6, true)})
	src, err := Open(t.Context(), Spec{Name: "image-folder", Path: folder}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if sheet, err = ContactSheet(t.Context(), src, 1<<40); err != nil {
		t.Fatal(err)
	}
	if size := sheet.Bounds().Size(); size != image.Pt(2*8+2, 2*8+2) {
		t.Errorf("the sheet of 3 images is %v", size)
	}
}

// TestNoValidationPart: sets that are published in two parts have no images in a third, and a study
// that asks for it is refused.
func TestNoValidationPart(t *testing.T) {
	folder := t.TempDir()
	writeAll(t, folder, map[string][]byte{
		"train-images-idx3-ubyte": idxBytes(make([]byte, 8), 2, 2, 2),
		"train-labels-idx1-ubyte": idxBytes([]byte{0, 1}, 2)})
	for _, spec := range []Spec{{Name: "motifs"}, {Name: "idx", Path: folder}} {
		source, err := Open(t.Context(), spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(source.Labels(Validation)); n != 0 {
			t.Errorf("%s has %d validation images", spec.Name, n)
		}
		if _, _, _, err := Choose(source, 0, 0, 1); err == nil ||
			!strings.Contains(err.Error(), "there is no validation part") {
			t.Errorf("%s: %v", spec.Name, err)
		}
	}
}
