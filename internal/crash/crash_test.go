package crash

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// The texts are what programs of Go 1.26 have printed, shortened.
const (
	illegal = `SIGILL: illegal instruction
PC=0x582820 m=0 sigcode=2
instruction bytes: 0xf 0xb 0xc3 0xcc 0xcc

goroutine 7 gp=0x103a058c7860 m=0 mp=0x76d880 [running]:
gridsearch/internal/kernel/amd64.product4x3AVX2(0x103a059cca80)
	/src/internal/kernel/amd64/gemm_amd64.s:7 fp=0x103a0596f598 sp=0x103a0596f590 pc=0x582820
gridsearch/internal/kernel.(*Kernels).sweep(...)
	/src/internal/kernel/gemm.go:29 +0x45
`
	overflow = `runtime: goroutine stack exceeds 1000000000-byte limit
fatal error: stack overflow

runtime stack:
runtime.throw({0x4c96c0?, 0x371446d1ab40?})
	/usr/local/go/src/runtime/panic.go:1229 +0x48

goroutine 1 gp=0x371446d1a1e0 m=2 mp=0x371446d54808 [running]:
main.(*T).rec(0x2aaaa47?)
	/tmp/crashes.go:6 +0x2b
`
	index = `a line of a log
panic: runtime error: index out of range [5] with length 1

goroutine 1 [running]:
panic({0x4b32e0, 0x1})
	/usr/local/go/src/runtime/panic.go:783 +0x132
main.f(...)
	/tmp/crashes.go:3
`
	maps = `fatal error: concurrent map writes

goroutine 1 [running]:
internal/runtime/maps.fatal({0x4cb075?, 0x4b32e0?})
	/usr/local/go/src/runtime/panic.go:1181 +0x18
main.main()
	/tmp/crashes.go:7 +0x26b
`
	lines = "panic: line one\n\tline two\n\ngoroutine 1 " +
		"[running]:\nmain.main()\n\t/tmp/crashes.go:7 +0x21f\n"
)

func TestCause(t *testing.T) {
	for _, c := range []struct{ ended, text, want string }{
		{"exit status 2", illegal, "SIGILL: illegal instruction in amd64.product4x3AVX2"},
		{"exit status 2", overflow, "fatal error: stack overflow in main.(*T).rec"},
		{"exit status 2", index, "panic: runtime error: index out of range [5] with length 1 in main.f"},
		{"exit status 2", maps, "fatal error: concurrent map writes in main.main"},
		{"exit status 2", lines, "panic: line one in main.main"},
		{"exit status 2", "panic: without a trace", "panic: without a trace"},
		{"signal: killed", "", "signal: killed (by hand, or by the system for want of memory)"},
		{"exit status 1", "\n  Traceback (most recent call last):\n  File",
			"exit status 1: Traceback (most recent call last):"},
		{"exit status 3", " \n", "exit status 3"},
	} {
		if got := Cause(c.ended, c.text); got != c.want {
			t.Errorf("the cause is %q, want %q", got, c.want)
		}
	}
}

// FuzzCause: a cause is one line and not longer than it may be, whatever the text.
func FuzzCause(f *testing.F) {
	for _, text := range []string{illegal, overflow, index, maps, lines, "panic: " +
		strings.Repeat("é", 300) + "\nf()\n\tx"} {
		f.Add("exit status 2", text)
	}
	f.Add("signal: killed", "fatal error: \xff\nf(\n\t\n(\n\t")
	f.Fuzz(func(t *testing.T, ended, text string) {
		cause := Cause(ended, text)
		if strings.ContainsAny(cause, "\r\n") || utf8.RuneCountInString(cause) > Longest {
			t.Errorf("%q", cause)
		}
	})
}

// TestByProcessor: what a machine refuses is nobody's wrong number.
func TestByProcessor(t *testing.T) {
	for cause, want := range map[string]bool{
		"SIGILL: illegal instruction in amd64.product4x3AVX2":                true,
		"unexpected fault address 0x7f00":                                    true,
		"panic: runtime error: index out of range [8] in kernel.Product":     true,
		"fatal error: unexpected signal during runtime execution":            true,
		"signal: illegal instruction":                                        true,
		"fatal error: runtime: cannot allocate memory in slices.Clone[...]":  false,
		"fatal error: runtime: out of memory":                                false,
		"runtime: failed to create new OS thread (have 5 already; errno=11)": false,
		"signal: killed (by hand, or by the system for want of memory)":      false,
		"exit status 2: fatal error: runtime: out of memory":                 false,
	} {
		if got := ByProcessor(cause); got != want {
			t.Errorf("%s: %v", cause, got)
		}
	}
}

func TestKind(t *testing.T) {
	if a, b := Kind("index out of range [5] in f"), Kind("index out of range [17] in f"); a != b {
		t.Errorf("%q and %q are unlike", a, b)
	}
	if a, b := Kind("SIGILL in f"), Kind("SIGSEGV in f"); a == b {
		t.Error("SIGILL and SIGSEGV are alike")
	}
}

// TestLog: of a long text the beginning and the end are kept, and what is lost is counted.
func TestLog(t *testing.T) {
	var short, long Log
	for range 3 {
		_, _ = short.Write([]byte("line\n"))
	}
	if s := short.String(); s != "line\nline\nline\n" {
		t.Errorf("%q", s)
	}
	_, _ = long.Write([]byte("first "))
	for range 30_000 {
		_, _ = long.Write([]byte("ten bytes "))
	}
	_, _ = long.Write([]byte("last"))
	s := long.String()
	lost := 6 + 300_000 + 4 - 2*kept
	if !strings.HasPrefix(s, "first ") || !strings.HasSuffix(s, "last") ||
		!strings.Contains(s, "\n[168938 bytes are left out here]\n") || lost != 168938 {
		t.Errorf("%d bytes, %d lost: %q…%q", len(s), lost, s[:20], s[len(s)-20:])
	}
}
