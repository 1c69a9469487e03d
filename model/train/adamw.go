package train

import "math"

// adamW is AdamW: I. Loshchilov, F. Hutter, Decoupled Weight Decay Regularization, 2019, in the
// form of PyTorch's torch.optim.AdamW: the decay multiplies the weight and is not part of the
// moments; both moments start at 0, with bias correction.
func adamW(u update) {
	beta1, beta2 := u.option("beta1"), u.option("beta2")
	keep1, keep2 := float32(beta1), float32(beta2)
	new1, new2 := float32(1-beta1), float32(1-beta2)
	shrink, scale, epsilon := float32(1-u.rate*u.decay), float32(u.scale), float32(u.option("epsilon"))
	size := float32(u.rate / (1 - math.Pow(beta1, float64(u.number))))
	root := float32(1 / math.Sqrt(1-math.Pow(beta2, float64(u.number))))
	mean, square := u.state[0], u.state[1]
	for i, w := range u.value {
		g := scale * u.gradient[i]
		mean[i] = keep1*mean[i] + new1*g
		square[i] = keep2*square[i] + new2*g*g
		u.value[i] = shrink*w - size*mean[i]/(root*float32(math.Sqrt(float64(square[i])))+epsilon)
	}
}
