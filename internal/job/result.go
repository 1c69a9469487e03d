package job

import (
	"fmt"
	"math"
	"math/bits"
)

// Check says what a result has that no training gives. Whoever uses one may count on the rest.
func (r Result) Check() error {
	if err := r.Numbers(); err != nil {
		return err
	}
	return r.curve()
}

// Numbers is Check without the training curve.
func (r Result) Numbers() error {
	switch {
	case !share(r.Top1) || !share(r.Top5):
		return fmt.Errorf("top-1 is %v and top-5 %v: they are shares", r.Top1, r.Top5)
	case !finite(r.Loss):
		return fmt.Errorf("its loss is %v", r.Loss)
	case r.Examples < 1:
		return fmt.Errorf("it is of %d validation images", r.Examples)
	case len(r.Correct) > 0 && len(r.Correct) != (r.Examples+7)/8:
		return fmt.Errorf("%d bytes of bits are not those of %d validation images", len(r.Correct),
			r.Examples)
	case r.Steps < 1:
		return fmt.Errorf("it has %d steps", r.Steps)
	}
	return nil
}

// Consistent says where a result contradicts itself: its top-1 is the share of the images that it
// has as correct.
func (r Result) Consistent() error {
	correct := 0
	for _, b := range r.Correct {
		correct += bits.OnesCount8(b)
	}
	if float64(correct)/float64(r.Examples) != r.Top1 {
		return fmt.Errorf("a result has top-1 %v, and %d of %d images as correct", r.Top1, correct,
			r.Examples)
	}
	return nil
}

func share(v float64) bool  { return v >= 0 && v <= 1 }
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
