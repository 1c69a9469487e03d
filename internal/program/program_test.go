package program

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestReplaced: a program whose file is replaced while it runs starts itself, knows its own hash
// and has its own name.
func TestReplaced(t *testing.T) {
	if os.Getenv("GRIDSEARCH_TEST_PROGRAM") == "again" {
		Sign()
		os.Stdout.WriteString(Hash() + "\n")
		return
	}
	if path := os.Getenv("GRIDSEARCH_TEST_PROGRAM"); path != "" {
		replaceAndRepeat(t, path)
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux starts a file that is replaced")
	}
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "original")
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-test.run", "^TestReplaced$")
	cmd.Env = append(os.Environ(), "GRIDSEARCH_TEST_PROGRAM="+path)
	out, err := cmd.CombinedOutput()
	sum := sha256.Sum256(text)
	if err != nil || !strings.Contains(string(out), hex.EncodeToString(sum[:])) {
		t.Errorf("%v: %s", err, out)
	}
}

// replaceAndRepeat replaces the file that this process runs and starts it again.
func replaceAndRepeat(t *testing.T, path string) {
	if err := os.WriteFile(path+".new", []byte("#!/bin/sh\necho another\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	program, err := Path()
	if err != nil {
		t.Fatal(err)
	}
	shown := Shown([]string{program, "worker"})
	if want := []string{path, "worker"}; !slices.Equal(shown, want) {
		t.Errorf("it is shown as %q, want %q", shown, want)
	}
	cmd := exec.Command(program, "-test.run", "^TestReplaced$")
	cmd.Env = append(os.Environ(), "GRIDSEARCH_TEST_PROGRAM=again")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	os.Stdout.Write(out)
}
