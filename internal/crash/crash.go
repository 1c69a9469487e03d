// Package crash finds out why a process has died from its standard error.
package crash

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// Longest is the length of a cause, in characters.
const Longest = 100

// header is the first line of what the Go runtime prints when a process ends in a crash.
var header = regexp.MustCompile(
	`(?m)^(panic: |fatal error: |SIG[A-Z0-9]+: |unexpected fault address).*$`)

// Cause says on one line why a process has died, from the text of its standard error: the first
// line of a crash of Go and the function where it was, as in
//
//	SIGILL: illegal instruction in amd64.product4x3AVX2
//
// and otherwise how it ended, as its parent was told ("exit status 2"), with the first line.
func Cause(ended, text string) string {
	if place := header.FindStringIndex(text); place != nil {
		line := text[place[0]:place[1]]
		where := ""
		if function := Function(text[place[1]:]); function != "" {
			where = " in " + function
		}
		return Short(Short(line, max(20, Longest-utf8.RuneCountInString(where)))+where, Longest)
	}
	if strings.Contains(ended, "signal: killed") {
		ended += " (by hand, or by the system for want of memory)"
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return Short(ended+": "+line, Longest)
		}
	}
	return Short(ended, Longest)
}

// ByProcessor reports whether the cause is in the execution of the program: an instruction that the
// processor lacks, a bad address, a panic. Memory or threads that the system refuses, a kill and an
// exit do not cast doubt on what was computed.
func ByProcessor(cause string) bool { return byProcessor.MatchString(cause) }

var byProcessor = regexp.MustCompile(
	`^(SIG(ILL|SEGV|BUS|FPE|TRAP)|unexpected fault address|panic: |` +
		`fatal error: unexpected signal|` +
		`signal: (illegal instruction|segmentation fault|bus error|floating point exception|trace))`)

// Function is the function in which a Go program crashed: the first of its traces that is not the
// runtime's, with its package's name without the path. It is empty if there is none.
func Function(text string) string {
	lines := strings.Split(text, "\n")
	for i := 0; i+1 < len(lines); i++ {
		name, frame := called(lines[i], lines[i+1])
		if frame && !ofRuntime(name) {
			return name[strings.LastIndexByte(name, '/')+1:]
		}
	}
	return ""
}

func ofRuntime(function string) bool {
	return function == "panic" || strings.HasPrefix(function, "runtime.") ||
		strings.HasPrefix(function, "internal/runtime/")
}

// called reads a call from a trace: the function with its arguments, and in the next, indented line
// the file.
func called(line, next string) (name string, ok bool) {
	end := strings.LastIndexByte(line, '(')
	if end <= 0 || strings.ContainsAny(line[:1], " \t") || !strings.HasPrefix(next, "\t") {
		return "", false
	}
	name = line[:end]
	return name, !strings.ContainsAny(name, " :")
}

// Kind is a cause without its numbers: two crashes of the same kind are equal.
func Kind(cause string) string { return numbers.ReplaceAllString(cause, "0") }

var numbers = regexp.MustCompile(`0x[0-9a-f]+|[0-9]+`)

// Short is a text on one line of at most n characters.
func Short(text string, n int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}

// kept is the number of bytes of the beginning and of the end of a text that a Log keeps.
const kept = 64 << 10

// Log keeps the beginning and the end of what is written to it.
type Log struct {
	mutex      sync.Mutex
	head, tail []byte
	lost       int // bytes between them
}

// Write appends to the log; it never fails.
func (l *Log) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	n := min(len(p), kept-len(l.head))
	l.head = append(l.head, p[:n]...)
	l.tail = append(l.tail, p[n:]...)
	if over := len(l.tail) - kept; over > 0 {
		l.lost += over
		l.tail = append(l.tail[:0], l.tail[over:]...)
	}
	return len(p), nil
}

// String is the text, with a line in place of the omitted part.
func (l *Log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	gap := ""
	if l.lost > 0 {
		gap = fmt.Sprintf("\n[%d bytes are left out here]\n", l.lost)
	}
	return string(l.head) + gap + string(l.tail)
}
