package pack

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// twoPacks writes two packs and makes a split of them.
func twoPacks(t testing.TB, dir string) Split {
	t.Helper()
	c, images := numbered("aa", 5, 2, 1)
	write(t, dir, c, images)
	d, more := numbered("bb", 7, 2, 1)
	write(t, dir, d, more)
	s := Split{Train: "aa", Validation: "bb", TrainIndices: []int32{4, 0, 2},
		ValidationIndices: []int32{6, 1}}
	train, validation := InMemory(c), InMemory(d)
	p, err := fill(train, images)
	if err != nil {
		t.Fatal(err)
	}
	q, err := fill(validation, more)
	if err != nil {
		t.Fatal(err)
	}
	s.Checksum = s.Sum(p, q)
	return s
}

func TestSplit(t *testing.T) {
	dir := t.TempDir()
	want := twoPacks(t, dir)
	if err := SaveSplit(dir, want); err != nil {
		t.Fatal(err)
	}
	got, train, validation, err := OpenSplit(dir, want.Checksum)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v (%v), want %+v", got, err, want)
	}
	if train.ID != "aa" || validation.ID != "bb" || got.Sum(train, validation) != want.Checksum {
		t.Errorf("the packs are %s and %s", train.ID, validation.ID)
	}
	// Its value is part of the keys of runs: it must not change unnoticed.
	const golden = "fe0f8fae4f9cc9afbb89716a30d403d6b9232046b544b95ef59a5d212c55c3ae"
	if want.Checksum != golden {
		t.Errorf("the checksum is %s, was %s", want.Checksum, golden)
	}
	both := Split{Train: "aa", Validation: "aa", TrainIndices: []int32{0, 1},
		ValidationIndices: []int32{2}}
	both.Checksum = both.Sum(train, train)
	if err := SaveSplit(dir, both); err != nil {
		t.Fatal(err)
	}
	if _, p, q, err := OpenSplit(dir, both.Checksum); err != nil || p != q ||
		errors.Join(p.Close(), q.Close()) != nil {
		t.Errorf("of one pack: %p and %p (%v)", p, q, err)
	}
	for name, end := range map[string]string{both.Checksum: splitEnd, "bb": packEnd} {
		if err := os.Remove(filepath.Join(dir, name+end)); err != nil {
			t.Skip("what is mapped cannot be removed here: ", err)
		}
	}
	for _, sum := range []string{both.Checksum, want.Checksum} {
		if _, _, _, err := OpenSplit(dir, sum); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without its file or its pack: %v", err)
		}
	}
}

// TestSum: the checksum changes with everything that training sees, and not with names.
func TestSum(t *testing.T) {
	c, images := numbered("aa", 4, 2, 1)
	made := func(c Config) *Pack {
		p, err := fill(InMemory(c), images)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := made(c)
	s := Split{TrainIndices: []int32{0, 1}, ValidationIndices: []int32{2}}
	base := s.Sum(p, p)
	renamed, relabelled := c, c
	renamed.ID, renamed.Filter = "bb", "area-2"
	relabelled.Labels = []int32{0, 1, 1, 1}
	if (Split{Train: "x", TrainIndices: []int32{0, 1}, ValidationIndices: []int32{2}}).Sum(p,
		made(renamed)) != base {
		t.Error("names change it")
	}
	wider := c
	wider.Pixels, wider.Channels = 1, 4
	of := func(train, validation []int32) string {
		return Split{TrainIndices: train, ValidationIndices: validation}.Sum(p, p)
	}
	for what, sum := range map[string]string{"a label": s.Sum(p, made(relabelled)),
		"the shape":      s.Sum(p, made(wider)),
		"the parts":      of([]int32{0}, []int32{1, 2}),
		"the order":      of([]int32{1, 0}, []int32{2}),
		"another image":  of([]int32{0, 3}, []int32{2}),
		"no validation":  of([]int32{0, 1}, nil),
		"one more image": of([]int32{0, 1, 3}, []int32{2}),
	} {
		if sum == base {
			t.Errorf("%s does not change it", what)
		}
	}
}

// TestSplitDamage: every bit and every length of a split's file is found, and so are splits that
// say what is not so.
func TestSplitDamage(t *testing.T) {
	dir := t.TempDir()
	s := twoPacks(t, dir)
	if err := SaveSplit(dir, s); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, s.Checksum+splitEnd)
	text, file := changing(t, path)
	check := func(what string, n int) {
		t.Helper()
		var damaged *Damaged
		if _, _, _, err := OpenSplit(dir, s.Checksum); !errors.As(err, &damaged) ||
			damaged.Path != path {
			t.Errorf("%s %d of %d bytes: %v", what, n, len(text), err)
		}
	}
	for bit := range 8 * len(text) {
		setByte(t, file, bit/8, text[bit/8]^1<<(bit%8))
		check("bit", bit)
		setByte(t, file, bit/8, text[bit/8])
	}
	setByte(t, file, len(text), 0)
	check("length", len(text)+1)
	for n := len(text) - 1; n >= 0; n-- {
		if err := file.Truncate(int64(n)); err != nil {
			t.Fatal(err)
		}
		check("length", n)
	}
	for want, change := range map[string]func(*Split){
		"index 1 is 5, pack aa has 5 images": func(s *Split) { s.TrainIndices = []int32{0, 5} },
		"index 0 is -1, pack bb has": func(s *Split) {
			s.ValidationIndices = []int32{-1}
		},
		"the images that it names have the che": func(s *Split) { s.TrainIndices = []int32{0} },
	} {
		wrong := s
		change(&wrong)
		if err := SaveSplit(dir, wrong); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := OpenSplit(dir, s.Checksum); err == nil || !strings.Contains(err.Error(),
			want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, names := range [][3]string{{"x", "a", "a"}, {"a", "", "a"}, {"a", "a", "../a"}} {
		wrong := Split{Checksum: names[0], Train: names[1], Validation: names[2]}
		if err := SaveSplit(dir, wrong); err == nil || !strings.Contains(err.Error(),
			"is no name of") {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	if _, _, _, err := OpenSplit(dir, "x"); err == nil || !strings.Contains(err.Error(),
		"is no name") {
		t.Errorf("got %v", err)
	}
}

// FuzzSplit: no file does harm, and one that is read is the one that its content is written as.
func FuzzSplit(f *testing.F) {
	text, err := Split{"aa", "bb", []int32{4, 0}, []int32{1}, "cc"}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:len(text)-4])
	f.Add(bytes.Replace(text, []byte("aa"), []byte("ab"), 1))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := decodeSplit(text, "cc")
		if err != nil {
			return
		}
		if again, err := s.encode(); err != nil || string(again) != string(text) {
			t.Fatalf("%q is written as %q (%v)", text, again, err)
		}
	})
}

// TestSplitRoundTrip: any indices are read as they were written.
func TestSplitRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Split{"aa", "bb", rapid.SliceOf(rapid.Int32()).Draw(t, "train"),
			rapid.SliceOf(rapid.Int32()).Draw(t, "validation"), "cc"}
		text, err := want.encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeSplit(text, "cc"); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v (%v), want %+v", got, err, want)
		}
	})
}
