package abi

// FlatKernel names a kernel on vectors of numbers.
type FlatKernel int

const (
	AddFlat FlatKernel = iota
	ScaleFlat
	BlendFlat
	SiLUFlat
	SigmoidFlat
	SiLUBackward
	SigmoidBackward
	SGD
	SGDNesterov
	RMSProp
	FlatKernels // their number
)
