package coordinator

import (
	"context"
	"errors"
	"time"

	"gridsearch/internal/fault"
	"gridsearch/internal/store/database"
	"gridsearch/internal/study"
)

// FaultError says that the machine has stopped the study: a disk, a limit. No run is failed for it,
// and none has used up a try.
type FaultError struct {
	Left  int // runs without a result; negative where that is not known
	Fault *fault.Fault
}

// Error says what the machine did, and what to do.
func (e *FaultError) Error() string {
	text := "stopped by this machine, which is no run's fault: " + e.Fault.Error()
	if e.Left >= 0 {
		text += ": " + left(e.Left)
	}
	return text + "\n" + e.Fault.Advice
}

// Unwrap is the cause.
func (e *FaultError) Unwrap() error { return e.Fault }

// ByMachine marks an error that the machine is at fault for. What is said of the input stays: it
// names the key or the file that is to be changed.
func ByMachine(err error) error {
	var input *study.InputError
	var file *database.FileError
	var known *FaultError
	f := fault.Of(err)
	if f == nil || errors.As(err, &input) || errors.As(err, &file) || errors.As(err, &known) {
		return err
	}
	return &FaultError{-1, f}
}

// patiently does what another program that has the record locked may keep from being done, again
// and again until that is over or the context ends; waiting is called once if it comes to that.
func patiently(ctx context.Context, waiting func(), do func() error) error {
	for told := false; ; told = true {
		err := do()
		if !database.Busy(err) || ctx.Err() != nil {
			return err
		}
		if !told {
			waiting()
		}
	}
}

// patiently waits for a locked record before there is a coordinator.
func (o Options) patiently(ctx context.Context, do func() error) error {
	return patiently(ctx, func() {
		if o.Observe != nil {
			o.Observe(Event{Kind: Waiting, Time: time.Now(), Status: study.Status{Running: []study.Active{}}})
		}
	}, do)
}

// write changes the record, as soon as other programs let it or until workers are to be killed. The
// mutex is not held: progress goes on meanwhile.
func (c *coordinator) write(do func() error) error {
	err := patiently(c.untilKilled(), func() {
		if c.locked.CompareAndSwap(false, true) {
			c.tell(Event{Kind: Waiting})
		}
	}, do)
	if !database.Busy(err) {
		c.locked.Store(false)
	}
	return err
}
