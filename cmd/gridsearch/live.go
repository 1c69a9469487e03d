package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"gridsearch/internal/coordinator"
	"gridsearch/internal/plural"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

// live redraws a small table in place on a terminal: the study's state, the best trial so far, and
// the running trials.
type live struct {
	name  string
	out   *os.File
	mutex sync.Mutex
	last  coordinator.Event
	seen  time.Time // when the last event came
	drawn int       // lines on the screen that belong to the table
	quit  chan struct{}
	done  chan struct{}
}

// redrawEvery keeps the clock running between events.
const redrawEvery = 500 * time.Millisecond

func newLive(name string, out *os.File) *live {
	l := &live{name: name, out: out, quit: make(chan struct{}), done: make(chan struct{})}
	go l.tick()
	return l
}

func (l *live) tick() {
	defer close(l.done)
	ticker := time.NewTicker(redrawEvery)
	defer ticker.Stop()
	for {
		select {
		case <-l.quit:
			return
		case <-ticker.C:
			l.mutex.Lock()
			l.draw()
			l.mutex.Unlock()
		}
	}
}

func (l *live) event(e coordinator.Event) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.last, l.seen = e, time.Now()
	switch e.Kind {
	case coordinator.DataMoved, coordinator.Decided, coordinator.Differs, coordinator.Interrupted, coordinator.KernelsOut,
		coordinator.LatencyRetried, coordinator.RunFailed, coordinator.RunRetried,
		coordinator.StartsOver, coordinator.TriedAgain, coordinator.Unmeasured,
		coordinator.Unrecorded, coordinator.Unsaved, coordinator.Waiting:
		l.erase()
		newLines(l.out).event(e)
	}
	if e.Kind != coordinator.RunProgress {
		l.draw()
	}
}

func (l *live) close() {
	close(l.quit)
	<-l.done
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.draw()
}

func (l *live) note(text string) { newLines(l.out).note(text) }

// erase erases the table from the screen.
func (l *live) erase() {
	if l.drawn > 0 {
		fmt.Fprintf(l.out, "\x1b[%dA\x1b[J", l.drawn)
	}
	l.drawn = 0
}

func (l *live) draw() {
	if l.seen.IsZero() {
		return
	}
	width, height, err := term.GetSize(int(l.out.Fd()))
	if err != nil || width < 1 {
		width, height = 80, 24
	}
	rows := table(l.name, l.last.Status, time.Since(l.seen).Seconds())
	rows = rows[:min(len(rows), max(1, height-1))] // what has left the screen cannot be erased
	l.erase()
	for _, row := range rows {
		fmt.Fprintln(l.out, terminal.Clip(terminal.Printable(row), width-1))
	}
	l.drawn = len(rows)
}

// table renders the state of a study; since is the age of the state in seconds.
func table(name string, s study.Status, since float64) []string {
	counts := fmt.Sprintf("  %d running  %d failed", len(s.Running), s.Failed)
	if s.Dropped > 0 {
		counts += fmt.Sprintf("  %d dropped", s.Dropped)
	}
	counts += "  elapsed " + clock(s.Elapsed+since)
	if s.Remaining != nil && s.Done() < s.Total {
		r := *s.Remaining
		r.Low, r.Mid, r.High = max(0, r.Low-since), max(0, r.Mid-since), max(0, r.High-since)
		counts += "  " + remaining(study.Status{Remaining: &r})
	}
	rows := []string{fmt.Sprintf("%s  %s  %d of %s", name, bar(s.Done(), s.Total, 24),
		s.Complete, plural.Of(s.Total, "run")), counts}
	if s.Best != nil {
		rows = append(rows, fmt.Sprintf("  best so far  %s  %.2f %% (%s)", s.Best.Trial,
			100*s.Best.Top1, plural.Of(s.Best.Runs, "run")))
	}
	for _, a := range s.Running {
		rows = append(rows, fmt.Sprintf("  running      %-22s seed %d  %s  loss %.3f", a.Trial,
			a.Seed, bar(a.Step, a.Steps, 12), a.Loss))
	}
	return rows
}

// bar draws done of total as cells of a fixed width, with the percentage.
func bar(done, total, cells int) string {
	share := 0.
	if total > 0 {
		share = float64(done) / float64(total)
	}
	share = min(1, max(0, share))
	full := int(share * float64(cells))
	return fmt.Sprintf("[%s%s] %3d %%", strings.Repeat("#", full), strings.Repeat("-", cells-full),
		int(100*share))
}
