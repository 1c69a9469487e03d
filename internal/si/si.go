// Package si prints numbers with SI prefixes.
package si

import (
	"math"
	"strconv"
)

// Text prints a number with three digits and a prefix: 288 k, 1.23 M.
func Text(v float64) string { return Digits(v, 3) }

// Digits prints a number with that many digits or fewer and a prefix: 200 k, 1 M, 2 G.
func Digits(v float64, digits int) string {
	for _, p := range []struct {
		size float64
		name string
	}{{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if v >= .9995*p.size {
			return strconv.FormatFloat(v/p.size, 'g', digits, 64) + p.name
		}
	}
	return strconv.FormatFloat(v, 'g', digits, 64)
}

// Milliseconds prints seconds as milliseconds with three digits or more.
func Milliseconds(seconds float64) string {
	ms := 1e3 * seconds
	return strconv.FormatFloat(ms, 'f', max(0, 2-int(math.Floor(math.Log10(max(ms, 1e-3))))), 64)
}
