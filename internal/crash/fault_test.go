package crash

import (
	"errors"
	"strings"
	"testing"
)

func third(list []int) error { list[2] = 1; return nil }

// TestGuard: a panic is an error of one line with its place, and an error stays what it is.
func TestGuard(t *testing.T) {
	var fault *Fault
	err := Guard(func() error { return third(nil) })
	const want = "internal error: runtime error: index out of range [2] with length 0 in crash.third"
	if !errors.As(err, &fault) || err.Error() != want || !strings.Contains(fault.Trace,
		"fault_test.go") {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := Guard(func() error { panic("two\nlines") }); !strings.HasPrefix(err.Error(),
		"internal error: two lines in crash.TestGuard") {
		t.Errorf("got %v", err)
	}
	bad := errors.New("bad")
	if err := Guard(func() error { return bad }); err != bad {
		t.Errorf("got %v", err)
	}
}
