package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"gridsearch/internal/kernel"
)

// TestOtherKernels: a run that is stopped on one set of kernels and goes on with another is trained
// by the other alone, bit for bit, and says so; results say where the runs of a study had several.
func TestOtherKernels(t *testing.T) {
	if len(kernel.Sets()) == 1 || runtime.GOOS != "linux" {
		t.Skip("there is one set of kernels here, or no signal")
	}
	s := newSession(t)
	run := []string{"run", "small.toml", "--workers", "1", "--limit", "1", "--progress", "plain",
		"--set", "train.epochs=300"}
	t.Setenv(kernel.Variable, kernel.Generic)
	cmd, _, messages := s.command(run...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a run that trains", func() bool {
		_, out, _ := s.run("status", "small")
		return trains(out)
	})
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	if !strings.Contains(messages.String(), "stopped, checkpoint written") {
		t.Fatalf("the first call says %s", messages)
	}
	t.Setenv(kernel.Variable, kernel.Sets()[0].Name)
	code, _, text := s.run(run...)
	if want := "checkpoint was written with kernels generic on "; code != exitDone ||
		strings.Count(text, "  starts over: ") != 1 || !strings.Contains(text, want) {
		t.Errorf("it was stopped with %s, and goes on with %d: %s", messages, code, text)
	}
	if code, _, text := s.run(append(run, "--dir", "alone")...); code != exitDone {
		t.Fatalf("alone: %d: %s", code, text)
	}
	if got, want := s.weights("studies"), s.weights("alone"); !bytes.Equal(got, want) {
		t.Error("the weights are not those of the second set alone")
	}
	const mixed = "the runs were not all computed alike, and agree to rounding (kernels "
	if _, out, _ := s.run("results", "small"); strings.Contains(out, mixed) {
		t.Errorf("one set is told as several: %s", out)
	}
	short := append(run[:len(run)-1], "train.epochs=1", "--dir", "mixed")
	for _, set := range []string{kernel.Generic, kernel.Sets()[0].Name} {
		t.Setenv(kernel.Variable, set)
		if code, _, text := s.run(short...); code != exitDone {
			t.Fatalf("%d: %s", code, text)
		}
	}
	for _, command := range []string{"results", "status"} {
		if _, out, _ := s.run(command, "small", "--dir", "mixed"); !strings.Contains(out, mixed) ||
			!strings.Contains(out, "kernels generic on ") {
			t.Errorf("%s does not say that kernels are mixed: %s", command, out)
		}
	}
}

// weights are those of the only complete run of a study.
func (s session) weights(dir string) []byte {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.folder, dir, "small", "runs", "*",
		"weights.safetensors"))
	if err != nil || len(files) != 1 {
		s.t.Fatalf("%s has the weights %q (%v)", dir, files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}
