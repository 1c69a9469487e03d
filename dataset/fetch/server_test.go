package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// server publishes files on loopback, and answers the first requests as it is told.
type server struct {
	*httptest.Server
	mutex    sync.Mutex
	files    map[string][]byte
	tag      string
	first    []http.HandlerFunc // for one request each
	requests []string           // name, Range and If-Range of each
}

func serve(t *testing.T, files map[string][]byte) *server {
	s := &server{files: files, tag: `"1"`}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	name := strings.TrimPrefix(r.URL.Path, "/files/")
	s.requests = append(s.requests, strings.TrimSpace(fmt.Sprint(name, " ", r.Header.Get("Range"),
		" ", r.Header.Get("If-Range"))))
	answer := http.HandlerFunc(s.whole)
	if len(s.first) > 0 {
		answer, s.first = s.first[0], s.first[1:]
	}
	s.mutex.Unlock()
	answer(w, r)
}

// whole answers as a file server does.
func (s *server) whole(w http.ResponseWriter, r *http.Request) {
	text, ok := s.files[strings.TrimPrefix(r.URL.Path, "/files/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if s.tag != "" {
		w.Header().Set("ETag", s.tag)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// cut answers with so many bytes of a text and cuts the connection.
func (s *server) cut(text []byte, after int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", s.tag)
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		_, _ = w.Write(text[:after])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func (s *server) base(t *testing.T) *url.URL {
	base, err := url.Parse(s.URL + "/files")
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func (s *server) asked(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.requests, want) {
		t.Errorf("the server was asked for %q, want %q", s.requests, want)
	}
}

// quick is a Fetcher that does not wait between tries.
func quick() *Fetcher {
	f := New(func(Progress) {}, func(string) {})
	f.pause = func(int) time.Duration { return 0 }
	return f
}

// noise is bytes that do not compress.
func noise(seed uint64, n int) []byte {
	text := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(text)
	return text
}

func zipped(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text)
	w.Close()
	return b.Bytes()
}

// packed is a .tar.gz of entries; those without a type are files.
func packed(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.text)), Typeflag: e.kind,
			Linkname: e.link}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return zipped(b.Bytes())
}

type entry struct {
	name string
	text []byte
	kind byte
	link string
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// published describes a file as the table does.
func published(name string, text []byte, archive bool, members ...Member) File {
	sum := md5.Sum(text)
	return File{Name: name, Bytes: int64(len(text)), MD5: hex.EncodeToString(sum[:]),
		SHA256: digest(text), Archive: archive, Members: members}
}

func member(name string, text []byte) Member {
	return Member{Name: name, Bytes: int64(len(text)), SHA256: digest(text)}
}

// plainSet is a set of one compressed file, with its server.
func plainSet(t *testing.T) (Set, *server, []byte) {
	text := zipped(noise(1, 300_000))
	s := serve(t, map[string][]byte{"images.gz": text})
	return Set{Name: "tiny", Files: []File{published("images.gz", text, false, member("images",
		noise(1, 300_000)))}}, s, text
}

// archiveSet is a set of one archive, with its server.
func archiveSet(t *testing.T) (Set, *server) {
	a, b, names := noise(2, 100_000), noise(3, 50_000), []byte("cat\ndog\n")
	text := packed(t, entry{name: "set/", kind: tar.TypeDir}, entry{name: "set/readme.html",
		text: []byte("read")}, entry{name: "set/a.bin", text: a}, entry{name: "set/b.bin", text: b},
		entry{name: "set/names.txt", text: names})
	s := serve(t, map[string][]byte{"set.tar.gz": text})
	return Set{Name: "packed", Files: []File{published("set.tar.gz", text, true, member("a.bin", a),
		member("b.bin", b), Member{Name: "names.txt"})}}, s
}

// holds compares what a folder has with files by name.
func holds(t *testing.T, folder string, want map[string][]byte) {
	t.Helper()
	var have []string
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && path != folder {
			name, _ := filepath.Rel(folder, path)
			have = append(have, name)
			if text, err := os.ReadFile(path); err != nil || !bytes.Equal(text, want[name]) {
				t.Errorf("%s has %.40q (%v)", name, text, err)
			}
		}
		return err
	})
	if err != nil || len(have) != len(want) {
		t.Errorf("the folder has %q, want %d files (%v)", have, len(want), err)
	}
}

func put(t *testing.T, folder, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
		t.Fatal(err)
	}
}
