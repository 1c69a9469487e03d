package fused

import "gridsearch/internal/kernel"

// excite is squeeze-excite: the gates of an image's channels, sigmoid(W2 silu(W1 mean + b1) + b2), from the means over its pixels. Images go through in
// groups; all tensors are rows of an image each.
type excite struct {
	*Engine
	reduce, expand *pointwise
	pad, squeezed  int // numbers of a row of each width

	mean, gates   []float32 // [batch, pad]; the means are collected here
	dgates, dmean []float32 // gradients; the first is collected here
	inner, hidden []float32 // [batch, squeezed]: before and behind SiLU
	dinner        []float32
}

func (e *Engine) excite(s MBConvShape, p MBConvParams) *excite {
	return &excite{Engine: e, pad: e.set.Pad(s.Expanded), squeezed: e.set.Pad(s.SEChannels),
		reduce: e.pointwise(p.Reduce, p.ReduceBias, s.Expanded, s.SEChannels),
		expand: e.pointwise(p.Excite, p.ExciteBias, s.SEChannels, s.Expanded)}
}

func (x *excite) allocate(batch int) {
	for _, s := range []*[]float32{&x.mean, &x.gates, &x.dgates, &x.dmean} {
		*s = kernel.Floats(batch * x.pad)
	}
	for _, s := range []*[]float32{&x.inner, &x.hidden, &x.dinner} {
		*s = kernel.Floats(batch * x.squeezed)
	}
}

// wide and narrow are the rows of n images from a first one on.
func (x *excite) wide(of []float32, first, n int) kernel.Matrix {
	return kernel.Dense(of[first*x.pad:][:n*x.pad], x.pad)
}

func (x *excite) narrow(of []float32, first, n int) kernel.Matrix {
	return kernel.Dense(of[first*x.squeezed:][:n*x.squeezed], x.squeezed)
}

func (x *excite) pack() {
	x.reduce.pack(x.workers[0].Kernels)
	x.expand.pack(x.workers[0].Kernels)
}

// forward makes the gates of n images of their means.
func (x *excite) forward(w *worker, first, n int) {
	inner, hidden, gates := x.narrow(x.inner, first, n), x.narrow(x.hidden, first, n), x.wide(x.gates, first, n)
	x.layer(w, x.reduce, inner, x.wide(x.mean, first, n), n)
	w.SiLU(hidden.Data, inner.Data)
	x.layer(w, x.expand, gates, hidden, n)
	w.Sigmoid(gates.Data, gates.Data)
}

// layer is a dense layer with its bias.
func (x *excite) layer(w *worker, p *pointwise, y, in kernel.Matrix, n int) {
	for i := range n {
		copy(y.Data[i*y.Stride:], p.bias.Value)
	}
	w.Product(y, in, p.forward, n, true)
}

// backward makes the gradients of the means of those of the gates, which it overwrites.
func (x *excite) backward(w *worker, first, n int) {
	dgates, dinner := x.wide(x.dgates, first, n), x.narrow(x.dinner, first, n)
	w.SigmoidBackward(dgates.Data, x.wide(x.gates, first, n).Data)
	x.expand.gradient(w, x.narrow(x.hidden, first, n), dgates, n)
	w.Product(dinner, dgates, x.expand.backward, n, false)
	w.SiLUBackward(dinner.Data, x.narrow(x.inner, first, n).Data)
	x.reduce.gradient(w, x.wide(x.mean, first, n), dinner, n)
	w.Product(x.wide(x.dmean, first, n), dinner, x.reduce.backward, n, false)
}

func (x *excite) collect() {
	x.reduce.collect(x.workers[0].Kernels)
	x.expand.collect(x.workers[0].Kernels)
}
