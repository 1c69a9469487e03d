package terminal

import (
	"fmt"
	"io"
	"strings"
)

// Area is the last lines on a terminal, which are drawn anew in place.
type Area struct {
	Out  io.Writer
	Size func() (columns, lines int) // of the terminal, now
	// Rewraps says that the terminal, when it becomes narrower, breaks lines that have become too
	// long into several, as most do; others cut them off.
	Rewraps bool

	drawn []string // the lines on the screen
}

// Draw shows these lines in place of the last ones, made printable and cut to the width of the
// terminal. Lines that its height has no room for are left out, as what has left the screen cannot
// be erased.
func (a *Area) Draw(rows []string) {
	columns, lines := a.Size()
	text := a.gone()
	a.drawn = a.drawn[:0]
	for _, row := range rows[:min(len(rows), max(1, lines-1))] {
		row = Clip(Printable(row), columns-1)
		a.drawn = append(a.drawn, row)
		text += row + "\n"
	}
	_, _ = io.WriteString(a.Out, text) // at once, so that nothing flickers
}

// Erase takes the lines off the screen.
func (a *Area) Erase() {
	if text := a.gone(); text != "" {
		_, _ = io.WriteString(a.Out, text)
	}
	a.drawn = a.drawn[:0]
}

// Keep leaves the lines where they are: the next Draw goes below.
func (a *Area) Keep() { a.drawn = a.drawn[:0] }

// height is how many lines the drawn ones take on the screen now.
func (a *Area) height() int {
	columns, _ := a.Size()
	n := 0
	for _, row := range a.drawn {
		n++
		for head := Clip(row, columns); a.Rewraps && head != row && head != ""; head = Clip(row, columns) {
			row = row[len(head):]
			n++
		}
	}
	return n
}

// gone goes to the first line and deletes all. Lines that were only cleared would be another thing:
// some terminals keep a screen that is cleared from its very top among what has left it, and join
// again what a narrower terminal had broken, with what was written over it.
func (a *Area) gone() string {
	n := a.height()
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\x1b[%dM", n, n)
}

// Rewraps guesses whether the terminal breaks lines anew when it becomes narrower. Those that are
// known not to are xterm itself, Linux's console and GNU screen.
func Rewraps(environment func(string) string) bool {
	name := environment("TERM")
	screen := strings.HasPrefix(name, "screen") && environment("TMUX") == ""
	return environment("XTERM_VERSION") == "" && name != "linux" && !screen
}
