package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"gridsearch/internal/job"
)

// buildWith builds the program, with another numeric version where it is not 0.
func (s session) buildWith(name string, version int) (path string) {
	s.t.Helper()
	path = filepath.Join(s.folder, name)
	args := []string{"build", "-o", path}
	if version != 0 {
		spec, err := filepath.Abs("../../internal/job/spec.go")
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := os.ReadFile(spec)
		if err != nil {
			s.t.Fatal(err)
		}
		old := "const NumericVersion = " + strconv.Itoa(job.NumericVersion)
		changed := strings.Replace(string(text), old, "const NumericVersion = "+strconv.Itoa(version), 1)
		overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{spec: path + ".go"}})
		if err != nil || changed == string(text) {
			s.t.Fatal("the version is not where it was", err)
		}
		s.write(name+".go", changed)
		s.write(name+".json", string(overlay))
		args = append(args, "-overlay", path+".json")
	}
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	return path
}

func (s session) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// TestReplacedProgram: where the program's file is replaced while a study trains and a worker dies,
// the next worker is the old program; a launcher that starts the new one ends the study, and
// nothing of the new program's is recorded.
func TestReplacedProgram(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("finds workers through /proc")
	}
	s := newSession(t)
	s.program = s.buildWith("program", 0)
	other := s.buildWith("other", job.NumericVersion+1)
	run := []string{"run", "small.toml", "--workers", "1", "--limit", "1", "--progress", "plain",
		"--set"}
	cmd, _, messages := s.command(append(run, "train.epochs=2000")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	training := func() bool {
		_, out, _ := s.run("status", "small")
		return trains(out)
	}
	waitFor(t, "a worker that trains", training)
	if err := os.Rename(s.program, s.program+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(other, s.program); err != nil {
		t.Fatal(err)
	}
	worker := children(cmd.Process.Pid)
	if len(worker) != 1 {
		t.Fatalf("the workers are %v", worker)
	}
	name, err := os.ReadFile("/proc/" + strconv.Itoa(worker[0]) + "/comm")
	if err != nil || string(name) != "program\n" {
		t.Errorf("the worker is called %q (%v)", name, err)
	}
	if p, err := os.FindProcess(worker[0]); err != nil || p.Kill() != nil {
		t.Fatal("the worker is gone before it is killed")
	}
	err = cmd.Wait()
	if err != nil || !strings.Contains(messages.String(), "it will be tried again") {
		t.Fatalf("%v: %s", err, messages)
	}
	s.wantVersions("small", job.NumericVersion)

	s.program += ".old"
	s.write("launcher", "#!/bin/sh\nshift\nexec "+other+" \"$@\"\n")
	code, _, text := s.run(append(run, "train.epochs=1", "--dir", "launched", "--launcher",
		filepath.Join(s.folder, "launcher"))...)
	for _, want := range []string{"a worker is another program: its numeric version is ",
		": runs left to train: 10\n", "when its build is finished, run the same command again",
		"go on with: gridsearch run small.toml"} {
		if code != exitFailedRuns || !strings.Contains(text, want) {
			t.Errorf("a launcher of another program ends with %d: %s\nwant %s", code, text, want)
		}
	}
	if _, out, _ := s.run("status", "small", "--dir", "launched"); !strings.Contains(out,
		"10 waiting of 10") {
		t.Errorf("it has recorded %s", out)
	}
}

// wantVersions holds the executions of a study to one numeric version.
func (s session) wantVersions(name string, version int) {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "studies", name, "study.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	const key = `"numeric_version":`
	all, right := strings.Count(string(text), key), strings.Count(string(text), key+
		strconv.Itoa(version))
	if all == 0 || all != right {
		s.t.Errorf("%d of %d executions are of version %d", right, all, version)
	}
}
