package fetch

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPublished holds the form of the table: sums of the right length, sizes, addresses.
func TestPublished(t *testing.T) {
	for _, set := range Published {
		if named, ok := Named(set.Name); !ok || named.Base != set.Base || set.Licence == "" ||
			!strings.HasPrefix(set.Base, "http") || !strings.HasSuffix(set.Base, "/") {
			t.Errorf("%s: %v %q", set.Name, ok, set.Base)
		}
		for _, f := range set.Files {
			if len(f.MD5) != 32 || f.SHA256 != "" && len(f.SHA256) != 64 || f.Bytes < 1 ||
				f.Archive != strings.HasSuffix(f.Name, ".tar.gz") || len(f.Members) == 0 ||
				!f.Archive && f.Name != f.Members[0].Name+".gz" {
				t.Errorf("%+v", f)
			}
			for _, m := range f.Members {
				if m.Bytes > 0 && len(m.SHA256) != 64 || m.Bytes == 0 && !strings.HasSuffix(m.Name,
					".txt") || filepath.Base(m.Name) != m.Name {
					t.Errorf("%s: %+v", f.Name, m)
				}
			}
		}
	}
	if _, ok := Named("motifs"); ok || len(Names()) != len(Published) {
		t.Errorf("%q can be fetched", Names())
	}
}

// TestWhole: files are in their places and nothing else is; a second call asks for nothing.
func TestWhole(t *testing.T) {
	set, s, text := plainSet(t)
	folder := filepath.Join(t.TempDir(), "new", "folder")
	var last Progress
	f := quick()
	f.Progress = func(p Progress) { last = p }
	for range 2 {
		if err := f.Fetch(t.Context(), set, s.base(t), folder); err != nil {
			t.Fatal(err)
		}
	}
	holds(t, folder, map[string][]byte{"images.gz": text})
	s.asked(t, "images.gz")
	if n := int64(len(text)); last != (Progress{"images.gz", 0, n, n}) {
		t.Errorf("the last progress is %+v", last)
	}
	other := t.TempDir()
	if at := Find(t.Context(), set, []string{other, folder}); at != folder {
		t.Errorf("found in %q", at)
	}
	if at := Find(t.Context(), set, []string{other}); at != "" {
		t.Errorf("found in %q, which is empty", at)
	}
}

// TestArchive: members lie flat in the folder, and the archive is gone; one that is missing is had
// again, and those that are there stay.
func TestArchive(t *testing.T) {
	set, s := archiveSet(t)
	folder := t.TempDir()
	want := map[string][]byte{"a.bin": noise(2, 100_000), "b.bin": noise(3, 50_000),
		"names.txt": []byte("cat\ndog\n")}
	for range 2 {
		if err := quick().Fetch(t.Context(), set, s.base(t), folder); err != nil {
			t.Fatal(err)
		}
		holds(t, folder, want)
		if err := os.Remove(filepath.Join(folder, "b.bin")); err != nil {
			t.Fatal(err)
		}
	}
	s.asked(t, "set.tar.gz", "set.tar.gz")
	// by hand, with nobody to ask
	put(t, folder, "set.tar.gz", s.files["set.tar.gz"])
	want["set.tar.gz"] = s.files["set.tar.gz"]
	s.Close()
	if err := quick().Fetch(t.Context(), set, s.base(t), folder); err != nil {
		t.Fatal(err)
	}
	holds(t, folder, want)
}

// TestThere: files that packagers have compressed anew, or not at all, are right ones.
func TestThere(t *testing.T) {
	set, s, _ := plainSet(t)
	s.Close()
	plain := noise(1, 300_000)
	for name, text := range map[string][]byte{"images": plain,
		"images.gz": append(zipped(plain[:1000]), zipped(plain[1000:])...)} {
		folder := t.TempDir()
		put(t, folder, name, text)
		if err := quick().Fetch(t.Context(), set, s.base(t), folder); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		holds(t, folder, map[string][]byte{name: text})
	}
}

// TestOccupied: what is no published file stays, and is named with both sums.
func TestOccupied(t *testing.T) {
	plain, s, _ := plainSet(t)
	archive, a := archiveSet(t)
	for _, c := range []struct {
		set  Set
		from *server
		name string
		text []byte
		want string
	}{
		{plain, s, "images", noise(9, 300_000), digest(noise(9, 300_000)) + ", want " +
			digest(noise(1, 300_000))},
		{plain, s, "images", noise(1, 1000), "has 1000 bytes, want 300000"},
		{plain, s, "images.gz", []byte("mine"), "unexpected EOF"},
		{archive, a, "a.bin", noise(2, 100_001), "more than the 100000 bytes"},
		{archive, a, "names.txt", []byte("mine"), `its text is not "cat\ndog\n"`},
		{archive, a, "set.tar.gz", []byte("mine"), "its MD5 is 918b81db"},
	} {
		folder := t.TempDir()
		put(t, folder, c.name, c.text)
		err := quick().Fetch(t.Context(), c.set, c.from.base(t), folder)
		if occupied := (*OccupiedError)(nil); !errors.As(err, &occupied) ||
			!strings.Contains(err.Error(), filepath.Join(folder, c.name)) ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s gives %v, want %q", c.name, err, c.want)
		}
		if text, err := os.ReadFile(filepath.Join(folder, c.name)); err != nil ||
			!bytes.Equal(text, c.text) {
			t.Errorf("%s has %.40q (%v)", c.name, text, err)
		}
	}
}

// TestCut: after a cut connection the rest is asked for, wherever the cut was.
func TestCut(t *testing.T) {
	for _, after := range []int{1, 65_536, 65_537, 200_000} {
		set, s, text := plainSet(t)
		s.first = []http.HandlerFunc{s.cut(text, after)}
		folder, f := t.TempDir(), quick()
		var said string
		f.Say = func(text string) { said = text }
		if err := f.Fetch(t.Context(), set, s.base(t), folder); err != nil {
			t.Fatal(err)
		}
		holds(t, folder, map[string][]byte{"images.gz": text})
		s.asked(t, "images.gz", fmt.Sprintf(`images.gz bytes=%d- "1"`, after))
		if !strings.Contains(said, "unexpected EOF; it is tried again") {
			t.Errorf("a cut is said so: %q", said)
		}
	}
}

// stopped fetches until a part of the file is there, and returns how many bytes are.
func stopped(t *testing.T, set Set, s *server, folder string) int64 {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("stopped")
	f := quick()
	f.Progress = func(p Progress) {
		if p.Done >= p.Bytes/2 {
			cancel(cause)
		}
	}
	if err := f.Fetch(ctx, set, s.base(t), folder); err != cause {
		t.Fatalf("a stop gives %v", err)
	}
	info, err := os.Stat(filepath.Join(folder, set.Files[0].Name+".part"))
	if err != nil || info.Size() < set.Files[0].Bytes/2 || info.Size() == set.Files[0].Bytes {
		t.Fatalf("what is left is %v (%v)", info, err)
	}
	return info.Size()
}

// TestStopped: a stopped download leaves its part, from which the next goes on if the server has
// the same file under the same address still, and says so.
func TestStopped(t *testing.T) {
	date := "Mon, 02 Jan 2006 15:04:05 GMT"
	dated := func(text []byte) []http.HandlerFunc {
		return []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			at, _ := http.ParseTime(date)
			http.ServeContent(w, r, "", at, bytes.NewReader(text))
		}}
	}
	for name, c := range map[string]struct {
		begin, next func(s *server, text []byte, folder string)
		validator   string // of the second request; none if it is for the whole file
	}{
		"the same": {validator: `"1"`},
		"by date": {validator: date,
			begin: func(s *server, text []byte, _ string) { s.first = dated(text) },
			next:  func(s *server, text []byte, _ string) { s.first = dated(text) }},
		"weak":         {begin: func(s *server, _ []byte, _ string) { s.tag = `W/"1"` }},
		"no validator": {begin: func(s *server, _ []byte, _ string) { s.tag = "" }},
		"changed": {validator: `"1"`,
			begin: func(s *server, text []byte, _ string) {
				s.files["images.gz"] = noise(7, len(text))
			},
			next: func(s *server, text []byte, _ string) {
				s.tag, s.files["images.gz"] = `"2"`, text
			}},
		"ignored": {validator: `"1"`, next: func(s *server, text []byte, _ string) {
			s.first = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
				_, _ = w.Write(text)
			}}
		}},
		"elsewhere": {next: func(s *server, _ []byte, folder string) {
			put(t, folder, "images.gz.part.json",
				[]byte(`{"address":"http://x/","validator":"\"1\""}`))
		}},
		"no note": {next: func(s *server, _ []byte, folder string) {
			put(t, folder, "images.gz.part.json", []byte(`{`))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			set, s, text := plainSet(t)
			folder := t.TempDir()
			if c.begin != nil {
				c.begin(s, text, folder)
			}
			have := stopped(t, set, s, folder)
			if c.next != nil {
				c.next(s, text, folder)
			}
			if err := quick().Fetch(t.Context(), set, s.base(t), folder); err != nil {
				t.Fatal(err)
			}
			holds(t, folder, map[string][]byte{"images.gz": text})
			second := "images.gz"
			if c.validator != "" {
				second = fmt.Sprintf("images.gz bytes=%d- %s", have, c.validator)
			}
			s.asked(t, "images.gz", second)
		})
	}
}

// TestWrongRange: a server that sends another range, or none, is asked for the whole file.
func TestWrongRange(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"another": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-9/10")
			w.WriteHeader(http.StatusPartialContent)
		},
		"none": status(http.StatusRequestedRangeNotSatisfiable),
	} {
		set, s, text := plainSet(t)
		folder := t.TempDir()
		stopped(t, set, s, folder)
		s.first = []http.HandlerFunc{answer}
		if err := quick().Fetch(t.Context(), set, s.base(t), folder); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		holds(t, folder, map[string][]byte{"images.gz": text})
		if last := s.requests[len(s.requests)-1]; last != "images.gz" {
			t.Errorf("%s: the last request is %q", name, last)
		}
	}
}

// TestRefused: what is not to be had ends with the address and the reason, and leaves what was
// there, and a part only of what may go on.
func TestRefused(t *testing.T) {
	_, _, text := plainSet(t)
	other := noise(8, len(text))
	body := func(text []byte, sized bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if sized {
				w.Header().Set("Content-Length", fmt.Sprint(len(text)))
			}
			w.(http.Flusher).Flush()
			_, _ = w.Write(text)
		}
	}
	for name, c := range map[string]struct {
		answers  []http.HandlerFunc
		want     string // empty for success
		requests int
	}{
		"not found": {[]http.HandlerFunc{status(404)}, "the server answers 404 Not Found", 1},
		"503 twice": {[]http.HandlerFunc{status(503), status(502)}, "", 3},
		"503": {[]http.HandlerFunc{status(503), status(503), status(503)},
			"the server answers 503 Service Unavailable, at the last of 3 tries", 3},
		"wrong": {[]http.HandlerFunc{body(other, true)}, "want " +
			published("", text, false).MD5, 1},
		"long": {[]http.HandlerFunc{body(append(text[:len(text):len(text)], 0), true)},
			"bytes, the published one has", 1},
		"too long": {[]http.HandlerFunc{body(bytes.Repeat(text, 9), false)}, "sends more than", 1},
		"short":    {[]http.HandlerFunc{body(text[:9], false)}, "", 2},
		"from the beginning always": {[]http.HandlerFunc{body(text[:250_000], false),
			body(text[:250_000], false), body(text[:250_000], false)}, "sends more than", 3},
		"redirected": {[]http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/files/images.gz", http.StatusFound)
		}}, "", 2},
	} {
		set, s, _ := plainSet(t)
		s.first, s.tag = c.answers, `W/"weak"`
		folder := t.TempDir()
		put(t, folder, "labels", []byte("mine"))
		want := map[string][]byte{"labels": []byte("mine")}
		if c.want == "" {
			want["images.gz"] = text
		}
		err := quick().Fetch(t.Context(), set, s.base(t), folder)
		if c.want == "" && err != nil || c.want != "" && (err == nil ||
			!strings.Contains(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), s.URL+"/files/images.gz")) {
			t.Errorf("%s gives %v, want %q", name, err, c.want)
		}
		if holds(t, folder, want); len(s.requests) != c.requests {
			t.Errorf("%s: %d requests, want %d", name, len(s.requests), c.requests)
		}
	}
}

// TestUnreachable: nobody answers, or somebody who then says nothing.
func TestUnreachable(t *testing.T) {
	set, s, text := plainSet(t)
	network := (*NetworkError)(nil)
	s.first = []http.HandlerFunc{}
	for range tries {
		s.first = append(s.first, func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(text[:len(text)/2])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
	}
	f := quick()
	f.silence = 20 * time.Millisecond
	if err := f.Fetch(t.Context(), set, s.base(t), t.TempDir()); !errors.As(err, &network) ||
		!strings.Contains(err.Error(), "nothing for too long, at the last of 3 tries") {
		t.Errorf("silence gives %v", err)
	}
	s.Close()
	base := s.base(t)
	base.Host = strings.Replace(base.Host, "127.0.0.1", "user:secret@127.0.0.1", 1)
	base, err := base.Parse(base.Scheme + "://" + base.Host + "/files/")
	if err != nil {
		t.Fatal(err)
	}
	err = quick().Fetch(t.Context(), set, base, t.TempDir())
	if !errors.As(err, &network) || strings.Contains(err.Error(), "secret") ||
		strings.Count(err.Error(), "images.gz") != 1 {
		t.Errorf("no server gives %v", err)
	}
}

// TestBombs: what a compressed file holds is read up to the published size.
func TestBombs(t *testing.T) {
	zeros := make([]byte, 4<<20)
	small := member("a.bin", zeros[:1000])
	for name, c := range map[string]struct {
		text    []byte
		archive bool
		want    string
	}{
		"set.gz": {zipped(zeros), false, "more than the 1000 bytes"},
		"set.tar.gz": {packed(t, entry{name: "a.bin", text: zeros}), true,
			"more than the 1000 bytes"},
		"skipped.tar.gz": {packed(t, entry{name: "b.bin", text: zeros}), true,
			"more than the 1049576 bytes"},
	} {
		s := serve(t, map[string][]byte{name: c.text})
		set := Set{Files: []File{published(name, c.text, c.archive, small)}}
		folder := t.TempDir()
		err := quick().Fetch(t.Context(), set, s.base(t), folder)
		if content := (*ContentError)(nil); !errors.As(err, &content) ||
			!strings.Contains(err.Error(), c.want) || content.Path != s.URL+"/files/"+name {
			t.Errorf("%s gives %v, want %q", name, err, c.want)
		}
		holds(t, folder, nil)
	}
}

// TestHostileArchives: names that lead elsewhere are skipped, and what has a member's name must be
// a file.
func TestHostileArchives(t *testing.T) {
	a := noise(2, 1000)
	good := entry{name: "set/a.bin", text: a}
	for name, c := range map[string]struct {
		entries []entry
		want    string // empty for success
	}{
		"parent":   {[]entry{{name: "../a.bin", text: []byte("evil")}, good}, ""},
		"inside":   {[]entry{{name: "set/../../a.bin", text: []byte("evil")}, good}, ""},
		"absolute": {[]entry{{name: "/tmp/a.bin", text: []byte("evil")}, good}, ""},
		"windows":  {[]entry{{name: `..\a.bin`, text: []byte("evil")}, good}, ""},
		"dot":      {[]entry{{name: "./set/a.bin", text: a}}, ""},
		"twice":    {[]entry{good, {name: "other/a.bin", text: []byte("evil")}}, ""},
		"other":    {[]entry{{name: "../evil", text: []byte("evil")}, good}, ""},
		"link": {[]entry{{name: "set/a.bin", kind: tar.TypeSymlink, link: "/etc/passwd"}, good},
			"set/a.bin in it is no file"},
		"hard": {[]entry{{name: "set/a.bin", kind: tar.TypeLink, link: "../../x"}, good},
			"set/a.bin in it is no file"},
		"folder":    {[]entry{{name: "a.bin/", kind: tar.TypeDir}}, "a.bin is not in it"},
		"alone":     {[]entry{{name: "../a.bin", text: a}}, "a.bin is not in it"},
		"empty":     {nil, "a.bin is not in it"},
		"truncated": {[]entry{{name: "a.bin", text: a[:999]}}, "has 999 bytes, want 1000"},
		"other sum": {[]entry{{name: "a.bin", text: noise(4, 1000)}}, digest(a)},
	} {
		text := packed(t, c.entries...)
		s := serve(t, map[string][]byte{"set.tar.gz": text})
		set := Set{Files: []File{published("set.tar.gz", text, true, member("a.bin", a))}}
		above := t.TempDir()
		folder := filepath.Join(above, "set")
		err := quick().Fetch(t.Context(), set, s.base(t), folder)
		if c.want == "" && err != nil || c.want != "" && (err == nil ||
			!strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s gives %v, want %q", name, err, c.want)
		}
		want := map[string][]byte{}
		if c.want == "" {
			want["a.bin"] = a
		}
		holds(t, folder, want)
		if entries, err := os.ReadDir(above); err != nil || len(entries) != 1 {
			t.Errorf("%s leaves %v above the folder (%v)", name, entries, err)
		}
	}
}

// TestFullDisk: the system's error comes back, with what it is about.
func TestFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no /dev/full here")
	}
	set, s, _ := plainSet(t)
	folder := t.TempDir()
	part := filepath.Join(folder, "images.gz.part")
	if err := os.Symlink("/dev/full", part); err != nil {
		t.Fatal(err)
	}
	err := quick().Fetch(t.Context(), set, s.base(t), folder)
	if about := (*fs.PathError)(nil); !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &about) ||
		about.Path != part {
		t.Errorf("a full disk gives %v", err)
	}
	s.asked(t, "images.gz")
}

// TestTwoAtOnce: the second waits for the first, and both end with one download; a stop ends the
// wait.
func TestTwoAtOnce(t *testing.T) {
	set, s, text := plainSet(t)
	folder := t.TempDir()
	first, second := quick(), quick()
	stopping, stop := context.WithCancel(t.Context())
	ends, waits := make(chan error), 0
	var once bool
	first.Progress = func(Progress) {
		if once {
			return
		}
		once = true
		second.Say = func(string) { stop() }
		err := second.Fetch(stopping, set, s.base(t), folder)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a stop while waiting gives %v", err)
		}
		begun := make(chan bool)
		third := quick()
		third.Say = func(string) { waits++; close(begun) }
		go func() { ends <- third.Fetch(t.Context(), set, s.base(t), folder) }()
		<-begun
	}
	if err := first.Fetch(t.Context(), set, s.base(t), folder); err != nil {
		t.Error(err)
	}
	if err := <-ends; err != nil || waits != 1 {
		t.Errorf("the one that waited ends with %v", err)
	}
	s.asked(t, "images.gz")
	holds(t, folder, map[string][]byte{"images.gz": text})
}

// TestKilled: what a killed process may have left is no hindrance.
func TestKilled(t *testing.T) {
	set, s := archiveSet(t)
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "set.tar.gz.unpacked"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, folder, "set.tar.gz.unpacked/a.bin", []byte("half"))
	put(t, folder, "set.tar.gz.part", s.files["set.tar.gz"]) // whole, but not unpacked
	put(t, folder, "a.bin", noise(2, 100_000))
	put(t, folder, lockName, nil)
	if err := quick().Fetch(t.Context(), set, s.base(t), folder); err != nil {
		t.Fatal(err)
	}
	s.asked(t)
	holds(t, folder, map[string][]byte{"a.bin": noise(2, 100_000), "b.bin": noise(3, 50_000),
		"names.txt": []byte("cat\ndog\n")})
}

func FuzzContinues(f *testing.F) {
	for _, header := range []string{"bytes 5-9/10", "bytes 5-9/*", "bytes 5-10/11", "bytes */10",
		"bytes 0-9/10", "", "bytes 5-9/"} {
		f.Add(header, int64(5), int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, from, size int64) {
		end := fmt.Sprintf("bytes %d-%d/", from, size-1)
		want := header == end+"*" || header == end+fmt.Sprint(size)
		if continues(header, from, size) != want {
			t.Errorf("%q from %d of %d: %v", header, from, size, !want)
		}
	})
}

// FuzzUnpack: an archive of any bytes makes nothing but its members, of no more than their size.
func FuzzUnpack(f *testing.F) {
	a := noise(2, 1000)
	var t testing.T
	for _, entries := range [][]entry{{{name: "set/a.bin", text: a}}, {{name: "../a.bin", text: a}},
		{{name: "a.bin", kind: tar.TypeSymlink, link: "/etc/passwd"}}, nil} {
		f.Add(packed(&t, entries...))
	}
	f.Add(zipped([]byte("no archive")))
	f.Fuzz(func(t *testing.T, text []byte) {
		above := t.TempDir()
		folder := filepath.Join(above, "into")
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		m := Member{Name: "a.bin"}
		err := File{Members: []Member{m}}.unpackFrom(bytes.NewReader(text), folder)
		made := map[string]int64{}
		walk := filepath.WalkDir(above, func(path string, e fs.DirEntry, err error) error {
			if err == nil && path != above && path != folder {
				info, err := e.Info()
				if err != nil || !info.Mode().IsRegular() {
					t.Fatalf("%s is %v (%v)", path, info, err)
				}
				made[path] = info.Size()
			}
			return err
		})
		at := filepath.Join(folder, m.Name)
		size, ok := made[at]
		delete(made, at)
		if walk != nil || len(made) > 0 || size > mostBytes || err == nil && !ok {
			t.Fatalf("%v makes %v besides %d bytes (%v)", err, maps.Keys(made), size, walk)
		}
	})
}

// FuzzNote: whatever lies beside a partial file, what begins there is no longer than it.
func FuzzNote(f *testing.F) {
	f.Add([]byte(`{"address":"http://a/","validator":"\"1\""}`))
	f.Add([]byte(`{"address":"http://a/"}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p := partOf(filepath.Join(t.TempDir(), "x"))
		if err := errors.Join(os.WriteFile(string(p), make([]byte, 7), 0o644),
			os.WriteFile(p.note(), text, 0o644)); err != nil {
			t.Fatal(err)
		}
		have, validator, err := p.begun("http://a/", 10)
		if err != nil || have != 0 && have != 7 || (have == 0) != (validator == "") {
			t.Fatalf("%d bytes with validator %q (%v)", have, validator, err)
		}
	})
}
