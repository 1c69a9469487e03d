package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gridsearch/internal/crash"
	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
	"gridsearch/internal/program"
	"gridsearch/internal/study"
)

// Starter starts the workers of a study.
type Starter struct {
	Command []string      // starts a worker
	Within  time.Duration // that it greets in
	Retries int           // deaths before a greeting that are followed by another try
	Folder  study.Folder  // that keeps what dead workers leave
	// Rejected is told of a set of kernels that workers and this process go on without, once each.
	Rejected func(set, reason string)
}

// NoWorkerError says that no worker comes up, or one of another program.
type NoWorkerError struct {
	Reason string
	Cause  string // of the last death; empty where another program came up
	Err    error  // the *Died, or nil
}

// Error is the reason.
func (e *NoWorkerError) Error() string { return e.Reason }

// Unwrap is the last death.
func (e *NoWorkerError) Unwrap() error { return e.Err }

// Start starts a worker for a run. The death of one that has not greeted yet is no run's fault, so
// it counts for none: another is started as often as a run would be tried again. Kernels that end a
// worker while it checks them are rejected, and the next set is tried. The error is that of Start,
// or a *NoWorkerError.
func (s *Starter) Start(ctx context.Context, key string) (*Process, error) {
	for deaths := 0; ; {
		p, err := Start(ctx, s.Within, s.command())
		var died *Died
		switch {
		case err == nil && otherProgram(p.Hello.Environment) != "":
			p.Stop()
			return nil, &NoWorkerError{Reason: otherProgram(p.Hello.Environment)}
		case err == nil:
			for _, set := range slices.Sorted(maps.Keys(p.Hello.KernelsOut)) {
				s.reject(set, p.Hello.KernelsOut[set])
			}
			return p, nil
		case !errors.As(err, &died) || ctx.Err() != nil:
			return nil, err
		}
		s.Keep(key, died)
		switch fault := died.Kernels != "" && crash.ByProcessor(died.Cause); {
		case fault && kernel.ByHand():
			return nil, &study.InputError{Err: fmt.Errorf("environment variable %s: kernels %s end "+
				"a worker here: %w", kernel.Variable, died.Kernels, err)}
		case fault && s.reject(died.Kernels, died.Cause):
			// the next set is tried
		case deaths >= s.Retries:
			return nil, &NoWorkerError{"no worker comes up: " + err.Error(), died.Cause, died}
		default:
			deaths++
		}
	}
}

// otherProgram says in what a worker is not the program that this process is: whatever it trained
// would be recorded under keys that are not its own. It is empty for the same program. Its kernels
// may be others, under an emulator: those are recorded with each run.
func otherProgram(worker job.Environment) string {
	here := program.Hash()
	switch {
	case worker.NumericVersion != job.NumericVersion:
		return fmt.Sprintf("a worker is another program: its numeric version is %d, this one's %d",
			worker.NumericVersion, job.NumericVersion)
	case here != "" && worker.BinaryHash != "" && worker.BinaryHash != here:
		return fmt.Sprintf("a worker is another program: the SHA-256 of its binary is %.12s, this "+
			"one's %.12s", worker.BinaryHash, here)
	}
	return ""
}

// command starts a worker without the kernels that are rejected.
func (s *Starter) command() []string {
	command := slices.Clone(s.Command)
	rejected := kernel.Rejected()
	for _, set := range slices.Sorted(maps.Keys(rejected)) {
		command = append(command, "--without", set+": "+rejected[set])
	}
	return command
}

// reject has this process and its next workers go on without a set of kernels. It is false where
// they do already.
func (s *Starter) reject(set, reason string) bool {
	anew := kernel.Reject(set, reason)
	if anew {
		s.Rejected(set, reason)
	}
	return anew
}

// Keep writes what a dead worker has left to a file of the run that it trained or was started for.
// It is for people to read, so a failure does no harm: the error then names no file.
func (s *Starter) Keep(key string, e *Died) {
	if err := os.Mkdir(s.Folder.Run(key), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return
	}
	for n := 1; ; n++ {
		name := fmt.Sprintf("crash-%d.txt", n)
		file, err := os.OpenFile(filepath.Join(s.Folder.Run(key), name),
			os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return
		}
		_, err = file.WriteString(strings.Join(program.Shown(s.command()), " ") + "\n" + e.Text)
		if errors.Join(err, file.Close()) == nil {
			e.File = "runs/" + key + "/" + name
		}
		return
	}
}
