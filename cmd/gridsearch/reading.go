package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"gridsearch/internal/si"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

// reading shows how far the reading of images is: on a terminal in one line, which is gone
// afterwards, elsewhere in a line now and then. A short one is not worth a word.
type reading struct {
	out  io.Writer
	json *json.Encoder  // instead of lines, where it is set
	area *terminal.Area // of a terminal

	mutex sync.Mutex
	what  string
	began time.Time
	said  time.Time // zero before the first word
}

// Short readings take less than firstWord; lines elsewhere than on a terminal come every nextWord.
const (
	firstWord = 2 * time.Second
	nextWord  = 10 * time.Second
)

// newReading shows readings as newDisplay shows a study.
func newReading(mode string, out io.Writer) *reading {
	r := &reading{out: io.Discard}
	switch mode {
	case "auto", "plain":
		r.out = terminal.NewWriter(out)
		if file, ok := hasTerminal(out); ok && mode == "auto" {
			r.area = areaOn(file)
		}
	case "json":
		r.json = json.NewEncoder(out)
	}
	return r
}

// access is how a command reaches a study's data: at the path of --data, if it has one.
func (r *reading) access(path string) study.Access {
	return study.Access{Path: path, Watch: r.watch, Note: r.note}
}

// note is a line by itself.
func (r *reading) note(text string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.area != nil {
		r.area.Erase()
	}
	if r.json == nil {
		fmt.Fprintln(r.out, text)
	}
}

// readingEvent is a line of --progress json.
type readingEvent struct {
	Event   string   `json:"event"` // "reading"
	What    string   `json:"what"`
	Done    int      `json:"done"`
	Total   int      `json:"total"`
	Seconds *float64 `json:"seconds_left,omitempty"`
}

// watch is told of every reading.
func (r *reading) watch(what string, done, total int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	now := time.Now()
	if what != r.what {
		r.what, r.began, r.said = what, now, time.Time{}
	}
	ended, wait := total > 0 && done == total, nextWord
	if r.area != nil || r.json != nil {
		wait = time.Second
	}
	first := r.said.IsZero()
	if total > 0 && first && now.Sub(r.began) < firstWord || !first && !ended && now.Sub(r.said) < wait {
		if ended {
			r.what = ""
		}
		return
	}
	r.said = now
	r.tell(done, total, ended, now.Sub(r.began).Seconds())
	if ended {
		r.what = ""
	}
}

// end takes away what a terminal shows of a reading that has not come to its end.
func (r *reading) end() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.area != nil {
		r.area.Erase()
	}
}

// tell writes a word. The time to go assumes that images are alike.
func (r *reading) tell(done, total int, ended bool, seconds float64) {
	left := seconds / float64(max(1, done)) * float64(total-done)
	if r.json != nil {
		e := readingEvent{Event: "reading", What: r.what, Done: done, Total: total}
		if done > 0 {
			e.Seconds = &left
		}
		_ = r.json.Encode(e)
		return
	}
	text := r.what
	switch {
	case ended:
		text = fmt.Sprintf("%s: %d in %s", r.what, total, si.Clock(seconds))
	case done > 0:
		text = fmt.Sprintf("%s: %d of %d (%d %%)  ETA %s", r.what, done, total, 100*done/total,
			si.Clock(left))
	}
	switch {
	case r.area == nil:
		fmt.Fprintln(r.out, text)
	case ended:
		r.area.Erase()
	default:
		r.area.Draw([]string{text})
	}
}
