package pack

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestList: packs are listed with their shape, their size and the day of their last use, without
// counting as used.
func TestList(t *testing.T) {
	dir := t.TempDir()
	c, images := numbered("aa", 5, 2, 3)
	path := write(t, dir, c, images)
	old := time.Now().Add(-49 * time.Hour).Truncate(time.Second)
	for name, text := range map[string]string{"bb" + packEnd: "damaged", "note.txt": "",
		"ZZ" + packEnd: "", "cc" + splitEnd: ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(path)
	list, err := List(dir)
	want := Entry{ID: "aa", Path: path, Bytes: info.Size(), N: 5, Pixels: 2, Channels: 3, Used: old}
	if err != nil || len(list) != 2 || !list[0].Used.Equal(old) || list[1].ID != "bb" ||
		list[1].N != 0 || list[1].Bytes != 7 {
		t.Fatalf("%+v (%v)", list, err)
	}
	if list[0].Used = old; list[0] != want {
		t.Errorf("%+v, want %+v", list[0], want)
	}
	p, err := Open(dir, "aa")
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	used := func() time.Time { info, _ := os.Stat(path); return info.ModTime() }
	if !used().After(old.Add(48 * time.Hour)) {
		t.Errorf("after opening it was used %v", used())
	}
	hour := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, hour, hour); err != nil {
		t.Fatal(err)
	}
	if p, err = Open(dir, "aa"); err != nil || !used().Equal(hour) {
		t.Errorf("used twice in a day: %v (%v)", used(), err)
	}
	p.Close()
	for _, none := range []string{"", filepath.Join(dir, "none")} {
		if list, err := List(none); err != nil || len(list) != 0 {
			t.Errorf("%q: %v (%v)", none, list, err)
		}
	}
	if _, err := List(path); err == nil {
		t.Error("a file lists as a folder")
	}
}

// TestPrune: what is ours goes and is counted, what is written or is not ours stays, and a pack
// that is open stays readable.
func TestPrune(t *testing.T) {
	dir := t.TempDir()
	c, images := numbered("aa", 5, 2, 1)
	path := write(t, dir, c, images)
	info, _ := os.Stat(path)
	s := Split{Train: "aa", Validation: "aa", Checksum: "5a"}
	if err := SaveSplit(dir, s); err != nil {
		t.Fatal(err)
	}
	split, _ := os.Stat(filepath.Join(dir, "5a"+splitEnd))
	foreign := []string{"note.txt", "x" + packEnd, "y" + lockEnd}
	for _, name := range append([]string{"bb.safetensors.gridsearch-tmp-17", "ee" + lockEnd},
		foreign...) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("12345"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	release, err := Acquire(t.Context(), dir, "cc", nil)
	if err != nil {
		t.Fatal(err)
	}
	d, more := numbered("cc", 3, 2, 1)
	w, err := Create(dir, d) // it removes the temporary file of a killed writer
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if slices.Contains(names(t, dir), "bb.safetensors.gridsearch-tmp-17") {
		t.Error("Create leaves what a killed writer has left")
	}
	if err := os.WriteFile(filepath.Join(dir, "bb.safetensors.gridsearch-tmp-18"), []byte("123"),
		0o644); err != nil {
		t.Fatal(err)
	}
	removed, bytes, err := Prune(dir)
	if want := info.Size() + split.Size() + 3; removed != 3 || bytes != want || err != nil {
		t.Errorf("%d files of %d bytes (%v), want 3 of %d", removed, bytes, err, want)
	}
	left := names(t, dir)
	left = slices.DeleteFunc(left, func(s string) bool {
		return strings.HasPrefix(s, "cc"+packEnd)
	})
	want := append(foreign, "cc"+lockEnd)
	if slices.Sort(want); !slices.Equal(left, want) {
		t.Errorf("%v stay, want %v", left, want)
	}
	p, err := fill(w, more)
	if err == nil {
		err = compare(p, d, more)
	}
	if err != nil {
		t.Error("a pack that was written meanwhile: ", err)
	}
	if release(); slices.Contains(names(t, dir), "cc"+lockEnd) {
		t.Error("a lock that was given back stays")
	}
	if removed, _, err := Prune(dir); removed != 1 || err != nil || compare(p, d, more) != nil {
		t.Errorf("%d files (%v), then the open pack: %v", removed, err, compare(p, d, more))
	}
	for _, none := range []string{"", filepath.Join(dir, "none")} {
		if removed, _, err := Prune(none); err != nil || removed != 0 {
			t.Errorf("%q: %d (%v)", none, removed, err)
		}
	}
}

// TestUnusable: a folder that cannot be written is told from a full disk and from a missing pack.
func TestUnusable(t *testing.T) {
	dir := t.TempDir()
	c, images := numbered("aa", 1, 1, 1)
	path := write(t, dir, c, images)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	folders := []string{path, filepath.Join(path, "below"), ""}
	if file, err := os.Create(filepath.Join(dir, "probe")); err == nil {
		file.Close() // root, who may write everywhere
	} else {
		folders = append(folders, dir, filepath.Join(dir, "made"))
	}
	for _, folder := range folders {
		_, create := Create(folder, c)
		_, acquire := Acquire(t.Context(), folder, "aa", nil)
		split := SaveSplit(folder, Split{Train: "aa", Validation: "aa", Checksum: "cc"})
		for _, err := range []error{create, acquire, split} {
			if err == nil || !Unusable(err) {
				t.Errorf("%q: %v", folder, err)
			}
		}
	}
	p, err := Open(dir, "aa")
	if err != nil {
		t.Fatal("a pack in a folder that is only read: ", err)
	}
	p.Close()
	for _, err := range []error{nil, fs.ErrNotExist, &Damaged{path, errors.New("x")},
		context.Canceled} {
		if Unusable(err) {
			t.Errorf("%v makes the folder unusable", err)
		}
	}
}

// TestProbe: a folder is made, written to and left empty; a file in its place is unusable.
func TestProbe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	err := Probe(dir)
	entries, err2 := os.ReadDir(dir)
	if err != nil || err2 != nil || len(entries) > 0 {
		t.Errorf("%v, %v: %v", err, err2, entries)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", filepath.Join(file, "below")} {
		if err := Probe(dir); !Unusable(err) {
			t.Errorf("%q: %v", dir, err)
		}
	}
}
