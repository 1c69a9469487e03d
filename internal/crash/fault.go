package crash

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// Fault is a panic of this process that was recovered: a mistake of the program, not of its user.
type Fault struct {
	Value any
	Trace string // of the goroutine
}

// Guard calls a function; a panic of it becomes a *Fault.
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
