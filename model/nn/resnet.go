package nn

import (
	"gridsearch/internal/plain"
	"gridsearch/model/layer"
)

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
func (m *maker) joined(layers ...layer.Layer) block {
	b := m.block
	sum := &layer.Residual{Chain: m.chain(layers...), In: b.InSize * b.InSize * b.In, Drop: m.drop()}
	var projection []layer.Layer
	if b.Shortcut {
		conv, bn := m.full("shortcut", plain.Conv{InSize: b.InSize, InChannels: b.In,
			OutSize: b.OutSize, OutChannels: b.Out, Kernel: 1, Stride: b.Stride}, 1)
		projection = []layer.Layer{conv, bn}
		c := m.chain(projection...)
		sum.Shortcut = &c
	}
	if l := m.fusedChain(projection, layers...); l != nil {
		return m.out(l)
	}
	return m.out(&layer.Chain{Layers: []layer.Layer{sum, m.activation(m.outputs())}, Scratch: m.outer})
}
