package kernel

// flatKernel names a kernel on vectors of numbers.
type flatKernel int

const (
	addFlat flatKernel = iota
	scaleFlat
	blendFlat
	siluFlat
	sigmoidFlat
	siluBackward
	sigmoidBackward
	sgd
	sgdNesterov
	rmsprop
	flatKernels
)

// apply calls a flat kernel on vectors as long as the first.
func (k *Kernels) apply(kernel flatKernel, scalars []float32, vectors ...[]float32) {
	n := len(vectors[0])
	if n == 0 {
		return
	}
	a := &k.row
	*a = rowArgs{cols: n}
	for i, v := range vectors {
		a.p[i] = Matrix{v, 0}.check(1, n)
	}
	if len(scalars) > 0 {
		a.par = &scalars[0]
	}
	k.flat[kernel](a)
}

// Add computes y += x.
func (k *Kernels) Add(y, x []float32) { k.apply(addFlat, nil, y, x) }

// ScaleTo computes y = factor x.
func (k *Kernels) ScaleTo(y, x []float32, factor float32) {
	k.scalars[0] = factor
	k.apply(scaleFlat, k.scalars[:], y, x)
}

// SiLU computes y = x sigmoid(x).
func (k *Kernels) SiLU(y, x []float32) { k.apply(siluFlat, nil, y, x) }

// Sigmoid computes y = 1 / (1 + exp(-x)).
func (k *Kernels) Sigmoid(y, x []float32) { k.apply(sigmoidFlat, nil, y, x) }

// SiLUBackward multiplies dy by the derivative of silu at x.
func (k *Kernels) SiLUBackward(dy, x []float32) { k.apply(siluBackward, nil, dy, x) }

// SigmoidBackward multiplies dy by the derivative y (1 - y) of the sigmoid y.
func (k *Kernels) SigmoidBackward(dy, y []float32) { k.apply(sigmoidBackward, nil, dy, y) }

// Blend computes y = keep y + (1 - keep) x.
func (k *Kernels) Blend(y, x []float32, keep float32) {
	k.scalars = [6]float32{keep, 1 - keep}
	k.apply(blendFlat, k.scalars[:], y, x)
}

// Step is what an optimiser's update takes besides its vectors. The gradient is Scale g + Decay w.
type Step struct {
	Rate, Momentum, Decay, Scale float32
	Rho, Epsilon                 float32 // of RMSProp
}

// SGD moves weights: v = m v + g, w -= rate v, or with Nesterov's look ahead w -= rate (g + m v).
func (k *Kernels) SGD(w, gradient, velocity []float32, s Step, nesterov bool) {
	kernel := sgd
	if nesterov {
		kernel = sgdNesterov
	}
	k.optimise(kernel, s, w, gradient, velocity)
}

// RMSProp moves weights in TensorFlow's form: s = rho s + (1 - rho) g^2, v = m v + rate g / sqrt(s + epsilon), w -= v.
func (k *Kernels) RMSProp(w, gradient, velocity, square []float32, s Step) {
	k.optimise(rmsprop, s, w, gradient, velocity, square)
}

func (k *Kernels) optimise(kernel flatKernel, s Step, vectors ...[]float32) {
	k.scalars = [6]float32{s.Rate, s.Momentum, s.Decay, s.Scale, s.Rho, s.Epsilon}
	k.apply(kernel, k.scalars[:], vectors...)
}
