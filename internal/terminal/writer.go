package terminal

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// Writer passes text on after Printable.
type Writer struct {
	Cells int // the width of the terminal that the text is for; 0 for none

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
