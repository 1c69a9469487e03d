package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gridsearch/internal/coordinator"
	"gridsearch/internal/job"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

// TestTableFits: the live table shows every count on a terminal of 80 columns, also of a long study
// with a long name.
func TestTableFits(t *testing.T) {
	s := study.Status{Total: 1200, Complete: 998, Failed: 12, Elapsed: 7385,
		Best:      &study.Best{Trial: "d=1.25 w=1.414214 px=128", Top1: .8512, Runs: 3},
		Remaining: &study.Estimate{Low: 3700, Mid: 4000, High: 5200}}
	for range 16 {
		s.Running = append(s.Running, study.Active{Trial: "d=1 w=1.414214 px=24", Seed: 11,
			Step: 100, Steps: 100, Loss: 2.5})
	}
	text := strings.Join(table("single-vs-compound", s, 1, 79, true), "\n")
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 79 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	for _, want := range []string{"998 of 1200 runs", "16 running", "12 failed", "elapsed 2h03m",
		"ETA 1h06m (1h01m to 1h26m)", "best so far  d=1.25 w=1.414214 px=128  85.12 % (3 runs)",
		"seed 11", "100 %  loss 2.5"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "dropped") {
		t.Errorf("nothing is dropped:\n%s", text)
	}
	s.Complete, s.Dropped = 1000, 188
	if text := strings.Join(table("x", s, 1, 79, true), "\n"); strings.Contains(text, "ETA") ||
		!strings.Contains(text, "188 dropped") || !strings.Contains(text, "100 %  1000 of 1200 runs") {
		t.Errorf("with dropped runs the table is\n%s", text)
	}
	s.Complete, s.Dropped = 1188, 0
	if text := strings.Join(table("x", s, 1, 79, true), "\n"); strings.Contains(text, "ETA") {
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
		if printStatus(&out, o, 0); !strings.Contains(out.String(), want) ||
			!strings.Contains(out.String(), "finished") {
			t.Errorf("status is %q, want %q", out.String(), want)
		}
	}
}

// TestJSONCurves: an event has the curve of its own run, and leaves the status to others as it is.
func TestJSONCurves(t *testing.T) {
	var out strings.Builder
	curve := []job.CurvePoint{{Epoch: 1, Step: 5, Loss: 2, Top1: .5}}
	running := []study.Active{{Key: "a", Curve: curve}, {Key: "b", Curve: curve}}
	(&jsonLines{json.NewEncoder(&out)}).event(coordinator.Event{Kind: coordinator.RunProgress,
		Key: "b", Status: study.Status{Running: running}})
	const want = `"curve":[{"epoch":1,"step":5,"loss":2,"top1":0.5}]`
	if _, of, _ := strings.Cut(out.String(), `"key":"b","trial":"","seed":0,"step":0`); strings.Count(
		out.String(), `"curve"`) != 1 || !strings.Contains(of, want) || running[0].Curve == nil {
		t.Errorf("the event is %s", out.String())
	}
}

// TestLosses: a run's bar is filled as far as it has come, with the mean loss of each epoch and the
// last step's of the one that goes on.
func TestLosses(t *testing.T) {
	curve := []job.CurvePoint{{Epoch: 1, Step: 25, Loss: 3}, {Epoch: 2, Step: 50, Loss: 2}}
	for _, c := range []struct {
		step, cells int
		curve       []job.CurvePoint
		want        string
	}{
		{0, 8, nil, "        "}, {13, 8, nil, "▄       "}, {25, 8, nil, "▄▄      "},
		{50, 8, curve, "██▁▁    "}, {75, 8, curve, "██▅▅▁▁  "}, {100, 4, curve, "█▅▁▁"},
	} {
		a := study.Active{Step: c.step, Steps: 100, Loss: 1, Curve: c.curve}
		if got := losses(a, c.cells, true); got != c.want {
			t.Errorf("after %d steps: %q, want %q", c.step, got, c.want)
		}
	}
}

// TestNarrowTable: on a narrow terminal names give way, and every count and loss stays; on a wide
// one the bars of losses have the room.
func TestNarrowTable(t *testing.T) {
	s := study.Status{Total: 30, Complete: 8, Failed: 1, Elapsed: 100,
		Remaining: &study.Estimate{Low: 3700, Mid: 4000, High: 5200},
		Running: []study.Active{{Trial: "d=1.314534 w=1.15369 px=30", Seed: 0, Steps: 10},
			{Trial: "花の画像分類の実験", Seed: 10, Steps: 10}}}
	for cells, want := range map[int]string{
		59: "  running  d=1.3…px=30  seed  0  [      ]   0 %  loss 0.000\n" +
			"  running  花の…の実験  seed 10  [      ]   0 %  loss 0.000",
		99: "  running  d=1.314534 w=1.15369 px=30  seed  0  " +
			"[                               ]   0 %  loss 0.000\n" +
			"  running  花の画像分類の実験          seed 10  " +
			"[                               ]   0 %  loss 0.000",
	} {
		rows := table("花の画像分類の実験第三版と名前", s, 0, cells, true)
		text := strings.Join(rows, "\n")
		if !strings.HasSuffix(text, want) {
			t.Errorf("in %d cells the table is\n%s\nwant at its end\n%s", cells, text, want)
		}
		for _, part := range []string{"8 of 30 runs", "1 failed", "ETA 1h06m", "1h26m)"} {
			if !strings.Contains(text, part) {
				t.Errorf("in %d cells the table lacks %q:\n%s", cells, part, text)
			}
		}
		for _, row := range rows {
			if terminal.Width(row) > cells {
				t.Errorf("%q does not fit into %d cells", row, cells)
			}
		}
	}
}

// TestStatusOnTerminal: a running run has its losses below it there, and its line is that of a pipe.
func TestStatusOnTerminal(t *testing.T) {
	o := study.Overview{Running: []study.Active{{Trial: "d=1", Step: 5, Steps: 10, Loss: 2, Heard: time.Now()}}}
	for cells, want := range map[int]string{
		0:  "\nrunning    d=1 seed 0  step 5 of 10  loss 2.000  last word 0s ago\n",
		80: "\nrunning    d=1 seed 0  step 5 of 10  loss 2.000\n           [",
	} {
		var out strings.Builder
		if printStatus(&out, o, cells); !strings.Contains(out.String(), want) {
			t.Errorf("in %d cells the status is\n%s", cells, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if terminal.Width(line) > 80 {
				t.Errorf("%q does not fit", line)
			}
		}
	}
}
