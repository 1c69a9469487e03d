package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"gridsearch/internal/crash"
)

// TestPrintable: names of classes that would steer a terminal are written, not obeyed, on standard
// output and in messages.
func TestPrintable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no file of Windows has such a name")
	}
	folder := t.TempDir()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	for _, class := range []string{"cat\x1b[31m", "dog", "hen\n", "owl\u202e"} {
		for _, name := range []string{"a.png", "b.png"} {
			path := filepath.Join(folder, class, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, picture.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	var out, messages bytes.Buffer
	if code := execute([]string{"dataset", "image-folder", "--path", folder}, &out,
		&messages); code != exitDone || !strings.Contains(out.String(),
		`classes: "cat\x1b[31m", dog, "hen\n", "owl\u202e"`) {
		t.Errorf("dataset ends with %d: %q%q", code, out.String(), messages.String())
	}
	out.Reset()
	if code := execute([]string{"plan", "no\x1b[31m.toml"}, &out, &messages); code != exitInput ||
		strings.Contains(messages.String(), "\x1b") {
		t.Errorf("plan ends with %d: %q", code, messages.String())
	}
}

// TestPanic: a panic is one line and the exit code of an internal error; a worker's is its own.
func TestPanic(t *testing.T) {
	err := guarded([]string{"status"}, func() error { panic("no luck") })
	if code := exitCode(err); code != exitInternal || strings.Contains(err.Error(), "\n") ||
		!strings.HasPrefix(err.Error(), "internal error: no luck in ") ||
		!strings.Contains(err.Error(), "GRIDSEARCH_TRACE=1") {
		t.Errorf("code %d: %v", code, err)
	}
	t.Setenv(traceVariable, "1")
	if err := guarded(nil, func() error { panic("no luck") }); !strings.Contains(err.Error(),
		"printable_test.go") {
		t.Errorf("the trace is not there: %v", err)
	}
	worker := crash.Guard(func() error {
		return guarded([]string{workerProcess}, func() error { panic("no luck") })
	})
	if worker == nil {
		t.Error("a worker's panic does not end it")
	}
}
