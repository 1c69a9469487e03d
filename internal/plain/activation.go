package plain

import "math"

// SiLU computes y = x * sigmoid(x), the activation that EfficientNet calls swish.
func SiLU(y, x []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] = v * sigmoid(v)
	}
}

// SiLUBackward computes dx = dy * s * (1 + x * (1 - s)) with s = sigmoid(x). dx may be dy.
func SiLUBackward(dx, dy, x []float32) {
	dx, dy = dx[:len(x)], dy[:len(x)]
	for i, v := range x {
		s := sigmoid(v)
		dx[i] = dy[i] * s * (1 + v*(1-s))
	}
}

// Sigmoid computes y = 1 / (1 + exp(-x)).
func Sigmoid(y, x []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] = sigmoid(v)
	}
}

// SigmoidBackward computes dx = dy * y * (1 - y) from the output y. dx may be dy.
func SigmoidBackward(dx, dy, y []float32) {
	dx, dy = dx[:len(y)], dy[:len(y)]
	for i, v := range y {
		dx[i] = dy[i] * v * (1 - v)
	}
}

// sigmoid is accurate to 3e-7 relative where the result is a normal number.
func sigmoid(x float32) float32 { return 1 / (1 + exp(-x)) }

// Bounds of exp: beyond them the result would leave the normal numbers. NaN passes both comparisons and goes through.
const (
	expLow  = -87
	expHigh = 88
)

// exp computes e^x as 2^n * 2^f with a whole n and |f| <= 1/2; 2^f by its Taylor polynomial, whose error is below half a unit in the last place.
func exp(x float32) float32 {
	if x < expLow {
		x = expLow
	} else if x > expHigh {
		x = expHigh
	}
	const round = 1 << 23 * 1.5 // added and taken away, it leaves the nearest whole number
	t := x * math.Log2E
	n := float32(t+round) - round
	// The product's rounding error is up to 4e-6 at the bounds; the remainder is formed from x with ln 2 in two parts instead.
	f := (x - n*0.693359375) + n*2.12194440e-4
	p := 1 + f*(1+f*(1./2+f*(1./6+f*(1./24+f*(1./120+f*(1./720))))))
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}
