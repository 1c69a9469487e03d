package si

import (
	"math"
	"testing"
)

func TestText(t *testing.T) {
	for v, want := range map[float64]string{287408: "287 k", 999.9e3: "1 M", 1.234e6: "1.23 M",
		385814752: "386 M", 3.77e10: "37.7 G", 12: "12", 999: "999"} {
		if got := Text(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{.05: "0.05", 287408: "287.4 k", 999.9e3: "0.9999 M",
		1e6: "1 M", 2e9: "2 G", 1.5e12: "1.5 T"} {
		if got := Digits(v, 4); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

func TestMilliseconds(t *testing.T) {
	for seconds, want := range map[float64]string{.000012345: "0.0123", .0004567: "0.457",
		.0012345: "1.23", .0123456: "12.3", .1234567: "123", 12.3456: "12346", 0: "0.00000"} {
		if got := Milliseconds(seconds); got != want {
			t.Errorf("%v s is %q, want %q", seconds, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0s", 59.4: "59s", 59.6: "1m00s", 185: "3m05s",
		7620: "2h07m", 360000: "100h00m"} {
		if got := Clock(seconds); got != want {
			t.Errorf("%v s are %q, want %q", seconds, got, want)
		}
	}
}

// TestStep: steps are round and no less than asked for.
func TestStep(t *testing.T) {
	for least, want := range map[float64]float64{1: 1, 1.1: 2, 2: 2, 3: 5, 5: 5, 7: 10, .03: .05,
		.1: .1, 260: 500} {
		if got := Step(least); math.Abs(got-want) > 1e-12*want {
			t.Errorf("the step for %v is %v, want %v", least, got, want)
		}
	}
}
