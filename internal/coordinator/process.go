package coordinator

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
	"gridsearch/internal/program"
	"gridsearch/internal/study"
)

// stopWithin is how long a worker may take to write its checkpoint and leave once its input has
// ended.
const stopWithin = 20 * time.Second

// process is a worker as its supervisor sees it: a child that does one thing at a time.
type process struct {
	command *exec.Cmd
	in      io.WriteCloser
	output  io.ReadCloser
	out     *json.Decoder // of the output
	errors  *crash.Log
	hello   job.Greeting
	words   atomic.Int64           // that it has said of what it was asked for
	killed  atomic.Pointer[string] // what for
}

// greetWithin is how long a worker may take to greet, where silence is not to be shorter.
const greetWithin = 2 * time.Minute

// greeting is how long a worker of a study may take to greet.
func greeting(silence time.Duration) time.Duration {
	if silence > 0 {
		return min(silence, greetWithin)
	}
	return greetWithin
}

// startProcess starts a worker and waits for its greeting, so long and no longer, or until the
// context ends. It takes its kernels' check on the way: the *crashError of a worker that died there
// names them.
func startProcess(ctx context.Context, within time.Duration, command []string,
	environment ...string) (*process, error) {
	p := &process{command: program.Command(context.Background(), command), errors: &crash.Log{}}
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
			p.kill("stopped before its greeting")
		case <-timer.C:
			p.kill(fmt.Sprintf("no greeting within %v, so it was killed", within))
		}
	}()
	return p, p.greeting()
}

// greeting reads what the worker says before it can train.
func (p *process) greeting() error {
	checking := ""
	for {
		var message job.Reply
		err := p.out.Decode(&message)
		switch {
		case err == nil && message.Checking != "":
			checking = message.Checking
		case err == nil && message.Refused != "":
			p.stop()
			return &study.InputError{Err: errors.New(message.Refused)}
		case err == nil && message.Hello != nil:
			p.hello = *message.Hello
			if p.hello.Protocol == job.Protocol {
				return nil
			}
			p.kill(fmt.Sprintf("it speaks version %d of the protocol and this program %d, so it was "+
				"killed", p.hello.Protocol, job.Protocol))
			return p.crashed()
		default:
			e := p.unclear(err)
			e.kernels = checking
			return e
		}
	}
}

// train has the worker train a run and returns how it ended; heard takes everything that it says
// until then. The error says that the worker died on the way; the process is gone then.
func (p *process) train(t job.Training, heard func(job.Reply)) (job.Outcome, error) {
	last, err := p.ask(job.Request{Train: &t}, heard)
	if err != nil {
		return job.Outcome{}, err
	}
	return *last.Done, nil
}

// measure has the worker measure a latency, with the errors of train.
func (p *process) measure(m job.Measurement) (job.Latency, error) {
	last, err := p.ask(job.Request{Measure: &m}, func(job.Reply) {})
	if err != nil {
		return job.Latency{}, err
	}
	return *last.Measured, nil
}

// ask gives the worker a request and returns the reply that ends it; heard takes those before. A
// worker that answers something else is killed: that is an error like its death.
func (p *process) ask(r job.Request, heard func(job.Reply)) (job.Reply, error) {
	if err := json.NewEncoder(p.in).Encode(r); err != nil {
		return job.Reply{}, p.crashed()
	}
	for {
		var message job.Reply
		if err := p.out.Decode(&message); err != nil {
			return job.Reply{}, p.unclear(err)
		}
		p.words.Add(1)
		if !message.Ends() {
			heard(message)
			continue
		}
		if err := r.Answered(message); err != nil {
			p.kill(err.Error() + ", so it was killed")
			return job.Reply{}, p.crashed()
		}
		return message, nil
	}
}

// crashError is the end of a worker that was not its own decision.
type crashError struct {
	cause   string // on one line
	text    string // how it ended, and all of its standard error
	kernels string // the set that it checked when it died before its greeting
	file    string // that keeps the text, below the study's folder; empty if there is none
}

func (e *crashError) Error() string {
	if e.file == "" {
		return "worker died: " + e.cause
	}
	return fmt.Sprintf("worker died: %s (%s)", e.cause, e.file)
}

// crashed collects the dead worker and tells how it ended.
func (p *process) crashed() *crashError {
	p.kill("")
	ended := "unexpected end of its output"
	if err := p.wait(); err != nil {
		ended = err.Error() // "signal: killed", "exit status 2"
	}
	text := p.errors.String()
	if reason := p.reason(); reason != "" {
		return &crashError{cause: reason, text: reason + "\n\n" + text}
	}
	return &crashError{cause: crash.Cause(ended, text), text: ended + "\n\n" + text}
}

// unclear is the end of a worker whose next message could not be read, or was none that fits.
func (p *process) unclear(err error) *crashError {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		p.kill("it says something else before its greeting, so it was killed")
	case errors.As(err, &syntax), errors.As(err, &kind):
		p.kill(fmt.Sprintf("what it says is no message (%v), so it was killed", err))
	}
	return p.crashed()
}

// closeInput tells the worker to stop: it writes a checkpoint of what it trains, answers, and
// exits.
func (p *process) closeInput() { _ = p.in.Close() }

// stop ends an idle worker, by force if it does not leave.
func (p *process) stop() {
	p.closeInput()
	timer := time.AfterFunc(stopWithin, func() { p.kill("") })
	defer timer.Stop()
	_ = p.wait()
}

// kill ends the worker at once; its training goes back to the last checkpoint. The first reason
// that is given stands for how it ended. Its output ends too, even where a child of a launcher
// keeps it open.
func (p *process) kill(reason string) {
	if reason != "" {
		p.killed.CompareAndSwap(nil, &reason)
	}
	_ = p.command.Process.Kill()
	_ = p.output.Close()
}

// reason is what the worker was killed for, empty if it was not or for nothing that is to be told.
func (p *process) reason() string {
	if reason := p.killed.Load(); reason != nil {
		return *reason
	}
	return ""
}

// leaveWithin is how long the system may take to end a worker that was killed.
const leaveWithin = time.Second

// wait collects a worker that has been told to leave. One that not even a kill ends, as its disk
// does not answer, is left behind.
func (p *process) wait() error {
	ended := make(chan error, 1)
	go func() { ended <- p.command.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(stopWithin + 2*leaveWithin):
		return errors.New("it cannot be killed")
	}
}
