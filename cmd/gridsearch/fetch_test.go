package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"gridsearch/dataset/fetch"
	"gridsearch/internal/terminal"
)

// record is one image of CIFAR-10.
func record(class byte) []byte { return append([]byte{class}, make([]byte, 3*32*32)...) }

// tinyCIFAR replaces the published data sets with a CIFAR-10 of one image a file, and serves it.
func tinyCIFAR(t *testing.T) *httptest.Server {
	t.Helper()
	real, ok := fetch.Named("cifar-10")
	if !ok {
		t.Fatal("cifar-10 cannot be fetched")
	}
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	file := real.Files[0]
	file.Members = nil
	for i, m := range real.Files[0].Members {
		text := record(byte(i))
		if m.Bytes == 0 {
			text = []byte("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n")
		} else {
			sum := sha256.Sum256(text)
			m.Bytes, m.SHA256 = int64(len(text)), hex.EncodeToString(sum[:])
		}
		file.Members = append(file.Members, m)
		err := archive.WriteHeader(&tar.Header{Name: "cifar-10-batches-bin/" + m.Name, Mode: 0o644,
			Size: int64(len(text)), Typeflag: tar.TypeReg})
		if _, also := archive.Write(text); errors.Join(err, also) != nil {
			t.Fatal(err, also)
		}
	}
	if err := errors.Join(archive.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum(packed.Bytes())
	file.Bytes, file.MD5, file.SHA256 = int64(packed.Len()), hex.EncodeToString(sum[:]), ""
	published := fetch.Published
	t.Cleanup(func() { fetch.Published = published })
	real.Files = []fetch.File{file}
	fetch.Published = []fetch.Set{real}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/data/"+file.Name {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(packed.Bytes())
	}))
	t.Cleanup(s.Close)
	return s
}

// TestFetch: what is fetched is described, and read from then on without a path.
func TestFetch(t *testing.T) {
	s := tinyCIFAR(t)
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(cache, "gridsearch", "cifar-10")
	described := "cifar-10: 5 training and 1 test image of 32 x 32 pixels"
	for _, c := range []struct {
		args      string
		code      int
		out, says string
	}{
		{"--fetch --mirror " + s.URL + "/none", exitInternal, "",
			"/none/cifar-10-binary.tar.gz: the server answers 404 Not Found\ngridsearch: run the " +
				"same command again, name another address with --mirror URL, or download " +
				"cifar-10-binary.tar.gz by hand into " + folder + " and run it then\n"},
		{"", exitInput, "", "get it with: gridsearch dataset cifar-10 --fetch\n"},
		{"--fetch --mirror " + s.URL + "/data", exitDone, described,
			"cifar-10 is in " + folder + " now; its author states no licence and asks to be cited"},
		{"--fetch --mirror " + s.URL + "/none", exitDone, described, "cifar-10 is in " + folder +
			" already"},
		{"", exitDone, described, ""},
	} {
		var out, messages bytes.Buffer
		code := execute(append([]string{"dataset", "cifar-10"}, strings.Fields(c.args)...), &out,
			&messages)
		if code != c.code || !strings.HasPrefix(out.String(), c.out) ||
			!strings.Contains(messages.String(), c.says) {
			t.Errorf("%q ends with %d\n%s%s", c.args, code, out.String(), messages.String())
		}
	}
}

// TestFetchStopped: Ctrl-C ends a download at once and leaves its part, and the same command asks
// for the rest.
func TestFetchStopped(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGINT for another process here")
	}
	const size, sent = 26_421_880, 100_000
	asked := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Range")
		if r.Header.Get("Range") != "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", fmt.Sprint(size))
		_, _ = w.Write(make([]byte, sent))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	s := newSession(t)
	args := []string{"dataset", "fashion-mnist", "--fetch", "--path", "data", "--mirror", server.URL}
	cmd, _, messages := s.command(args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(s.folder, "data", "train-images-idx3-ubyte.gz.part")
	waitFor(t, "the part", func() bool {
		info, err := os.Stat(part)
		return err == nil && info.Size() == sent
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted+int(syscall.SIGINT) ||
		!strings.Contains(messages.String(), "the same command goes on with what is here") {
		t.Errorf("a stop ends with %d: %s", code, messages)
	}
	code, _, text := s.run(args...)
	close(asked)
	if <-asked; code != exitInternal || <-asked != fmt.Sprintf("bytes=%d-", sent) {
		t.Errorf("the second call ends with %d: %s", code, text)
	}
}

// TestFetchByProxy: the published address is asked by the proxy of the environment.
func TestFetchByProxy(t *testing.T) {
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.RequestURI
		http.NotFound(w, r)
	}))
	defer proxy.Close()
	s := newSession(t)
	cmd, _, messages := s.command("dataset", "fashion-mnist", "--fetch", "--path", "data")
	cmd.Env = append(cmd.Env, "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=",
		"no_proxy=")
	_ = cmd.Run()
	close(asked)
	set, _ := fetch.Named("fashion-mnist")
	if want := set.Base + "train-images-idx3-ubyte.gz"; cmd.ProcessState.ExitCode() != exitInternal ||
		<-asked != want || !strings.HasPrefix(messages.String(), "gridsearch: "+want+": the server "+
		"answers 404") {
		t.Errorf("it ends with %d: %s", cmd.ProcessState.ExitCode(), messages)
	}
}

// TestAdvised: a full disk is said, with the file.
func TestAdvised(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "x.part", Err: syscall.ENOSPC}
	err := advised(full, fetch.Published[0], "folder")
	if exitCode(err) != exitInput || !strings.Contains(err.Error(), "x.part: no space left") ||
		!strings.Contains(err.Error(), "when that is mended, the same command goes on") {
		t.Errorf("a full disk is %v", err)
	}
}

func TestMeterLine(t *testing.T) {
	for want, c := range map[string]struct {
		begun, done, bytes int64
		seconds            float64
	}{
		"a.gz    0 % of 26.4 MB":                      {0, 0, 26_421_880, 0},
		"a.gz   50 % of 26.4 MB":                      {13_210_940, 13_210_940, 26_421_880, 1},
		"a.gz   50 % of 4 MB  0.50 MB/s  ETA 4s":      {1e6, 2e6, 4e6, 2},
		"a.gz  100 % of 4 MB  0.01 MB/s  in 5m00s":    {1e6, 4e6, 4e6, 300},
		"a.gz    1 % of 170 MB  1.70 MB/s  ETA 1m39s": {0, 17e5, 17e7, 1},
	} {
		p := fetch.Progress{File: "a.gz", Begun: c.begun, Done: c.done, Bytes: c.bytes}
		if got := meterLine(p, c.seconds); got != want {
			t.Errorf("%+v is %q, want %q", p, got, want)
		}
	}
}

// TestMeter: lines elsewhere than on a terminal are few, and whole; on one there is one at a time.
func TestMeter(t *testing.T) {
	for live, want := range map[bool]string{
		false: "a.gz    0 %|a.gz   50 %|note|a.gz  100 %|b.gz    0 %|",
		true:  "a.gz    0 %|\x1b[1A\x1b[1Ma.gz   50 %|note|a.gz  100 %|b.gz    0 %|",
	} {
		var out bytes.Buffer
		m := &meter{out: &out}
		if live {
			m.area = &terminal.Area{Out: &out, Size: func() (int, int) { return 80, 24 }}
		}
		at := time.Unix(0, 0)
		for _, done := range []int64{0, 1, 2, 500, 501, 509} {
			m.show(fetch.Progress{File: "a.gz", Done: done, Bytes: 1000}, at)
			at = at.Add(redrawEvery / 3)
		}
		m.say("note")
		m.show(fetch.Progress{File: "a.gz", Done: 1000, Bytes: 1000}, at)
		m.show(fetch.Progress{File: "b.gz", Bytes: 1000}, at)
		m.end()
		got := regexp.MustCompile(" of 1 kB[^\r\n]*").ReplaceAllString(out.String(), "")
		if got = strings.ReplaceAll(got, "\n", "|"); got != want {
			t.Errorf("live %v gives %q, want %q", live, got, want)
		}
	}
}
