// Package portable computes elementary functions with the same bits on every platform.
//
// The functions of package math may use assembly, and a compiler may emit fused multiply-adds, which
// round once: results then differ in the last bit between processors, and with them the bytes of
// a rendered image. Here every product is rounded by an explicit conversion, which forbids the
// fusion. Results are within 2e-15 of the exact ones, relative or absolute, whichever is larger,
// for arguments that images need; Exp32 is as near as float32 allows.
package portable

import "math"

// Sincos returns the sine and cosine of x, |x| < 1e6.
func Sincos(x float64) (sin, cos float64) {
	n := math.Floor(float64(x*(2/math.Pi)) + .5)
	// pi/2 in two parts: the first has few enough bits that its product with n is exact.
	const high, low = 1.57079632673412561417e+00, 6.07710050650619224932e-11
	r := (x - float64(n*high)) - float64(n*low)
	s, c := polynomials(r)
	switch int64(n) & 3 {
	case 0:
		return s, c
	case 1:
		return c, -s
	case 2:
		return -s, -c
	}
	return -c, s
}

// Cos returns the cosine of x, |x| < 1e6.
func Cos(x float64) float64 {
	_, c := Sincos(x)
	return c
}

// polynomials are the Taylor series of sine and cosine, exact to double precision for |r| <= pi/4.
func polynomials(r float64) (sin, cos float64) {
	q := float64(r * r)
	s, c := 1., 1.
	for k := 16; k >= 2; k -= 2 {
		s = 1 - float64(float64(q*s)/float64(k*(k+1)))
		c = 1 - float64(float64(q*c)/float64(k*(k-1)))
	}
	return float64(r * s), c
}

// Log returns the natural logarithm of a positive, finite x.
func Log(x float64) float64 {
	m, e := math.Frexp(x) // m in [1/2, 1)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	// log m = 2 atanh((m-1)/(m+1)), whose series has only odd powers.
	s := (m - 1) / (m + 1)
	q, sum := float64(s*s), 0.
	for k := 23; k >= 3; k -= 2 {
		sum = float64(q * (1/float64(k) + sum))
	}
	return float64(float64(e)*math.Ln2) + float64(2*float64(s*(1+sum)))
}

// Exp returns e^x, |x| < 700.
func Exp(x float64) float64 {
	n := math.Floor(float64(x*math.Log2E) + .5)
	const high, low = 6.93147180369123816490e-01, 1.90821492927058770002e-10
	r := (x - float64(n*high)) - float64(n*low)
	sum := 1.
	for k := 16; k >= 1; k-- {
		sum = 1 + float64(float64(r*sum)/float64(k))
	}
	return math.Ldexp(sum, int(n))
}

// Bounds of Exp32: beyond them the result would not be a normal number. NaN passes both comparisons
// and propagates.
const (
	exp32Low  = -87
	exp32High = 88
)

// Exp32 computes e^x within 3e-7 as 2^n * 2^f with a whole n and |f| <= 1/2; 2^f by its Taylor
// polynomial, whose error is below half a unit in the last place.
func Exp32(x float32) float32 {
	if x < exp32Low {
		x = exp32Low
	} else if x > exp32High {
		x = exp32High
	}
	const round = 1 << 23 * 1.5 // added and taken away, it leaves the nearest whole number
	t := float32(x * math.Log2E)
	n := float32(t+round) - round
	// The product's rounding error is up to 4e-6 at the bounds; the remainder is formed from x with
	// ln 2 in two parts instead.
	f := float32(x-float32(n*0.693359375)) + float32(n*2.12194440e-4)
	p := float32(1. / 720)
	for _, c := range [...]float32{1. / 120, 1. / 24, 1. / 6, 1. / 2, 1, 1} {
		p = c + float32(f*p)
	}
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}
