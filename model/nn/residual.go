package nn

import "gridsearch/internal/plain"

// residual adds its input, or a projection of it, to a chain's output, with stochastic depth.
type residual struct {
	chain
	shortcut *chain // the projection, of two layers; nil for the input itself
	in       int    // numbers of an example's input
	drop     dropPath
	factors  []float32 // one an example
	size     int
}

func (l *residual) allocate(batch int) int {
	l.factors = make([]float32, batch)
	l.size = l.chain.allocate(batch)
	if l.shortcut != nil {
		l.shortcut.allocate(batch)
		l.scratch.reserve(batch * l.in)
	}
	return l.size
}

func (l *residual) forward(y, x []float32) {
	l.chain.forward(y, x)
	l.drop.fill(l.factors)
	plain.ScaleExamples(y, y, l.factors, len(l.factors), l.size/len(l.factors))
	if l.shortcut != nil {
		projected := l.scratch.buffers[2][:l.size]
		l.shortcut.forward(projected, x)
		x = projected
	}
	plain.Add(y[:l.size], x)
}

// The chains' gradients are in the first two buffers, so the third holds what is beside them: first
// the scaled gradient, then that of the projection.
func (l *residual) backward(dx, dy, x, y []float32) {
	beside := l.scratch.buffers[2]
	plain.ScaleExamples(beside[:l.size], dy, l.factors, len(l.factors), l.size/len(l.factors))
	l.chain.backward(dx, beside[:l.size], x, y)
	if l.shortcut == nil {
		plain.Add(dx[:l.size], dy)
		return
	}
	in := beside[:len(l.factors)*l.in]
	l.shortcut.backward(in, dy, x, nil)
	plain.Add(dx[:len(in)], in)
}

// basic is the block of the smaller residual networks.
func (m *maker) basic() block {
	b := m.block
	first, firstNorm := m.full("conv1", m.geometry(b.In, b.Expanded), 1)
	second, secondNorm := m.full("conv2", plain.Conv{InSize: b.OutSize, InChannels: b.Expanded,
		OutSize: b.OutSize, OutChannels: b.Out, Kernel: b.Kernel, Stride: 1}, m.lastGamma())
	return m.joined(first, firstNorm, m.activation(b.OutSize*b.OutSize*b.Expanded), second, secondNorm)
}

// bottleneck is the block of the larger residual networks, which are narrow inside.
func (m *maker) bottleneck() block {
	b := m.block
	in, out := b.InSize*b.InSize, b.OutSize*b.OutSize
	first, firstNorm := m.pointwise("conv1", in, b.In, b.Expanded), m.norm("conv1", in, b.Expanded, 1)
	second, secondNorm := m.full("conv2", m.geometry(b.Expanded, b.Expanded), 1)
	third, thirdNorm := m.pointwise("conv3", out, b.Expanded, b.Out), m.norm("conv3", out, b.Out,
		m.lastGamma())
	return m.joined(first, firstNorm, m.activation(in*b.Expanded), second, secondNorm,
		m.activation(out*b.Expanded), third, thirdNorm)
}

// joined adds the block's input, projected where its shape is another one, to a chain of layers,
// and activates the sum.
func (m *maker) joined(layers ...layer) block {
	b := m.block
	sum := &residual{chain: m.chain(layers...), in: b.InSize * b.InSize * b.In, drop: m.drop()}
	var projection []layer
	if b.Shortcut {
		conv, bn := m.full("shortcut", plain.Conv{InSize: b.InSize, InChannels: b.In,
			OutSize: b.OutSize, OutChannels: b.Out, Kernel: 1, Stride: b.Stride}, 1)
		projection = []layer{conv, bn}
		c := m.chain(projection...)
		sum.shortcut = &c
	}
	if l := m.fusedChain(projection, layers...); l != nil {
		return m.out(l)
	}
	return m.out(&chain{layers: []layer{sum, m.activation(m.outputs())}, scratch: m.outer})
}
