package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"gridsearch/internal/coordinator"
	"gridsearch/internal/study"
)

// TestTableFits: the live table shows every count on a terminal of 80 columns, also of a long study
// with a long name.
func TestTableFits(t *testing.T) {
	s := study.Status{Total: 1200, Complete: 998, Failed: 12, Elapsed: 7385,
		Best:      &study.Best{Trial: "d=1.25 w=1.414214 px=128", Top1: .8512, Runs: 3},
		Remaining: &study.Estimate{Low: 3700, Mid: 4000, High: 5200}}
	for range 16 {
		s.Running = append(s.Running, study.Active{Trial: "d=1 w=1.414214 px=24", Seed: 11,
			Step: 99, Steps: 100, Loss: 2.5})
	}
	text := strings.Join(table("single-vs-compound", s, 1), "\n")
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 79 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	for _, want := range []string{"998 of 1200 runs", "16 running", "12 failed", "elapsed 2h03m",
		"ETA 1h06m (1h01m to 1h26m)", "best so far  d=1.25 w=1.414214 px=128  85.12 % (3 runs)",
		"seed 11", "loss 2.5"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "dropped") {
		t.Errorf("nothing is dropped:\n%s", text)
	}
	s.Complete, s.Dropped = 1000, 188
	if text := strings.Join(table("x", s, 1), "\n"); strings.Contains(text, "ETA") ||
		!strings.Contains(text, "188 dropped") || !strings.Contains(text, "100 %  1000 of 1200 runs") {
		t.Errorf("with dropped runs the table is\n%s", text)
	}
	s.Complete, s.Dropped = 1188, 0
	if text := strings.Join(table("x", s, 1), "\n"); strings.Contains(text, "ETA") {
		t.Errorf("a study at its end has an ETA:\n%s", text)
	}
}

// TestCursor: only a terminal whose cursor moves gets a table that is drawn in place.
func TestCursor(t *testing.T) {
	for _, c := range []struct {
		name, system string
		want         bool
	}{{"xterm", "linux", true}, {"dumb", "linux", false}, {"", "linux", false},
		{"", "windows", true}, {"dumb", "windows", false}} {
		if got := hasCursor(c.name, c.system); got != c.want {
			t.Errorf("terminal %q of %s: %v", c.name, c.system, got)
		}
	}
}

// TestPlainLines: what a study says on plain lines steers no terminal.
func TestPlainLines(t *testing.T) {
	var out strings.Builder
	newLines(&out).event(coordinator.Event{Kind: coordinator.RunFailed, Trial: "d=1", Error: "class \x1b[31mcat"})
	if want := "[0/0] d=1 seed=0  failed: class \\u001b[31mcat\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// TestDecidedLine: what a decision has done is told in one line.
func TestDecidedLine(t *testing.T) {
	var out strings.Builder
	newLines(&out).event(coordinator.Event{Kind: coordinator.Decided, Reason: "far behind", Added: 1,
		Dropped: 2, Status: study.Status{Complete: 3, Total: 9}})
	if want := "[3/9] far behind: runs added 1, dropped 2\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// TestDroppedRunsAreDone: they are counted with what is done, and told where there are some.
func TestDroppedRunsAreDone(t *testing.T) {
	var out strings.Builder
	newLines(&out).event(coordinator.Event{Kind: coordinator.Started, Status: study.Status{Complete: 3, Failed: 1,
		Dropped: 2, Total: 6}})
	if want := "[6/6] on the record already\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	for dropped, want := range map[int]string{
		0: "runs       3 complete, 1 failed, 0 waiting of 4\n",
		2: "runs       3 complete, 1 failed, 0 waiting, 2 dropped of 6\n"} {
		out.Reset()
		o := study.Overview{Complete: 3, Failed: 1, Dropped: dropped, Total: 4 + dropped}
		if err := printStatus(&out, o, "table"); err != nil || !strings.Contains(out.String(), want) ||
			!strings.Contains(out.String(), "finished") {
			t.Errorf("status is %q (%v), want %q", out.String(), err, want)
		}
	}
}
