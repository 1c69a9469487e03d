package tomlform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Errors are all mistakes of a file, in the order of their places; those that have none come first.
type Errors struct{ List []Mistake }

// Mistake is one of them.
type Mistake struct {
	File         string // the file, or the setting from outside it
	Line, Column int    // from 1, the column in characters; 0 for what is missing or set from outside
	Text         string
}

// String is the place and the message.
func (m Mistake) String() string { return m.Where() + ": " + m.Text }

// Where is the place alone.
func (m Mistake) Where() string {
	if m.Line == 0 {
		return m.File
	}
	return fmt.Sprintf("%s:%d:%d", m.File, m.Line, m.Column)
}

// Error is all mistakes, one on each line.
func (e *Errors) Error() string {
	lines := make([]string, len(e.List))
	for i, m := range e.List {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// Err is the list in the order of its places; nil if there is no mistake in it.
func (e *Errors) Err() error {
	if len(e.List) == 0 {
		return nil
	}
	slices.SortStableFunc(e.List, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}
