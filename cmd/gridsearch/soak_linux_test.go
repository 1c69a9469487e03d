package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gridsearch/internal/random"
)

var (
	soakSeed   = flag.Uint64("seed", 1, "of the faults of TestSoak")
	soakFaults = flag.Int("faults", 0, "of each kind in TestSoak (default 1, with -long 25)")
)

// soakRun trains a study of ten short runs. A frozen worker is given up soon; runs may be tried
// often.
var soakRun = []string{"run", "small.toml", "--progress", "plain",
	"--set", "train.epochs=60", "--set", "execution.max_retries=100",
	"--set", `execution.silence="2s"`}

// patience is how long a study may take to end or to stop: any longer is a hang.
const patience = time.Minute

// soak is a study that meets fault after fault, and another one when it is finished.
type soak struct {
	session
	disk
	dice  *random.Stream
	want  string // the table of an undisturbed study
	round int

	cmd  *exec.Cmd // the running program, nil for none
	out  *bytes.Buffer
	said *messages
	over chan struct{} // closed when it has ended
}

// faultKind is a kind of fault. strike reports whether it has hit; a miss is not counted.
type faultKind struct {
	name   string
	strike func(*soak) bool
	hits   int
	misses int
}

func soakKinds() []*faultKind {
	return []*faultKind{
		{name: "coordinator killed", strike: (*soak).killCoordinator},
		{name: "worker killed", strike: (*soak).killWorker},
		{name: "all killed", strike: (*soak).killAll},
		{name: "worker frozen", strike: (*soak).freeze},
		{name: "disk full", strike: (*soak).fillDisk},
		{name: "file torn, flipped or missing", strike: (*soak).damage},
		{name: "clock jumped", strike: (*soak).jumpClock},
		{name: "terminal closed", strike: (*soak).closeTerminal},
		{name: "program replaced", strike: (*soak).replaceProgram},
		{name: "memory limited", strike: (*soak).limitMemory},
	}
}

// TestSoak lets faults of every kind befall studies, at random moments and in random order by the
// printed seed. Each study ends in the table of an undisturbed one, or says which file is damaged;
// nothing hangs, and no temporary file is left.
func TestSoak(t *testing.T) {
	each := *soakFaults
	switch {
	case each == 0 && *long:
		each = 25
	case each == 0:
		each = 1
	}
	s := newSoak(t)
	t.Logf("seed %d, %d of each kind, on %s", *soakSeed, each, s.disk.kind)
	kinds := soakKinds()
	for open := slices.Clone(kinds); len(open) > 0; {
		k := open[s.dice.IntN(len(open))]
		s.start()
		if s.wait(time.Duration(s.dice.Uniform(20, 1500)) * time.Millisecond) {
			s.checkEnd("undisturbed since " + k.name)
			continue
		}
		hit := k.strike(s)
		s.t.Logf("%s: %v", k.name, hit)
		if hit {
			k.hits++
		} else if k.misses++; k.misses > 20+20*each {
			t.Fatalf("%s: %d hits and %d misses", k.name, k.hits, k.misses)
		}
		open = slices.DeleteFunc(open, func(k *faultKind) bool { return k.hits >= each })
	}
	s.start()
	s.finish("the last fault")
	for _, k := range kinds {
		t.Logf("%-30s %3d hits, %d misses", k.name, k.hits, k.misses)
	}
	t.Logf("%d studies, all with the table of an undisturbed one", s.round)
}

func newSoak(t *testing.T) *soak {
	s := &soak{session: newSession(t), dice: random.New(*soakSeed, "soak")}
	s.copyProgram()
	code, want, text := s.run(append(slices.Clone(soakRun), "--dir", "whole")...)
	if code != exitDone {
		t.Fatalf("the undisturbed study ends with %d: %s", code, text)
	}
	s.want = want
	s.disk = newDisk(t, filepath.Join(s.folder, "disk"))
	t.Cleanup(s.stop)
	return s
}

// copyProgram has the session use a program of its own, which can be replaced.
func (s *soak) copyProgram() {
	s.t.Helper()
	text, err := os.ReadFile(s.program)
	if err == nil {
		s.program = filepath.Join(s.folder, "gridsearch")
		err = os.WriteFile(s.program, text, 0o755)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// dir is the folder of this round's study, seen from the program.
func (s *soak) dir() string { return fmt.Sprintf("disk/round%d", s.round) }

// study is the same, seen from here.
func (s *soak) study() string {
	return filepath.Join(s.root, fmt.Sprintf("round%d", s.round), "small")
}

// start starts the study, or goes on with it, unless it runs.
func (s *soak) start() {
	s.t.Helper()
	if s.cmd != nil {
		return
	}
	cmd, out, _ := s.command(append(slices.Clone(soakRun), "--dir", s.dir())...)
	s.enter(cmd)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said, over := &messages{}, make(chan struct{})
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		close(over)
	}()
	s.cmd, s.out, s.said, s.over = cmd, out, said, over
}

// wait waits for the program's end, at most so long. It reports whether it has ended.
func (s *soak) wait(most time.Duration) bool {
	select {
	case <-s.over:
		return true
	case <-time.After(most):
		return false
	}
}

// finish waits for the end of the study.
func (s *soak) finish(after string) {
	s.t.Helper()
	s.mustEnd(after)
	s.checkEnd(after)
}

// mustEnd waits for the program's end; one that hangs says where.
func (s *soak) mustEnd(after string) {
	s.t.Helper()
	if !s.wait(patience) {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		s.wait(time.Second)
		s.t.Fatalf("%s: the study hangs:\n%s", after, s.said)
	}
}

// checkEnd judges a program that has ended by itself: with the table, and then the next study
// begins, or stopped without a run's failure, and then it goes on.
func (s *soak) checkEnd(after string) {
	s.t.Helper()
	code, text := s.cmd.ProcessState.ExitCode(), s.said.String()
	s.cmd = nil
	switch {
	case code == exitDone && s.out.String() != s.want:
		s.t.Fatalf("after %s: another table:\n%s\nwant\n%s\n%s", after, s.out, s.want, text)
	case code == exitDone:
		s.checkNoTemporaries(after)
		if err := os.RemoveAll(filepath.Dir(s.study())); err != nil {
			s.t.Fatal(err)
		}
		s.round++
	case code == exitFailedRuns && strings.Contains(text, "gridsearch: stopped"):
		s.t.Logf("after %s: %s", after, text[strings.Index(text, "gridsearch: stopped"):])
	default:
		s.t.Fatalf("after %s: it ends with %d: %s", after, code, text)
	}
}

func (s *soak) checkNoTemporaries(after string) {
	s.t.Helper()
	_ = filepath.WalkDir(s.study(), func(path string, _ fs.DirEntry, _ error) error {
		if strings.Contains(path, "gridsearch-tmp") {
			s.t.Errorf("after %s: %s is left", after, path)
		}
		return nil
	})
}

// gone waits for workers whose coordinator has died.
func (s *soak) gone(workers []int) {
	for _, pid := range workers {
		waitFor(s.t, "a worker to leave after its coordinator", func() bool { return !alive(pid) })
	}
}

func (s *soak) stop() {
	if s.cmd != nil {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.over
	}
}

func (s *soak) workers() []int { return children(s.cmd.Process.Pid) }

// worker is one of them, 0 for none.
func (s *soak) worker() int {
	if list := s.workers(); len(list) > 0 {
		return list[s.dice.IntN(len(list))]
	}
	return 0
}

func (s *soak) killCoordinator() bool {
	workers := s.workers()
	_ = s.cmd.Process.Kill()
	<-s.over
	s.gone(workers)
	return s.killed()
}

// killed reports whether the program has died of SIGKILL, and lets the study go on if it has.
func (s *soak) killed() bool {
	status := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() {
		s.checkEnd("a kill that came late")
		return false
	}
	s.cmd = nil
	return true
}

// killWorker kills one, which costs a run at most: the study goes on.
func (s *soak) killWorker() bool {
	pid := s.worker()
	return pid != 0 && alive(pid) && syscall.Kill(pid, syscall.SIGKILL) == nil
}

func (s *soak) killAll() bool {
	workers := s.workers()
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.over
	s.gone(workers)
	return s.killed()
}

// freeze stops a worker, or all processes for a moment, as a machine does that sleeps.
func (s *soak) freeze() bool {
	if s.dice.IntN(3) == 0 {
		all := append(s.workers(), s.cmd.Process.Pid)
		for _, pid := range all {
			_ = syscall.Kill(pid, syscall.SIGSTOP)
		}
		time.Sleep(time.Duration(s.dice.Uniform(100, 3000)) * time.Millisecond)
		for _, pid := range all {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
		return len(all) > 1
	}
	pid := s.worker()
	if pid == 0 || syscall.Kill(pid, syscall.SIGSTOP) != nil {
		return false
	}
	for limit := time.Now().Add(patience); time.Now().Before(limit) && alive(pid); {
		if s.wait(20 * time.Millisecond) {
			s.checkEnd("a frozen worker")
			break
		}
	}
	if alive(pid) {
		s.t.Fatalf("a frozen worker is not noticed: %s", s.said)
	}
	return true
}

// fillDisk leaves no room until the study stops, or ends.
func (s *soak) fillDisk() bool {
	s.fill(s.t, s.cmd.Process.Pid, s.workers())
	s.mustEnd("a full disk")
	text := s.said.String()
	s.drain()
	s.checkEnd("a full disk")
	return strings.Contains(text, "gridsearch: stopped by this machine")
}

// damage kills the study, damages a file of it, and goes on to its end. Where an error names the
// file the study has it back.
func (s *soak) damage() bool {
	if !s.killAll() {
		return false
	}
	path := s.anyFile()
	if path == "" {
		return false
	}
	before, err := os.ReadFile(path)
	if err != nil || len(before) == 0 {
		return false
	}
	how := s.damageFile(path, before)
	s.start()
	s.mustEnd(how)
	code, text := s.cmd.ProcessState.ExitCode(), s.said.String()
	if code == exitDone {
		s.checkEnd(how)
		return true
	}
	s.cmd = nil
	name := filepath.Base(path)
	if strings.Contains(text, "goroutine ") ||
		!strings.Contains(text, strings.TrimSuffix(name, "-wal")) {
		s.t.Fatalf("%s: it ends with %d and does not name the file: %s", how, code, text)
	}
	if err := os.WriteFile(path, before, 0o644); err != nil {
		s.t.Fatal(err)
	}
	return true
}

// anyFile is one of the study's files.
func (s *soak) anyFile() string {
	var list []string
	_ = filepath.WalkDir(s.study(), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			list = append(list, path)
		}
		return nil
	})
	if len(list) == 0 {
		return ""
	}
	// Every second time the record: there are many files of runs.
	if record := filepath.Join(s.study(), "study.db"); s.dice.IntN(2) == 0 &&
		slices.Contains(list, record) {
		return record
	}
	return list[s.dice.IntN(len(list))]
}

// damageFile says what it has done.
func (s *soak) damageFile(path string, text []byte) string {
	s.t.Helper()
	how, err := "", error(nil)
	switch s.dice.IntN(3) {
	case 0:
		size := s.dice.IntN(len(text))
		how, err = fmt.Sprintf("%s torn after %d bytes", path, size), os.Truncate(path, int64(size))
	case 1:
		bit := s.dice.IntN(8 * len(text))
		flipped := slices.Clone(text)
		flipped[bit/8] ^= 1 << (bit % 8)
		how, err = fmt.Sprintf("%s with bit %d flipped", path, bit), os.WriteFile(path, flipped, 0o644)
	default:
		how, err = path+" missing", os.Remove(path)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return how
}

// jumpClock leaves what a clock leaves that has jumped by up to ten years: files from the past and
// from the future. The machine's own clock stays as it is.
func (s *soak) jumpClock() bool {
	const decade = 10 * 365 * 24 * time.Hour
	changed := 0
	by := time.Duration(s.dice.Uniform(-1, 1) * float64(decade))
	_ = filepath.WalkDir(s.study(), func(path string, _ fs.DirEntry, err error) error {
		if now := time.Now().Add(by); err == nil && os.Chtimes(path, now, now) == nil {
			changed++
		}
		return nil
	})
	return changed > 0
}

// closeTerminal sends what a terminal sends to all its processes.
func (s *soak) closeTerminal() bool {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGHUP)
	s.mustEnd("a closed terminal")
	if code := s.cmd.ProcessState.ExitCode(); code != exitInterrupted+int(syscall.SIGHUP) {
		status := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
		if early := status.Signaled() && status.Signal() == syscall.SIGHUP &&
			s.said.String() == ""; !early {
			s.checkEnd("a closed terminal")
		}
		s.cmd = nil
		return false
	}
	s.cmd = nil
	return true
}

// replaceProgram puts another build in the program's place, and has a worker be started after that.
func (s *soak) replaceProgram() bool {
	text, err := os.ReadFile(s.program)
	if err == nil {
		// Bytes after the end of an executable change nothing but its checksum.
		next := s.program + ".next"
		err = os.WriteFile(next, append(text, byte(s.dice.IntN(256))), 0o755)
		if err == nil {
			err = os.Rename(next, s.program)
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return s.killWorker()
}

// limitMemory lets a worker have no more memory than it has.
func (s *soak) limitMemory() bool {
	pid := s.worker()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return false
	}
	pages, err := strconv.ParseUint(strings.Fields(string(text))[0], 10, 64)
	if err != nil || pages == 0 {
		return false
	}
	limit := unix.Rlimit{Cur: pages * uint64(os.Getpagesize()), Max: unix.RLIM_INFINITY}
	if unix.Prlimit(pid, unix.RLIMIT_AS, &limit, nil) != nil {
		return false
	}
	for limit := time.Now().Add(3 * time.Second); alive(pid) && time.Now().Before(limit); {
		if s.wait(20 * time.Millisecond) {
			break
		}
	}
	return shortOfMemory.MatchString(s.said.String())
}

// shortOfMemory is what the Go runtime says in such a case.
var shortOfMemory = regexp.MustCompile(`out of memory|cannot allocate memory|errno=12`)

// disk is where studies live: one of its own where the system lets a user mount one, which can be
// filled, and else a folder, where processes are given a limit on the size of files.
type disk struct {
	kind   string
	root   string // the folder "disk", seen from here
	holder int    // process that keeps the disk mounted, 0 for a folder
}

const diskSize = 24 << 20

func newDisk(t *testing.T, folder string) disk {
	t.Helper()
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	holder := exec.Command("unshare", "-rm", "sh", "-c", fmt.Sprintf(
		`mount -t tmpfs -o size=%d tmpfs "$1" && echo mounted && exec sleep 36000`, diskSize), "sh",
		folder)
	out, err := holder.StdoutPipe()
	if err == nil {
		err = holder.Start()
	}
	if err == nil {
		line := make([]byte, len("mounted\n"))
		if _, err = io.ReadFull(out, line); err == nil {
			t.Cleanup(func() {
				_ = holder.Process.Kill()
				_ = holder.Wait()
			})
			pid := holder.Process.Pid
			return disk{"a disk of 24 MB", fmt.Sprintf("/proc/%d/root%s", pid, folder), pid}
		}
		_ = holder.Wait()
	}
	t.Logf("no disk of its own for a test here (%v): a limit on the size of files stands for a "+
		"full one", err)
	return disk{"a folder", folder, 0}
}

// enter has a command see the disk.
func (d disk) enter(cmd *exec.Cmd) {
	path, err := exec.LookPath("nsenter")
	if d.holder == 0 || err != nil {
		return
	}
	// The shell finds the folder as it is with the disk; the program takes the shell's process.
	cmd.Args = append([]string{"nsenter", "--preserve-credentials", "-U", "-m", "-t",
		strconv.Itoa(d.holder), "sh", "-c", `cd "$0" && exec "$@"`, cmd.Dir, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = path
}

// fill leaves no room.
func (d disk) fill(t *testing.T, coordinator int, workers []int) {
	t.Helper()
	if d.holder == 0 {
		for _, pid := range append(workers, coordinator) {
			_ = unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1, Max: unix.RLIM_INFINITY}, nil)
		}
		return
	}
	file, err := os.Create(d.balloon())
	if err != nil {
		return // full already
	}
	defer file.Close()
	for size := 1 << 20; size >= 1; {
		if _, err := file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

func (d disk) balloon() string { return filepath.Join(d.root, "balloon") }

// drain makes room again.
func (d disk) drain() { _ = os.Remove(d.balloon()) }
