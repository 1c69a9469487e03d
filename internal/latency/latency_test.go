package latency

import (
	"errors"
	"testing"

	"gridsearch/model"
)

// TestMeasure: times are possible ones, and a quick network is timed oftener than a slow one
// must be.
func TestMeasure(t *testing.T) {
	arch, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	arch = arch.Scale(.1, 1, 17./224, model.Rounding{})
	calls := 0
	one, err := Measure(arch, 1, 1, func() error { calls++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	many, err := Measure(arch, 32, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !(one.Shortest > 0 && one.Median >= one.Shortest && one.Repeats > leastRepeats &&
		many.Repeats >= leastRepeats && many.Shortest > one.Shortest) {
		t.Errorf("one image: %+v, 32: %+v", one, many)
	}
	if _, err := Measure(arch, 0, 1, nil); err == nil {
		t.Error("a batch of no image is measured")
	}
	if least := one.Repeats + WarmUp; calls <= least {
		t.Errorf("it was asked %d times whether to go on, of %d passes", calls, least)
	}
	enough, calls := errors.New("enough"), 0
	_, err = Measure(arch, 1, 1, func() error {
		if calls++; calls > WarmUp {
			return enough
		}
		return nil
	})
	if err != enough || calls != WarmUp+1 {
		t.Errorf("it is ended by %v after %d calls", err, calls)
	}
}
