package coordinator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
	"gridsearch/internal/process"
	"gridsearch/internal/program"
	"gridsearch/internal/progress"
	"gridsearch/internal/study"
)

// greet lets a shell script greet as this program does: echo "$HELLO".
func greet(t *testing.T) {
	t.Helper()
	host, _ := os.Hostname()
	text, err := json.Marshal(job.Reply{Hello: &job.Greeting{Protocol: job.Protocol, Host: host,
		CommandLine: "sh", Environment: job.Environment{NumericVersion: job.NumericVersion}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HELLO", string(text))
}

// shell is a coordinator whose workers are a shell script, which has the path of an empty file in
// $0.
func shell(t *testing.T, script string) (s *coordinator, path string) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	greet(t)
	path = filepath.Join(t.TempDir(), "file")
	s = &coordinator{folder: study.Folder(t.TempDir()), execution: experiments.Execution{MaxRetries: 2},
		tracker: progress.New(time.Now(), 1)}
	s.workers = process.Starter{Command: []string{"sh", "-c", script, path}, Within: time.Minute,
		Retries: 2, Folder: s.folder, Rejected: s.rejected}
	s.host, _ = os.Hostname()
	s.board.path = s.folder.Status()
	t.Cleanup(s.board.flush)
	if err := s.folder.MakeRuns(); err != nil {
		t.Fatal(err)
	}
	_, s.stop = context.WithCancelCause(t.Context())
	return s, path
}

// TestStartOfWorkers: a worker that dies before its greeting is replaced, so often and no oftener;
// what cannot be started at all is not tried again.
func TestStartOfWorkers(t *testing.T) {
	s, count := shell(t,
		`echo x >>"$0"; test "$(wc -l <"$0")" -gt 2 && echo "$HELLO" && exec cat; kill -9 $$`)
	p, err := s.start(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
	s.workers.Command[2] = `echo x >>"$0"; echo words >&2; kill -9 $$`
	var died *process.Died
	if _, err := s.start(t.Context(), "key"); !errors.As(err, &died) {
		t.Errorf("a worker that never greets: %v", err)
	}
	const want = "worker died: signal: killed (by hand, or by the system for want of memory): " +
		"words (runs/key/crash-5.txt)"
	if died.Error() != want {
		t.Errorf("it says %q, want %q", died, want)
	}
	if text, err := os.ReadFile(count); err != nil || len(text) != 2*6 {
		t.Errorf("%d workers were started, want 6 (%v)", len(text)/2, err)
	}
	if text, err := os.ReadFile(filepath.Join(string(s.folder), died.File)); err != nil ||
		!strings.HasSuffix(string(text), "signal: killed\n\nwords\n") {
		t.Errorf("the file says %q (%v)", text, err)
	}
	s.workers.Command = []string{filepath.Join(t.TempDir(), "missing")}
	if _, err := s.start(t.Context(), "key"); err == nil || errors.As(err, &died) {
		t.Errorf("no such program: %v", err)
	}
}

// TestWorkersWithoutMemory: what a machine refuses while a worker checks its kernels is not theirs.
func TestWorkersWithoutMemory(t *testing.T) {
	t.Setenv(kernel.Variable, "")
	s, _ := shell(t, `echo '{"checking":"test"}'; echo x >>"$0"; test "$(wc -l <"$0")" -gt 1 && echo "$HELLO" && exec cat
		echo 'fatal error: runtime: cannot allocate memory' >&2; exit 2`)
	s.options.Observe = func(e Event) { t.Errorf("told of %+v", e) }
	p, err := s.start(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
}

// TestKernelsThatEndAWorker: they are rejected, told once, and left out from then on; by hand they
// are refused.
func TestKernelsThatEndAWorker(t *testing.T) {
	t.Setenv(kernel.Variable, "")
	const script = `echo '{"checking":"test"}'; test "$1" = --without && echo "$2" >>"$0" && echo "$HELLO" && exec cat
		echo 'SIGILL: illegal instruction' >&2; exit 2`
	s, file := shell(t, script)
	var events []Event
	s.options.Observe = func(e Event) { events = append(events, e) }
	for range 2 {
		p, err := s.start(t.Context(), "key")
		if err != nil {
			t.Fatal(err)
		}
		p.Stop()
	}
	if text, err := os.ReadFile(file); err != nil ||
		string(text) != strings.Repeat("test: SIGILL: illegal instruction\n", 2) {
		t.Errorf("the workers were started without %q (%v)", text, err)
	}
	if len(events) != 1 || events[0].Kind != KernelsOut || events[0].Kernels != "test" ||
		events[0].Next != kernel.Sets()[0].Name {
		t.Errorf("the events are %+v", events)
	}
	t.Setenv(kernel.Variable, kernel.Generic)
	s.workers.Command[2] = `echo '{"checking":"generic"}'; echo 'SIGILL: illegal instruction' >&2; exit 2`
	var input *study.InputError
	if _, err := s.start(t.Context(), "key"); !errors.As(err, &input) ||
		!strings.Contains(err.Error(), "kernels generic end a worker here: worker died: SIGILL: "+
			"illegal instruction") {
		t.Errorf("kernels that were chosen by hand: %v", err)
	}
	s.workers.Command[2] = `echo '{"refused":"for a test"}'`
	if _, err := s.start(t.Context(), "key"); !errors.As(err, &input) || err.Error() != "for a test" {
		t.Errorf("a worker that refuses: %v", err)
	}
}

// TestOtherProgram: a worker of another program trains nothing, and the study says which and stops.
func TestOtherProgram(t *testing.T) {
	for hello, want := range map[string]string{
		fmt.Sprintf(`{"hello":{"protocol":%d}}`,
			job.Protocol): fmt.Sprintf("a worker is another program: its numeric version is 0, "+
			"this one's %d", job.NumericVersion),
		fmt.Sprintf(`{"hello":{"protocol":%d,"numeric_version":%d,"binary_hash":"0123456789abcdef"}}`, job.Protocol, job.NumericVersion): "a worker is another program: the SHA-256 of its binary is 0123456789ab, this one's " + program.Hash()[:12],
	} {
		s, _ := shell(t, `echo "$HELLO"; exec cat`)
		t.Setenv("HELLO", hello)
		ctx, stop := context.WithCancelCause(t.Context())
		s.stop = stop
		_, err := s.start(ctx, "key")
		var stopped *StoppedError
		if !errors.As(err, &stopped) || stopped.Reason != want || context.Cause(ctx) != err {
			t.Errorf("%s: %v, want %s", hello, err, want)
		}
	}
}

// TestOpening: what the first attempts of a call say about the machine.
func TestOpening(t *testing.T) {
	const a, b = "worker died: SIGILL in f (runs/1/crash-1.txt)",
		"worker died: SIGILL in f (runs/2/crash-4.txt)"
	for name, c := range map[string]struct {
		do             func(*opening)
		hopeless, last bool
	}{
		"nothing": {func(*opening) {}, false, false},
		"three alike": {func(o *opening) {
			o.begins(5)
			o.crash(a)
			o.crash(b)
			o.crash(a)
		}, true, true},
		"two alike and no end": {func(o *opening) { o.begins(3); o.crash(a); o.crash(b) }, false, false},
		"all two":              {func(o *opening) { o.begins(2); o.crash(a); o.crash(b) }, false, true},
		"unlike": {func(o *opening) {
			o.begins(3)
			o.crash(a)
			o.crash("panic: x")
			o.crash(a)
		}, false, false},
		"the first unlike": {func(o *opening) {
			o.begins(3)
			o.crash("panic: x")
			o.crash(a)
			o.crash(a)
		}, false, false},
		"one has completed": {func(o *opening) {
			o.settled = true
			o.begins(3)
			o.crash(a)
			o.crash(a)
			o.crash(a)
		}, false, false},
	} {
		var o opening
		c.do(&o)
		if (o.hopeless() != nil) != c.hopeless || (o.last() != nil) != c.last {
			t.Errorf("%s: %+v, %v, %v", name, o, o.hopeless(), o.last())
		}
	}
}

// TestOnlyAttempt: one attempt is no row of attempts.
func TestOnlyAttempt(t *testing.T) {
	for attempts, want := range map[int]string{1: "the only attempt has crashed, and",
		2: "the first 2 attempts have crashed alike, and"} {
		var o opening
		o.begins(attempts)
		for range attempts {
			o.crash("worker died: SIGILL in f")
		}
		if got := o.last(); got == nil || !strings.HasPrefix(got.Reason, want) {
			t.Errorf("%d attempts: %v", attempts, got)
		}
	}
}

func (o *opening) begins(n int) {
	for range n {
		o.begin()
	}
}

// TestUntilKilled: what is read ends with its own error; what the first signal ends is interrupted,
// and what hangs then is left alone by the second.
func TestUntilKilled(t *testing.T) {
	if err := UntilKilled(t.Context(), nil, func() error { return nil }); err != nil {
		t.Error(err)
	}
	if err := UntilKilled(t.Context(), t.Context(), func() error { return fs.ErrClosed }); err !=
		fs.ErrClosed {
		t.Errorf("a mistake gives %v", err)
	}
	stop, stopNow := context.WithCancelCause(t.Context())
	kill, killNow := context.WithCancel(t.Context())
	err := UntilKilled(stop, kill, func() error {
		stopNow(fs.ErrInvalid)
		killNow()
		<-t.Context().Done() // it hangs as long as the test
		return nil
	})
	var interrupted *InterruptedError
	if !errors.As(err, &interrupted) || interrupted.Left >= 0 || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("signals give %v", err)
	}
	if err := UntilKilled(stop, nil, func() error { return context.Cause(stop) }); !errors.As(err,
		&interrupted) {
		t.Errorf("one signal gives %v", err)
	}
}
