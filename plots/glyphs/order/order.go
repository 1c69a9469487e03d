// Package order finds the order of text that has parts from right to left.
//
// References:
//
//	[bidi] Unicode Standard Annex 9: the order of text from right to left.
package order

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// Levels are the embedding levels of a line's characters in a text from left to right, by the rules
// of [bidi]: even ones are read from the left, odd ones from the right. Isolates are known;
// embeddings and overrides must not be among the characters.
func Levels(letters []rune) []int {
	classes := make([]bidi.Class, len(letters))
	for i, r := range letters {
		p, _ := bidi.LookupRune(r)
		classes[i] = p.Class()
	}
	list := make([]int, len(letters))
	whole := make([]int, len(letters))
	for i := range whole {
		whole[i] = i
	}
	resolve(letters, classes, whole, 0, list)
	for i := range list {
		if classes[i] == bidi.BN && i > 0 {
			list[i] = list[i-1]
		}
	}
	for i := len(list) - 1; i >= 0 && trailing(classes[i]); i-- { // L1
		list[i] = 0
	}
	return list
}

// resolve sets the levels of the characters at the given places, which stand together at a level,
// and of the isolates among them.
func resolve(letters []rune, classes []bidi.Class, at []int, level int, list []int) {
	var own []int // without what isolates hold
	for i := 0; i < len(at); i++ {
		own = append(own, at[i])
		if end := isolateEnd(classes, at, i); end > i {
			inner := at[i+1 : end]
			next := level + 2 - level%2 // the next even one
			if isolateClass(classes, at[i], inner) == bidi.R {
				next = level + 1 + level%2 // the next odd one
			}
			resolve(letters, classes, inner, next, list)
			i = end - 1
		}
	}
	line := &sequence{level: level}
	for _, i := range own {
		if classes[i] != bidi.BN { // joiners and the like belong to what stands before them
			line.letters, line.types = append(line.letters, letters[i]), append(line.types, classes[i])
			line.at = append(line.at, i)
		}
	}
	line.weak()
	line.brackets()
	line.neutrals()
	for k, i := range line.at {
		list[i] = level + rise(line.types[k], level)
	}
}

// trailing reports whether characters of a class have the level of the line at its end.
func trailing(c bidi.Class) bool {
	return c == bidi.WS || c == bidi.BN || c == bidi.LRI || c == bidi.RLI || c == bidi.FSI ||
		c == bidi.PDI
}

// rise is by how much a resolved type is above the level around it (I1, I2).
func rise(c bidi.Class, level int) int {
	switch {
	case level%2 == 0 && c == bidi.R, level%2 == 1 && c != bidi.R:
		return 1
	case level%2 == 0 && c != bidi.L:
		return 2
	}
	return 0
}

// isolateEnd is the index of what closes the isolate that begins at i, the end of all where nothing
// does, and 0 where none begins.
func isolateEnd(classes []bidi.Class, at []int, i int) int {
	depth := 0
	for k := i; k < len(at); k++ {
		switch classes[at[k]] {
		case bidi.LRI, bidi.RLI, bidi.FSI:
			depth++
		case bidi.PDI:
			depth--
		}
		switch {
		case k == i && depth < 1:
			return 0
		case depth == 0:
			return k
		}
	}
	return len(at)
}

// isolateClass is the direction of an isolate, L or R, which its initiator says, or else its first
// character that has one.
func isolateClass(classes []bidi.Class, initiator int, inner []int) bidi.Class {
	switch classes[initiator] {
	case bidi.LRI:
		return bidi.L
	case bidi.RLI:
		return bidi.R
	}
	for i := 0; i < len(inner); i++ {
		switch classes[inner[i]] {
		case bidi.L:
			return bidi.L
		case bidi.R, bidi.AL:
			return bidi.R
		}
		if end := isolateEnd(classes, inner, i); end > i {
			i = end - 1
		}
	}
	return bidi.L
}

// sequence is characters that are resolved together.
type sequence struct {
	letters []rune
	types   []bidi.Class
	at      []int // their places in the line
	level   int
}

// around is the direction of the level, which stands before the first and behind the last one.
func (s *sequence) around() bidi.Class {
	if s.level%2 == 1 {
		return bidi.R
	}
	return bidi.L
}

func (s *sequence) typeAt(i int) bidi.Class {
	if i < 0 || i >= len(s.types) {
		return s.around()
	}
	return s.types[i]
}

// weak resolves marks, numbers and what belongs to numbers (W1 to W7).
func (s *sequence) weak() {
	strong := s.around()
	for i, t := range s.types {
		switch t {
		case bidi.NSM:
			s.types[i] = s.typeAt(i - 1)
			if p := s.types[i]; p == bidi.LRI || p == bidi.RLI || p == bidi.FSI || p == bidi.PDI {
				s.types[i] = bidi.ON
			}
		case bidi.L, bidi.R, bidi.AL:
			strong = t
		}
		if s.types[i] == bidi.EN && strong == bidi.AL {
			s.types[i] = bidi.AN
		}
	}
	for i, t := range s.types {
		before, behind := s.typeAt(i-1), s.typeAt(i+1)
		switch {
		case t == bidi.AL:
			s.types[i] = bidi.R
		case t == bidi.ES && before == bidi.EN && behind == bidi.EN,
			t == bidi.CS && before == bidi.EN && behind == bidi.EN:
			s.types[i] = bidi.EN
		case t == bidi.CS && before == bidi.AN && behind == bidi.AN:
			s.types[i] = bidi.AN
		}
	}
	s.signs()
	strong = s.around()
	for i, t := range s.types {
		switch {
		case t == bidi.L || t == bidi.R:
			strong = t
		case t == bidi.EN && strong == bidi.L:
			s.types[i] = bidi.L
		case t == bidi.ES || t == bidi.CS || t == bidi.ET:
			s.types[i] = bidi.ON
		}
	}
}

// signs makes signs such as % beside a number a part of it (W5).
func (s *sequence) signs() {
	for start := 0; start < len(s.types); start++ {
		end := start
		for end < len(s.types) && s.types[end] == bidi.ET {
			end++
		}
		if end > start && (s.typeAt(start-1) == bidi.EN || s.typeAt(end) == bidi.EN) {
			for i := start; i < end; i++ {
				s.types[i] = bidi.EN
			}
		}
		start = max(start, end)
	}
}

// direction is that in which a resolved type acts on neutral ones beside it: L, R, or ON for none.
func direction(c bidi.Class) bidi.Class {
	switch c {
	case bidi.L:
		return bidi.L
	case bidi.R, bidi.EN, bidi.AN:
		return bidi.R
	}
	return bidi.ON
}

// pairs are opening brackets, each followed by what closes it.
const pairs = "()[]{}⟨⟩〈〉《》「」『』【】（）［］｛｝"

// brackets gives both brackets of a pair one direction (N0).
func (s *sequence) brackets() {
	var open []int
	for i, r := range s.letters {
		if s.types[i] != bidi.ON {
			continue
		}
		place := strings.IndexRune(pairs, r)
		if place < 0 {
			continue
		}
		if opens := len([]rune(pairs[:place]))%2 == 0; opens {
			open = append(open, i)
			continue
		}
		for k := len(open) - 1; k >= 0; k-- {
			if strings.Contains(pairs, string(s.letters[open[k]])+string(r)) {
				s.bracket(open[k], i)
				open = open[:k]
				break
			}
		}
	}
}

// bracket resolves a pair: by what is within, and where that is against the direction around, by
// what stands before it.
func (s *sequence) bracket(from, to int) {
	around, other := s.around(), false
	for _, t := range s.types[from+1 : to] {
		if d := direction(t); d == around {
			s.pair(from, to, around)
			return
		} else if d != bidi.ON {
			other = true
		}
	}
	if !other {
		return
	}
	before := around
	for i := from - 1; i >= 0; i-- {
		if d := direction(s.types[i]); d != bidi.ON {
			before = d
			break
		}
	}
	s.pair(from, to, before)
}

// pair gives a direction to two brackets with the marks on them.
func (s *sequence) pair(from, to int, d bidi.Class) {
	for _, i := range []int{from, to} {
		s.types[i] = d
		for k := i + 1; k < len(s.letters) && unicode.Is(unicode.M, s.letters[k]); k++ {
			s.types[k] = d
		}
	}
}

// neutrals resolves the rest: between equal directions it takes theirs, elsewhere that around (N1,
// N2).
func (s *sequence) neutrals() {
	for start := 0; start < len(s.types); start++ {
		end := start
		for end < len(s.types) && direction(s.types[end]) == bidi.ON {
			end++
		}
		to := direction(s.typeAt(start - 1))
		if direction(s.typeAt(end)) != to {
			to = s.around()
		}
		for i := start; i < end; i++ {
			s.types[i] = to
		}
		start = max(start, end)
	}
}
