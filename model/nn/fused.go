package nn

import (
	"gridsearch/internal/fused/conv"
	"gridsearch/internal/fused/ends"
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/fused/mbconv"
	"gridsearch/internal/plain"
	"gridsearch/model/layer"
)

// weightOf is a parameter as the engine takes it, empty for nil.
func weightOf(p *layer.Param) engine.Weight {
	if p == nil {
		return engine.Weight{}
	}
	return engine.Weight{Value: p.Value, Grad: p.Grad}
}

// weightsOf is the weight of a layer as the engine takes it, empty for nil.
func weightsOf(l *layer.Pointwise) engine.Weight {
	if l == nil {
		return engine.Weight{}
	}
	return weightOf(l.Weight)
}

// normOf is a batch norm as the engine takes it, empty for nil.
func normOf(l *layer.Norm) engine.NormParams {
	if l == nil {
		return engine.NormParams{}
	}
	return engine.NormParams{Gamma: weightOf(l.Gamma), Beta: weightOf(l.Beta), Mean: l.Running.Mean,
		Variance: l.Running.Variance, Epsilon: l.Epsilon, Momentum: l.Momentum}
}

// engine is the engine that computes the block, or nil. It supports symmetric padding only.
func (m *maker) engine() *engine.Engine {
	if m.err != nil || m.block.Shift != 0 {
		return nil
	}
	return m.fused
}

// fusedStem is the fused form of the stem; nil where there is none.
func (m *maker) fusedStem(weight *layer.Param, bn *layer.Norm) layer.Layer {
	e, b := m.engine(), m.block
	if e == nil {
		return nil
	}
	return ends.NewStem(e, engine.ConvShape{In: b.In, Out: b.Out, Kernel: b.Kernel,
		Stride: b.Stride, InSize: b.InSize, OutSize: b.OutSize,
		Activation: layer.Activations[b.Activation].Fused}, weightOf(weight), normOf(bn))
}

// fusedMaxPool is the fused form of max pooling; nil where there is none.
func (m *maker) fusedMaxPool() layer.Layer {
	e, b := m.engine(), m.block
	if e == nil {
		return nil
	}
	return ends.NewMaxPool(e, engine.ConvShape{In: b.In, Out: b.Out, Kernel: b.Kernel,
		Stride: b.Stride, InSize: b.InSize, OutSize: b.OutSize})
}

// fusedInvertedBottleneck is the fused form of an inverted bottleneck; nil where there is none.
func (m *maker) fusedInvertedBottleneck(p invertedBottleneck) layer.Layer {
	b := m.block
	shape := mbconv.Shape{In: b.In, Expanded: b.Expanded, Out: b.Out, SEChannels: b.SEChannels,
		Kernel: b.Kernel, Stride: b.Stride,
		InSize: b.InSize, OutSize: b.OutSize, Skip: b.Skip,
		Activation: layer.Activations[b.Activation].Fused}
	e := m.engine()
	if e == nil || !mbconv.Supports(shape) {
		return nil
	}
	params := mbconv.Params{Expand: weightsOf(p.expand), ExpandNorm: normOf(p.expandNorm),
		Depthwise: weightOf(p.depthwise.Weight), DepthwiseNorm: normOf(p.depthwiseNorm),
		Project: weightsOf(p.project), OutNorm: normOf(p.outNorm)}
	if p.excite != nil {
		reduce, expand := p.excite.Reduce, p.excite.Expand
		params.Reduce, params.ReduceBias = weightsOf(reduce), weightOf(reduce.Bias)
		params.Excite, params.ExciteBias = weightsOf(expand), weightOf(expand.Bias)
	}
	if b.DropRate > 0 && m.settings.Training {
		params.Drop = m.drop().Fill
	}
	return mbconv.New(e, shape, params)
}

// fusedSeparable is the fused form of a separable convolution; nil where there is none.
func (m *maker) fusedSeparable(depthwise *layer.Depthwise, depthwiseNorm *layer.Norm,
	pointwise *layer.Pointwise, pointwiseNorm *layer.Norm) layer.Layer {
	b := m.block
	shape := mbconv.Shape{In: b.In, Expanded: b.In, Out: b.Out, Kernel: b.Kernel, Stride: b.Stride,
		InSize: b.InSize, OutSize: b.OutSize,
		Activation: layer.Activations[b.Activation].Fused, Activated: true}
	e := m.engine()
	if e == nil || !mbconv.Supports(shape) {
		return nil
	}
	return mbconv.New(e, shape, mbconv.Params{Depthwise: weightOf(depthwise.Weight),
		DepthwiseNorm: normOf(depthwiseNorm),
		Project:       weightsOf(pointwise), OutNorm: normOf(pointwiseNorm)})
}

// normed is a convolution followed by batch norm, as plain layers and as a fused chain takes it.
type normed struct {
	conv   layer.Layer
	weight *layer.Param
	norm   *layer.Norm
	shape  engine.ConvShape // without activation
}

// normedConv makes a k x k convolution followed by batch norm.
func (m *maker) normedConv(name string, g plain.Conv, gamma float64) normed {
	conv, bn := m.full(name, g, gamma)
	return normed{conv, conv.Weight, bn, engine.ConvShape{In: g.InChannels, Out: g.OutChannels,
		Kernel: g.Kernel, Stride: g.Stride, InSize: g.InSize, OutSize: g.OutSize}}
}

// normedPointwise makes a 1x1 convolution followed by batch norm, on maps of size x size pixels.
func (m *maker) normedPointwise(name string, size, in, out int, gamma float64) normed {
	conv := m.pointwise(name, size*size, in, out)
	return normed{conv, conv.Weight, m.norm(name, size*size, out, gamma), engine.ConvShape{In: in,
		Out: out, Kernel: 1, Stride: 1, InSize: size, OutSize: size}}
}

// outputs is the number of elements of an example's output.
func (c normed) outputs() int { return c.shape.OutSize * c.shape.OutSize * c.shape.Out }

// params are the parameters as a fused chain takes them.
func (c normed) params() conv.Params {
	return conv.Params{Weight: weightOf(c.weight), Norm: normOf(c.norm)}
}

// fusedChain is the fused form of consecutive convolutions, with the projection of a shortcut or
// nil; it returns nil where there is no fused form.
func (m *maker) fusedChain(shortcut *normed, convs ...normed) layer.Layer {
	b, e := m.block, m.engine()
	shape := conv.ChainShape{Skip: b.Skip,
		Activation: layer.Activations[b.Activation].Fused}
	if e == nil || !conv.SupportsChain(shape) {
		return nil
	}
	if b.DropRate > 0 && m.settings.Training {
		shape.Drop = m.drop().Fill
	}
	var params []conv.Params
	for _, c := range convs {
		shape.Convs, params = append(shape.Convs, c.shape), append(params, c.params())
	}
	if shortcut != nil {
		shape.Shortcut, params = &shortcut.shape, append(params, shortcut.params())
	}
	return conv.NewChain(e, shape, params)
}
