package terminal

import (
	"strings"
	"unicode"
)

// Quoted is a word as a shell takes it for one: in single quotes where it would interpret it.
func Quoted(word string) string {
	const plain = "-_.,:/=+@%" // besides letters and digits
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(plain, r)
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
