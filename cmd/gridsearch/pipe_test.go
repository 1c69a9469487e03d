package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// piped runs a command on what a pipe gives, as a shell does for <(cat FILE).
func (s session) piped(text []byte, args ...string) (code int, out, messages string) {
	s.t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	defer read.Close()
	go func() {
		_, _ = write.Write(text)
		write.Close()
	}()
	cmd, o, m := s.command(args...)
	cmd.ExtraFiles = []*os.File{read} // descriptor 3
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), o.String(), m.String()
}

// TestPipedFile: an experiment file is read once, so that it may come from a pipe; the study keeps
// the text that was planned, and goes on by its name.
func TestPipedFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no /dev/fd here")
	}
	s := newSession(t)
	text, err := os.ReadFile("testdata/small.toml")
	if err != nil {
		t.Fatal(err)
	}
	if code, out, messages := s.piped(text, "plan", "/dev/fd/3"); code != exitDone ||
		!strings.Contains(out, "5 trials with base and controls") {
		t.Errorf("plan ends with %d: %s%s", code, out, messages)
	}
	run := []string{"run", "/dev/fd/3", "--progress", "none", "--limit", "1"}
	if code, _, messages := s.piped(text, run...); code != exitInput || !strings.Contains(messages,
		"--set study.name=NAME") {
		t.Errorf("run without a name ends with %d: %s", code, messages)
	}
	code, _, messages := s.piped(text, append(run, "--set", "study.name=piped")...)
	if code != exitDone || !strings.Contains(messages, "go on with: gridsearch run piped\n") {
		t.Errorf("run ends with %d: %s", code, messages)
	}
	kept, err := os.ReadFile(filepath.Join(s.folder, "studies", "piped", "experiment.toml"))
	if err != nil || !bytes.Equal(kept, text) {
		t.Errorf("the study keeps %q (%v)", kept, err)
	}
}
