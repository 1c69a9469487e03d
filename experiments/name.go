package experiments

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// folderRule is what a study's name must be, which every file system takes and every shell shows.
const folderRule = "use letters with their marks, digits, spaces and any of - _ . + ( ); begin " +
	"with no dash, dot, space or mark, " +
	"end with no dot or space, take no name that Windows keeps for a device, like CON or " +
	"nul.txt, and no more than 255 bytes"

// maxName is the longest name that common file systems take, in bytes.
const maxName = 255

// makesFolder reports whether a study's name can be that of its folder on every system.
func makesFolder(name string) bool {
	first, _ := utf8.DecodeRuneInString(name)
	return name != "" && len(name) <= maxName && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, strange) &&
		!strings.ContainsRune("-. ", first) && !joins(first) && name == strings.TrimRight(name,
		". ") && !isDevice(name)
}

// NameFrom makes a study's name of any text, such as a folder's name: what a name cannot have
// becomes a dash. A text of which nothing is left gives the name otherwise.
func NameFrom(text, otherwise string) string {
	name := strings.Map(func(r rune) rune {
		if strange(r) || r == utf8.RuneError {
			return '-'
		}
		return r
	}, strings.ToValidUTF8(text, "-"))
	name = strings.TrimLeftFunc(name, func(r rune) bool {
		return strings.ContainsRune("-. ", r) || joins(r)
	})
	const most = maxName - 16 // leaves room for the number of a second one
	for len(name) > most {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	name = strings.TrimRight(name, "-. ")
	if isDevice(name) {
		name = "_" + name
	}
	if !makesFolder(name) {
		return otherwise
	}
	return name
}

// strange are characters that some file system refuses, a shell takes for its own, or nobody sees.
func strange(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !joins(r) &&
		!strings.ContainsRune("-_. +()", r)
}

// joins reports whether a character belongs to the letter in front of it: the vowels of Hindi,
// accents as macOS writes them, and the two joiners of Indian and Persian writing.
func joins(r rune) bool { return unicode.IsMark(r) || r == '\u200c' || r == '\u200d' }

// isDevice reports whether Windows takes a name for a device, whatever follows a dot.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	stem = strings.TrimRight(stem, " ")
	if len(stem) == 4 && stem[3] >= '0' && stem[3] <= '9' {
		return stem[:3] == "com" || stem[:3] == "lpt"
	}
	return slices.Contains([]string{"con", "prn", "aux", "nul"}, stem)
}
