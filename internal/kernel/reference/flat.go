package reference

import (
	"math"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/portable"
)

// flatKernels are the kernels on vectors, in the order of their names.
var flatKernels = [abi.FlatKernels]func(*abi.RowArgs){
	abi.AddFlat:     elementwise(func(y, x float32, _ *scalars) float32 { return y + x }),
	abi.ScaleFlat:   elementwise(func(_, x float32, s *scalars) float32 { return s[0] * x }),
	abi.BlendFlat:   elementwise(func(y, x float32, s *scalars) float32 { return s[0]*y + s[1]*x }),
	abi.SiLUFlat:    elementwise(func(_, x float32, _ *scalars) float32 { return x * sigmoid(x) }),
	abi.SigmoidFlat: elementwise(func(_, x float32, _ *scalars) float32 { return sigmoid(x) }),
	abi.SiLUBackward: elementwise(func(y, x float32, _ *scalars) float32 {
		_, slope := siluSlope(x, 0)
		return y * slope
	}),
	abi.SigmoidBackward: elementwise(func(y, x float32, _ *scalars) float32 {
		return y * x * (1 - x)
	}),
	abi.SGD:         func(a *abi.RowArgs) { sgd(a, false) },
	abi.SGDNesterov: func(a *abi.RowArgs) { sgd(a, true) },
	abi.RMSProp:     rmsprop,
}

// scalars are the parameters of a flat kernel.
type scalars [6]float32

func scalarsOf(a *abi.RowArgs) *scalars {
	if a.Par == nil {
		return nil
	}
	return (*scalars)(floats(a.Par, 0, len(scalars{})))
}

// elementwise makes a kernel of p0 = f(p0, p1).
func elementwise(f func(y, x float32, s *scalars) float32) func(*abi.RowArgs) {
	return func(a *abi.RowArgs) {
		y, s := floats(a.P[0], 0, a.Cols), scalarsOf(a)
		for j, x := range floats(a.P[1], 0, a.Cols) {
			y[j] = f(y[j], x, s)
		}
	}
}

// gradient is the scaled gradient of the loss plus weight decay.
func (s *scalars) gradient(w, g float32) float32 { return s[3]*g + s[2]*w }

func sgd(a *abi.RowArgs, nesterov bool) {
	s, gradient, velocity := scalarsOf(a), floats(a.P[1], 0, a.Cols), floats(a.P[2], 0, a.Cols)
	weights := floats(a.P[0], 0, a.Cols)
	for j, w := range weights {
		g := s.gradient(w, gradient[j])
		v := s[1]*velocity[j] + g
		velocity[j] = v
		if nesterov {
			v = g + s[1]*v
		}
		weights[j] = w - s[0]*v
	}
}

func rmsprop(a *abi.RowArgs) {
	s, gradient := scalarsOf(a), floats(a.P[1], 0, a.Cols)
	weights, velocity, square := floats(a.P[0], 0, a.Cols), floats(a.P[2], 0, a.Cols),
		floats(a.P[3], 0, a.Cols)
	for j, w := range weights {
		g := s.gradient(w, gradient[j])
		square[j] = g*g + s[4]*(square[j]-g*g)
		velocity[j] = s[1]*velocity[j] + s[0]*g/float32(math.Sqrt(float64(square[j]+s[5])))
		weights[j] = w - velocity[j]
	}
}

// sigmoid is accurate to 3e-7 relative where the result is a normal number.
func sigmoid(x float32) float32 { return 1 / (1 + portable.Exp32(-x)) }

// siluSlope is a = x sigmoid(x) and its derivative s + a - a s.
func siluSlope(x, _ float32) (a, slope float32) {
	s := sigmoid(x)
	a = x * s
	return a, s + a - a*s
}
