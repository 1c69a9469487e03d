package coordinator

import (
	"context"
	"errors"
	"slices"

	"gridsearch/internal/kernel"
	"gridsearch/internal/process"
	"gridsearch/internal/study"
)

// start starts a worker for a run. Where none can come up, the study stops.
func (c *coordinator) start(ctx context.Context, key string) (*process.Process, error) {
	p, err := c.workers.Start(ctx, key)
	none := (*process.NoWorkerError)(nil)
	switch {
	case err == nil:
		if err := c.from(p.Hello.Host); err != nil {
			p.Stop()
			return nil, err
		}
		return p, nil
	case !errors.As(err, &none):
		return nil, err
	case none.Err == nil:
		replaced := &StoppedError{Reason: none.Reason, Advice: replacedAdvice}
		c.stop(replaced)
		return nil, replaced
	}
	c.stop(&StoppedError{Reason: none.Reason, Advice: advice(none.Cause)})
	return nil, none.Err
}

// from notes where a worker is: what has been completed there shows that program and machine fit.
func (c *coordinator) from(host string) error {
	if host == c.host {
		return nil
	}
	settled, err := c.record.CompletedOn(host)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.opening.settled = c.opening.settled || settled
	return err
}

// replacedAdvice is what to do about workers of another program.
const replacedAdvice = "the program has been replaced while the study runs, or the launcher starts " +
	"another one: when its build is finished, run the same command again"

// rejected tells that workers go on without a set of kernels.
func (c *coordinator) rejected(set, reason string) {
	event := Event{Kind: KernelsOut, Kernels: set, Error: reason}
	if next, err := kernel.Preferred(); err == nil {
		event.Next = next.Name
	}
	c.tell(event)
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
