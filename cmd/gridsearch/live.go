package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"gridsearch/internal/coordinator"
	"gridsearch/internal/job"
	"gridsearch/internal/plural"
	"gridsearch/internal/si"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

// live redraws a small table in place on a terminal: the study's state, the best trial so far, and
// the running trials.
type live struct {
	name  string
	area  *terminal.Area
	chars bool // beyond ASCII
	mutex sync.Mutex
	last  coordinator.Event
	seen  time.Time // when the last event came
	quit  chan struct{}
	done  chan struct{}
}

// redrawEvery keeps the clock running between events.
const redrawEvery = 500 * time.Millisecond

func newLive(name string, area *terminal.Area, chars bool) *live {
	l := &live{name: name, area: area, chars: chars, quit: make(chan struct{}), done: make(chan struct{})}
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
		l.area.Erase()
		newLines(l.area.Out).event(e)
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

func (l *live) note(text string) { newLines(l.area.Out).note(text) }

func (l *live) draw() {
	if !l.seen.IsZero() {
		columns, _ := l.area.Size()
		l.area.Draw(table(l.name, l.last.Status, time.Since(l.seen).Seconds(), columns-1, l.chars))
	}
}

// table renders the state of a study in lines of so many cells; since is the age of the state in
// seconds. With chars it has characters beyond ASCII.
func table(name string, s study.Status, since float64, cells int, chars bool) []string {
	head := fmt.Sprintf("  %s  %d of %s", bar(s.Done(), s.Total, min(24, max(8, cells-55))), s.Complete,
		plural.Of(s.Total, "run"))
	rows := []string{terminal.Cut(name, max(leastName, cells-terminal.Width(head)), chars) + head}
	rows = append(rows, terminal.Lines(counts(s, since), cells)...)
	if s.Best != nil {
		rows = append(rows, fmt.Sprintf("  best so far  %s  %.2f %% (%s)", s.Best.Trial,
			100*s.Best.Top1, plural.Of(s.Best.Runs, "run")))
	}
	return append(rows, runningRows(s.Running, cells, chars)...)
}

// counts says how many runs are where, and how long all takes.
func counts(s study.Status, since float64) string {
	text := fmt.Sprintf("  %d running  %d failed", len(s.Running), s.Failed)
	if s.Dropped > 0 {
		text += fmt.Sprintf("  %d dropped", s.Dropped)
	}
	text += "  elapsed " + si.Clock(s.Elapsed+since)
	if s.Remaining != nil && s.Done() < s.Total {
		r := *s.Remaining
		r.Low, r.Mid, r.High = max(0, r.Low-since), max(0, r.Mid-since), max(0, r.High-since)
		text += "  " + remaining(study.Status{Remaining: &r})
	}
	return text
}

// Cells of a name that is cut, at the least, and of a run's losses.
const (
	leastName  = 10
	fewLosses  = 6
	manyLosses = 40
)

// runningRows are the running runs as columns: trial, seed, the losses so far, and the last. The
// losses have the room that the others leave.
func runningRows(running []study.Active, cells int, chars bool) (rows []string) {
	const others = len("  running    seed   [] 100 %  loss 0.000")
	longest, digits := 0, 1
	for _, a := range running {
		longest, digits = max(longest, terminal.Width(a.Trial)), max(digits, len(fmt.Sprint(a.Seed)))
	}
	room := cells - others - digits
	longest = min(longest, max(leastName, room-fewLosses))
	for _, a := range running {
		name := terminal.Cut(a.Trial, longest, chars)
		rows = append(rows, fmt.Sprintf("  running  %s%s  seed %*d  [%s] %3d %%  loss %.3f", name,
			strings.Repeat(" ", longest-terminal.Width(name)), digits, a.Seed,
			losses(a, min(manyLosses, max(fewLosses, room-longest)), chars), percentOf(a.Step, a.Steps),
			a.Loss))
	}
	return rows
}

// losses is a bar of so many cells for a run's steps, filled as far as the run has come, with the
// loss as its height: the mean of the epoch that ended there, and of the epoch that has not ended
// the last step's.
func losses(a study.Active, cells int, chars bool) string {
	values := make([]float64, cells)
	for i := range values {
		values[i] = lossAt(a, float64(i+1)/float64(cells)*float64(a.Steps))
	}
	return terminal.Sparkline(values, chars)
}

// lossAt is the loss of the epoch that a step is in; NaN if the run is not there yet.
func lossAt(a study.Active, step float64) float64 {
	at, _ := slices.BinarySearchFunc(a.Curve, step, func(p job.CurvePoint, step float64) int {
		return cmp.Compare(float64(p.Step), step)
	})
	switch {
	case at < len(a.Curve):
		return a.Curve[at].Loss
	case a.Step > 0 && step <= float64(a.Step):
		return a.Loss
	}
	return math.NaN()
}

// bar draws done of total as cells of a fixed width, with the percentage.
func bar(done, total, cells int) string {
	full := int(shareOf(done, total) * float64(cells))
	return fmt.Sprintf("[%s%s] %3d %%", strings.Repeat("#", full), strings.Repeat("-", cells-full),
		percentOf(done, total))
}

// shareOf is done of total, between 0 and 1.
func shareOf(done, total int) float64 {
	return min(1, max(0, float64(done)/float64(max(1, total))))
}

func percentOf(done, total int) int { return int(100 * shareOf(done, total)) }
