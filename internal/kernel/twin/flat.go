package twin

import (
	"math"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/portable"
)

// flatTwins are the kernels on vectors, in the order of their names.
var flatTwins = [abi.FlatKernels]func(*abi.RowArgs){
	abi.AddFlat:     flatTwin(func(y, x float32, _ *scalars) float32 { return y + x }),
	abi.ScaleFlat:   flatTwin(func(_, x float32, s *scalars) float32 { return s[0] * x }),
	abi.BlendFlat:   flatTwin(func(y, x float32, s *scalars) float32 { return s[0]*y + s[1]*x }),
	abi.SiLUFlat:    flatTwin(func(_, x float32, _ *scalars) float32 { return x * sigmoid(x) }),
	abi.SigmoidFlat: flatTwin(func(_, x float32, _ *scalars) float32 { return sigmoid(x) }),
	abi.SiLUBackward: flatTwin(func(y, x float32, _ *scalars) float32 {
		_, slope := siluSlope(x, 0)
		return y * slope
	}),
	abi.SigmoidBackward: flatTwin(func(y, x float32, _ *scalars) float32 { return y * x * (1 - x) }),
	abi.SGD:             func(a *abi.RowArgs) { sgdTwin(a, false) },
	abi.SGDNesterov:     func(a *abi.RowArgs) { sgdTwin(a, true) },
	abi.RMSProp:         rmspropTwin,
}

// scalars are the parameters of a flat kernel.
type scalars [6]float32

func scalarsOf(a *abi.RowArgs) *scalars {
	if a.Par == nil {
		return nil
	}
	return (*scalars)(floats(a.Par, 0, len(scalars{})))
}

// flatTwin makes a kernel of p0 = f(p0, p1).
func flatTwin(f func(y, x float32, s *scalars) float32) func(*abi.RowArgs) {
	return func(a *abi.RowArgs) {
		y, s := floats(a.P[0], 0, a.Cols), scalarsOf(a)
		for j, x := range floats(a.P[1], 0, a.Cols) {
			y[j] = f(y[j], x, s)
		}
	}
}

// gradient is that of the loss, scaled, plus the decay's.
func (s *scalars) gradient(w, g float32) float32 { return s[3]*g + s[2]*w }

func sgdTwin(a *abi.RowArgs, nesterov bool) {
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

func rmspropTwin(a *abi.RowArgs) {
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
