package coordinator

import (
	"fmt"
	"strings"
	"time"

	"gridsearch/internal/crash"
	"gridsearch/internal/job"
	"gridsearch/internal/queue"
	"gridsearch/internal/store"
)

// firstAttempts of a call decide whether anything can be trained here.
const firstAttempts = 3

// opening is the beginning of a call on a machine where no run of the study has ever been
// completed. If the first attempts all crash alike, program and machine do not fit, and no run is
// at fault: the study stops. Until that is decided, runs whose attempts are used up are held back.
type opening struct {
	settled bool // something else has happened: runs that crash are at fault themselves
	begun   int  // of the first attempts
	crashed int  // of those
	error   string
	held    []heldRun
}

// heldRun is a run that is failed, unless the study stops.
type heldRun struct {
	spec job.Spec
	e    store.Execution
}

// begin counts an attempt and says whether it is one of the first.
func (o *opening) begin() bool {
	if o.begun == firstAttempts {
		return false
	}
	o.begun++
	return true
}

// crash notes the crash of one of the first attempts. One that is unlike those before settles.
func (o *opening) crash(text string) {
	if o.crashed > 0 && kindOf(text) != kindOf(o.error) {
		o.settled = true
	}
	o.crashed++
	o.error = text
}

// kindOf an error is that of its cause, without the file.
func kindOf(text string) string {
	cause, _, _ := strings.Cut(text, " (runs/")
	return crash.Kind(cause)
}

// hopeless is why the study stops when the first attempts have all crashed.
func (o *opening) hopeless() *StoppedError {
	if o.settled || o.crashed < firstAttempts {
		return nil
	}
	return o.stopped()
}

// last is hopeless at the end of a call, which may have had fewer attempts.
func (o *opening) last() *StoppedError {
	if o.settled || o.crashed == 0 || o.crashed < o.begun {
		return nil
	}
	return o.stopped()
}

func (o *opening) stopped() *StoppedError {
	attempts := fmt.Sprintf("the first %d attempts have crashed alike", o.crashed)
	if o.crashed == 1 {
		attempts = "the only attempt has crashed"
	}
	return &StoppedError{Advice: advice(o.error),
		Reason: attempts + ", and no run has been completed on this machine yet: " + o.error}
}

// advice is what to try against a cause.
func advice(cause string) string {
	switch {
	case strings.Contains(cause, "SIGILL"):
		return "this processor lacks an instruction: GRIDSEARCH_KERNELS=generic does without " +
			"vector kernels, " +
			"slowly, and gridsearch doctor says which kernels work"
	case strings.Contains(cause, "of the protocol"):
		return replacedAdvice
	case strings.Contains(cause, "signal: killed"), strings.Contains(cause, "out of memory"):
		return "for want of memory, try --workers 1 or a smaller train.batch_size; " +
			"gridsearch doctor says what memory there is"
	case strings.Contains(cause, "no word of it"):
		return "a step that takes longer than that wants a longer silence in [execution]; " +
			"gridsearch doctor looks for what is wrong with this machine"
	}
	return "the file has the whole trace; gridsearch doctor looks for what is wrong with this machine"
}

// crashed puts the run of a dead worker back, or gives it up when its tries are used up, those of
// earlier calls included; the attempt may be one of the first of the call.
func (c *coordinator) crashed(spec job.Spec, e store.Execution, lease queue.Lease,
	first bool) error {
	var times int
	if err := c.write(func() (err error) {
		times, err = c.record.Crash(e, c.place)
		return err
	}); err != nil {
		c.back(spec, e)
		return err
	}
	c.mutex.Lock()
	c.given--
	if first && !c.opening.settled {
		c.opening.crash(e.Error)
	}
	end := lease.Retry
	if times > c.execution.MaxRetries {
		end = lease.Done
		c.tracker.PutBack(spec, e.Ended)
		c.opening.held = append(c.opening.held, heldRun{spec, e})
	} else {
		c.putBack(spec, e)
	}
	hopeless, settled := c.opening.hopeless(), c.opening.settled
	c.mutex.Unlock()
	var err error
	switch {
	case hopeless != nil:
		c.stop(hopeless)
	case settled:
		err = c.next(c.settle())
	}
	return c.leave(end, err)
}

// giveUp ends a run whose tries were used up by earlier calls, once this machine is known to
// complete runs. Before that it is tried once more like any other, after the others.
func (c *coordinator) giveUp(lease queue.Lease) (gone bool, err error) {
	key := lease.Key()
	c.mutex.Lock()
	gone = c.usedUp[key] && c.opening.settled
	c.mutex.Unlock()
	if !gone {
		return false, nil
	}
	spec := c.spec(key)
	e := store.Execution{Key: key, Ended: time.Now()}
	if e.Error, err = c.record.LastCrash(key); err != nil {
		return false, err
	}
	err = c.next(c.surrender(heldRun{spec, e}))
	return true, c.leave(lease.Done, err)
}

// putBack tells that a run waits again. The mutex is held.
func (c *coordinator) putBack(spec job.Spec, e store.Execution) {
	c.tracker.PutBack(spec, e.Ended)
	event := about(RunRetried, spec)
	event.Error = e.Error
	c.tellLocked(event)
}

// settle records the runs that were held back as failed: the machine is not at fault.
func (c *coordinator) settle() error {
	c.mutex.Lock()
	c.opening.settled = true
	held := c.opening.held
	c.opening.held = nil
	c.mutex.Unlock()
	for _, h := range held {
		if err := c.surrender(h); err != nil {
			return err
		}
		c.mutex.Lock()
		c.given++
		c.mutex.Unlock()
	}
	return nil
}

// surrender records a run as failed whose crashes are on the record. One that has been dropped
// meanwhile is not failed.
func (c *coordinator) surrender(h heldRun) error {
	if c.stage.dropped(h.spec.Key) {
		return nil
	}
	if err := c.write(func() error { return c.record.GiveUp(h.spec.Key, h.e.Error) }); err != nil {
		return err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.stage.dropped(h.spec.Key) {
		c.gone(h.spec, h.e)
	}
	return nil
}
