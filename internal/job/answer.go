package job

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// Check says what is wrong with a request, which asks for exactly one thing.
func (r Request) Check() error {
	switch {
	case (r.Train == nil) == (r.Measure == nil):
		return errors.New("a request asks for a training or for a measurement, exactly one of them")
	case r.Train != nil:
		return r.Train.Spec.Check()
	case r.Measure.Batch < 1:
		return fmt.Errorf("a measurement of trial %s asks for a batch of %d images, and 1 is the least",
			r.Measure.Spec.Trial, r.Measure.Batch)
	}
	return r.Measure.Spec.Check()
}

// Ends says whether a reply is the last one to a request.
func (r Reply) Ends() bool { return r.Done != nil || r.Measured != nil }

// Fits holds a reply to a request against it. The error says what is wrong with it.
func (r Request) Fits(reply Reply) error {
	if reply.Ends() {
		return r.answered(reply)
	}
	p := reply.Progress
	if count(p != nil, reply.Alive, reply.Unsaved != nil) != 1 || reply.Hello != nil ||
		reply.Checking != "" || reply.Refused != "" {
		return errors.New("it says something else than how far it is")
	}
	if p != nil && r.Train != nil {
		return p.check(r.Train.Spec.Key)
	}
	return nil
}

// answered is Fits for the last reply.
func (r Request) answered(last Reply) error {
	switch {
	case r.Train != nil && last.Done != nil && last.Measured == nil:
		return last.Done.Check(r.Train.Spec.Key)
	case r.Measure != nil && last.Measured != nil && last.Done == nil:
		return last.Measured.Check(*r.Measure)
	case r.Train != nil:
		return errors.New("it answers with a measurement, and was asked for a training")
	}
	return errors.New("it answers with the end of a run, and was asked for a measurement")
}

// Check holds an answer against the run that was asked for. The error says what is wrong with it.
func (o Outcome) Check(key string) error {
	ends := count(o.Result != nil, o.Error != "", o.Interrupted || o.Fault != nil)
	switch {
	case o.Key != key:
		return fmt.Errorf("its answer is of run %q, and it was asked for %s", o.Key, key)
	case ends != 1:
		return fmt.Errorf("its answer has %d of a result, an error and an interruption, and must "+
			"have one", ends)
	case o.Result == nil:
		return nil
	}
	if err := cmp.Or(o.Result.Check(), o.Result.Consistent()); err != nil {
		return fmt.Errorf("its answer is no result of a training: %w", err)
	}
	return nil
}

// Check holds an answer against the measurement that was asked for. The error says what is wrong
// with it.
func (l Latency) Check(m Measurement) error {
	timed := l.Repeats != 0 || l.Shortest != 0 || l.Median != 0
	ends := count(timed, l.Error != "", l.Interrupted)
	switch {
	case l.Key != m.Spec.Key, l.Trial != m.Spec.Trial, l.Batch != m.Batch:
		return fmt.Errorf("its answer is of run %q of trial %q and batches of %d, and it was asked "+
			"for %s of %s and batches of %d", l.Key, l.Trial, l.Batch, m.Spec.Key, m.Spec.Trial, m.Batch)
	case ends != 1:
		return fmt.Errorf("its answer has %d of times, an error and an interruption, and must have "+
			"one", ends)
	case timed && !l.possible():
		return fmt.Errorf("its answer has %d passes of %v s, %v in the median, which cannot be",
			l.Repeats, l.Shortest, l.Median)
	}
	return nil
}

// possible says whether the times can be those of passes.
func (l Latency) possible() bool {
	return l.Repeats > 0 && l.Shortest > 0 && l.Median >= l.Shortest && !math.IsInf(l.Median, 0)
}

// count says how many of the conditions hold.
func count(conditions ...bool) (n int) {
	for _, holds := range conditions {
		if holds {
			n++
		}
	}
	return n
}
