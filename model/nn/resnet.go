package nn

import (
	"gridsearch/internal/plain"
	"gridsearch/model/layer"
)

// basic is the residual block of ResNet-18 and 34: two 3x3 convolutions.
func (m *maker) basic() block {
	b := m.block
	return m.residual(
		m.normedConv("conv1", m.geometry(b.In, b.Expanded), 1),
		m.normedConv("conv2", plain.Conv{InSize: b.OutSize, InChannels: b.Expanded,
			OutSize: b.OutSize, OutChannels: b.Out, Kernel: b.Kernel, Stride: 1}, m.lastGamma()))
}

// bottleneck is the residual block of ResNet-50 and larger: a convolution on few channels between
// two 1x1 convolutions.
func (m *maker) bottleneck() block {
	b := m.block
	return m.residual(
		m.normedPointwise("conv1", b.InSize, b.In, b.Expanded, 1),
		m.normedConv("conv2", m.geometry(b.Expanded, b.Expanded), 1),
		m.normedPointwise("conv3", b.OutSize, b.Expanded, b.Out, m.lastGamma()))
}

// residual adds the block's input, or a projection of it where the shape changes, to the output of
// convolutions with activations between them, and applies the activation to the sum.
func (m *maker) residual(convs ...normed) block {
	b := m.block
	var projection *normed
	if b.Shortcut {
		c := m.normedConv("shortcut", plain.Conv{InSize: b.InSize, InChannels: b.In,
			OutSize: b.OutSize, OutChannels: b.Out, Kernel: 1, Stride: b.Stride}, 1)
		projection = &c
	}
	if l := m.fusedChain(projection, convs...); l != nil {
		return m.out(l)
	}
	var layers []layer.Layer
	for i, c := range convs {
		if i > 0 {
			layers = append(layers, m.activation(convs[i-1].outputs()))
		}
		layers = append(layers, c.conv, c.norm)
	}
	sum := &layer.Residual{Chain: m.chain(layers...), In: b.InSize * b.InSize * b.In, Drop: m.drop()}
	if projection != nil {
		c := m.chain(projection.conv, projection.norm)
		sum.Shortcut = &c
	}
	return m.out(&layer.Chain{Layers: []layer.Layer{sum, m.activation(m.outputs())}, Scratch: m.outer})
}
