package search

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number in its shortest form: "1.1", "2", "0.05". Grids are made of
// decimals, because adding a binary floating-point step gives 1.2500000000000002 instead of 1.25,
// which builds another network. The zero value is the number 0.
type Decimal string

// ParseDecimal reads a decimal number; exponents are not accepted.
func ParseDecimal(text string) (Decimal, error) {
	plain := strings.TrimLeft(text, "+-")
	r, ok := new(big.Rat).SetString(text)
	if !ok || strings.Trim(plain, "0123456789.") != "" || len(text)-len(plain) > 1 {
		return "", fmt.Errorf("%q is no decimal number: write it like 1.05", text)
	}
	return exact(r), nil
}

// exact writes a number whose denominator divides a power of ten.
func exact(r *big.Rat) Decimal {
	places, _ := r.FloatPrec()
	return Decimal(r.FloatString(places))
}

// UnmarshalText parses like ParseDecimal, so that a damaged document is an error and never a silent
// 0.
func (d *Decimal) UnmarshalText(text []byte) error {
	parsed, err := ParseDecimal(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// SolvedPlaces is the number of decimals that solved coefficients are rounded to: the rounded
// values are what is built.
const SolvedPlaces = 6

// rounded is the nearest decimal with SolvedPlaces.
func rounded(v float64) Decimal { return Rounded(v, SolvedPlaces) }

// Rounded is the nearest decimal with that many places, at least one, in its shortest form.
func Rounded(v float64, places int) Decimal {
	text := strconv.FormatFloat(v, 'f', places, 64)
	return Decimal(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}

// Rat is the number as a new fraction.
func (d Decimal) Rat() *big.Rat {
	r, ok := new(big.Rat).SetString(string(d))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// Float64 is the nearest float64.
func (d Decimal) Float64() float64 {
	f, _ := d.Rat().Float64()
	return f
}

// Cmp compares two numbers exactly: -1, 0 or 1.
func (d Decimal) Cmp(other Decimal) int {
	// Rounding to float64 is monotonic, so only equal roundings need the exact comparison of
	// fractions, which is slow.
	a, errA := strconv.ParseFloat(string(d), 64)
	b, errB := strconv.ParseFloat(string(other), 64)
	if order := cmp.Compare(a, b); order != 0 && errA == nil && errB == nil {
		return order
	}
	return d.Rat().Cmp(other.Rat())
}

// Range is the decimals Low, Low + Step, ... up to High, included if a step falls on it.
type Range struct {
	Low  Decimal `json:"low"`
	High Decimal `json:"high"`
	Step Decimal `json:"step"`
}

// maxValues limits a range: a larger one is a mistake in its step.
const maxValues = 10000

// Values lists the range.
func (r Range) Values() ([]Decimal, error) {
	low, high, step := r.Low.Rat(), r.High.Rat(), r.Step.Rat()
	if high.Cmp(low) < 0 {
		return nil, fmt.Errorf("high %s is below low %s", r.High, r.Low)
	}
	if high.Cmp(low) == 0 {
		return []Decimal{exact(low)}, nil
	}
	if step.Sign() <= 0 {
		return nil, fmt.Errorf("step must be positive, not %s", r.Step)
	}
	var values []Decimal
	for v := low; v.Cmp(high) <= 0; v = new(big.Rat).Add(v, step) {
		if len(values) == maxValues {
			return nil, fmt.Errorf("step %s makes more than %d values from %s to %s", r.Step,
				maxValues, r.Low, r.High)
		}
		values = append(values, exact(v))
	}
	return values, nil
}

// power is base to the exponent: exact and rounded once for an integer exponent, by math.Pow
// otherwise.
func power(base, exponent Decimal) float64 {
	e := exponent.Rat()
	if !e.IsInt() || e.Num().BitLen() > 8 {
		return math.Pow(base.Float64(), exponent.Float64())
	}
	n := e.Num().Int64()
	result, factor := big.NewRat(1, 1), base.Rat()
	if n < 0 {
		n, factor = -n, factor.Inv(factor)
	}
	for range n {
		result.Mul(result, factor)
	}
	f, _ := result.Float64()
	return f
}
