// Package si prints numbers with SI prefixes, and times.
package si

import (
	"fmt"
	"math"
	"strconv"
	"time"
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

// Step is the least of 1, 2 and 5 times the powers of ten that is no less than a value above 0: a
// round distance between numbers.
func Step(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, digit := range []float64{1, 2, 5} {
		if digit*power >= least*(1-1e-9) {
			return digit * power
		}
	}
	return 10 * power
}

// Milliseconds prints seconds as milliseconds with three digits or more.
func Milliseconds(seconds float64) string {
	ms := 1e3 * seconds
	return strconv.FormatFloat(ms, 'f', max(0, 2-int(math.Floor(math.Log10(max(ms, 1e-3))))), 64)
}

// Clock prints seconds as 42s, 3m05s or 2h07m.
func Clock(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
