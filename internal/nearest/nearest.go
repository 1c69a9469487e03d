// Package nearest finds the word that somebody meant, for error messages.
package nearest

// Word returns the candidate with the smallest edit distance to the word, the first of equals; empty if there are no candidates.
func Word(word string, candidates []string) string {
	best, distance := "", 0
	for _, c := range candidates {
		if d := editDistance([]rune(word), []rune(c)); best == "" || d < distance {
			best, distance = c, d
		}
	}
	return best
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
