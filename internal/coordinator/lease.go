package coordinator

import (
	"context"
	"errors"

	"gridsearch/internal/fault"
	"gridsearch/internal/queue"
)

// untilKilled is a context of what a stopped study still has to do.
func (c *coordinator) untilKilled() context.Context {
	if c.options.Kill != nil {
		return c.options.Kill
	}
	return context.Background()
}

// wait lets runs wait in the queue. A worker of this machine finds the rest by their keys, so they
// have no payload.
func (c *coordinator) wait(keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	items := make([]queue.Item, len(keys))
	for i, key := range keys {
		items[i].Key = key
	}
	return ofQueue(c.queue.Push(c.untilKilled(), items...))
}

// leave ends a lease once the record says what has become of its run: the error is what the record
// has said. A run that is not on the record stays leased, for the call that comes after.
func (c *coordinator) leave(end func(context.Context) error, recorded error) error {
	if recorded != nil {
		return recorded
	}
	err := end(c.untilKilled())
	switch {
	case errors.Is(err, queue.ErrLost), errors.Is(err, queue.ErrEnded):
		return nil // the record has it, whoever holds the run by now
	case c.untilKilled().Err() != nil:
		return nil // there is no time to end it
	}
	return ofQueue(err)
}

// ofQueue marks an error of the queue as the machine's or its network's, which no run is at fault
// for.
func ofQueue(err error) error {
	if err == nil || fault.Of(err) != nil {
		return err
	}
	return &fault.Fault{Cause: "the queue of runs: " + err.Error(),
		Advice: "what is recorded stays: run the same command again when the queue can be reached"}
}
