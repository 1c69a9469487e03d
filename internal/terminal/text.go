// Package terminal writes text as a terminal shows it: by the cells that characters take, and
// without those that a terminal obeys instead of showing.
//
// Widths are those of Unicode Standard Annex 11 (East Asian Width): wide and fullwidth characters
// take two cells, marks and joiners none. Emoji that several characters make up are counted as
// these.
package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Width is the number of cells that a text takes.
func Width(text string) int {
	cells := 0
	for _, r := range text {
		cells += cellsOf(r)
	}
	return cells
}

func cellsOf(r rune) int {
	if r < utf8.RuneSelf {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Clip is the beginning of a text that fits into so many cells.
func Clip(text string, cells int) string {
	for at, r := range text {
		if cells -= cellsOf(r); cells < 0 {
			return text[:at]
		}
	}
	return text
}

// Printable is a text in which characters that steer a terminal, or turn the direction of what
// follows, are written as \u001b, which JSON reads as the same text. Lines and tabs stay.
func Printable(text string) string {
	if !strings.ContainsFunc(text, steers) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if steers(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// steers reports whether a terminal obeys a character: the control characters of ASCII and of
// Latin-1 but for line and tab, and those that turn the direction of writing.
func steers(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
