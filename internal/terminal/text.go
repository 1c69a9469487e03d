// Package terminal prepares text for terminals: it measures text in cells, and makes control
// characters visible.
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

// Width is the number of cells that a text occupies.
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

// Clip is the longest beginning of a text that fits into a number of cells.
func Clip(text string, cells int) string {
	for at, r := range text {
		if cells -= cellsOf(r); cells < 0 {
			return text[:at]
		}
	}
	return text
}

// Printable is a text in which control characters, and characters that change the direction of
// writing, are escaped as \u001b, which JSON reads as the same text. Newlines and tabs are kept.
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

// steers reports whether a character controls the terminal: the control characters of ASCII and of
// Latin-1 except newline and tab, and those that change the direction of writing.
func steers(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
