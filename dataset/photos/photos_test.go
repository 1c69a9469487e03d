package photos

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gridsearch/dataset/pack"
	"gridsearch/dataset/picture"
)

// counted reads images, and counts what it is asked for, by the content of the files.
type counted struct {
	mutex   sync.Mutex
	checks  int
	decoded map[[sha256.Size]byte]int
	began   map[[sha256.Size]byte]time.Time // the last decoding
	hook    func(text []byte)               // called before a file is decoded; may be nil
}

func (*counted) IsImage(name string) bool  { return picture.HasExtension(name) }
func (*counted) Advice(name string) string { return picture.Advice(name) }

func (c *counted) Check(r io.ReaderAt, size int64) (Header, error) {
	c.mutex.Lock()
	c.checks++
	c.mutex.Unlock()
	h, err := picture.Check(r, size)
	return Header{h.Width, h.Height, h.Grey}, err
}

func (c *counted) Decode(text []byte) (Image, error) {
	c.mutex.Lock()
	if c.decoded == nil {
		c.decoded, c.began = map[[sha256.Size]byte]int{}, map[[sha256.Size]byte]time.Time{}
	}
	c.decoded[sha256.Sum256(text)]++
	c.began[sha256.Sum256(text)] = time.Now()
	c.mutex.Unlock()
	if c.hook != nil {
		c.hook(text)
	}
	return picture.Decode(text, picture.White)
}

// decodes is how many files have been decoded.
func (c *counted) decodes() (n int) {
	for _, times := range c.decoded {
		n += times
	}
	return n
}

// drawn is a PNG file of this number, like no other. A broken one has a sound header and end.
func drawn(t interface{ Fatal(...any) }, number int, broken bool) []byte {
	im := image.NewNRGBA(image.Rect(0, 0, 6+number%3, 6))
	for i := range im.Pix {
		im.Pix[i] = uint8(number*i + i*i/7 + number>>8)
	}
	im.SetNRGBA(0, 0, color.NRGBA{uint8(number), uint8(number >> 8), 7, 255})
	var text bytes.Buffer
	if err := png.Encode(&text, im); err != nil {
		t.Fatal(err)
	}
	if broken {
		text.Bytes()[bytes.Index(text.Bytes(), []byte("IDAT"))+9] ^= 0x55
	}
	return text.Bytes()
}

// old is a time that the clock of no file system takes for now.
var old = time.Now().Add(-time.Hour).Truncate(time.Second)

// put writes a file that was last written some seconds after old.
func put(t interface{ Fatal(...any) }, path string, text []byte, seconds int) {
	at := old.Add(time.Duration(seconds) * time.Second)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644),
		os.Chtimes(path, at, at)); err != nil {
		t.Fatal(err)
	}
}

// folderOf makes a folder of n images in two classes.
func folderOf(t *testing.T, n int) string {
	t.Helper()
	root := t.TempDir()
	for i := range n {
		put(t, filepath.Join(root, []string{"a", "b"}[i%2], fmt.Sprintf("%d.png", i)),
			drawn(t, i, false), 0)
	}
	return root
}

// sizes that the tests read.
var sizes = []int{3, 2}

// open opens a folder and prepares the training part.
func open(root, cache string, c *counted) (*Set, error) {
	s, err := Open(context.Background(), root, Options{Files: c, Cache: cache})
	if err == nil {
		err = s.Prepare(context.Background(), Train, sizes, 3)
	}
	return s, err
}

// read opens a folder and counts.
func read(t *testing.T, root, cache string) (*Set, *counted) {
	t.Helper()
	c := &counted{}
	s, err := open(root, cache, c)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// content is all that the packs of a set hold: IDs, labels and pixels.
func content(s *Set) (string, error) {
	var text strings.Builder
	for _, pixels := range sizes {
		p, err := s.Pack(Train, pixels, 3)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&text, p.ID, p.Labels, p.Classes)
		for i := range p.N {
			pixels, err := p.Image(i)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&text, "%x %v\n", pixels, p.Moments(i))
		}
	}
	return text.String(), nil
}

// same compares the packs of a set with those that are made of its folder from nothing, as files
// bit for bit where they are files.
func same(t interface{ Fatal(...any) }, s *Set, scratch string) {
	want, err := open(s.Listing.Root, scratch, &counted{})
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := content(s)
	b, err2 := content(want)
	if err1 != nil || err2 != nil || a != b {
		t.Fatal("the packs are not those of a first reading: ", err1, err2, "\n", a, "\n", b)
	}
	for _, pixels := range sizes {
		p, _ := s.Pack(Train, pixels, 3)
		q, _ := want.Pack(Train, pixels, 3)
		if p.Path == "" || q.Path == "" {
			continue
		}
		one, err1 := os.ReadFile(p.Path)
		other, err2 := os.ReadFile(q.Path)
		if err1 != nil || err2 != nil || !bytes.Equal(one, other) {
			t.Fatal("the files are not those of a first reading: ", err1, err2)
		}
	}
}

// TestReadOnce: the first reading checks and decodes each file once for all sizes. The second
// opens no file at all, also where another size is asked for besides.
func TestReadOnce(t *testing.T) {
	root, cache := folderOf(t, 20), t.TempDir()
	first, c := read(t, root, cache)
	if c.checks != 20 || c.decodes() != 20 || len(c.decoded) != 20 {
		t.Errorf("the first reading checks %d files and decodes %d", c.checks, c.decodes())
	}
	want, err := content(first)
	if err != nil {
		t.Fatal(err)
	}
	same(t, first, t.TempDir())
	second, c := read(t, root, cache)
	if got, err := content(second); got != want || err != nil {
		t.Errorf("the second reading gives %s (%v), want %s", got, err, want)
	}
	if c.checks != 0 || c.decodes() != 0 {
		t.Errorf("the second reading checks %d files and decodes %d", c.checks, c.decodes())
	}
	for i, p := range second.Parts[Train] {
		if p.seen != first.Parts[Train][i].seen {
			t.Errorf("the second reading opens %s", p.Path)
		}
	}
	if images, missing := second.Missing(Train, []int{3, 2, 4}, 3); images != 20 ||
		!slices.Equal(missing, []int{4}) {
		t.Errorf("%d images are missing, at %v", images, missing)
	}
}

// TestTouched: a file whose time alone has changed is read, and found in its pack.
func TestTouched(t *testing.T) {
	root, cache := folderOf(t, 6), t.TempDir()
	first, _ := read(t, root, cache)
	for _, path := range []string{"a/0.png", "b/3.png"} {
		put(t, filepath.Join(root, path), drawn(t, int(path[2]-'0'), false), 9)
	}
	put(t, filepath.Join(root, "a/6.png"), drawn(t, 6, false), 0)
	for round, want := range []int{1, 0} { // the new file alone
		s, c := read(t, root, cache)
		if c.decodes() != want {
			t.Errorf("reading %d decodes %d files, want %d", round, c.decodes(), want)
		}
		same(t, s, t.TempDir())
	}
	if err := os.Remove(filepath.Join(root, "a/6.png")); err != nil {
		t.Fatal(err)
	}
	again, c := read(t, root, cache)
	one, _ := content(first)
	other, _ := content(again)
	if c.decodes() != 0 || one != other {
		t.Errorf("without the new file %d are decoded", c.decodes())
	}
}

// TestExchanged: two files of one size and one time, as archives give them to all, that change
// places are read again: each keeps its pixels and gets the other's label.
func TestExchanged(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" && runtime.GOOS != "windows" {
		t.Skip("this system does not tell")
	}
	one, other := drawn(t, 3, false), drawn(t, 6, false)
	for n := 9; len(other) != len(one); n += 3 {
		other = drawn(t, n, false)
	}
	for _, exchanged := range [][2]string{{"a", "b"}, {"a/0.png", "b/0.png"}} {
		root, cache := t.TempDir(), t.TempDir()
		put(t, filepath.Join(root, "a", "0.png"), one, 0)
		time.Sleep(20 * time.Millisecond) // more than a tick of the clock of a disk
		put(t, filepath.Join(root, "b", "0.png"), other, 0)
		read(t, root, cache)
		a, b := filepath.Join(root, exchanged[0]), filepath.Join(root, exchanged[1])
		if err := errors.Join(os.Rename(a, a+"x"), os.Rename(b, a), os.Rename(a+"x", b)); err != nil {
			t.Fatal(err)
		}
		s, c := read(t, root, cache)
		if c.decodes() != 0 || s.Parts[Train][0].Content != sha256.Sum256(other) {
			t.Errorf("%v: %d files are decoded; the first is %x", exchanged, c.decodes(),
				s.Parts[Train][0].Content[:4])
		}
		same(t, s, t.TempDir())
	}
}

// edits are what happens to a folder, by drawing lots.
type edits struct {
	root  string
	files map[string][]byte // by path
	clock int               // seconds, of the last written file
	next  int               // number of the next new image
}

func (e *edits) write(t *rapid.T, path string, text []byte) {
	e.clock++
	e.files[path] = text
	put(t, filepath.Join(e.root, path), text, e.clock)
}

func (e *edits) pick(t *rapid.T) string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(e.files))).Draw(t, "file")
}

func (e *edits) newPath(t *rapid.T) string {
	return fmt.Sprintf("%s/%d.png", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "class"),
		rapid.IntRange(10, 40).Draw(t, "name"))
}

func (e *edits) edit(t *rapid.T) {
	kind := rapid.SampledFrom([]string{"add", "change", "remove", "move", "touch", "copy", "break",
		"cut"}).Draw(t, "edit")
	switch e.next++; kind {
	case "add":
		e.write(t, e.newPath(t), drawn(t, e.next, false))
	case "change":
		e.write(t, e.pick(t), drawn(t, e.next, false))
	case "break":
		e.write(t, e.pick(t), drawn(t, e.next, true))
	case "cut":
		path := e.pick(t)
		e.write(t, path, e.files[path][:len(e.files[path])*3/4])
	case "touch":
		path := e.pick(t)
		e.write(t, path, e.files[path])
	case "copy":
		e.write(t, e.newPath(t), e.files[e.pick(t)])
	case "remove", "move":
		path := e.pick(t)
		if strings.HasSuffix(path, "keep.png") {
			return
		}
		text := e.files[path]
		delete(e.files, path)
		if err := os.Remove(filepath.Join(e.root, path)); err != nil {
			t.Fatal(err)
		}
		if kind == "move" {
			e.write(t, e.newPath(t), text)
		}
	}
}

// sums counts the files by their content.
func (e *edits) sums() map[[sha256.Size]byte]int {
	sums := map[[sha256.Size]byte]int{}
	for _, text := range e.files {
		sums[sha256.Sum256(text)]++
	}
	return sums
}

// TestEdits: after any edits of a folder its packs are those of a first reading, bit for bit, and
// only what was not there before is decoded, and what is broken.
func TestEdits(t *testing.T) {
	base, err := os.MkdirTemp("/dev/shm", "photos") // in memory: a disk takes minutes
	if err != nil {
		base = t.TempDir()
	}
	defer os.RemoveAll(base)
	if err := flag.Set("rapid.checks", "40"); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		place, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(place)
		e := &edits{root: filepath.Join(place, "root"), files: map[string][]byte{}}
		e.write(t, "a/keep.png", drawn(t, 1000, false))
		e.write(t, "b/keep.png", drawn(t, 1001, false))
		before := map[[sha256.Size]byte]int{}
		steps := rapid.IntRange(1, 4).Draw(t, "steps")
		for step := range steps {
			for range rapid.IntRange(1, 4).Draw(t, "edits") {
				e.edit(t)
			}
			c, cache := &counted{}, filepath.Join(place, "cache")
			s, err := open(e.root, cache, c)
			if err != nil {
				t.Fatal(err)
			}
			now := e.sums()
			for sum, times := range c.decoded {
				_, broken := picture.Decode(textOf(e, sum), picture.White)
				if times > now[sum] || before[sum] > 0 && broken == nil {
					t.Fatalf("a file is decoded %d times that %d files have, %d before", times, now[sum],
						before[sum])
				}
			}
			scratch := "" // in memory
			if step == steps-1 {
				scratch = filepath.Join(place, "scratch")
			}
			same(t, s, scratch)
			before = now
		}
	})
}

func textOf(e *edits, sum [sha256.Size]byte) []byte {
	for _, text := range e.files {
		if sha256.Sum256(text) == sum {
			return text
		}
	}
	return nil
}

// TestMoved: the files of a folder that has moved, or of a copy, are read and not decoded: what is
// broken is decoded alone, to know why. The packs are the same.
func TestMoved(t *testing.T) {
	root, cache := folderOf(t, 8), t.TempDir()
	put(t, filepath.Join(root, "b", "7.png"), drawn(t, 7, true), 0)
	first, _ := read(t, root, cache)
	want, _ := content(first)
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(root, moved); err != nil {
		t.Fatal(err)
	}
	for round, decodes := range []int{1, 0} {
		s, c := read(t, moved, cache)
		if got, err := content(s); got != want || err != nil || c.decodes() != decodes {
			t.Errorf("round %d decodes %d files and gives %s (%v), want %s", round, c.decodes(), got, err,
				want)
		}
		if bad := s.Parts[Train][7]; !strings.Contains(bad.Bad, "checksum") || bad.Header.Side() != 6 {
			t.Errorf("what is broken: %+v", bad)
		}
	}
}

// TestLabels: a file that moves to another class makes other packs.
func TestLabels(t *testing.T) {
	root, cache := folderOf(t, 4), t.TempDir()
	first, _ := read(t, root, cache)
	if err := os.Rename(filepath.Join(root, "a", "2.png"), filepath.Join(root, "b", "2.png")); err != nil {
		t.Fatal(err)
	}
	second, c := read(t, root, cache)
	p, _ := first.Pack(Train, 3, 3)
	q, _ := second.Pack(Train, 3, 3)
	if p.ID == q.ID || c.decodes() != 0 || !slices.Equal(q.Labels, []int32{0, 1, 1, 1}) {
		t.Errorf("%s becomes %s with %v, %d files are decoded", p.ID, q.ID, q.Labels, c.decodes())
	}
	same(t, second, t.TempDir())
}

// TestBad: files that cannot be read have no class in the packs, whatever is found out when.
func TestBad(t *testing.T) {
	root, cache := folderOf(t, 6), t.TempDir()
	put(t, filepath.Join(root, "a", "2.png"), drawn(t, 2, true), 0)
	put(t, filepath.Join(root, "b", "3.png"), []byte("text"), 0)
	for round := range 2 {
		s, c := read(t, root, cache)
		p, _ := s.Pack(Train, 2, 3)
		if !slices.Equal(p.Labels, []int32{0, -1, 0, 1, -1, 1}) {
			t.Errorf("round %d: labels %v", round, p.Labels)
		}
		if want := []int{5, 0}[round]; c.decodes() != want {
			t.Errorf("round %d decodes %d files, want %d", round, c.decodes(), want)
		}
		for i, header := range map[int]int{1: 6, 4: 0} {
			if got := s.Parts[Train][i]; got.Bad == "" || got.Header.Side() != header {
				t.Errorf("round %d: %+v", round, got)
			}
		}
		same(t, s, t.TempDir())
	}
}

// TestLost: a file that cannot be opened is told again every time, and read once it can be.
func TestLost(t *testing.T) {
	root, cache := folderOf(t, 6), t.TempDir()
	read(t, root, cache)
	path, aside := filepath.Join(root, "a", "8.png"), filepath.Join(t.TempDir(), "aside")
	put(t, path, drawn(t, 8, false), 0)
	for round := range 2 {
		c := &counted{}
		s, err := Open(t.Context(), root, Options{Files: c, Cache: cache})
		if err == nil {
			err = os.Rename(path, aside)
		}
		if err == nil {
			err = s.Prepare(t.Context(), Train, sizes, 3)
		}
		if err != nil {
			t.Fatal(err)
		}
		lost := s.Parts[Train][3]
		p, _ := s.Pack(Train, 2, 3)
		if lost.Bad == "" || strings.Contains(lost.Bad, "8.png") || c.decodes() != 0 || p.Labels[3] != pack.NoClass {
			t.Errorf("round %d decodes %d files, labels %v: %+v", round, c.decodes(), p.Labels, lost)
		}
		if err := os.Rename(aside, path); err != nil {
			t.Fatal(err)
		}
	}
	s, c := read(t, root, cache)
	if c.decodes() != 1 || s.Parts[Train][3].Bad != "" {
		t.Errorf("then %d files are decoded: %+v", c.decodes(), s.Parts[Train][3])
	}
	same(t, s, t.TempDir())
}

// TestDisk: what a disk refuses says nothing about the content of a file.
func TestDisk(t *testing.T) {
	s := &Set{options: Options{Files: &counted{}}}
	disk := &watched{ReaderAt: failing{}}
	p := Photo{}
	if s.judge(&p, disk); p.Bad == "" || !errors.Is(disk.err, fs.ErrInvalid) {
		t.Errorf("%+v, and the disk says %v", p, disk.err)
	}
	ended := &watched{ReaderAt: strings.NewReader("")}
	if s.judge(&p, ended); p.Bad == "" || ended.err != nil {
		t.Errorf("%+v, and the disk says %v", p, ended.err)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, fs.ErrInvalid }

// TestNoCache: where nothing can be kept, the packs lie in memory and are the same.
func TestNoCache(t *testing.T) {
	root := folderOf(t, 6)
	first, _ := read(t, root, t.TempDir())
	want, _ := content(first)
	file := filepath.Join(t.TempDir(), "file")
	put(t, file, nil, 0)
	for _, cache := range []string{"", file, filepath.Join(file, "below")} {
		for range 2 {
			s, c := read(t, root, cache)
			got, err := content(s)
			p, _ := s.Pack(Train, 2, 3)
			if got != want || err != nil || p.Path != "" || c.decodes() != 6 {
				t.Errorf("%q decodes %d files and gives %s (%v), want %s", cache, c.decodes(), got, err, want)
			}
		}
	}
}

// TestDamage: what is damaged in the cache is made anew, and nothing wrong is read.
func TestDamage(t *testing.T) {
	root := folderOf(t, 6)
	flip := func(at int) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text[(len(text)+at)%len(text)] ^= 1
			put(t, path, text, 0)
		}
	}
	cut := func(t *testing.T, path string) {
		if err := os.Truncate(path, 700); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		kind    string
		damage  func(*testing.T, string)
		decodes int
	}{
		{"cut pack", "*.safetensors", cut, 6},
		{"header of a pack", "*.safetensors", flip(50), 6},
		{"digests of a pack", "*.safetensors", flip(-6*3*3*3 - 10), 6},
		{"cut inventory", "*" + pack.FolderEnd, cut, 0},
		{"inventory", "*" + pack.FolderEnd, flip(-1), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := t.TempDir()
			read(t, root, cache)
			found, _ := filepath.Glob(filepath.Join(cache, c.kind))
			for _, path := range found {
				c.damage(t, path)
			}
			s, counts := read(t, root, cache)
			if counts.decodes() != c.decodes {
				t.Errorf("%d files are decoded, want %d", counts.decodes(), c.decodes)
			}
			same(t, s, t.TempDir())
		})
	}
}

// TestDamagedPixels: an image that is damaged in a pack is decoded again for the next.
func TestDamagedPixels(t *testing.T) {
	root, cache := folderOf(t, 6), t.TempDir()
	first, _ := read(t, root, cache)
	for _, pixels := range sizes {
		p, _ := first.Pack(Train, pixels, 3)
		text, err := os.ReadFile(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)-1] ^= 1
		if err := os.WriteFile(p.Path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(root, "a", "8.png"), drawn(t, 8, false), 0)
	s, c := read(t, root, cache)
	if c.decodes() != 2 {
		t.Errorf("%d files are decoded, want the damaged and the new one", c.decodes())
	}
	same(t, s, t.TempDir())
}

// TestRacy: a file that was written when it was read, or later, is read again next time: it may have
// been written once more in the same tick of the disk's clock.
func TestRacy(t *testing.T) {
	root, cache := folderOf(t, 6), t.TempDir()
	path := filepath.Join(root, "a", "0.png")
	now := int(time.Since(old)/time.Second) + 1
	put(t, path, drawn(t, 300, false), now)
	_, c := read(t, root, cache)
	other := drawn(t, 303, false)
	info, err := os.Stat(path)
	for n := 306; len(other) != int(info.Size()); n += 3 {
		other = drawn(t, n, false)
	}
	put(t, path, other, now)
	if again, _ := os.Stat(path); err != nil || !again.ModTime().Equal(info.ModTime()) {
		t.Fatal("the times differ")
	}
	s, d := read(t, root, cache)
	if d.decodes() != 1 {
		t.Errorf("%d files are decoded", d.decodes())
	}
	same(t, s, t.TempDir())
	// A file counts as seen when it was opened, however long the others took.
	for sum, began := range c.began {
		for path, k := range s.inventory.Files {
			if k.Content == sum && k.Seen > began.UnixNano() {
				t.Errorf("%s was decoded after it was seen", path)
			}
		}
	}
}

// TestChanging: a file that others write while it is read is an error or read whole, and its pack
// holds what its content says.
func TestChanging(t *testing.T) {
	root, cache := folderOf(t, 2), t.TempDir()
	path := filepath.Join(root, "a", "0.png")
	contents := [][]byte{drawn(t, 20, false), drawn(t, 40, false), drawn(t, 61, false)}
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			_ = os.WriteFile(path, contents[i%3], 0o644)
		}
	})
	defer writing.Wait()
	defer stop()
	for range 40 {
		texts := map[[sha256.Size]byte][]byte{}
		var mutex sync.Mutex
		c := &counted{hook: func(text []byte) {
			mutex.Lock()
			texts[sha256.Sum256(text)] = text
			mutex.Unlock()
		}}
		s, err := open(root, cache, c)
		if err != nil {
			t.Fatal(err)
		}
		for i, photo := range s.Parts[Train] {
			if photo.Bad != "" || texts[photo.Content] == nil {
				continue
			}
			whole, err := picture.Decode(texts[photo.Content], picture.White)
			p, _ := s.Pack(Train, 3, 3)
			got, err2 := p.Image(i)
			if err != nil || err2 != nil || !bytes.Equal(got, whole.Square(3, 3)) {
				t.Fatalf("%s: its pack holds other pixels than its content (%v, %v)", photo.Path, err, err2)
			}
		}
	}
	stop()
	writing.Wait()
	put(t, path, contents[0], 1)
	s, _ := read(t, root, cache)
	same(t, s, t.TempDir())
}

// TestRewritten: a file that is replaced while it is decoded is what it was before, and another file
// the next time.
func TestRewritten(t *testing.T) {
	root, cache := folderOf(t, 4), t.TempDir()
	path, before, after := filepath.Join(root, "a", "0.png"), drawn(t, 0, false), drawn(t, 9, false)
	c := &counted{hook: func(text []byte) {
		if bytes.Equal(text, before) {
			put(t, path, after, 5)
		}
	}}
	s, err := open(root, cache, c)
	if err != nil || s.Parts[Train][0].Content != sha256.Sum256(before) {
		t.Fatalf("%v: %+v", err, s.Parts[Train][0])
	}
	again, d := read(t, root, cache)
	if d.decodes() != 1 {
		t.Errorf("%d files are decoded", d.decodes())
	}
	same(t, again, t.TempDir())
}

// TestHanging: a context ends a reading although a decoding hangs, with its cause, leaves nothing
// behind, and the next call finishes.
func TestHanging(t *testing.T) {
	root, cache := folderOf(t, 40), t.TempDir()
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	released := make(chan struct{})
	var resumed atomic.Bool
	c := &counted{hook: func([]byte) {
		if !resumed.Load() {
			cancel(stopped)
			<-released
		}
	}}
	s, err := Open(ctx, root, Options{Files: c, Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(ctx, Train, sizes, 3); err != stopped {
		t.Errorf("it ends with %v", err)
	}
	resumed.Store(true)
	if err := s.Prepare(t.Context(), Train, sizes, 3); err != nil {
		t.Fatal(err)
	}
	close(released)
	same(t, s, t.TempDir())
	if found, _ := filepath.Glob(filepath.Join(cache, "*")); len(found) != len(sizes)+1 {
		t.Errorf("the cache holds %v", found)
	}
}

// countdown is a context that ends when it has been asked a number of times whether it has.
type countdown struct {
	context.Context
	mutex  sync.Mutex
	cancel context.CancelCauseFunc
	left   int
}

var errStopped = errors.New("stopped")

func (c *countdown) Err() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.left--; c.left < 0 {
		c.cancel(errStopped)
	}
	return c.Context.Err()
}

// TestStopped: a context may end at any time; the reading ends with its cause and the next one
// finishes it. Then a folder that has moved is read again, and one with a new file.
func TestStopped(t *testing.T) {
	root, cache := folderOf(t, 8), t.TempDir()
	put(t, filepath.Join(root, "b", "7.png"), drawn(t, 7, true), 0)
	for stage, name := range []string{"first", "moved", "changed"} {
		if stage > 0 {
			moved := filepath.Join(t.TempDir(), name)
			if err := os.Rename(root, moved); err != nil {
				t.Fatal(err)
			}
			root = moved
		}
		if name == "changed" {
			put(t, filepath.Join(root, "a", "0.png"), drawn(t, 77, false), 0)
		}
		asked, ended := 0, false
		for ; !ended; asked++ {
			ctx, cancel := context.WithCancelCause(t.Context())
			end := &countdown{Context: ctx, cancel: cancel, left: asked}
			s, err := Open(end, root, Options{Files: &counted{}, Cache: cache})
			if err == nil {
				err = s.Prepare(end, Train, sizes, 3)
			}
			if cancel(nil); err != nil && err != errStopped {
				t.Fatalf("%s, asked %d times: %v", name, asked, err)
			}
			ended = err == nil
		}
		if asked < 10 {
			t.Errorf("%s: asked %d times", name, asked)
		}
		s, c := read(t, root, cache)
		if c.decodes() != 0 {
			t.Errorf("%s: then %d files are decoded", name, c.decodes())
		}
		same(t, s, t.TempDir())
	}
}

// TestWaiting: who waits for another's packs says so, stops with the context, and has them when the
// other has made them.
func TestWaiting(t *testing.T) {
	root, cache := folderOf(t, 4), t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	reached, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	slow := &counted{hook: func([]byte) {
		once.Do(func() { close(reached) })
		<-goOn
	}}
	made := make(chan error)
	go func() {
		_, err := open(root, cache, slow)
		made <- err
	}()
	<-reached
	c := &counted{}
	s, err := Open(ctx, root, Options{Files: c, Cache: cache, Watch: func(what string, _, _ int) {
		if strings.HasPrefix(what, "waiting") {
			cancel(errStopped)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(ctx, Train, sizes, 3); !errors.Is(err, errStopped) {
		t.Errorf("the wait ends with %v", err)
	}
	s.options.Watch = func(what string, _, _ int) {
		if strings.HasPrefix(what, "waiting") {
			close(goOn)
		}
	}
	if err := errors.Join(s.Prepare(t.Context(), Train, sizes, 3), <-made); err != nil {
		t.Fatal(err)
	}
	if c.decodes() != 0 || slow.decodes() != 4 {
		t.Errorf("%d files are decoded, and %d by the other", c.decodes(), slow.decodes())
	}
	same(t, s, t.TempDir())
}

const childKey = "GRIDSEARCH_TEST_PHOTOS"

// TestMain is, in a child process, a reading of a folder that begins at a line on standard input.
func TestMain(m *testing.M) {
	root, cache, child := strings.Cut(os.Getenv(childKey), "\n")
	if !child {
		os.Exit(m.Run())
	}
	c := &counted{}
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if _, err := open(root, cache, c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.decodes())
}

// TestTwoProcesses: of processes that read one folder at once one decodes it.
func TestTwoProcesses(t *testing.T) {
	root, cache := folderOf(t, 200), t.TempDir()
	var children []*exec.Cmd
	var out [3]bytes.Buffer
	var starts []io.WriteCloser
	for i := range out {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childKey+"="+root+"\n"+cache)
		cmd.Stdout, cmd.Stderr = &out[i], os.Stderr
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		children, starts = append(children, cmd), append(starts, in)
	}
	for _, in := range starts {
		fmt.Fprintln(in)
	}
	var decodes []string
	for i, cmd := range children {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		decodes = append(decodes, strings.TrimSpace(out[i].String()))
	}
	if slices.Sort(decodes); !slices.Equal(decodes, []string{"0", "0", "200"}) {
		t.Errorf("they decode %v files", decodes)
	}
	s, c := read(t, root, cache)
	if c.checks+c.decodes() != 0 {
		t.Errorf("then %d files are checked and %d decoded", c.checks, c.decodes())
	}
	same(t, s, t.TempDir())
}
