package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// messages are what a process has said so far.
type messages struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (m *messages) Write(p []byte) (int, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.text.Write(p)
}

func (m *messages) String() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.text.String()
}

// background starts a command whose messages can be read while it runs.
func (s session) background(args ...string) (*exec.Cmd, *messages) {
	s.t.Helper()
	cmd, _, _ := s.command(args...)
	said := &messages{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	return cmd, said
}

// shellScript writes a program that the tests start in the place of another.
func (s session) shellScript(name, script string) string {
	s.t.Helper()
	path := filepath.Join(s.folder, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if exec.Command("sh", "-c", ":").Run() != nil {
		s.t.Skip("no shell here")
	}
	return path
}

// TestFileAlone: a killed study's study.db has every result that was told, without its log; without
// a study.db what lies in the folder is told before it is trained again.
func TestFileAlone(t *testing.T) {
	s := newSession(t)
	cmd, said := s.background("run", "small.toml", "--progress", "plain", "--set", "train.epochs=30")
	told := regexp.MustCompile(`(?m)^\[\d+/10\] .* top-1 `)
	waitFor(t, "results", func() bool { return len(told.FindAllString(said.String(), -1)) >= 3 })
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	want := len(told.FindAllString(said.String(), -1))
	if want == 10 {
		t.Fatal("the study has ended before it was killed")
	}
	folder := filepath.Join(s.folder, "studies", "small")
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(filepath.Join(folder, "study.db"+end)); err != nil {
			t.Fatal(err)
		}
	}
	_, out, _ := s.run("status", "small")
	found := regexp.MustCompile(`runs +(\d+) complete`).FindStringSubmatch(out)
	if found == nil || len(found[1]) != 1 || int(found[1][0]-'0') < want {
		t.Errorf("%d results were told, the file alone has: %s", want, out)
	}
	if err := os.Remove(filepath.Join(folder, "study.db")); err != nil {
		t.Fatal(err)
	}
	code, _, text := s.run("run", "small", "--progress", "plain")
	warned := regexp.MustCompile(
		`(?m)^warning: runs/ has what \d+ runs left at the end \([0-9a-f]{16}, `)
	if code != exitDone || !warned.MatchString(text) ||
		!strings.Contains(text, "bring back the one that has them") {
		t.Errorf("without study.db the study ends with %d: %s", code, text)
	}
}

// TestFullDisk: a disk without room stops the study, fails no run and says what is full and how to
// go on; with room the same command ends in the table of an undisturbed study.
func TestFullDisk(t *testing.T) {
	if err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs",
		"/mnt").Run(); err != nil {
		t.Skip("no disk of its own for a test here: unshare -rm mount: ", err)
	}
	s := newSession(t)
	_, want, _ := s.run("run", "small.toml", "--progress", "none")
	script := s.shellScript("full", `mkdir m && mount -t tmpfs -o size="$1" tmpfs m || exit 99
"$2" run small.toml --dir m --progress plain; echo code $?
mount -o remount,size=64m m
"$2" status small --dir m
"$2" run small.toml --dir m --progress none; echo code $?
find m -name '*.gridsearch-tmp-*'; umount m; rmdir m`)
	for size, place := range map[string]string{"24k": `study\.db`,
		"200k": `(study\.db|plan\.json|experiment\.toml)`, "340k": `(study\.db|runs/[0-9a-f]{16}/\S+)`} {
		cmd, out, said := s.command()
		cmd.Path, cmd.Args = "/usr/bin/env", []string{"env", "unshare", "-rm", script, size, s.program}
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		first, rest, _ := strings.Cut(out.String(), "code 3\n")
		if first != "" || !strings.HasSuffix(rest, want+"code 0\n") ||
			strings.Contains(rest, "1 failed") {
			t.Errorf("%s: %s", size, out)
		}
		line := regexp.MustCompile(
			`(?m)^gridsearch: stopped by this machine, which is no run's fault: m/small/` + place +
				`: (no space left on device|disk I/O error \(\d+\)), \d+ kB free`)
		if text := said.String(); !line.MatchString(text) || !strings.Contains(text, "make room") ||
			!strings.Contains(text, "go on with: gridsearch run small.toml --dir m") ||
			strings.Contains(text, "failed") {
			t.Errorf("%s: %s", size, text)
		}
	}
}

// TestFileSizeLimit: a limit that a write meets is the machine's, and no end of the process.
func TestFileSizeLimit(t *testing.T) {
	s := newSession(t)
	limited := s.shellScript("limited", "ulimit -f 60 || exit 99\nexec \"$@\"\n")
	cmd, _, said := s.command("run", "small.toml", "--progress", "none")
	cmd.Path, cmd.Args = limited, append([]string{limited}, cmd.Args...)
	_ = cmd.Run()
	switch code := cmd.ProcessState.ExitCode(); {
	case code == 99:
		t.Skip("this shell has no limit on files")
	case code != exitFailedRuns || !strings.Contains(said.String(), "stopped by this machine"):
		t.Errorf("the study ends with %d: %s", code, said)
	}
	if code, _, text := s.run("run", "small.toml", "--progress", "none"); code != exitDone {
		t.Errorf("without the limit it ends with %d: %s", code, text)
	}
}

// TestMovedStudy: a study that is moved away while it runs stops, makes no second one in its old
// place, and goes on in its new place.
func TestMovedStudy(t *testing.T) {
	s := newSession(t)
	_, want, _ := s.run("run", "small.toml", "--progress", "none", "--set", "train.epochs=20")
	cmd, said := s.background("run", "small.toml", "--progress", "plain", "--set",
		"train.epochs=20", "--dir", "old")
	waitFor(t, "a result", func() bool { return strings.Contains(said.String(), "[1/10]") })
	if err := os.Rename(filepath.Join(s.folder, "old"), filepath.Join(s.folder, "new")); err != nil {
		t.Skip(err)
	}
	_ = cmd.Wait()
	if code, text := cmd.ProcessState.ExitCode(), said.String(); code != exitFailedRuns ||
		!strings.Contains(text, "that place is gone") || strings.Contains(text, "failed") {
		t.Errorf("the study ends with %d: %s", code, text)
	}
	if _, err := os.Stat(filepath.Join(s.folder, "old")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its old place: %v", err)
	}
	if code, out, text := s.run("run", "small", "--dir", "new", "--progress",
		"none"); code != exitDone || out != want {
		t.Errorf("in its new place it ends with %d: %s%s", code, out, text)
	}
}

const sigstop = syscall.Signal(19) // on Linux; Windows has none

// TestFrozenWorker: a worker that has stopped saying anything is killed and its run tried again.
func TestFrozenWorker(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("finds workers through /proc")
	}
	s := newSession(t)
	run := []string{"run", "small.toml", "--set", "train.epochs=20", "--set",
		`execution.silence="2s"`, "--set", "execution.max_retries=50", "--workers", "1"}
	_, want, _ := s.run(append(run, "--progress", "none", "--dir", "whole")...)
	cmd, said := s.background(append(run, "--progress", "plain")...)
	out := cmd.Stdout.(*bytes.Buffer)
	waitFor(t, "a result", func() bool { return strings.Contains(said.String(), "[1/10]") })
	for _, pid := range children(cmd.Process.Pid) {
		if worker, err := os.FindProcess(pid); err == nil {
			_ = worker.Signal(sigstop)
		}
	}
	if _, text, _ := s.run("status", "small"); !regexp.MustCompile(
		`running .* last word \d+s ago`).MatchString(text) {
		t.Errorf("status says %s", text)
	}
	if err := cmd.Wait(); err != nil || out.String() != want || !strings.Contains(said.String(),
		"worker died: no word of it for 2s, so it was killed (runs/") {
		t.Errorf("the study ends with %v: %s%s", err, out, said)
	}
}

// TestSilentStart: signals end a study whose workers do not greet, be it that git never returns.
func TestSilentStart(t *testing.T) {
	s := newSession(t)
	launcher := s.shellScript("launcher", "touch started\nexec sleep 600\n")
	started := filepath.Join(s.folder, "started")
	for signal, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		_ = os.Remove(started)
		cmd, said := s.background("run", "small.toml", "--progress", "plain", "--launcher", launcher)
		waitFor(t, "a worker", func() bool { _, err := os.Stat(started); return err == nil })
		if err := cmd.Process.Signal(signal); err != nil {
			t.Skip(err)
		}
		over := make(chan error, 1)
		go func() { over <- cmd.Wait() }()
		waitFor(t, "the study to end", func() bool { return len(over) == 1 })
		<-over
		if code, text := cmd.ProcessState.ExitCode(), said.String(); code != want ||
			!strings.Contains(text, "runs left to train: 10") {
			t.Errorf("%v ends with %d: %s", signal, code, text)
		}
	}
	s.shellScript("git", "sleep 30\n")
	t.Setenv("PATH", s.folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	if code, _, text := s.run("run", "small.toml", "--progress", "plain", "--limit",
		"1"); code != exitDone {
		t.Errorf("with such a git the study ends with %d: %s", code, text)
	}
}

// TestHangup: a closed terminal stops a study as SIGTERM does, however often it says so, and does
// nothing where it is to do nothing.
func TestHangup(t *testing.T) {
	s := newSession(t)
	nohup := s.shellScript("nohup", "trap '' HUP\nexec \"$@\"\n")
	for ignored, want := range map[bool]int{false: 129, true: exitDone} {
		cmd, _, _ := s.command("run", "small.toml", "--progress", "plain", "--set", "train.epochs=100")
		if ignored { // it goes on to its end; else it must not be there yet when it is told to stop
			cmd.Path, cmd.Args = nohup, append([]string{nohup}, append(cmd.Args, "--limit", "2")...)
		}
		said := &messages{}
		cmd.Stderr = said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "a result", func() bool { return strings.Contains(said.String(), "[") })
		for range 3 {
			_ = cmd.Process.Signal(syscall.SIGHUP)
		}
		_ = cmd.Wait()
		if code, text := cmd.ProcessState.ExitCode(), said.String(); code != want || !ignored &&
			!strings.Contains(text, "stopped by hangup") || strings.Contains(text, "worker died") {
			t.Errorf("ignored %v: it ends with %d: %s", ignored, code, text)
		}
	}
}

// TestHangupIsNoSecondSignal: a terminal that says twice that it is closed does not kill workers
// that write their checkpoints.
func TestHangupIsNoSecondSignal(t *testing.T) {
	stop, kill, release := stopSignals(t.Context())
	defer release()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	cause := func(ctx context.Context) os.Signal {
		<-ctx.Done()
		var signalled signalError
		errors.As(context.Cause(ctx), &signalled)
		return signalled.signal
	}
	if err := self.Signal(syscall.SIGHUP); err != nil {
		t.Skip(err)
	}
	if first := cause(stop); first != syscall.SIGHUP {
		t.Errorf("the first signal is %v", first)
	}
	if err := errors.Join(self.Signal(syscall.SIGHUP), self.Signal(syscall.SIGINT)); err != nil {
		t.Fatal(err)
	}
	if second := cause(kill); second != syscall.SIGINT {
		t.Errorf("the second signal is %v", second)
	}
}

// TestNoCutFiles: a picture that does not fit leaves nothing in its place, and what was there
// stays.
func TestNoCutFiles(t *testing.T) {
	s := newSession(t)
	limited := s.shellScript("limited", "ulimit -f 1 || exit 99\nexec \"$@\"\n")
	for _, c := range []struct {
		file string
		args []string
	}{
		{"old.png", []string{"dataset", "motifs", "--sheet"}},
		{"new.png", []string{"dataset", "motifs", "--sheet"}},
		{"net.svg", []string{"model", "efficientnet-b0", "--diagram"}}, {"init.toml", []string{"init"}},
	} {
		path := filepath.Join(s.folder, c.file)
		if c.file == "old.png" {
			if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd, _, said := s.command(append(c.args, path)...)
		cmd.Path, cmd.Args = limited, append([]string{limited}, cmd.Args...)
		_ = cmd.Run()
		code := cmd.ProcessState.ExitCode()
		if code == 99 {
			t.Skip("this shell has no limit on files")
		}
		left, err := filepath.Glob(path + "*")
		text, _ := os.ReadFile(path)
		if code != exitInput || !strings.Contains(said.String(), path) || err != nil ||
			string(text) != "" && string(text) != "old" || len(left) > 1 {
			t.Errorf("%s ends with %d and leaves %v, %.20q: %s", c.file, code, left, text, said)
		}
	}
}

// TestLongFolder: a place that SQLite cannot open is refused in plain words before anything is
// made.
func TestLongFolder(t *testing.T) {
	s := newSession(t)
	dir := strings.Repeat("x/", 600)
	code, _, text := s.run("run", "small.toml", "--progress", "none", "--dir", dir)
	if _, err := os.Stat(filepath.Join(s.folder, "x")); code != exitInput ||
		!strings.Contains(text, "use a shorter --dir") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it ends with %d: %s (%v)", code, text, err)
	}
}
