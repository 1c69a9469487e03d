package abi

// FlatKernel names a kernel on vectors of n floats, such as all parameters of a network.
type FlatKernel int

// The kernels on vectors: p0 to p3 are the operands RowArgs.P, s0 to s5 the scalars at RowArgs.Par.
const (
	AddFlat         FlatKernel = iota // p0 += p1
	ScaleFlat                         // p0 = s0 p1
	BlendFlat                         // p0 = s0 p0 + s1 p1
	SiLUFlat                          // p0 = silu(p1)
	SigmoidFlat                       // p0 = sigmoid(p1)
	SiLUBackward                      // p0 *= silu'(p1)
	SigmoidBackward                   // p0 *= p1 (1 - p1), where p1 is the sigmoid

	// The optimisers move weights p0 along gradients p1 with velocities p2 and, for RMSProp, mean
	// squares p3. Scalars: rate, momentum, weight decay, scale of the gradient, rho, epsilon.
	SGD
	SGDNesterov
	RMSProp

	FlatKernels // the number of kernels
)
