package plain

import "gridsearch/internal/portable"

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

// ReLU computes y = min(max(x, 0), top); an infinite top is the plain ReLU, 6 is ReLU6.
func ReLU(y, x []float32, top float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] = min(max(v, 0), top)
	}
}

// ReLUBackward computes dx = dy where 0 < x < top, and 0 elsewhere. dx may be dy.
func ReLUBackward(dx, dy, x []float32, top float32) {
	dx, dy = dx[:len(x)], dy[:len(x)]
	for i, v := range x {
		if v > 0 && v < top {
			dx[i] = dy[i]
		} else {
			dx[i] = 0
		}
	}
}

// HardSwish computes y = x min(max(x + 3, 0), 6) / 6 (A. Howard et al., Searching for MobileNetV3,
// 2019).
func HardSwish(y, x []float32) {
	y = y[:len(x)]
	for i, v := range x {
		switch {
		case v <= -3:
			y[i] = 0
		case v >= 3:
			y[i] = v
		default:
			y[i] = v * (v + 3) / 6
		}
	}
}

// HardSwishBackward computes dx = dy times 0 to -3, 1 from 3 on, and x / 3 + 1/2 between. dx may be
// dy.
func HardSwishBackward(dx, dy, x []float32) {
	dx, dy = dx[:len(x)], dy[:len(x)]
	for i, v := range x {
		switch {
		case v <= -3:
			dx[i] = 0
		case v >= 3:
			dx[i] = dy[i]
		default:
			dx[i] = dy[i] * (v/3 + .5)
		}
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
func sigmoid(x float32) float32 { return 1 / (1 + portable.Exp32(-x)) }
