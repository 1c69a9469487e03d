package si

import "testing"

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
