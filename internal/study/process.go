package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"gridsearch/internal/crash"
	"gridsearch/internal/program"
	"gridsearch/internal/store"
)

// stopWithin is how long a worker may take to write its checkpoint and leave once its input has ended.
const stopWithin = 20 * time.Second

// process is a worker as its supervisor sees it: a child that trains one run at a time.
type process struct {
	command     *exec.Cmd
	in          io.WriteCloser
	out         *json.Decoder
	errors      *crash.Log
	environment store.Environment
}

// startProcess starts a worker and waits for its greeting. It takes its kernels' check on the way:
// the *crashError of a worker that died there names them.
func startProcess(command []string, environment ...string) (*process, error) {
	p := &process{command: program.Command(context.Background(), command), errors: &crash.Log{}}
	p.command.Env = append(os.Environ(), environment...)
	p.command.Stderr = p.errors
	var err error
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = json.NewDecoder(out)
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	return p, p.greeting()
}

// greeting reads what the worker says before it can train.
func (p *process) greeting() error {
	checking := ""
	for {
		var message reply
		err := p.out.Decode(&message)
		switch {
		case err == nil && message.Checking != "":
			checking = message.Checking
		case err == nil && message.Refused != "":
			p.stop()
			return &InputError{errors.New(message.Refused)}
		case err == nil && message.Hello != nil:
			p.environment = *message.Hello
			return nil
		default:
			e := p.crashed()
			e.kernels = checking
			return e
		}
	}
}

// train has the worker train a run and returns how it ended. The error says that the worker died on the way; the process is gone then.
func (p *process) train(r request, progress func(Progress)) (outcome, error) {
	if err := json.NewEncoder(p.in).Encode(r); err != nil {
		return outcome{}, p.crashed()
	}
	for {
		var message reply
		if err := p.out.Decode(&message); err != nil {
			return outcome{}, p.crashed()
		}
		switch {
		case message.Progress != nil:
			progress(*message.Progress)
		case message.Done != nil:
			return *message.Done, nil
		}
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

// killed says whether the worker was killed from outside.
func (e *crashError) killed() bool { return strings.HasPrefix(e.cause, "signal: killed") }

// crashed collects the dead worker and tells how it ended.
func (p *process) crashed() *crashError {
	p.kill()
	ended := "unexpected end of its output"
	if err := p.command.Wait(); err != nil {
		ended = err.Error() // "signal: killed", "exit status 2"
	}
	text := p.errors.String()
	return &crashError{cause: crash.Cause(ended, text), text: ended + "\n\n" + text}
}

// closeInput tells the worker to stop: it writes a checkpoint of what it trains, answers, and exits.
func (p *process) closeInput() { _ = p.in.Close() }

// stop ends an idle worker, by force if it does not leave.
func (p *process) stop() {
	p.closeInput()
	timer := time.AfterFunc(stopWithin, p.kill)
	defer timer.Stop()
	_ = p.command.Wait()
}

// kill ends the worker at once; its training goes back to the last checkpoint.
func (p *process) kill() { _ = p.command.Process.Kill() }
