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
func (s *supervisor) crashed(spec job.Spec, e store.Execution, lease queue.Lease,
	first bool) error {
	var times int
	if err := s.write(func() (err error) {
		times, err = s.record.Crash(e,
			s.place)
		return err
	}); err != nil {
		s.back(spec, e)
		return err
	}
	s.mutex.Lock()
	s.given--
	if first && !s.opening.settled {
		s.opening.crash(e.Error)
	}
	end := lease.Retry
	if times > s.execution.MaxRetries {
		end = lease.Done
		s.tracker.PutBack(spec, e.Ended)
		s.opening.held = append(s.opening.held, heldRun{spec, e})
	} else {
		s.putBack(spec, e)
	}
	hopeless, settled := s.opening.hopeless(), s.opening.settled
	s.mutex.Unlock()
	var err error
	switch {
	case hopeless != nil:
		s.stop(hopeless)
	case settled:
		err = s.settle()
	}
	return s.leave(end, err)
}

// giveUp ends a run whose tries were used up by earlier calls, once this machine is known to
// complete runs. Before that it is tried once more like any other, after the others.
func (s *supervisor) giveUp(lease queue.Lease) (gone bool, err error) {
	key := lease.Key()
	s.mutex.Lock()
	gone = s.usedUp[key] && s.opening.settled
	s.mutex.Unlock()
	if !gone {
		return false, nil
	}
	spec := s.specs[key]
	e := store.Execution{Key: key, Ended: time.Now()}
	if e.Error, err = s.record.LastCrash(key); err != nil {
		return false, err
	}
	return true, s.leave(lease.Done, s.surrender(heldRun{spec, e}))
}

// putBack tells that a run waits again. The mutex is held.
func (s *supervisor) putBack(spec job.Spec, e store.Execution) {
	s.tracker.PutBack(spec, e.Ended)
	event := about(RunRetried, spec)
	event.Error = e.Error
	s.tellLocked(event)
}

// settle records the runs that were held back as failed: the machine is not at fault.
func (s *supervisor) settle() error {
	s.mutex.Lock()
	s.opening.settled = true
	held := s.opening.held
	s.opening.held = nil
	s.mutex.Unlock()
	for _, h := range held {
		s.mutex.Lock()
		s.given++
		s.mutex.Unlock()
		if err := s.surrender(h); err != nil {
			return err
		}
	}
	return nil
}

// surrender records a run as failed whose crashes are on the record.
func (s *supervisor) surrender(h heldRun) error {
	if err := s.write(func() error { return s.record.GiveUp(h.spec.Key, h.e.Error) }); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.gone(h.spec, h.e)
	return nil
}
