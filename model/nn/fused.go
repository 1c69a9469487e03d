package nn

import (
	"math"

	"gridsearch/internal/fused/conv"
	"gridsearch/internal/fused/ends"
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/fused/mbconv"
)

// weightOf is a parameter as the engine takes it; that of a missing one is empty.
func weightOf(p *Param) engine.Weight {
	if p == nil {
		return engine.Weight{}
	}
	return engine.Weight{Value: p.Value, Grad: p.Grad}
}

// weightsOf are those of a layer that may be missing.
func weightsOf(l *pointwise) engine.Weight {
	if l == nil {
		return engine.Weight{}
	}
	return weightOf(l.weight)
}

// normOf is a batch norm as the engine takes it; that of a missing one is empty.
func normOf(l *norm) engine.NormParams {
	if l == nil {
		return engine.NormParams{}
	}
	return engine.NormParams{Gamma: weightOf(l.gamma), Beta: weightOf(l.beta), Mean: l.running.Mean,
		Variance: l.running.Variance, Epsilon: l.epsilon, Momentum: l.momentum}
}

// engine is the engine that computes the block, nil where there is none. It knows symmetric padding
// alone.
func (m *maker) engine() *engine.Engine {
	if m.err != nil || m.block.Shift != 0 {
		return nil
	}
	return m.fused
}

// fusedStem is the fused form of the stem; nil where there is none.
func (m *maker) fusedStem(weight *Param, bn *norm) layer {
	e, b := m.engine(), m.block
	if e == nil {
		return nil
	}
	return ends.NewStem(e, engine.ConvShape{In: b.In, Out: b.Out, Kernel: b.Kernel,
		Stride: b.Stride, InSize: b.InSize, OutSize: b.OutSize,
		Activation: activations[b.Activation].fused}, weightOf(weight), normOf(bn))
}

// fusedMaxPool is the fused form of max pooling; nil where there is none.
func (m *maker) fusedMaxPool() layer {
	e, b := m.engine(), m.block
	if e == nil {
		return nil
	}
	return ends.NewMaxPool(e, engine.ConvShape{In: b.In, Out: b.Out, Kernel: b.Kernel,
		Stride: b.Stride, InSize: b.InSize, OutSize: b.OutSize})
}

// fusedInvertedBottleneck is the fused form of an inverted bottleneck; nil where there is none.
func (m *maker) fusedInvertedBottleneck(p invertedBottleneck) layer {
	b := m.block
	shape := mbconv.Shape{In: b.In, Expanded: b.Expanded, Out: b.Out, SEChannels: b.SEChannels,
		Kernel: b.Kernel, Stride: b.Stride,
		InSize: b.InSize, OutSize: b.OutSize, Skip: b.Skip, Activation: activations[b.Activation].fused}
	e := m.engine()
	if e == nil || !mbconv.Supports(shape) {
		return nil
	}
	params := mbconv.Params{Expand: weightsOf(p.expand), ExpandNorm: normOf(p.expandNorm),
		Depthwise: weightOf(p.depthwise.weight), DepthwiseNorm: normOf(p.depthwiseNorm),
		Project: weightsOf(p.project), OutNorm: normOf(p.outNorm)}
	if p.excite != nil {
		reduce, expand := p.excite.reduce, p.excite.expand
		params.Reduce, params.ReduceBias = weightsOf(reduce), weightOf(reduce.bias)
		params.Excite, params.ExciteBias = weightsOf(expand), weightOf(expand.bias)
	}
	if b.DropRate > 0 && m.settings.training {
		params.Drop = m.drop().fill
	}
	return mbconv.New(e, shape, params)
}

// fusedSeparable is the fused form of a separable convolution; nil where there is none.
func (m *maker) fusedSeparable(depthwise *depthwise, depthwiseNorm *norm, pointwise *pointwise,
	pointwiseNorm *norm) layer {
	b := m.block
	shape := mbconv.Shape{In: b.In, Expanded: b.In, Out: b.Out, Kernel: b.Kernel, Stride: b.Stride,
		InSize: b.InSize, OutSize: b.OutSize,
		Activation: activations[b.Activation].fused, Activated: true}
	e := m.engine()
	if e == nil || !mbconv.Supports(shape) {
		return nil
	}
	return mbconv.New(e, shape, mbconv.Params{Depthwise: weightOf(depthwise.weight),
		DepthwiseNorm: normOf(depthwiseNorm),
		Project:       weightsOf(pointwise), OutNorm: normOf(pointwiseNorm)})
}

// fusedChain is the fused form of convolutions with batch norm behind them, with the projection of
// a shortcut that may be empty; nil where there is none.
func (m *maker) fusedChain(shortcut []layer, layers ...layer) layer {
	b, e := m.block, m.engine()
	shape := conv.ChainShape{Skip: b.Skip, Activation: activations[b.Activation].fused}
	if e == nil || !conv.SupportsChain(shape) {
		return nil
	}
	if b.DropRate > 0 && m.settings.training {
		shape.Drop = m.drop().fill
	}
	shapes, params := convolutions(layers)
	shape.Convs = shapes
	if len(shortcut) > 0 {
		projection, p := convolutions(shortcut)
		shape.Shortcut, params = &projection[0], append(params, p...)
	}
	return conv.NewChain(e, shape, params)
}

// convolutions are those among layers, each with the norm behind it.
func convolutions(layers []layer) (shapes []engine.ConvShape, params []conv.Params) {
	for i, l := range layers {
		var weight *Param
		switch l := l.(type) {
		case *convolution:
			g := l.geometry
			weight = l.weight
			shapes = append(shapes, engine.ConvShape{In: g.InChannels, Out: g.OutChannels,
				Kernel: g.Kernel, Stride: g.Stride, InSize: g.InSize, OutSize: g.OutSize})
		case *pointwise:
			side := int(math.Sqrt(float64(l.area)))
			weight = l.weight
			shapes = append(shapes, engine.ConvShape{In: l.in, Out: l.out, Kernel: 1, Stride: 1,
				InSize: side, OutSize: side})
		default:
			continue
		}
		params = append(params, conv.Params{Weight: weightOf(weight), Norm: normOf(layers[i+1].(*norm))})
	}
	return shapes, params
}
