package dataset

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/dataset/pack"
)

// torn is a PNG whose header and end are sound, and whose pixels are not.
func torn(t *testing.T, width, height int, grey bool) []byte {
	text := encoded(t, width, height, grey)
	text[bytes.Index(text, []byte("IDAT"))+9] ^= 0x55
	return text
}

// photographs opens a folder.
func photographs(t *testing.T, folder string, r Reading) *Photographs {
	t.Helper()
	source, err := Open(t.Context(), Spec{Name: ImageFolder, Path: folder, Reading: r}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return source.(*Photographs)
}

// TestBrokenPhotographs: what decoding finds out is named, or left out, in the first process as in
// those that find the packs, where the folder has moved, and without a cache. Channels and native
// size do not depend on it.
func TestBrokenPhotographs(t *testing.T) {
	cache := t.TempDir()
	folder := filepath.Join(t.TempDir(), "folder")
	writeAll(t, folder, map[string][]byte{"a/1.png": encoded(t, 9, 9, true),
		"a/2.png": torn(t, 5, 7, false), "b/3.png": encoded(t, 8, 8, true),
		"b/4.png": encoded(t, 12, 8, true)})
	var first string
	for round, place := range []string{cache, cache, cache, filepath.Join(cache, "none", "x")} {
		t.Setenv("XDG_CACHE_HOME", place)
		if round == 2 {
			moved := folder + " moved"
			if err := os.Rename(folder, moved); err != nil {
				t.Fatal(err)
			}
			folder = moved
		}
		if round == 3 { // a file in the place of a folder
			if err := os.WriteFile(filepath.Join(cache, "none"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		p := photographs(t, folder, Reading{OnUnreadable: UnreadableSkips})
		if err := p.Prepare(t.Context(), Train, []int{5, 3}); err != nil {
			t.Fatal(err)
		}
		if info := p.Info(); info.Native != 5 || info.Channels != 3 || info.Train != 3 ||
			!slices.Equal(p.Labels(Train), []int{0, 1, 1}) {
			t.Errorf("round %d: %+v, labels %v", round, info, p.Labels(Train))
		}
		train, err := p.At(Train, []int{1, 2}, 3)
		validation, err2 := p.At(Train, []int{0}, 3)
		if err != nil || err2 != nil || slices.Contains(train.Labels, pack.NoClass) ||
			slices.Contains(validation.Labels, pack.NoClass) {
			t.Fatalf("round %d: labels %v and %v (%v, %v)", round, train.Labels, validation.Labels, err,
				err2)
		}
		sum, err := SplitChecksum(train, validation)
		if err != nil || first != "" && sum != first {
			t.Errorf("round %d has the checksum %s, the first %s (%v)", round, sum, first, err)
		}
		first = sum
		strict := photographs(t, folder, Reading{})
		err = strict.Prepare(t.Context(), Train, []int{5, 3})
		if err == nil || !strings.Contains(err.Error(), "1 image that cannot be read:\n  a/2.png: ") ||
			!strings.Contains(err.Error(), `on_unreadable = "skip"`) {
			t.Errorf("round %d: %v", round, err)
		}
	}
}

// TestDeduplicate: which copies are left out does not depend on what has been read before.
func TestDeduplicate(t *testing.T) {
	folder := t.TempDir()
	one, two := encoded(t, 9, 9, true), encoded(t, 8, 10, false)
	writeAll(t, folder, map[string][]byte{"train/a/1.png": one, "train/a/2.png": two,
		"train/b/3.png": one, "train/b/4.png": encoded(t, 11, 9, true), "val/a/5.png": two,
		"val/b/6.png": encoded(t, 7, 9, true)})
	for _, cache := range []string{t.TempDir(), filepath.Join(folder, "train/a/1.png")} {
		t.Setenv("XDG_CACHE_HOME", cache)
		for range 2 {
			p := photographs(t, folder, Reading{Deduplicate: true})
			if labels := p.Labels(Train); !slices.Equal(labels, []int{0, 1}) {
				t.Errorf("opened, the labels are %v", labels)
			}
			if err := p.Prepare(t.Context(), Train, []int{4}); err != nil {
				t.Fatal(err)
			}
			if labels := p.Labels(Train); !slices.Equal(labels, []int{0, 1}) {
				t.Errorf("prepared, the labels are %v", labels)
			}
		}
	}
}

// TestLeftOut: what is skipped and what is left out as a copy is counted and named, of the parts that
// are asked for.
func TestLeftOut(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	folder, one := t.TempDir(), encoded(t, 9, 9, true)
	writeAll(t, folder, map[string][]byte{"train/a/1.png": one, "train/a/2.png": one,
		"train/b/3.png": one, "train/b/4.png": torn(t, 9, 8, true), "train/b/5.png": nil,
		"val/a/\x1b.png": nil, "val/b/6.png": one, "train/b/7.png": encoded(t, 8, 9, true)})
	p := photographs(t, folder, Reading{OnUnreadable: UnreadableSkips, Deduplicate: true})
	const copies = "3 left out, copies of images that are used: " +
		"train/a/1.png, train/a/2.png, train/b/3.png"
	want := []string{"1 left out, cannot be read: train/b/5.png", copies}
	if got := p.LeftOut(Train); !slices.Equal(got, want) {
		t.Errorf("opened: %q", got)
	}
	if err := p.Prepare(t.Context(), Train, []int{4}); err != nil {
		t.Fatal(err)
	}
	want[0] = `3 left out, cannot be read: train/b/4.png, train/b/5.png, "val/a/\x1b.png"`
	if got := p.LeftOut(Train, Validation); !slices.Equal(got, want) {
		t.Errorf("prepared: %q", got)
	}
}

// TestMisread: paths for a shell or a browser are told from folders that are not there.
func TestMisread(t *testing.T) {
	for path, want := range map[string]string{"~/photos": "~ is the shell's", "/a/~/b": "~ is the shell's",
		"file:///photos": "without file://", "/a/https:/x.org/y.zip": "nothing is downloaded"} {
		if _, err := Open(t.Context(), Spec{Name: ImageFolder, Path: path}, nil); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got := misread("/a/~b/profile:/c"); got != "" {
		t.Errorf("a folder %s", got)
	}
}

// TestLimitedBySmall: photographs that are all larger than the largest native size limit nothing.
func TestLimitedBySmall(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	folder, large := t.TempDir(), encoded(t, 3*MaxNative, 2*MaxNative+2, true)
	writeAll(t, folder, map[string][]byte{"a/1.png": large, "b/2.png": large, "b/3.png": large})
	if p := photographs(t, folder, Reading{}); p.LimitedBySmall() {
		t.Error(p.Smallest())
	}
	writeAll(t, folder, map[string][]byte{"a/4.png": encoded(t, MaxNative/2-1, MaxNative, true)})
	if p := photographs(t, folder, Reading{}); !p.LimitedBySmall() ||
		!strings.Contains(p.Smallest(), ": a/4.png (255 x 512), with") {
		t.Error(p.Smallest())
	}
}

// TestFiles: the files of a part are named with their content, once it is read.
func TestFiles(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	folder := t.TempDir()
	writeAll(t, folder, map[string][]byte{"train/a/1.png": encoded(t, 9, 9, true),
		"train/b/2.png": encoded(t, 8, 9, true), "val/a/3.png": encoded(t, 7, 9, true)})
	p := photographs(t, folder, Reading{})
	if err := p.Prepare(t.Context(), Train, []int{4}); err != nil {
		t.Fatal(err)
	}
	const unread = "0000000000000000"
	for part, want := range map[Part][]string{Train: {"train/a/1.png", "train/b/2.png"},
		Validation: {"val/a/3.png"}} {
		var paths []string
		for _, line := range p.Files(part) {
			digest, path, _ := strings.Cut(line, " ")
			if paths = append(paths, path); len(digest) != 16 || (digest == unread) != (part != Train) {
				t.Errorf("%s: %s", part, line)
			}
		}
		if !slices.Equal(paths, want) {
			t.Errorf("%s has the files %v", part, paths)
		}
	}
}

// TestSplitOnDisk: a split is found again by its checksum, and a damaged pack is discarded.
func TestSplitOnDisk(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	folder := t.TempDir()
	files := map[string][]byte{}
	for i, class := range []string{"a", "b", "a", "b", "a"} {
		files[filepath.Join(class, string(rune('0'+i))+".png")] = encoded(t, 6+i, 9, i%2 == 0)
	}
	writeAll(t, folder, files)
	p := photographs(t, folder, Reading{})
	if err := p.Prepare(t.Context(), Train, []int{4}); err != nil {
		t.Fatal(err)
	}
	train, err := p.At(Train, []int{4, 0, 2}, 4)
	validation, err2 := p.At(Train, []int{1, 3}, 4)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	sum, err := SplitChecksum(train, validation)
	if err == nil {
		err = KeepSplit(train, validation)
	}
	if err != nil {
		t.Fatal(err)
	}
	again, other, classes, err := OpenSplit(sum)
	if err != nil || !slices.Equal(classes, []string{"a", "b"}) {
		t.Fatalf("classes %v (%v)", classes, err)
	}
	for _, pair := range [][2]*Images{{train, again}, {validation, other}} {
		for i := range pair[0].N {
			one, err := pair[0].Image(i)
			two, err2 := pair[1].Image(i)
			if err != nil || err2 != nil || !bytes.Equal(one, two) ||
				pair[0].Labels[i] != pair[1].Labels[i] {
				t.Errorf("image %d differs (%v, %v)", i, err, err2)
			}
		}
	}
	path := train.pack.Path
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	Discard(&pack.Damaged{Path: path})
	if _, err := os.Stat(path); err != nil {
		t.Errorf("a sound pack is discarded: %v", err)
	}
	text[len(text)-1] ^= 1
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	damaged, _, _, err := OpenSplit(sum)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = damaged.Image(0); !Discard(err) {
		t.Errorf("reading gives %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a damaged pack stays")
	}
	if Discard(os.ErrNotExist) {
		t.Error("another error is taken for damage")
	}
}
