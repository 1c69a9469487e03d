// Package plural writes counts of things.
package plural

import (
	"fmt"
	"strings"
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
