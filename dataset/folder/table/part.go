package table

import (
	"strings"
	"unicode"
)

// Part is a part of a data set.
type Part uint8

// The parts.
const (
	Train Part = iota
	Validation
	Test
)

// partNames are what people call the parts, in lower case.
var partNames = map[string]Part{
	"train": Train, "training": Train, "trn": Train,
	"val": Validation, "valid": Validation, "validation": Validation, "dev": Validation,
	"eval": Validation,
	"test": Test, "testing": Test, "tst": Test,
}

// PartOf is the part that a name means, in letters of any case.
func PartOf(name string) (part Part, ok bool) {
	part, ok = partNames[strings.ToLower(name)]
	return part, ok
}

// PartIn is the part that one word of a name means, as in training_set or seg-test, and what is left
// of the name in lower case. Names with several such words mean none.
func PartIn(name string) (part Part, rest string, ok bool) {
	name = strings.ToLower(name)
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, word := range words {
		p, is := partNames[word]
		if is && ok {
			return 0, "", false
		}
		if is {
			part, rest, ok = p, strings.Replace(name, word, "", 1), true
		}
	}
	return part, rest, ok
}
