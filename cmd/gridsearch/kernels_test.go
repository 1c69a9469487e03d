package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
)

// hello is the shell command of a worker that greets.
var hello = fmt.Sprintf(`echo '{"hello":{"protocol":%d,"numeric_version":%d}}'`, job.Protocol,
	job.NumericVersion)

// spoiledProgram is the program with wrong kernels: GRIDSEARCH_SPOIL says which, and how.
func spoiledProgram(t *testing.T) session {
	t.Helper()
	s := newSession(t)
	s.program = filepath.Join(s.folder, "spoiled.exe")
	if out, err := exec.Command("go", "build", "-tags", "spoiled", "-o", s.program,
		".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return s
}

// TestSpoiledKernels: a set that computes something else, or that ends the process, is told and
// left out; the study goes on with the next and records that. A set that was chosen by hand is
// refused.
func TestSpoiledKernels(t *testing.T) {
	sets := kernel.Sets()
	if len(sets) == 1 {
		t.Skip("this processor has no set to go on with")
	}
	first, next := sets[0].Name, sets[1].Name
	s := spoiledProgram(t)
	t.Setenv(kernel.Variable, "")
	run := []string{"run", "small.toml", "--progress", "plain", "--limit", "1", "--workers", "1",
		"--dir"}
	for how, cause := range map[string]string{
		"wrong":   `kernel affine: number 0 is \S+, want \S+`,
		"illegal": `SIGILL: illegal instruction in kernel\.illegal`,
	} {
		t.Setenv("GRIDSEARCH_SPOIL", first+"="+how)
		code, _, messages := s.run(append(run, how)...)
		told := regexp.MustCompile("(?m)^kernels " + first +
			" fail their check here and are left out \\(" + cause + "\\); going on with " + next + "$")
		if code != exitDone || len(told.FindAllString(messages, -1)) != 1 ||
			!strings.Contains(messages, "[1/10]") {
			t.Errorf("%s kernels: the study ends with %d: %s", how, code, messages)
		}
		recorded := regexp.MustCompile(`"kernel_set":"` + next + `","kernels_rejected":\{"` +
			first + `":"` + cause)
		if text, err := os.ReadFile(filepath.Join(s.folder, how, "small",
			"study.db")); err != nil || !recorded.Match(text) {
			t.Errorf("%s kernels are not recorded (%v)", how, err)
		}
		if code, out, messages := s.run("doctor", "--quick"); code != exitDone ||
			!strings.Contains(out, "; not of "+first+"\n") ||
			!strings.Contains(out, "warning: kernels "+first+" fail their check and are left out: ") {
			t.Errorf("%s kernels: doctor ends with %d: %s%s", how, code, out, messages)
		}
	}
	t.Setenv(kernel.Variable, first)
	code, _, messages := s.run(append(run, "hand")...)
	if want := "environment variable " + kernel.Variable + ": kernels " +
		first; code != exitInput || !strings.Contains(messages, want) {
		t.Errorf("chosen by hand: the study ends with %d: %s", code, messages)
	}
	t.Setenv(kernel.Variable, "")
	t.Setenv("GRIDSEARCH_SPOIL", first+"=wrong")
	code, _, messages = s.run("bench", "--resolution", "17", "--width", "0.1", "--batch", "4",
		"--rounds", "1")
	if code != exitDone {
		t.Errorf("bench ends with %d: %s", code, messages)
	}
}

// TestCrashingWorkers: where the first attempts crash alike the study stops with the cause on a
// short line and what to try; no run is failed, and none counts for --limit.
func TestCrashingWorkers(t *testing.T) {
	s := newSession(t)
	worker := filepath.Join(s.folder, "launcher")
	script := "#!/bin/sh\n" + hello + "; read request; echo 'panic: no luck\n\ngoroutine 1 " +
		"[running]:\ngridsearch/model.Lucky(...)\n\t/src/luck.go:7' >&2; exit 2\n"
	if err := os.WriteFile(worker, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(worker).Run(); err == nil || exec.Command("sh", "-c", ":").Run() != nil {
		t.Skip("no shell here")
	}
	line := regexp.MustCompile(
		`(?m)^gridsearch: the first 3 attempts have crashed alike, and no run has been completed on this machine yet: (.*): runs left to train: 10$`)
	for _, retries := range []string{"0", "2"} {
		dir := "retries" + retries
		args := []string{"run", "small.toml", "--progress", "plain", "--launcher", worker, "--dir",
			dir, "--set", "execution.max_retries=" + retries}
		for _, more := range [][]string{{"--limit", "1"}, {"--workers", "1"}} {
			code, _, messages := s.run(append(args, more...)...)
			found := line.FindStringSubmatch(messages)
			if code != exitFailedRuns || found == nil || strings.Contains(messages, "  failed: ") {
				t.Fatalf("the study ends with %d: %s", code, messages)
			}
			cause := regexp.MustCompile(
				`^worker died: panic: no luck in model\.Lucky \((runs/[0-9a-f]{16}/crash-\d+\.txt)\)$`).FindStringSubmatch(found[1])
			if cause == nil || len(found[1]) > 160 {
				t.Fatalf("the cause is %q", found[1])
			}
			if text, err := os.ReadFile(filepath.Join(s.folder, dir, "small",
				cause[1])); err != nil || !strings.Contains(string(text), "/src/luck.go:7") {
				t.Errorf("the file says %q (%v)", text, err)
			}
		}
		if _, out, _ := s.run("status", "small", "--dir", dir); !strings.Contains(out,
			"10 waiting of 10") {
			t.Errorf("afterwards: %s", out)
		}
	}
}

// TestHeldRun: a run whose only attempt crashed first of all is held back until another is
// complete, and is failed then.
func TestHeldRun(t *testing.T) {
	s := newSession(t)
	launcher := filepath.Join(s.folder, "launcher")
	script := "#!/bin/sh\ntest -e " + launcher + ".used && exec \"$@\"\n: >" + launcher +
		".used; " + hello + "; read request; echo 'panic: no luck' >&2; exit 2\n"
	if err := os.WriteFile(launcher, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if exec.Command("sh", "-c", ":").Run() != nil {
		t.Skip("no shell here")
	}
	code, out, messages := s.run("run", "small.toml", "--progress", "plain", "--launcher", launcher,
		"--workers", "1",
		"--set", "execution.max_retries=0", "--set", "replication.seeds=1")
	failed := regexp.MustCompile(
		`(?m)^\[\d/5\] .* seed=0  failed: worker died: panic: no luck \(runs/\w+/crash-1\.txt\)$`)
	if code != exitFailedRuns || len(failed.FindAllString(messages, -1)) != 1 ||
		!strings.Contains(messages, "1 of 5 runs failed") || strings.Count(out, "failed: ") != 1 {
		t.Errorf("the study ends with %d: %s%s", code, messages, out)
	}
}
