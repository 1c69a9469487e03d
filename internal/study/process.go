package study

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"gridsearch/internal/store"
)

// stopWithin is how long a worker may take to write its checkpoint and leave once its input has ended.
const stopWithin = 20 * time.Second

// process is a worker as its supervisor sees it: a child that trains one run at a time.
type process struct {
	command     *exec.Cmd
	in          io.WriteCloser
	out         *json.Decoder
	errors      *tail
	environment store.Environment
}

// startProcess starts a worker and waits for its greeting.
func startProcess(command []string) (*process, error) {
	p := &process{command: exec.Command(command[0], command[1:]...), errors: &tail{}}
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
	var hello reply
	if err := p.out.Decode(&hello); err != nil || hello.Hello == nil {
		return nil, p.crashed()
	}
	p.environment = *hello.Hello
	return p, nil
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

// errCrashed marks the end of a worker that was not its own decision.
var errCrashed = errors.New("worker died")

// crashed collects the dead worker and tells how it ended, with the last words of its standard error.
func (p *process) crashed() error {
	p.kill()
	err := p.command.Wait()
	reason := "unexpected end of its output"
	if err != nil {
		reason = err.Error() // "signal: killed", "exit status 2"
	}
	if strings.Contains(reason, "signal: killed") {
		reason += " (by hand, or by the system for want of memory)"
	}
	if words := p.errors.String(); words != "" {
		reason += ": " + words
	}
	return fmt.Errorf("%w: %s", errCrashed, reason)
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

// tail keeps the end of what is written to it.
type tail struct {
	mutex sync.Mutex
	text  []byte
}

const tailSize = 2000

func (t *tail) Write(p []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > tailSize {
		t.text = append(t.text[:0], t.text[len(t.text)-tailSize:]...)
	}
	return len(p), nil
}

// String is the text kept, on one line.
func (t *tail) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return strings.Join(strings.Fields(string(t.text)), " ")
}
