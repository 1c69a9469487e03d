package table

import (
	"errors"
	"fmt"
	"strings"
)

// Mistakes are those of a list. File is its path, for messages.
type Mistakes struct {
	File  string
	first []string
	count int
}

// mostMistakes is how many a message shows.
const mostMistakes = 10

// Add notes a mistake at a line and a column, in characters, both from 1.
func (m *Mistakes) Add(line, column int, format string, args ...any) {
	if m.count++; m.count <= mostMistakes {
		m.first = append(m.first, fmt.Sprintf("%q:%d:%d: ", m.File, line, column)+
			fmt.Sprintf(format, args...))
	}
}

// Err is an error with the first 10 mistakes, a line each, and how many there are; nil without any.
func (m *Mistakes) Err() error {
	text := strings.Join(m.first, "\n")
	switch more := m.count - mostMistakes; {
	case m.count == 0:
		return nil
	case more > 0:
		text += fmt.Sprintf("\nand %d more: there are %d mistakes", more, m.count)
	}
	return errors.New(text)
}
