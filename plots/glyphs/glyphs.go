// Package glyphs writes text of every script into figures. Its Handler draws what the figures' own
// font has as before, other characters as outlines of embedded fonts, shaped and in the order of
// their script, and a character that none of the fonts has as a box with its code point in it.
// In SVG text stays text, which the fonts of the viewer show.
package glyphs

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"

	"gridsearch/plots/glyphs/fonts"
)

// clean makes any string into text that can be drawn, and be in XML: letters and their accents are
// composed; control characters, overrides of direction and bytes that are no UTF-8 become visible
// escapes. Ends of lines are kept.
func clean(txt string) string {
	if plain(txt) {
		return txt
	}
	var b strings.Builder
	for len(txt) > 0 {
		r, n := utf8.DecodeRuneInString(txt)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, txt[0])
		case r == '\n':
			b.WriteRune(r)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.In(r, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point),
			'\u202a' <= r && r <= '\u202e': // overrides of direction can make a name look like another
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		txt = txt[n:]
	}
	return norm.NFC.String(b.String())
}

// plain reports whether clean has nothing to do for sure.
func plain(txt string) bool {
	for _, c := range []byte(txt) {
		if c < ' ' && c != '\n' || c >= 0x7f {
			return false
		}
	}
	return true
}

// ignorable are characters without a picture of their own: joiners, variation selectors, marks of
// direction.
func ignorable(r rune) bool {
	return r >= 0xad && unicode.In(r, unicode.Cf, unicode.Variation_Selector,
		unicode.Other_Default_Ignorable_Code_Point) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// Missing lists the characters of a text that are drawn as boxes, in the order of their code
// points, each once.
func Missing(txt string) []rune {
	if plain(txt) {
		return nil
	}
	shaping.Lock()
	defer shaping.Unlock()
	var missing []rune
	for _, r := range clean(txt) {
		if r != '\n' && !ignorable(r) && !unicode.Is(unicode.Zs, r) && fonts.Pick(r, sans()) == nil {
			missing = append(missing, r)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// Isolate keeps a name that is written from right to left together in a text around it from left to
// right, so that numbers behind it stay behind it; it returns other names as they are.
func Isolate(name string) string {
	for _, r := range name {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.R, bidi.AL, bidi.AN:
			return "\u2068" + name + "\u2069"
		}
	}
	return name
}

// Fit shortens the lines of a text that are wider than a width: … stands in their middle. Letters
// keep their marks. At least the … is left.
func Fit(style text.Style, txt string, width vg.Length) string {
	lines := style.Handler.Lines(txt)
	for i, line := range lines {
		if style.Width(line) > width {
			lines[i] = shorten(style, line, width)
		}
	}
	return strings.Join(lines, "\n")
}

// shorten leaves as many letters at both ends of a line as fit.
func shorten(style text.Style, line string, width vg.Length) string {
	letters := split(line)
	with := func(n int) string {
		return strings.Join(letters[:(n+1)/2], "") + "…" + strings.Join(letters[len(letters)-n/2:], "")
	}
	least, most := 0, len(letters)-1 // letters that are left
	for least < most {
		if n := (least + most + 1) / 2; style.Width(with(n)) <= width {
			least = n
		} else {
			most = n - 1
		}
	}
	return with(least)
}

// split divides a text into letters with their marks.
func split(txt string) []string {
	var letters []string
	joined := false // to the letter before
	for _, r := range txt {
		if len(letters) > 0 && (joined || unicode.In(r, unicode.M) || ignorable(r)) {
			letters[len(letters)-1] += string(r)
		} else {
			letters = append(letters, string(r))
		}
		joined = r == zeroWidthJoiner
	}
	return letters
}

const zeroWidthJoiner = '\u200d'
