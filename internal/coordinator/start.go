package coordinator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gridsearch/internal/crash"
	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
	"gridsearch/internal/process"
	"gridsearch/internal/program"
	"gridsearch/internal/study"
)

// start starts a worker for a run. The death of one that has not greeted yet is no run's fault, so
// it counts for none: as many more are started as a run would be tried again. Kernels that end a
// worker while it checks them are rejected, and the next set is tried.
func (c *coordinator) start(ctx context.Context, key string) (*process.Process, error) {
	for deaths := 0; ; {
		p, err := process.Start(ctx, c.greetWithin, c.workerCommand())
		var died *process.Died
		switch {
		case err == nil && otherProgram(p.Hello.Environment) != "":
			p.Stop()
			replaced := &StoppedError{Reason: otherProgram(p.Hello.Environment), Advice: replacedAdvice}
			c.stop(replaced)
			return nil, replaced
		case err == nil:
			for _, set := range slices.Sorted(maps.Keys(p.Hello.KernelsOut)) {
				c.reject(set, p.Hello.KernelsOut[set])
			}
			return p, nil
		case !errors.As(err, &died) || ctx.Err() != nil:
			return nil, err
		}
		c.keep(key, died)
		switch fault := died.Kernels != "" && crash.ByProcessor(died.Cause); {
		case fault && kernel.ByHand():
			return nil, &study.InputError{Err: fmt.Errorf("environment variable %s: kernels %s end a worker here: %w",
				kernel.Variable, died.Kernels, err)}
		case fault:
			c.reject(died.Kernels, died.Cause)
		case deaths >= c.execution.MaxRetries:
			c.stop(&StoppedError{Reason: "no worker comes up: " + err.Error(), Advice: advice(died.Cause)})
			return nil, err
		default:
			deaths++
		}
	}
}

// replacedAdvice is what to do about workers of another program.
const replacedAdvice = "the program has been replaced while the study runs, or the launcher starts " +
	"another one: when its build is finished, run the same command again"

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

// withPlaces gives a worker of this machine its places: the folder of the runs, and that of the
// data where they have no usual place.
func withPlaces(f study.Folder, command []string, data string) []string {
	command = append(slices.Clone(command), "--runs", f.Runs())
	if data != "" {
		command = append(command, "--data", data)
	}
	return command
}

// workerCommand starts a worker without the kernels that are rejected.
func (c *coordinator) workerCommand() []string {
	command := slices.Clone(c.options.Command)
	rejected := kernel.Rejected()
	for _, set := range slices.Sorted(maps.Keys(rejected)) {
		command = append(command, "--without", set+": "+rejected[set])
	}
	return command
}

// reject has this process and its next workers go on without a set of kernels, and tells it once.
func (c *coordinator) reject(set, reason string) {
	if !kernel.Reject(set, reason) {
		return
	}
	event := Event{Kind: KernelsOut, Kernels: set, Error: reason}
	if next, err := kernel.Preferred(); err == nil {
		event.Next = next.Name
	}
	c.tell(event)
}

// keep writes what a dead worker has left to a file of the run that it trained or was started for.
// It is for people to read, so a failure does no harm: the error then names no file.
func (c *coordinator) keep(key string, e *process.Died) {
	if err := os.Mkdir(c.folder.Run(key), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return
	}
	for n := 1; ; n++ {
		name := fmt.Sprintf("crash-%d.txt", n)
		file, err := os.OpenFile(filepath.Join(c.folder.Run(key), name),
			os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return
		}
		_, err = file.WriteString(strings.Join(program.Shown(c.workerCommand()), " ") + "\n" + e.Text)
		if errors.Join(err, file.Close()) == nil {
			e.File = "runs/" + key + "/" + name
		}
		return
	}
}
