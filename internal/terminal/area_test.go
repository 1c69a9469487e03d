package terminal

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// screen is a terminal as far as Area needs one: lines of cells, of which the first may have left
// it at the top.
type screen struct {
	columns, lines int
	rewraps        bool
	rows           []string
	joined         []bool // rows that go on in the next one
	at             int    // the row of the cursor, which is at its beginning
}

func newScreen(columns, lines int, rewraps bool) *screen {
	return &screen{columns: columns, lines: lines, rewraps: rewraps, rows: []string{""}, joined: []bool{false}}
}

var sequence = regexp.MustCompile("\x1b\\[(\\d+)([AM])|([^\x1b\n]*)\n")

func (s *screen) Write(p []byte) (int, error) {
	for _, m := range sequence.FindAllStringSubmatch(string(p), -1) {
		switch n, _ := strconv.Atoi(m[1]); m[2] {
		case "A":
			s.at = max(len(s.rows)-s.lines, s.at-n, 0)
		case "M":
			end := min(s.at+n, len(s.rows))
			s.rows, s.joined = slices.Delete(s.rows, s.at, end), slices.Delete(s.joined, s.at, end)
		default:
			s.put(m[3])
		}
	}
	return len(p), nil
}

// put writes a line where the cursor is, over what is there, and goes to the next. What has been
// broken over several stays joined.
func (s *screen) put(line string) {
	for {
		head := Clip(line, s.columns)
		line = line[len(head):]
		s.rows[s.at], s.joined[s.at] = head, s.joined[s.at] || line != ""
		if s.at++; s.at == len(s.rows) {
			s.rows, s.joined = append(s.rows, ""), append(s.joined, false)
		}
		if line == "" {
			return
		}
	}
}

// resize makes the screen narrower or wider, with the lines broken anew or cut off. The cursor is in
// the last line.
func (s *screen) resize(columns int) {
	rows, joined := s.rows[:s.at], s.joined
	s.columns, s.rows, s.joined, s.at = columns, []string{""}, []bool{false}, 0
	whole := ""
	for i, row := range rows {
		if whole += row; joined[i] && s.rewraps {
			continue
		}
		if !s.rewraps {
			whole = Clip(whole, columns)
		}
		s.put(whole)
		whole = ""
	}
}

// TestArea: whatever is drawn and however the terminal is resized meanwhile, each drawing is on the
// screen once, and nothing that stood above is lost.
func TestArea(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rewraps := rapid.Bool().Draw(t, "rewraps")
		s := newScreen(80, 24, rewraps)
		a := &Area{Out: s, Rewraps: rewraps, Size: func() (int, int) { return s.columns, s.lines }}
		notes := 0
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				s.resize(rapid.IntRange(20, 100).Draw(t, "columns"))
			case 1:
				a.Erase()
				notes++
				fmt.Fprintf(s, "note %d.\n", notes)
			}
			var rows []string
			for i := range rapid.IntRange(1, 4).Draw(t, "rows") {
				rows = append(rows, fmt.Sprintf("<%d.%d>", step, i)+strings.Repeat(
					rapid.SampledFrom([]string{"x", "花", "e\u0301"}).Draw(t, "of"),
					rapid.IntRange(0, 90).Draw(t, "cells")))
			}
			a.Draw(rows)
			text := strings.Join(s.rows, "")
			if strings.Count(text, "<") != len(rows) || !strings.Contains(text, fmt.Sprintf("<%d.0>", step)) {
				t.Fatalf("after drawing %d of %d rows the screen has\n%s", step, len(rows),
					strings.Join(s.rows, "\n"))
			}
			if n := strings.Count(text, "note"); n != notes {
				t.Fatalf("of %d notes %d are left", notes, n)
			}
			for _, row := range s.rows {
				if Width(row) > s.columns {
					t.Fatalf("%q does not fit into %d columns", row, s.columns)
				}
			}
		}
	})
}

// TestAreaOfLowTerminal: what is higher than the terminal is cut, as it could not be erased.
func TestAreaOfLowTerminal(t *testing.T) {
	s := newScreen(20, 4, true)
	a := &Area{Out: s, Rewraps: true, Size: func() (int, int) { return s.columns, s.lines }}
	for range 3 {
		a.Draw([]string{"a", "b", "c", "d", "e"})
	}
	if want := []string{"a", "b", "c", ""}; !slices.Equal(s.rows, want) {
		t.Errorf("the screen has %q, want %q", s.rows, want)
	}
	a.Keep()
	a.Draw([]string{"f\x1b[31m"})
	if want := []string{"a", "b", "c", `f\u001b[31m`, ""}; !slices.Equal(s.rows, want) {
		t.Errorf("after what is kept the screen has %q, want %q", s.rows, want)
	}
}

// TestRewraps: three terminals are known to cut lines off.
func TestRewraps(t *testing.T) {
	for want, environments := range map[bool][]map[string]string{
		true: {{"TERM": "xterm-256color"}, {"TERM": "screen", "TMUX": "/tmp/x"}, {}},
		false: {{"TERM": "xterm", "XTERM_VERSION": "XTerm(379)"}, {"TERM": "linux"},
			{"TERM": "screen-256color"}},
	} {
		for _, e := range environments {
			if got := Rewraps(func(name string) string { return e[name] }); got != want {
				t.Errorf("%v rewraps: %v", e, got)
			}
		}
	}
}
