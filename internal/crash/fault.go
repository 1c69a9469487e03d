package crash

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// Fault is a recovered panic of this process: a bug in the program, not a mistake of its user.
type Fault struct {
	Value any
	Trace string // of the goroutine
}

// Guard calls a function; a panic in it becomes a *Fault.
func Guard(call func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &Fault{value, string(debug.Stack())}
		}
	}()
	return call()
}

// Error says on one line what happened and where.
func (f *Fault) Error() string {
	trace := f.Trace // it begins with the frames of the recovery
	if _, rest, ok := strings.Cut(trace, "\npanic("); ok {
		trace = rest
	}
	text := "internal error: " + Short(fmt.Sprint(f.Value), Longest)
	if where := Function(trace); where != "" {
		text += " in " + where
	}
	return text
}
