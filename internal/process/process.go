// Package process drives a worker process from outside: it is started, asked, listened to, and ended.
package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"gridsearch/internal/crash"
	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
	"gridsearch/internal/program"
	"gridsearch/internal/study"
)

// stopWithin is how long a worker may take to write its checkpoint and leave once its input has
// ended.
const stopWithin = 20 * time.Second

// Process is a worker as the coordinator sees it: a child that does one thing at a time.
type Process struct {
	command *exec.Cmd
	in      io.WriteCloser
	output  io.ReadCloser
	out     *json.Decoder // of the output
	errors  *crash.Log
	Hello   job.Greeting
	words   atomic.Int64           // that it has said of what it was asked for
	killed  atomic.Pointer[string] // what for
}

// GreetWithin is how long a worker may take to greet, where silence is not to be shorter.
const GreetWithin = 2 * time.Minute

// Greeting is how long a worker of a study may take to greet.
func Greeting(silence time.Duration) time.Duration {
	if silence > 0 {
		return min(silence, GreetWithin)
	}
	return GreetWithin
}

// Start starts a worker and waits for its greeting, so long and no longer, or until the
// context ends. It takes its kernels' check on the way: the *Died of a worker that died there
// names them.
func Start(ctx context.Context, within time.Duration, command []string,
	environment ...string) (*Process, error) {
	p := &Process{command: program.Command(context.Background(), command), errors: &crash.Log{}}
	p.command.Env = append(os.Environ(), environment...)
	p.command.Stderr = p.errors
	p.command.WaitDelay = leaveWithin
	var err error
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	if p.output, err = p.command.StdoutPipe(); err != nil {
		return nil, err
	}
	p.out = json.NewDecoder(p.output)
	if err := p.command.Start(); err != nil {
		err = fmt.Errorf("start worker: %w", err)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) ||
			errors.Is(err, exec.ErrNotFound) {
			return nil, &study.InputError{Err: err}
		}
		return nil, err
	}
	greeted := make(chan struct{})
	defer close(greeted)
	go func() {
		timer := time.NewTimer(within)
		defer timer.Stop()
		select {
		case <-greeted:
		case <-ctx.Done():
			p.Kill("stopped before its greeting")
		case <-timer.C:
			p.Kill(fmt.Sprintf("no greeting within %v, so it was killed", within))
		}
	}()
	return p, p.greeting()
}

// greeting reads what the worker says before it can train.
func (p *Process) greeting() error {
	checking := ""
	for {
		var message job.Reply
		err := p.out.Decode(&message)
		switch {
		case err == nil && message.Checking != "":
			checking = message.Checking
		case err == nil && message.Refused != "":
			p.Stop()
			return &study.InputError{Err: errors.New(message.Refused)}
		case err == nil && message.Hello != nil:
			p.Hello = *message.Hello
			if p.Hello.Protocol == job.Protocol {
				return nil
			}
			p.Kill(fmt.Sprintf("it speaks version %d of the protocol and this program %d, so it was "+
				"killed", p.Hello.Protocol, job.Protocol))
			return p.crashed()
		default:
			e := p.unclear(err)
			e.Kernels = checking
			return e
		}
	}
}

// Train has the worker train a run and returns how it ended; heard takes everything that it says
// until then. A worker that has been told to stop before it got the run leaves it interrupted. The
// error says that the worker died on the way; the process is gone then.
func (p *Process) Train(t job.Training, heard func(job.Reply)) (job.Outcome, error) {
	last, err := p.ask(job.Request{Train: &t}, heard)
	if errors.Is(err, os.ErrClosed) {
		return job.Outcome{Interrupted: true}, nil
	}
	if err != nil {
		return job.Outcome{}, err
	}
	return *last.Done, nil
}

// Measure has the worker measure a latency, with the errors of Train.
func (p *Process) Measure(m job.Measurement) (job.Latency, error) {
	last, err := p.ask(job.Request{Measure: &m}, func(job.Reply) {})
	if err != nil {
		return job.Latency{}, err
	}
	return *last.Measured, nil
}

// ask gives the worker a request and returns the reply that ends it; heard takes those before. A
// worker that answers something else is killed: that is an error like its death. The error of a
// worker that has been told to stop is os.ErrClosed.
func (p *Process) ask(r job.Request, heard func(job.Reply)) (job.Reply, error) {
	if err := json.NewEncoder(p.in).Encode(r); errors.Is(err, os.ErrClosed) {
		return job.Reply{}, err
	} else if err != nil {
		return job.Reply{}, p.crashed()
	}
	for {
		var message job.Reply
		if err := p.out.Decode(&message); err != nil {
			return job.Reply{}, p.unclear(err)
		}
		p.words.Add(1)
		if err := r.Fits(message); err != nil {
			return job.Reply{}, p.Refuse(err.Error())
		}
		if message.Ends() {
			return message, nil
		}
		heard(message)
	}
}

// Died is the end of a worker that was not its own decision.
type Died struct {
	Cause   string // on one line
	Text    string // how it ended, and all of its standard error
	Kernels string // the set that it checked when it died before its greeting
	File    string // that keeps the text, below the study's folder; empty if there is none
}

// Error is the cause, with the file.
func (e *Died) Error() string {
	if e.File == "" {
		return "worker died: " + e.Cause
	}
	return fmt.Sprintf("worker died: %s (%s)", e.Cause, e.File)
}

// crashed collects the dead worker and tells how it ended.
func (p *Process) crashed() *Died {
	p.Kill("")
	ended := "unexpected end of its output"
	if err := p.wait(); err != nil {
		ended = err.Error() // "signal: killed", "exit status 2"
	}
	text := p.errors.String()
	if reason := p.reason(); reason != "" {
		return &Died{Cause: reason, Text: reason + "\n\n" + text}
	}
	return &Died{Cause: crash.Cause(ended, text), Text: ended + "\n\n" + text}
}

// unclear is the end of a worker whose next message could not be read, or was none that fits.
func (p *Process) unclear(err error) *Died {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		p.Kill("it says something else before its greeting, so it was killed")
	case errors.As(err, &syntax), errors.As(err, &kind):
		p.Kill(fmt.Sprintf("what it says is no message (%v), so it was killed", err))
	}
	return p.crashed()
}

// Refuse kills the worker for what it has said, and returns the *Died of it.
func (p *Process) Refuse(reason string) error {
	p.Kill(reason + ", so it was killed")
	return p.crashed()
}

// CheckKernels has a worker, which the command starts, check a set of kernels. The error says what
// is wrong with them.
func CheckKernels(command []string, set string) error {
	p, err := Start(context.Background(), GreetWithin, command, kernel.Variable+"="+set)
	if err == nil {
		p.Stop()
	}
	return err
}

// closeInput tells the worker to stop: it writes a checkpoint of what it trains, answers, and
// exits.
func (p *Process) closeInput() { _ = p.in.Close() }

// Stop ends an idle worker, by force if it does not leave.
func (p *Process) Stop() {
	p.closeInput()
	timer := time.AfterFunc(stopWithin, func() { p.Kill("") })
	defer timer.Stop()
	_ = p.wait()
}

// Kill ends the worker at once; its training goes back to the last checkpoint. The first reason
// that is given stands for how it ended. Its output ends too, even where a child of a launcher
// keeps it open.
func (p *Process) Kill(reason string) {
	if reason != "" {
		p.killed.CompareAndSwap(nil, &reason)
	}
	_ = p.command.Process.Kill()
	_ = p.output.Close()
}

// reason is what the worker was killed for, empty if it was not or for nothing that is to be told.
func (p *Process) reason() string {
	if reason := p.killed.Load(); reason != nil {
		return *reason
	}
	return ""
}

// leaveWithin is how long the system may take to end a worker that was killed.
const leaveWithin = time.Second

// wait collects a worker that has been told to leave. One that not even a kill ends, as its disk
// does not answer, is left behind.
func (p *Process) wait() error {
	ended := make(chan error, 1)
	go func() { ended <- p.command.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(stopWithin + 2*leaveWithin):
		return errors.New("it cannot be killed")
	}
}
