// Package nearest finds the word that somebody meant, for error messages.
package nearest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Word returns the candidate that is nearest to the word, the first of equals; empty if there are no candidates. Nearest is what holds a part with the
// smallest edit distance to the word, and of those what has the smallest distance as a whole: "b0" is meant for "efficientnet-b0".
func Word(word string, candidates []string) string {
	if len(candidates) == 0 {
		return ""
	}
	return slices.MinFunc(rank(word, candidates), compare).word
}

// most is how many words a message lists.
const most = 3

// Words quotes the candidates that hold parts as near to the word as the nearest one does, three at most: `"a", "b" or "c"`.
func Words(word string, candidates []string) string {
	list := rank(word, candidates)
	slices.SortStableFunc(list, compare)
	var quoted []string
	for _, c := range list[:min(most, len(list))] {
		if c.part == list[0].part {
			quoted = append(quoted, fmt.Sprintf("%q", c.word))
		}
	}
	text := strings.Join(quoted, ", ")
	if i := strings.LastIndex(text, ", "); i >= 0 {
		text = text[:i] + " or " + text[i+2:]
	}
	return text
}

// ranked is a candidate with the distances of its nearest part and of all of it.
type ranked struct {
	word        string
	part, whole int
}

func compare(a, b ranked) int {
	return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.whole, b.whole))
}

func rank(word string, candidates []string) []ranked {
	list := make([]ranked, len(candidates))
	for i, c := range candidates {
		list[i].word = c
		list[i].part, list[i].whole = editDistance([]rune(word), []rune(c))
	}
	return list
}

// editDistance counts the insertions, deletions and replacements that make a of the part of b that needs fewest, and of the whole of b (Levenshtein).
func editDistance(a, b []rune) (part, whole int) {
	parts, wholes := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range wholes {
		wholes[j] = j
	}
	for i, r := range a {
		advance(parts, i, r, b)
		advance(wholes, i, r, b)
	}
	return slices.Min(parts), wholes[len(b)]
}

// advance makes of the distances of a[:i] to every b[:j] those of a[:i+1], whose last rune is r.
func advance(row []int, i int, r rune, b []rune) {
	diagonal := row[0]
	row[0] = i + 1
	for j, rb := range b {
		cost := diagonal
		if r != rb {
			cost++
		}
		diagonal = row[j+1]
		row[j+1] = min(cost, row[j]+1, row[j+1]+1)
	}
}
