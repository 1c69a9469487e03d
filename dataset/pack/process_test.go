//go:build unix

package pack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gridsearch/internal/files"
)

// roles are what this binary does as a child process, by its first argument: it reads lines from
// and says lines to the test.
var roles = map[string]func(dir string, in *bufio.Reader) error{
	"half": writeHalf, "both": writeBoth, "alone": writeBoth, "read": readAll, "cut": readCut,
	"create": createLarge,
}

const roleKey = "GRIDSEARCH_TEST_ROLE"

func TestMain(m *testing.M) {
	role, dir, child := strings.Cut(os.Getenv(roleKey), ":")
	if !child {
		os.Exit(m.Run())
	}
	if err := roles[role](dir, bufio.NewReader(os.Stdin)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is a process that plays a role.
type child struct {
	*exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said bytes.Buffer // on standard error
}

func start(t *testing.T, role, dir string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), roleKey+"="+role+":"+dir)
	c.Stderr = &c.said
	c.in, _ = c.StdinPipe()
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	return c
}

// line waits for the child's next line.
func (c *child) line(t *testing.T) string {
	t.Helper()
	text, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %s", err, &c.said)
	}
	return strings.TrimSuffix(text, "\n")
}

// writeHalf takes the lock, puts half of the images and waits to be killed.
func writeHalf(dir string, in *bufio.Reader) error {
	if _, err := Acquire(context.Background(), dir, "ab", nil); err != nil {
		return err
	}
	c, images := numbered("ab", 100, 8, 3)
	w, err := Create(dir, c)
	if err != nil {
		return err
	}
	for i := range c.N / 2 {
		if err := w.Put(i, images[i]); err != nil {
			return err
		}
	}
	fmt.Println("half")
	_, err = in.ReadString('\n')
	return err
}

// TestKilledWriter: the lock of a writer that is killed goes to the one that waits for it, and what
// it has left goes with the next writing, or with Prune.
func TestKilledWriter(t *testing.T) {
	dir := t.TempDir()
	writer := start(t, "half", dir)
	writer.line(t)
	if len(names(t, dir)) != 2 { // the temporary file and the lock
		t.Fatalf("while it writes there are %v", names(t, dir))
	}
	if removed, _, err := Prune(dir); removed != 0 || err != nil {
		t.Errorf("%d files of a living writer are removed (%v)", removed, err)
	}
	waited := 0
	release, err := Acquire(t.Context(), dir, "ab", func() {
		if waited++; Holder(dir, "ab") != writer.Process.Pid {
			t.Errorf("the lock is held by %d, not by %d", Holder(dir, "ab"), writer.Process.Pid)
		}
		if err := writer.Process.Kill(); err != nil {
			t.Error(err)
		}
	})
	if err != nil || waited != 1 {
		t.Fatalf("the lock after %d waits: %v", waited, err)
	}
	_ = writer.Wait()
	if _, err := Open(dir, "ab"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a pack: %v", err)
	}
	c, images := numbered("ab", 100, 8, 3)
	write(t, dir, c, images)
	release()
	if got := names(t, dir); !slices.Equal(got, []string{"ab" + packEnd}) {
		t.Errorf("after the successor there are %v", got)
	}
	p, err := Open(dir, "ab")
	if err == nil {
		err = compare(p, c, images)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	second := start(t, "half", dir)
	second.line(t)
	_ = second.Process.Kill()
	_ = second.Wait()
	if removed, bytes, err := Prune(dir); removed != 2 || bytes < int64(2*c.N*c.imageSize()) ||
		err != nil || len(names(t, dir)) != 0 {
		t.Errorf("%d files of %d bytes are removed (%v), %v stay", removed, bytes, err,
			names(t, dir))
	}
}

// rounds of packs that two processes write at once.
const rounds = 20

// writeBoth writes packs that are not there, and reads them, with the others; in the role "alone"
// without the lock.
func writeBoth(dir string, in *bufio.Reader) error {
	fmt.Println("ready")
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	written := 0
	for round := range rounds {
		c, images := numbered(fmt.Sprintf("%x", round), 60, 8, 3)
		release := func() {}
		if strings.HasPrefix(os.Getenv(roleKey), "both:") {
			var err error
			if release, err = Acquire(context.Background(), dir, c.ID, nil); err != nil {
				return err
			}
		}
		p, err := Open(dir, c.ID)
		if errors.Is(err, fs.ErrNotExist) {
			written++
			var w *Writer
			if w, err = Create(dir, c); err == nil {
				p, err = fill(w, images)
			}
		}
		release()
		if err == nil {
			err = compare(p, c, images)
		}
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	fmt.Println(written)
	return nil
}

// TestTwoProcesses: two processes that need the same packs write each once, or without the lock
// twice, and read nothing wrong, even while all is pruned again and again.
func TestTwoProcesses(t *testing.T) {
	for _, role := range []string{"both", "alone", "both pruned", "alone pruned"} {
		role, pruned := strings.CutSuffix(role, " pruned")
		dir := t.TempDir()
		two := []*child{start(t, role, dir), start(t, role, dir)}
		for _, c := range two {
			c.line(t)
		}
		over := make(chan struct{})
		var wait sync.WaitGroup
		if pruned {
			wait.Go(func() { pruneUntil(t, dir, over) })
		}
		for _, c := range two {
			_, _ = io.WriteString(c.in, "go\n")
		}
		written := 0
		for _, c := range two {
			n, _ := strconv.Atoi(c.line(t))
			written += n
			if err := c.Wait(); err != nil {
				t.Errorf("%s: %v: %s", role, err, &c.said)
			}
		}
		close(over)
		wait.Wait()
		if written < rounds || role == "both" && !pruned && written != rounds {
			t.Errorf("%s: %d packs were written in %d rounds", role, written, rounds)
		}
		if !pruned {
			equalToAlone(t, dir)
		}
	}
}

// pruneUntil prunes a folder until over is closed.
func pruneUntil(t *testing.T, dir string, over chan struct{}) {
	for {
		select {
		case <-over:
			return
		default:
			if _, _, err := Prune(dir); err != nil {
				t.Error(err)
			}
			runtime.Gosched()
		}
	}
}

// equalToAlone compares what two processes have written with what one writes.
func equalToAlone(t *testing.T, dir string) {
	t.Helper()
	other := t.TempDir()
	for round := range rounds {
		c, images := numbered(fmt.Sprintf("%x", round), 60, 8, 3)
		want, _ := os.ReadFile(write(t, other, c, images))
		got, err := os.ReadFile(filepath.Join(dir, c.ID+packEnd))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("pack %s differs from that of one process (%v)", c.ID, err)
		}
	}
	if got, want := names(t, dir), names(t, other); !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
}

// readAll reads every image, when it is told to, and waits.
func readAll(dir string, in *bufio.Reader) error {
	fmt.Println("ready")
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	p, err := Open(dir, "ab")
	if err != nil {
		return err
	}
	for i := range p.N {
		if _, err := p.Image(i); err != nil {
			return err
		}
	}
	fmt.Println("read")
	_, _ = in.ReadString('\n')
	return p.Close()
}

// TestSharedMemory: two processes that read all of one pack have it in memory once.
func TestSharedMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		t.Skip("this system does not say who shares memory: ", err)
	}
	dir := t.TempDir()
	c, images := numbered("ab", 1, 64, 3)
	c.N = 100e6 / c.imageSize()
	c.Labels = make([]int32, c.N)
	for range c.N - 1 {
		images = append(images, images[0])
	}
	info, err := os.Stat(write(t, dir, c, images))
	if err != nil {
		t.Fatal(err)
	}
	readers := []*child{start(t, "read", dir), start(t, "read", dir)}
	memory := func() (total float64) {
		for _, r := range readers {
			r.line(t)
		}
		for _, r := range readers {
			total += shareOf(t, r.Process.Pid)
		}
		return total / float64(info.Size())
	}
	before := memory()
	for _, r := range readers {
		_, _ = io.WriteString(r.in, "go\n")
	}
	after := memory()
	t.Logf("for a byte on the disk %.3f bytes before reading, %.3f after", before, after)
	if added := after - before; added < .9 || added > 1.2 {
		t.Errorf("two processes have %.2f bytes in memory for a byte on the disk", added)
	}
}

// shareOf is the memory of a process in bytes, of what others have too its share.
func shareOf(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	kB, err := strconv.ParseFloat(string(pss.FindSubmatch(text)[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB * 1024
}

var pss = regexp.MustCompile(`(?m)^Pss: +(\d+) kB$`)

// readCut reads an image, and again after the file was cut short.
func readCut(dir string, in *bufio.Reader) error {
	p, err := Open(dir, "ab")
	if err != nil {
		return err
	}
	image, err := p.Image(p.N - 1)
	if err != nil {
		return err
	}
	fmt.Println(image[0])
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	fmt.Println(image[0])
	return nil
}

// TestCutAfterReading: a process whose file is cut short after an image was checked reads nothing
// wrong: it dies, and its successor finds the damage.
func TestCutAfterReading(t *testing.T) {
	dir := t.TempDir()
	c, images := numbered("ab", 20, 64, 3)
	path := write(t, dir, c, images)
	reader := start(t, "cut", dir)
	if got, want := reader.line(t), fmt.Sprint(images[c.N-1][0]); got != want {
		t.Fatalf("it reads %s, want %s", got, want)
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(reader.in, "go on\n")
	if text, err := reader.out.ReadString('\n'); err == nil {
		t.Errorf("from a file that is cut it reads %q", text)
	}
	if err := reader.Wait(); err == nil || !strings.Contains(reader.said.String(), "fault") {
		t.Errorf("it ends with %v: %s", err, &reader.said)
	}
	var damaged *Damaged
	if _, err := Open(dir, "ab"); !errors.As(err, &damaged) {
		t.Errorf("its successor: %v", err)
	}
}

// createLarge creates a pack of 4 MB.
func createLarge(dir string, _ *bufio.Reader) error {
	c, _ := numbered("ab", 1000, 40, 3)
	_, err := Create(dir, c)
	if Unusable(err) {
		return fmt.Errorf("unusable: %w", err)
	}
	return err
}

// TestDisks: a disk without room is told at once, with what is needed and what there is, and leaves
// nothing behind; one that cannot be written is told as such.
func TestDisks(t *testing.T) {
	if err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs",
		"/mnt").Run(); err != nil {
		t.Skip("no disk of its own for a test here: unshare -rm mount: ", err)
	}
	for options, want := range map[string]string{
		"size=1m": `^write \S+/packs/ab\.safetensors: no space left on device: ` +
			`the pack takes 4\.8\d? MB, 1\.05 MB are free\nexit status 1: 0\n$`,
		"size=8m,ro": `^unusable: mkdir \S+/packs: read-only file system\nexit status 1: 0\n$`,
		"size=8m":    `^exit status 0: 1\n$`,
	} {
		dir := t.TempDir()
		cmd := exec.Command("unshare", "-rm", "sh", "-c", `mount -t tmpfs -o "$1" tmpfs "$2" &&
cd "$2" || exit 99
`+roleKey+`="create:$2/packs" "$3" 2>&1; echo "exit status $?:" $(find . -type f | wc -l)`,
			"sh", options, dir, os.Args[0])
		out, err := cmd.CombinedOutput()
		if err != nil || !regexp.MustCompile(want).Match(out) {
			t.Errorf("%s: %v: %q, want %s", options, err, out, want)
		}
	}
}

// TestPrunedAtOnce: a pack that is removed as soon as it has its name is there for its writer.
func TestPrunedAtOnce(t *testing.T) {
	dir := t.TempDir()
	c, images := numbered("ab", 1, 1, 1)
	w, err := Create(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	w.dir = filepath.Join(dir, "empty") // there is nothing to be opened, as after Prune
	p, err := fill(w, images)
	if err == nil {
		err = compare(p, c, images)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
}

// TestLock: of those that take a lock whose file is removed at every release, one has it.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ab"+lockEnd)
	var wait sync.WaitGroup
	var inside atomic.Int32
	for range 4 {
		wait.Go(func() {
			for range 500 {
				l, err := take(path)
				if err != nil {
					t.Error(err)
					return
				}
				if l == nil {
					continue
				}
				if inside.Add(1) != 1 {
					t.Error("two have the lock")
				}
				for range 10 {
					_ = files.InPlace(l.file, path) // time passes
				}
				inside.Add(-1)
				l.release()
			}
		})
	}
	wait.Wait()
}

// TestAcquire: one at a time has the lock, others wait, and their wait ends with their context.
func TestAcquire(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	var inside sync.Mutex
	for range 4 {
		wait.Go(func() {
			for range 3 {
				release, err := Acquire(t.Context(), dir, "ab", nil)
				if err != nil {
					t.Error(err)
					return
				}
				if !inside.TryLock() {
					t.Error("two have the lock")
				} else {
					runtime.Gosched()
					inside.Unlock()
				}
				release()
			}
		})
	}
	wait.Wait()
	release, err := Acquire(t.Context(), dir, "ab", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if other, err := Acquire(t.Context(), dir, "cd", nil); err != nil {
		t.Error("another pack's lock: ", err)
	} else {
		other()
	}
	stop, cancel := context.WithCancelCause(t.Context())
	why := errors.New("stopped")
	if _, err := Acquire(stop, dir, "ab", func() { cancel(why) }); !errors.Is(err, why) {
		t.Errorf("a wait that is ended: %v", err)
	}
	if Holder(dir, "ab") != os.Getpid() || Holder(dir, "cd") != 0 || Holder(dir, "x") != 0 {
		t.Errorf("the holders are %d and %d", Holder(dir, "ab"), Holder(dir, "cd"))
	}
}
