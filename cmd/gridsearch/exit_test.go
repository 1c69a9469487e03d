package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gridsearch/internal/random"
)

var long = flag.Bool("long", false, "run the slow proofs whole: 24 kills instead of 4")

// session runs the program as a process, in a folder of its own.
type session struct {
	t       *testing.T
	folder  string
	program string
	cache   string // the user's cache directory
}

func newSession(t *testing.T) session {
	t.Helper()
	program, err := exec.LookPath("gridsearch") // testscript puts it there
	if err != nil {
		t.Fatal(err)
	}
	s := session{t, t.TempDir(), program, filepath.Join(os.TempDir(), "gridsearch-test-cache")}
	text, err := os.ReadFile("testdata/small.toml")
	if err == nil {
		err = os.WriteFile(filepath.Join(s.folder, "small.toml"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s session) command(args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	cmd := exec.Command(s.program, args...)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+s.cache)
	out, messages := &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, messages
	return cmd, out, messages
}

// run runs a command to its end and returns its exit code.
func (s session) run(args ...string) (code int, out, messages string) {
	s.t.Helper()
	cmd, o, m := s.command(args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), m.String()
}

func TestExitCodes(t *testing.T) {
	s := newSession(t)
	diverging := slices.Clip([]string{"run", "small.toml", "--progress", "none", "--set",
		"train.learning_rate=1e30", "--set", "train.warmup=0.0"})
	for _, c := range []struct {
		want int
		args []string
	}{
		{exitDone, []string{"version"}},
		{exitInput, []string{"nonsense"}},
		{exitInput, []string{"results", "--scores", "small.toml"}},
		{exitInput, []string{"results", "--scores", "missing.csv"}},
		{exitInput, []string{"run", "small.toml", "--set", "train.epochs=0"}},
		{exitInput, []string{"run", "missing.toml"}},
		{exitInput, []string{"run", "small.toml", "--serve=nowhere"}},
		{exitInput, []string{"serve", "missing"}},
		{exitInput, []string{"model", "efficientnet-b9"}},
		{exitInput, []string{"model", "efficientnet-b0", "--resolution", "8"}},
		{exitInput, []string{"run", "small.toml", "--set", "data.dataset=cifar-10"}},
		{exitFailedRuns, append(diverging, "--dir", "a", "--set", "replication.seeds=1")},
		{exitDone, []string{"run", "small.toml", "--dir", "b", "--progress", "none", "--set",
			"replication.seeds=1"}},
		{exitDone, []string{"run", "small.toml", "--dir", "c", "--progress", "none", "--limit", "1"}},
		{exitFailedRuns, append(diverging, "--dir", "d", "--fail-fast")},
		{exitFailedRuns, append(diverging, "--dir", "e", "--set", "execution.on_failure=stop")},
		{exitFailedRuns, append(diverging, "--dir", "f", "--set",
			"execution.max_consecutive_failures=2")},
		{exitOtherStudy, []string{"run", "small.toml", "--dir", "b", "--progress", "none", "--set",
			"train.epochs=1"}},
		{exitDone, []string{"run", "small.toml", "--dir", "b", "--progress", "none"}},
		{exitOtherStudy, []string{"run", "small.toml", "--dir", "b", "--progress", "none", "--set",
			"replication.seeds=1"}},
	} {
		if code, _, messages := s.run(c.args...); code != c.want {
			t.Errorf("%v ends with %d, want %d: %s", c.args, code, c.want, messages)
		}
	}
}

// full is an output without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestFullOutput: a command whose output is lost does not say that all is well.
func TestFullOutput(t *testing.T) {
	dir := t.TempDir()
	study := filepath.Join(dir, "small")
	t.Setenv("XDG_CACHE_HOME", filepath.Join(os.TempDir(), "gridsearch-test-cache"))
	s := newSession(t)
	if code, _, messages := s.run("run", "small.toml", "--dir", dir, "--progress", "none",
		"--limit", "1"); code != exitDone {
		t.Fatal(messages)
	}
	for _, args := range [][]string{{"status", study}, {"status", study, "--format", "json"},
		{"results", study}, {"report", study}, {"retry", study}, {"version"},
		{"plan", "testdata/small.toml"},
		{"validate", "testdata/small.toml"}, {"dataset", "motifs"},
		{"init", filepath.Join(dir, "new.toml")}, {"--help"}} {
		var messages bytes.Buffer
		if code := execute(args, full{}, &messages); code != exitInternal ||
			!strings.Contains(messages.String(), "no space left on device") {
			t.Errorf("%v ends with %d: %s", args, code, messages.String())
		}
	}
}

// TestUnreadableRecord: a study.db that is none is an input error of every command that reads it,
// and stays as it is.
func TestUnreadableRecord(t *testing.T) {
	s := newSession(t)
	if code, _, messages := s.run("run", "small.toml", "--progress", "none", "--set",
		"replication.seeds=1"); code != exitDone {
		t.Fatalf("the study ends with %d: %s", code, messages)
	}
	path := filepath.Join(s.folder, "studies", "small", "study.db")
	text := []byte(strings.Repeat("no database ", 100))
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"run", "status", "results", "report", "retry"} {
		code, _, messages := s.run(name, "small")
		if code != exitInput || !strings.Contains(messages,
			"study.db: it is no readable SQLite file") || !strings.Contains(messages,
			"bring a copy of it back") {
			t.Errorf("%s ends with %d: %s", name, code, messages)
		}
	}
	code, _, messages := s.run("weights", "evaluate", "0123")
	if code != exitInput || !strings.Contains(messages, "of a study that can be read") ||
		!strings.Contains(messages, "study.db: it is no readable SQLite file") {
		t.Errorf("weights evaluate ends with %d: %s", code, messages)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, text) {
		t.Errorf("the file has changed (%v)", err)
	}
}

// waitFor asks until something is true.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 600 {
		if holds() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// trains says whether a status tells of a run that has made a step.
func trains(status string) bool { return regexp.MustCompile(`step [1-9]`).MatchString(status) }

// TestLockAndSignals: a second process is refused, the first signal stops the study with a
// checkpoint, and it goes on to the same table.
func TestLockAndSignals(t *testing.T) {
	for signal, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143,
		syscall.SIGHUP: 129} {
		s := newSession(t)
		cmd, _, messages := s.command("run", "small.toml", "--progress", "plain", "--set",
			"train.epochs=4000") // no run of it ends before the signal, however slow this test is
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		database := filepath.Join(s.folder, "studies", "small", "plan.json")
		waitFor(t, "the study to start", func() bool { _, err := os.Stat(database); return err == nil })
		if code, _, text := s.run("run", "small", "--progress", "none"); code != exitLocked ||
			!strings.Contains(text, fmt.Sprintf("process %d works on this study", cmd.Process.Pid)) {
			t.Errorf("a second process ends with %d: %s", code, text)
		}
		if _, out, _ := s.run("status", "small"); !strings.Contains(out,
			fmt.Sprintf("process %d works on it", cmd.Process.Pid)) {
			t.Errorf("status says %s", out)
		}
		// a signal to the whole group reaches the workers too: what it means is the coordinator's
		// decision
		if runtime.GOOS == "linux" {
			waitFor(t, "two workers", func() bool {
				return len(children(cmd.Process.Pid)) == 2 ||
					runtime.NumCPU() < 2
			})
			waitFor(t, "a run that trains", func() bool {
				_, out, _ := s.run("status", "small")
				return trains(out)
			})
			for _, pid := range children(cmd.Process.Pid) {
				if worker, err := os.FindProcess(pid); err == nil {
					_ = worker.Signal(signal)
				}
			}
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != want || !strings.Contains(messages.String(),
			"go on with: gridsearch run small.toml --set train.epochs=4000") {
			t.Errorf("%v ends with %d: %s", signal, code, messages)
		}
		checkpoints, err := filepath.Glob(filepath.Join(s.folder, "studies", "small", "runs", "*",
			"checkpoint"))
		if err != nil || len(checkpoints) == 0 {
			t.Errorf("%v leaves no checkpoint (%v)", signal, err)
		}
	}
}

// TestKill kills coordinators and workers at random moments, again and again, and compares the table
// at the end with that of an undisturbed study.
func TestKill(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("finds workers through /proc")
	}
	kills := 4
	if *long {
		kills = 24
	}
	s := newSession(t)
	run := []string{"run", "small.toml", "--progress", "none", "--set", "train.epochs=6", "--set",
		"execution.max_retries=50"}
	code, want, messages := s.run(append(run, "--dir", "whole")...)
	if code != exitDone {
		t.Fatalf("the undisturbed study ends with %d: %s", code, messages)
	}
	dice := random.New(uint64(kills), "kills")
	for done, round := 0, 0; done < kills; round++ {
		args := append(run, "--dir", "killed"+strconv.Itoa(round))
		ended := false
		for ; done < kills && !ended; ended = ended || s.killOnce(args, dice, &done) {
		}
		s.litter(args[len(args)-1])
		code, got, messages := s.run(args...)
		if code != exitDone || got != want {
			t.Fatalf("after %d kills the study ends with %d and another table: %s\n%s\nwant\n%s",
				done, code, messages, got, want)
		}
		s.litterLeft(args[len(args)-1])
	}
}

// litter puts files into a study's folders that killed writers leave, and one of somebody else.
func (s session) litter(dir string) {
	s.t.Helper()
	for _, name := range []string{"checkpoint.gridsearch-tmp-1", "checkpoint.mine"} {
		for _, folder := range []string{"", "figures", "runs/none"} {
			folder = filepath.Join(s.folder, dir, "small", folder)
			if err := errors.Join(os.MkdirAll(folder, 0o755),
				os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o644)); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// litterLeft checks that what killed writers have left is gone, and nothing else.
func (s session) litterLeft(dir string) {
	s.t.Helper()
	found := map[bool]int{}
	err := filepath.WalkDir(filepath.Join(s.folder, dir), func(path string, _ fs.DirEntry,
		err error) error {
		if strings.Contains(path, ".gridsearch-tmp-") || strings.HasSuffix(path, ".mine") {
			found[strings.HasSuffix(path, ".mine")]++
		}
		return err
	})
	if err != nil || found[false] != 0 || found[true] != 3 {
		s.t.Errorf("%d temporary files are left and %d of 3 that are somebody's (%v)", found[false],
			found[true], err)
	}
}

// killOnce starts the study and kills it, or one of its workers, after a while. It reports whether
// the study ended before.
func (s session) killOnce(args []string, dice *random.Stream, done *int) (ended bool) {
	s.t.Helper()
	cmd, _, messages := s.command(args...)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	for {
		select {
		case err := <-over:
			if err != nil {
				s.t.Fatalf("the study ends with %v: %s", err, messages)
			}
			return true
		case <-time.After(time.Duration(dice.Uniform(20, 900)) * time.Millisecond):
		}
		workers := children(cmd.Process.Pid)
		*done++
		if len(workers) > 0 && dice.IntN(2) == 0 {
			// A worker's death costs a run at most, and the study goes on.
			if worker, err := os.FindProcess(workers[dice.IntN(len(workers))]); err == nil {
				_ = worker.Kill()
			}
			continue
		}
		_ = cmd.Process.Kill()
		<-over
		for _, pid := range workers {
			waitFor(s.t, "a worker to leave after its coordinator", func() bool { return !alive(pid) })
		}
		return false
	}
}

// children lists the child processes of a process.
func children(pid int) []int {
	// The system lists them by the thread that started them, and a Go program starts a process from
	// whichever thread it is on.
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var all []int
	for _, path := range lists {
		text, err := os.ReadFile(path)
		for _, field := range strings.Fields(string(text)) {
			if n, atoi := strconv.Atoi(field); err == nil && atoi == nil {
				all = append(all, n)
			}
		}
	}
	return all
}

// alive reports whether a process runs; one that is dead but not collected does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return len(fields) > 0 && fields[0] != "Z"
}
