package terminal

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// Writer passes text on after Printable.
type Writer struct {
	to   io.Writer
	rest []byte // the beginning of a character that is not complete yet
}

// NewWriter makes a Writer.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write passes text on, made printable.
func (w *Writer) Write(p []byte) (int, error) {
	text := append(w.rest, p...)
	whole := len(text)
	for i := max(0, len(text)-utf8.UTFMax); i < len(text); i++ {
		if utf8.RuneStart(text[i]) && !utf8.FullRune(text[i:]) {
			whole = i
			break
		}
	}
	w.rest = bytes.Clone(text[whole:])
	if _, err := io.WriteString(w.to, Printable(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what is left of a character that has no end.
func (w *Writer) Flush() error {
	if len(w.rest) == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, Printable(string(w.rest)))
	w.rest = nil
	return err
}

// gap is between two columns, in cells.
const gap = 2

// Table gathers lines of cells, which tabs separate, and writes them as columns.
type Table struct {
	to   io.Writer
	text bytes.Buffer
}

// NewTable makes one.
func NewTable(to io.Writer) *Table { return &Table{to: to} }

// Write adds text to the table; it never fails.
func (t *Table) Write(p []byte) (int, error) { return t.text.Write(p) }

// Flush writes the columns, without spaces at the ends of lines.
func (t *Table) Flush() error {
	var lines [][]string
	for line := range strings.Lines(t.text.String()) {
		lines = append(lines, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	t.text.Reset()
	var widths []int
	for _, cells := range lines {
		for i, cell := range cells[:len(cells)-1] { // the last one ends its line
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(cell))
		}
	}
	for _, cells := range lines {
		var b strings.Builder
		for i, cell := range cells {
			b.WriteString(cell)
			if i < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-Width(cell)+gap))
			}
		}
		if _, err := io.WriteString(t.to, strings.TrimRight(b.String(), " ")+"\n"); err != nil {
			return err
		}
	}
	return nil
}
