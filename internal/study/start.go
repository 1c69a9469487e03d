package study

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gridsearch/internal/kernel"
)

// start starts a worker for a run. The death of one that has not greeted yet is no run's fault, so it
// counts for none: as many more are started as a run would be tried again. Kernels that end a worker
// while it checks them are rejected, and the next set is tried.
func (s *supervisor) start(ctx context.Context, key string) (*process, error) {
	for deaths := 0; ; {
		p, err := startProcess(ctx, s.greetWithin, s.workerCommand())
		var died *crashError
		switch {
		case err == nil:
			for _, set := range slices.Sorted(maps.Keys(p.environment.KernelsOut)) {
				s.reject(set, p.environment.KernelsOut[set])
			}
			return p, nil
		case !errors.As(err, &died) || ctx.Err() != nil:
			return nil, err
		}
		s.keep(key, died)
		switch fault := died.kernels != "" && !died.killed(); {
		case fault && kernel.ByHand():
			return nil, &InputError{fmt.Errorf("environment variable %s: kernels %s end a worker here: %w",
				kernel.Variable, died.kernels, err)}
		case fault:
			s.reject(died.kernels, died.cause)
		case deaths >= s.execution.MaxRetries:
			s.stop(&StoppedError{Reason: "no worker comes up: " + err.Error(), Advice: advice(died.cause)})
			return nil, err
		default:
			deaths++
		}
	}
}

// CheckKernels has a worker, which the command starts, check a set of kernels. The error says what is
// wrong with them.
func CheckKernels(command []string, set string) error {
	p, err := startProcess(context.Background(), greetWithin, command, kernel.Variable+"="+set)
	if err == nil {
		p.stop()
	}
	return err
}

// workerCommand starts a worker without the kernels that are rejected.
func (s *supervisor) workerCommand() []string {
	command := slices.Clone(s.options.Command)
	rejected := kernel.Rejected()
	for _, set := range slices.Sorted(maps.Keys(rejected)) {
		command = append(command, "--without", set+": "+rejected[set])
	}
	return command
}

// reject has this process and its next workers go on without a set of kernels, and tells it once.
func (s *supervisor) reject(set, reason string) {
	if !kernel.Reject(set, reason) {
		return
	}
	event := Event{Kind: KernelsOut, Kernels: set, Error: reason}
	if next, err := kernel.Preferred(); err == nil {
		event.Next = next.Name
	}
	s.tell(event)
}

// keep writes what a dead worker has left to a file of the run that it trained or was started for. It
// is for people to read, so a failure does no harm: the error then names no file.
func (s *supervisor) keep(key string, e *crashError) {
	if err := os.Mkdir(s.folder.run(key), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return
	}
	for n := 1; ; n++ {
		name := fmt.Sprintf("crash-%d.txt", n)
		file, err := os.OpenFile(filepath.Join(s.folder.run(key), name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return
		}
		_, err = file.WriteString(strings.Join(s.workerCommand(), " ") + "\n" + e.text)
		if errors.Join(err, file.Close()) == nil {
			e.file = "runs/" + key + "/" + name
		}
		return
	}
}
