package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/internal/safetensors"
)

var long = flag.Bool("long", false, "open a pack of 100,000 images in BenchmarkOpen, not 1,000")

// numbered is a pack of images whose bytes follow from their numbers, in the three channels that
// its ID determines.
func numbered(id string, n, pixels, channels int) (Config, [][]uint8) {
	c := Config{ID: id, N: n, Pixels: pixels, Channels: channels, Filter: "area-1",
		Classes: []string{"a cat", "<dog>"}, Labels: make([]int32, n)}
	images, random := make([][]uint8, n), rand.New(rand.NewPCG(1, uint64(n)))
	for i := range images {
		c.Labels[i] = int32(i % 2)
		images[i] = make([]uint8, c.imageSize())
		for k := range images[i] {
			images[i][k] = uint8(random.Uint32())
		}
	}
	return c, images
}

// fill puts all images and commits.
func fill(w *Writer, images [][]uint8) (*Pack, error) {
	defer w.Abort()
	for i, image := range images {
		if err := w.Put(i, image); err != nil {
			return nil, err
		}
	}
	return w.Commit()
}

// write makes the file of a pack.
func write(t testing.TB, dir string, c Config, images [][]uint8) (path string) {
	t.Helper()
	w, err := Create(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	p, err := fill(w, images)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return p.Path
}

// names lists a folder.
func names(t testing.TB, dir string) (list []string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		list = append(list, f.Name())
	}
	return list
}

// compare compares a pack with what was put.
func compare(p *Pack, c Config, images [][]uint8) error {
	got := p.Config
	if !slices.Equal(got.Labels, c.Labels) || !slices.Equal(got.Classes, c.Classes) {
		return fmt.Errorf("labels %v of %q, want %v of %q", got.Labels, got.Classes, c.Labels,
			c.Classes)
	}
	got.Labels, got.Classes, c.Labels, c.Classes = nil, nil, nil, nil
	if !reflect.DeepEqual(got, c) {
		return fmt.Errorf("%+v, want %+v", got, c)
	}
	for i, image := range images {
		read, err := p.Image(i)
		if err != nil || !bytes.Equal(read, image) {
			return fmt.Errorf("image %d is %v (%v), want %v", i, read, err, image)
		}
		moments := make([]uint64, 2*c.Channels)
		for k, v := range image {
			moments[2*(k%c.Channels)] += uint64(v)
			moments[2*(k%c.Channels)+1] += uint64(v) * uint64(v)
		}
		if p.Digests[i] != sha256.Sum256(image) || !slices.Equal(p.Moments(i), moments) {
			return fmt.Errorf("image %d has the moments %v, want %v", i, p.Moments(i), moments)
		}
	}
	return nil
}

// TestRoundTrip: what is put is read, from the file and from memory, and neither the order of
// writing nor how often it is written changes a byte of the file.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		c := Config{ID: rapid.StringMatching(`[0-9a-f]{1,8}`).Draw(t, "id"),
			N: rapid.IntRange(0, 5).Draw(t, "n"), Pixels: rapid.IntRange(1, 4).Draw(t, "pixels"),
			Channels: rapid.IntRange(1, 4).Draw(t, "channels"),
			Classes:  rapid.SliceOfN(rapid.String(), 1, 4).Draw(t, "classes"),
			Filter:   rapid.String().Draw(t, "filter")}
		c.Labels = rapid.SliceOfN(rapid.Int32Range(0, int32(len(c.Classes)-1)), c.N,
			c.N).Draw(t, "labels")
		images := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), c.imageSize(), c.imageSize()), c.N,
			c.N).Draw(t, "images")
		var order []int
		for i := range images {
			order = append(order, i)
		}
		order = rapid.Permutation(order).Draw(t, "order")
		file, err := Create(dir, c)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Abort()
		for _, w := range []*Writer{file, InMemory(c)} {
			for _, i := range order {
				if err := w.Put(i, images[i]); err != nil {
					t.Fatal(err)
				}
			}
			p, err := w.Commit()
			if err == nil {
				err = compare(p, c, images)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(p.Close(), p.Close()); err != nil {
				t.Fatal(err)
			}
		}
		p, err := Open(dir, c.ID)
		if err == nil {
			err = compare(p, c, images)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		text, _ := os.ReadFile(p.Path)
		again, err := Create(dir, c)
		if err == nil {
			_, err = fill(again, images)
		}
		if second, _ := os.ReadFile(p.Path); err != nil || !bytes.Equal(text, second) {
			t.Fatalf("written in order (%v) it is\n%q, was\n%q", err, second, text)
		}
	})
}

// TestFormat: any reader of safetensors finds the tensors that the package's documentation names.
func TestFormat(t *testing.T) {
	c, images := numbered("0c", 3, 2, 3)
	text, err := os.ReadFile(write(t, t.TempDir(), c, images))
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, tensor := range file.Tensors {
		got = append(got, fmt.Sprint(tensor.Name, tensor.Type, tensor.Shape))
	}
	if want := []string{"momentsU64[3 3 2]", "labelsI32[3]", "digestsU8[3 32]",
		"imagesU8[3 2 2 3]"}; !slices.Equal(got, want) {
		t.Errorf("the tensors are %v, want %v", got, want)
	}
	images0, _ := file.Tensor("images")
	sum := file.Metadata["index"]
	delete(file.Metadata, "index")
	if want := map[string]string{"version": "1", "id": "0c", "filter": "area-1", "channels": "3",
		"classes": `["a cat","\u003cdog\u003e"]`}; !reflect.DeepEqual(file.Metadata, want) {
		t.Errorf("the metadata are %v, want %v", file.Metadata, want)
	}
	if !bytes.Equal(images0.Data, slices.Concat(images...)) || len(text)%4 != 0 {
		t.Errorf("the images are %v", images0.Data)
	}
	before := bytes.Replace(text[:len(text)-len(images0.Data)], []byte(sum),
		bytes.Repeat([]byte("0"), 64), 1)
	if got := fmt.Sprintf("%x", sha256.Sum256(before)); got != sum {
		t.Errorf("the index is %s, the sum %s", sum, got)
	}
	if length := binary.LittleEndian.Uint64(text); length%8 != 0 {
		t.Errorf("the header has %d bytes", length)
	}
}

// TestEveryBit: every bit that flips is found, at opening or, if it is a pixel's, in its image.
func TestEveryBit(t *testing.T) {
	dir := t.TempDir()
	c, images := numbered("0b", 3, 2, 1)
	path := write(t, dir, c, images)
	text, file := changing(t, path)
	pixels := len(text) - c.N*c.imageSize()
	for bit := range 8 * len(text) {
		at := bit / 8
		setByte(t, file, at, text[at]^1<<(bit%8))
		p, err := Open(dir, c.ID)
		var damaged *Damaged
		if at < pixels {
			if !errors.As(err, &damaged) || damaged.Path != path {
				t.Errorf("bit %d of byte %d, before the images at %d: %v", bit%8, at, pixels, err)
			}
			setByte(t, file, at, text[at])
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for read := range 2 * c.N { // again, when the others have been checked
			i := read % c.N
			want := images[i]
			image, err := p.Image(i)
			if hit := i == (at-pixels)/c.imageSize(); hit != errors.As(err, &damaged) ||
				!hit && !bytes.Equal(image, want) {
				t.Errorf("bit %d of byte %d, image %d: %v (%v)", bit%8, at, i, image, err)
			}
		}
		p.Close()
		setByte(t, file, at, text[at])
	}
	p, err := Open(dir, c.ID)
	if err == nil {
		err = compare(p, c, images)
	}
	if err != nil {
		t.Error("after all: ", err)
	}
}

// changing opens a file, to be changed in its place, and reads it.
func changing(t *testing.T, path string) (text []byte, file *os.File) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		file, err = os.OpenFile(path, os.O_RDWR, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return text, file
}

func setByte(t *testing.T, file *os.File, at int, v byte) {
	t.Helper()
	if _, err := file.WriteAt([]byte{v}, int64(at)); err != nil {
		t.Fatal(err)
	}
}

// TestEveryLength: a file that is cut anywhere, or longer, is found.
func TestEveryLength(t *testing.T) {
	dir := t.TempDir()
	c, images := numbered("0b", 3, 2, 1)
	text, file := changing(t, write(t, dir, c, images))
	whole := len(text)
	for n := whole + 1; n >= 0; n-- {
		if n == whole {
			continue
		}
		if n > whole {
			setByte(t, file, whole, 0)
		} else if err := file.Truncate(int64(n)); err != nil {
			t.Fatal(err)
		}
		var damaged *Damaged
		if _, err := Open(dir, c.ID); !errors.As(err, &damaged) {
			t.Errorf("%d bytes of %d: %v", n, whole, err)
		}
	}
	write(t, dir, c, images)
	p, err := Open(dir, c.ID)
	if err != nil {
		t.Fatal("written anew in the place of a damaged file: ", err)
	}
	defer p.Close()
	if err := compare(p, c, images); err != nil {
		t.Error(err)
	}
}

// TestChangedWhileOpen: what changes after opening is found at the first reading, or is not looked
// at; images that are not concerned stay readable.
func TestChangedWhileOpen(t *testing.T) {
	dir := t.TempDir()
	c, images := numbered("0d", 64, 16, 3)
	path := write(t, dir, c, images)
	p, err := Open(dir, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	text, file := changing(t, path)
	start := int64(len(text) - c.N*c.imageSize())
	zeros := make([]byte, c.indexSize())
	for _, at := range []int64{start - int64(c.indexSize()), start - 40} {
		if _, err := file.WriteAt(zeros[:start-at], at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := file.WriteAt(zeros[:1], start+int64(3*c.imageSize())+5); err != nil {
		t.Fatal(err)
	}
	var damaged *Damaged
	if _, err := p.Image(3); !errors.As(err, &damaged) || !strings.Contains(err.Error(), path) ||
		!strings.Contains(err.Error(), "image 3 of 64: its pixels do not match") {
		t.Errorf("a pixel that has changed: %v", err)
	}
	if err := file.Truncate(start + int64(10*c.imageSize())); err != nil {
		t.Skip("mapped files cannot be cut short here: ", err)
	}
	for i, want := range images {
		image, err := p.Image(i)
		if lost := i == 3 || i >= 10; lost != errors.As(err, &damaged) ||
			!lost && !bytes.Equal(image, want) {
			t.Errorf("image %d of a file with 10: %v", i, err)
		}
	}
	if !slices.Equal(p.Labels, c.Labels) || p.Digests[5] != sha256.Sum256(images[5]) {
		t.Error("labels or digests have changed with the file")
	}
}

// TestOpenNames: what is not there, what has another's name and what is none.
func TestOpenNames(t *testing.T) {
	dir := t.TempDir()
	c, images := numbered("ab", 1, 1, 1)
	path := write(t, dir, c, images)
	for _, d := range []string{dir, filepath.Join(dir, "none"), ""} {
		if _, err := Open(d, "cd"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no pack in %q: %v", d, err)
		}
	}
	if err := os.Rename(path, filepath.Join(dir, "cd"+packEnd)); err != nil {
		t.Fatal(err)
	}
	var damaged *Damaged
	if _, err := Open(dir, "cd"); !errors.As(err, &damaged) ||
		!strings.Contains(err.Error(), `it is pack "ab" under another's name`) {
		t.Errorf("another's name: %v", err)
	}
	for _, id := range []string{"", "AB", "../ab", "ab.x", strings.Repeat("a", longestName+1)} {
		if _, err := Open(dir, id); err == nil || !strings.Contains(err.Error(),
			"is no name of a pack") {
			t.Errorf("%q: %v", id, err)
		}
	}
	other := func(change func(*safetensors.File)) error {
		_, err := decode(seal(changed(t, dir, change)), "cd")
		return err
	}
	for want, change := range map[string]func(*safetensors.File){
		`it has version "2" of the format`: func(f *safetensors.File) {
			f.Metadata["version"] = "2"
		},
		"its images have the shape [1 1]": func(f *safetensors.File) {
			f.Tensors[3].Shape = f.Tensors[3].Shape[:2]
		},
		`has no tensor "images"`: func(f *safetensors.File) { f.Tensors[3].Name = "image" },
		"its header, labels, digests or moments do not": func(f *safetensors.File) {
			f.Metadata["id"], f.Metadata["x"] = "cd", ""
		},
		"there are no 1099511627776 images of 0 pixels": func(f *safetensors.File) {
			f.Tensors[3].Shape, f.Tensors[3].Data = []int{1 << 40, 0, 0, 1 << 40}, nil
		},
		"image 0 is of class 2": func(f *safetensors.File) {
			f.Metadata["id"], f.Tensors[1].Data[0] = "cd", 2
		},
		"invalid character": func(f *safetensors.File) { f.Metadata["classes"] = "x" },
	} {
		if err := other(change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// changed is the text of pack cd with something changed.
func changed(t *testing.T, dir string, change func(*safetensors.File)) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "cd"+packEnd))
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	change(file)
	if text, err = file.Encode(); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestRefusals: what cannot be packed, and images that are not there.
func TestRefusals(t *testing.T) {
	good, images := numbered("ab", 2, 2, 1)
	for want, change := range map[string]func(*Config){
		`"xy" is no name of a pack`:               func(c *Config) { c.ID = "xy" },
		"there are no 2 images of 0 pixels":       func(c *Config) { c.Pixels = 0 },
		"of 2 pixels on a side and -1 channels":   func(c *Config) { c.Channels = -1 },
		"there are no 2 images of 100000 pixels":  func(c *Config) { c.Pixels = 100000 },
		"there are no 9223372036854775807 images": func(c *Config) { c.N = 1<<63 - 1 },
		"there are no -1 images":                  func(c *Config) { c.N = -1 },
		"1 labels for 2 images":                   func(c *Config) { c.Labels = c.Labels[:1] },
		"image 1 is of class 2, there are classes 0 to 1": func(c *Config) {
			c.Labels = []int32{0, 2}
		},
		"image 0 is of class -2":  func(c *Config) { c.Labels = []int32{-2, 0} },
		`"\xff" is no UTF-8`:      func(c *Config) { c.Classes = []string{"a", "\xff"} },
		`pack ab: "\xfe" is no U`: func(c *Config) { c.Filter = "\xfe" },
	} {
		c := good
		change(&c)
		dir := filepath.Join(t.TempDir(), "made")
		_, err := Create(dir, c)
		w := InMemory(c)
		_, commit := w.Commit()
		for _, err := range []error{err, w.Put(0, images[0]), commit} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: the folder was made", want)
		}
	}
	dir := t.TempDir()
	w, err := Create(dir, good)
	if err != nil {
		t.Fatal(err)
	}
	_, early := w.Commit()
	for want, err := range map[string]error{"0 of its 2 images were put": early,
		"has no image 2: it has 2": w.Put(2, images[0]), "has no image -1": w.Put(-1, images[0]),
		"image 0 has 3 bytes, 2 pixels on a side and 1 channels want 4": w.Put(0, images[0][:3]),
		"image 1 is put a second time": errors.Join(
			w.Put(1, images[1]), w.Put(1, images[1])),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if w.Abort(); len(names(t, dir)) != 0 {
		t.Errorf("an abort leaves %v", names(t, dir))
	}
	if err := w.Put(0, images[0]); err == nil || !strings.Contains(err.Error(), "ab"+packEnd) {
		t.Errorf("after an abort: %v", err)
	}
	failedCommits(t, dir, good, images)
	write(t, dir, good, images)
	p, err := Open(dir, good.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 2} {
		if _, err := p.Image(i); err == nil || !strings.Contains(err.Error(),
			fmt.Sprintf("no image %d: it has 2", i)) {
			t.Errorf("image %d: %v", i, err)
		}
	}
	p.Close()
	if _, err := p.Image(0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// failedCommits commit to a place that cannot be taken, and after the end.
func failedCommits(t *testing.T, dir string, c Config, images [][]uint8) {
	t.Helper()
	path := filepath.Join(dir, c.ID+packEnd)
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	var about *fs.PathError
	if _, err := Open(dir, c.ID); !errors.As(err, &about) || about.Path != path {
		t.Errorf("a folder in the place of the pack: %v", err)
	}
	w, err := Create(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	_, first := fill(w, images)
	_, second := w.Commit()
	for _, err := range []error{first, second} {
		if !errors.As(err, &about) || about.Path != path || len(names(t, dir)) != 1 {
			t.Errorf("its commit: %v, beside %v", err, names(t, dir))
		}
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// TestTogether: goroutines put and read one pack at once.
func TestTogether(t *testing.T) {
	c, images := numbered("ee", 1000, 4, 3)
	w, err := Create(t.TempDir(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	each := func(do func(i int) error) {
		var wait sync.WaitGroup
		for first := range 4 {
			wait.Go(func() {
				for i := first; i < c.N; i += 4 {
					if err := do(i); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
	}
	each(func(i int) error { return w.Put(i, images[i]) })
	p, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	each(func(i int) error {
		image, err := p.Image(i/8 + i%8) // some by several at once
		if err == nil && !bytes.Equal(image, images[i/8+i%8]) {
			err = fmt.Errorf("image %d differs", i/8+i%8)
		}
		return err
	})
	if err := compare(p, c, images); err != nil {
		t.Error(err)
	}
}

// FuzzOpen: no file does harm, and one that opens is the one that its content is written as, but
// for pixels that are found to be damaged. With sealed, the file's index is made right first.
func FuzzOpen(f *testing.F) {
	for _, shape := range [][3]int{{0, 1, 1}, {1, 1, 1}, {3, 2, 3}} {
		c, images := numbered("ab", shape[0], shape[1], shape[2])
		text, err := os.ReadFile(write(f, f.TempDir(), c, images))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, false)
		f.Add(text, true)
		f.Add(text[:len(text)-shape[0]], true)
		f.Add(bytes.Replace(text, []byte("area-1"), []byte("area-2"), 1), true)
	}
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"), true)
	f.Fuzz(func(t *testing.T, text []byte, sealed bool) {
		if sealed {
			text = seal(bytes.Clone(text))
		}
		p, err := decode(text, "ab")
		if err != nil {
			return
		}
		w := InMemory(p.Config)
		for i := range p.N {
			image, err := p.Image(i)
			if (err == nil) != (sha256.Sum256(p.images[i*p.imageSize():][:p.imageSize()]) ==
				p.Digests[i]) {
				t.Fatalf("image %d: %v", i, err)
			}
			if err != nil {
				return
			}
			if err := w.Put(i, image); err != nil {
				t.Fatal(err)
			}
		}
		if again, err := w.Commit(); err != nil || !slices.Equal(again.Digests, p.Digests) ||
			!reflect.DeepEqual(again.Config, p.Config) {
			t.Fatalf("%+v is written as %+v (%v)", p, again, err)
		}
	})
}

// seal makes the index of a file right, if it has one.
func seal(text []byte) []byte {
	file, err := safetensors.Decode(text)
	if err != nil {
		return text
	}
	c, err := configOf(file)
	old := []byte(`"index":"` + file.Metadata["index"])
	if err != nil || len(old) != len(noSum)+9 || !bytes.Contains(text, old) {
		return text
	}
	start := 8 + int(binary.LittleEndian.Uint64(text))
	if len(text)-start < c.indexSize() {
		return text
	}
	hash := sha256.New()
	hash.Write(bytes.Replace(text[:start], old, []byte(`"index":"`+noSum), 1))
	hash.Write(text[start:][:c.indexSize()])
	return bytes.Replace(text, old, fmt.Appendf(nil, `"index":"%x`, hash.Sum(nil)), 1)
}

// BenchmarkImage reads images of 64 pixels for the first time, and again.
func BenchmarkImage(b *testing.B) {
	dir := b.TempDir()
	c, images := numbered("ab", 1000, 64, 3)
	write(b, dir, c, images)
	all := func(p *Pack) {
		for i := range c.N {
			if _, err := p.Image(i); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("first", func(b *testing.B) {
		b.SetBytes(int64(c.N * c.imageSize()))
		for b.Loop() {
			p, err := Open(dir, c.ID)
			if err != nil {
				b.Fatal(err)
			}
			all(p)
			p.Close()
		}
	})
	b.Run("again", func(b *testing.B) {
		p, err := Open(dir, c.ID)
		if err != nil {
			b.Fatal(err)
		}
		defer p.Close()
		all(p)
		b.ReportMetric(float64(c.N), "images/op")
		for b.Loop() {
			all(p)
		}
	})
}

// BenchmarkOpen opens a pack of 64 pixels whose file the system has in memory.
func BenchmarkOpen(b *testing.B) {
	n := 1000
	if *long {
		n = 100_000
	}
	dir := b.TempDir()
	c, images := numbered("ab", 1, 64, 3)
	c.N, c.Labels = n, make([]int32, n)
	w, err := Create(dir, c)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Abort()
	for i := range n {
		binary.LittleEndian.PutUint32(images[0], uint32(i))
		if err := w.Put(i, images[0]); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Commit(); err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	b.ReportMetric(float64(n), "images")
	for b.Loop() {
		p, err := Open(dir, c.ID)
		if err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}
