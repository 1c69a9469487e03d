package ops

import "gridsearch/internal/kernel/abi"

// apply calls a flat kernel on vectors as long as the first.
func (k *Kernels) apply(kernel abi.FlatKernel, scalars []float32, vectors ...[]float32) {
	n := len(vectors[0])
	if n == 0 {
		return
	}
	a := &k.row
	*a = abi.RowArgs{Cols: n}
	for i, v := range vectors {
		a.P[i] = Matrix{v, 0}.check(1, n)
	}
	if len(scalars) > 0 {
		a.Par = &scalars[0]
	}
	k.Table.Flat[kernel](a)
}

// Add computes y += x.
func (k *Kernels) Add(y, x []float32) { k.apply(abi.AddFlat, nil, y, x) }

// ScaleTo computes y = factor x.
func (k *Kernels) ScaleTo(y, x []float32, factor float32) {
	k.scalars[0] = factor
	k.apply(abi.ScaleFlat, k.scalars[:], y, x)
}

// SiLU computes y = x sigmoid(x).
func (k *Kernels) SiLU(y, x []float32) { k.apply(abi.SiLUFlat, nil, y, x) }

// Sigmoid computes y = 1 / (1 + exp(-x)).
func (k *Kernels) Sigmoid(y, x []float32) { k.apply(abi.SigmoidFlat, nil, y, x) }

// SiLUBackward multiplies dy by the derivative of silu at x.
func (k *Kernels) SiLUBackward(dy, x []float32) { k.apply(abi.SiLUBackward, nil, dy, x) }

// SigmoidBackward multiplies dy by the derivative y (1 - y) of the sigmoid y.
func (k *Kernels) SigmoidBackward(dy, y []float32) { k.apply(abi.SigmoidBackward, nil, dy, y) }

// Blend computes y = keep y + (1 - keep) x.
func (k *Kernels) Blend(y, x []float32, keep float32) {
	k.scalars = [6]float32{keep, 1 - keep}
	k.apply(abi.BlendFlat, k.scalars[:], y, x)
}

// Step holds the scalars of an optimiser's update. The gradient is Scale g + Decay w.
type Step struct {
	Rate, Momentum, Decay, Scale float32
	Rho, Epsilon                 float32 // of RMSProp
}

// SGD moves weights: v = m v + g, w -= rate v, or with Nesterov momentum w -= rate (g + m v).
func (k *Kernels) SGD(w, gradient, velocity []float32, s Step, nesterov bool) {
	kernel := abi.SGD
	if nesterov {
		kernel = abi.SGDNesterov
	}
	k.optimise(kernel, s, w, gradient, velocity)
}

// RMSProp moves weights in TensorFlow's form: s = rho s + (1 - rho) g^2, v = m v + rate g / sqrt(s
// + epsilon), w -= v.
func (k *Kernels) RMSProp(w, gradient, velocity, square []float32, s Step) {
	k.optimise(abi.RMSProp, s, w, gradient, velocity, square)
}

func (k *Kernels) optimise(kernel abi.FlatKernel, s Step, vectors ...[]float32) {
	k.scalars = [6]float32{s.Rate, s.Momentum, s.Decay, s.Scale, s.Rho, s.Epsilon}
	k.apply(kernel, k.scalars[:], vectors...)
}
