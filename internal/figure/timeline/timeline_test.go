package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// run starts and ends so many seconds after a moment.
func run(worker, outcome string, from, to int) values.Run {
	at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	return values.Run{Trial: "d=1 w=1 px=8", Worker: worker, Outcome: outcome, Threads: 2,
		Started: at.Add(time.Duration(from) * time.Second),
		Ended:   at.Add(time.Duration(to) * time.Second)}
}

// boxesOf are the boxes of an outcome.
func boxesOf(p picture.Picture, outcome string) (list []picture.Box) {
	for _, m := range p.Panels[0].Marks {
		if b, ok := m.(picture.Boxes); ok && b.Name == outcome {
			list = append(list, b.Boxes...)
		}
	}
	return list
}

// TestTimeline: a row for each worker, a box for each attempt, pauses cut out and told.
func TestTimeline(t *testing.T) {
	p := Timeline(values.Values{Study: "s", Runs: []values.Run{run("b", "complete", 0, 1000),
		run("a", "complete", 100, 900), run("a", "failed", 900, 1000),
		run("a", "complete", 5000, 6000)}})
	panel := p.Panels[0]
	if !slices.Equal(panel.Y.Names, []string{"a", "b"}) || panel.X.Kind != picture.Clock {
		t.Errorf("rows are %q", panel.Y.Names)
	}
	boxes := boxesOf(p, "complete")
	if len(boxes) != 3 || boxes[1].X != (picture.Span{Low: 1000, High: 2000}) ||
		boxes[2].X != (picture.Span{Low: 0, High: 1000}) || boxes[2].Y.Low > 1 || boxes[2].Y.High < 1 {
		t.Errorf("boxes are %+v", boxes)
	}
	if got := boxesOf(p, "failed"); len(got) != 1 || got[0].X.Low != 900 {
		t.Errorf("failed are %+v", got)
	}
	signs := 0
	for _, m := range panel.Marks {
		if d, ok := m.(picture.Dots); ok && d.Name == "failed" {
			signs += len(d.Dots)
		}
	}
	if signs != 1 {
		t.Errorf("%d signs", signs)
	}
	// 2,900 seconds of 2 threads; 6,000 seconds less a pause of 4,000, by two workers.
	if p.Title != "3 runs are complete, attempts: 1 failed" || p.Note != "s: 1.61 processor hours "+
		"of training by 2 workers, in 1 h 40 (33 min without pauses); busy 72 % of that time" {
		t.Errorf("words are %q and %q", p.Title, p.Note)
	}
}

// TestThinBoxes: thousands of runs are few boxes, of which none hides a failure.
func TestThinBoxes(t *testing.T) {
	var runs []values.Run
	for i := range 2000 {
		outcome := "complete"
		if i == 700 {
			outcome = "crashed"
		}
		runs = append(runs, run("a", outcome, 100*i, 100*i+99))
	}
	p := Timeline(values.Values{Runs: runs})
	complete, crashed := boxesOf(p, "complete"), boxesOf(p, "crashed")
	if len(complete) != 2 || len(crashed) != 1 || crashed[0].X.Low != 70000 ||
		crashed[0].X.High-crashed[0].X.Low < 199 || complete[0].Label != "" {
		t.Errorf("%d boxes, %+v crashed", len(complete), crashed)
	}
	if !strings.HasPrefix(p.Title, "1999 runs are complete") {
		t.Errorf("title is %q", p.Title)
	}
}

// TestManyWorkers: they are in the order of their numbers, and the rows of one host have one name.
func TestManyWorkers(t *testing.T) {
	var runs []values.Run
	for i := range 50 {
		runs = append(runs, run(fmt.Sprint("host ", i+1), "complete", i, 1000))
	}
	p := Timeline(values.Values{Runs: runs[:12]})
	if names := p.Panels[0].Y.Names; names[1] != "host 2" || names[11] != "host 12" {
		t.Errorf("rows are %q", names)
	}
	p = Timeline(values.Values{Runs: runs})
	if names := p.Panels[0].Y.Names; names[0] != "host" || names[1] != "" || len(names) != 50 ||
		p.Panels[0].Height > mostMM {
		t.Errorf("rows are %q", names)
	}
}

// TestTimes: they are in units that one can read.
func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{12 * time.Second: "12 s", 90 * time.Second: "2 min",
		5*time.Hour + 7*time.Minute: "5 h 07", 50 * time.Hour: "2 d 2 h"} {
		if got := short(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	for h, want := range map[float64]string{.6 / 3600: "0.6 processor seconds", .05: "3.0 processor minutes", .5: "0.50 processor hours",
		1234: "1234 processor hours"} {
		if got := hours(h); got != want {
			t.Errorf("%v is %q, want %q", h, got, want)
		}
	}
}
