// Package nearest finds the nearest word, for the "did you mean" of error messages.
package nearest

import (
	"fmt"
	"math"
	"strings"
)

// Word returns the candidate that is nearest to the word, the first of equals; empty without
// candidates. Candidates that contain the word are nearest, the shortest first ("b0" is meant for
// "efficientnet-b0"), then those with the smallest edit distance.
func Word(word string, candidates []string) string {
	if all := nearest(word, candidates); len(all) > 0 {
		return all[0]
	}
	return ""
}

// most is how many words a message lists.
const most = 3

// Words quotes all candidates that are as near as the nearest one, three at most: `"a", "b" or
// "c"`.
func Words(word string, candidates []string) string {
	all := nearest(word, candidates)
	text := ""
	for i, c := range all[:min(most, len(all))] {
		switch {
		case i == 0:
		case i == min(most, len(all))-1:
			text += " or "
		default:
			text += ", "
		}
		text += fmt.Sprintf("%q", c)
	}
	return text
}

// nearest are the candidates with the smallest distance.
func nearest(word string, candidates []string) []string {
	var all []string
	least := 0
	for _, c := range candidates {
		d := distance(word, c)
		if len(all) == 0 || d < least {
			all, least = nil, d
		}
		if d == least {
			all = append(all, c)
		}
	}
	return all
}

// held is below every edit distance, for words of any length.
const held = math.MinInt

// distance is the edit distance, or less, by its length, of a candidate that holds the word.
func distance(word, candidate string) int {
	if word != "" && strings.Contains(candidate, word) {
		return held + len(candidate)
	}
	return editDistance([]rune(word), []rune(candidate))
}

// editDistance counts insertions, deletions and replacements (Levenshtein).
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ra := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, rb := range b {
			cost := diagonal
			if ra != rb {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
