// Package plural writes counts, lists and sentences in English.
package plural

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Of is a number with what is counted: 1 point, 2 points, 3 classes.
func Of(n int, noun string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(noun, "s"):
		noun += "es"
	default:
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}

// Verb is the first form for one thing and the second for another number of them.
func Verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// List joins names as in a sentence: a, b and c.
func List(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Sentence gives a line that begins small a capital letter and a full stop. It stays small where
// its first word is a name with coefficients, such as d=1.2, and ends as it does where that is a
// full stop or a question mark.
func Sentence(line string) string {
	if word, _, _ := strings.Cut(line, " "); !strings.Contains(word, "=") {
		first, size := utf8.DecodeRuneInString(line)
		if size > 0 {
			line = string(unicode.ToUpper(first)) + line[size:]
		}
	}
	if !strings.HasSuffix(line, ".") && !strings.HasSuffix(line, "?") {
		line += "."
	}
	return line
}
