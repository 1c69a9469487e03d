package terminal

import (
	"io"
	"strings"
)

// Page is text for people on its way to a terminal: lines that are longer than the terminal is wide
// are broken between words. Elsewhere than on a terminal text passes as it is.
type Page struct {
	to    io.Writer
	cells int
	rest  string // a line that has no end yet
}

// NewPage makes one; only a *Writer with Cells is a terminal.
func NewPage(to io.Writer) *Page {
	p := &Page{to: to}
	if w, ok := to.(*Writer); ok {
		p.cells = w.Cells
	}
	return p
}

// CellsOf is the width of the terminal that text is for; 0 where it is for none, or to is no *Page.
func CellsOf(to io.Writer) int {
	if p, ok := to.(*Page); ok {
		return p.cells
	}
	return 0
}

// Write passes whole lines on.
func (p *Page) Write(text []byte) (int, error) {
	if p.cells == 0 {
		return p.to.Write(text)
	}
	p.rest += string(text)
	for {
		line, rest, ended := strings.Cut(p.rest, "\n")
		if !ended {
			return len(text), nil
		}
		p.rest = rest
		if _, err := io.WriteString(p.to, Fill(line, p.cells)+"\n"); err != nil {
			return 0, err
		}
	}
}

// Flush passes a last line on that has no end.
func (p *Page) Flush() error {
	rest := p.rest
	p.rest = ""
	if rest == "" {
		return nil
	}
	_, err := io.WriteString(p.to, Fill(rest, p.cells))
	return err
}

// Lines are the lines of a text, those that are longer than so many cells broken.
func Lines(text string, cells int) []string {
	var filled []string
	for line := range strings.Lines(text) {
		filled = append(filled, strings.Split(Fill(strings.TrimSuffix(line, "\n"), cells), "\n")...)
	}
	return filled
}

// deepest is how far the lines that continue another are indented at most.
const deepest = 16

// Fill breaks a line into lines of so many cells or fewer: at spaces, and beside wide characters,
// which are written without any. A word that is longer stays whole, so that it can be copied. Where
// a line begins with a word and a gap, its text is continued below the text.
func Fill(line string, cells int) string {
	if Width(line) <= cells {
		return line
	}
	indent := strings.Repeat(" ", hanging(line, cells))
	var filled strings.Builder
	for room := cells; ; room = cells - len(indent) {
		head, rest := split(line, room)
		filled.WriteString(head)
		if rest == "" {
			return filled.String()
		}
		filled.WriteString("\n" + indent)
		line = rest
	}
}

// hanging is the indentation of the lines that continue a line.
func hanging(line string, cells int) int {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	word, after, _ := strings.Cut(text, "  ")
	if after != "" && !strings.Contains(word, " ") {
		indent += Width(word) + 2 + len(after) - len(strings.TrimLeft(after, " "))
	}
	if indent > min(deepest, cells/2) {
		return 0
	}
	return indent
}

// split divides a line where one of so many cells may end.
func split(line string, room int) (head, rest string) {
	used, last, before := 0, 0, ' '
	for at, r := range line {
		wide := cellsOf(r) == 2 || cellsOf(before) == 2
		if before != ' ' && (r == ' ' || wide && !closes(r)) && strings.TrimSpace(line[:at]) != "" {
			last = at
		}
		if used += cellsOf(r); used > room && last > 0 && r != ' ' {
			return strings.TrimRight(line[:last], " "), strings.TrimLeft(line[last:], " ")
		}
		before = r
	}
	return strings.TrimRight(line, " "), ""
}

// closes reports whether no line begins with a character.
func closes(r rune) bool {
	return cellsOf(r) == 0 || strings.ContainsRune(".,;:!?)]}%、。，．・：；？！）］｝」』】ーっゃゅょッャュョ…", r)
}

// Cut is a text of so many cells or fewer: where it is longer, its middle gives way to an ellipsis,
// as names differ at their ends.
func Cut(text string, cells int, unicode bool) string {
	mark := "..."
	if unicode {
		mark = "…"
	}
	if Width(text) <= cells || cells <= Width(mark) {
		return text
	}
	head := Clip(text, (cells-Width(mark)+1)/2)
	room := cells - Width(mark) - Width(head)
	at := len(text)
	for i := range text {
		if Width(text[i:]) <= room {
			at = i
			break
		}
	}
	return head + mark + text[at:]
}
