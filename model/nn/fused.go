package nn

import (
	"math"

	"gridsearch/internal/fused/conv"
	"gridsearch/internal/fused/ends"
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/fused/mbconv"
	"gridsearch/model/layer"
)

// weightOf is a parameter as the engine takes it; that of a missing one is empty.
func weightOf(p *layer.Param) engine.Weight {
	if p == nil {
		return engine.Weight{}
	}
	return engine.Weight{Value: p.Value, Grad: p.Grad}
}

// weightsOf are those of a layer that may be missing.
func weightsOf(l *layer.Pointwise) engine.Weight {
	if l == nil {
		return engine.Weight{}
	}
	return weightOf(l.Weight)
}

// normOf is a batch norm as the engine takes it; that of a missing one is empty.
func normOf(l *layer.Norm) engine.NormParams {
	if l == nil {
		return engine.NormParams{}
	}
	return engine.NormParams{Gamma: weightOf(l.Gamma), Beta: weightOf(l.Beta), Mean: l.Running.Mean,
		Variance: l.Running.Variance, Epsilon: l.Epsilon, Momentum: l.Momentum}
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

// fusedChain is the fused form of convolutions with batch norm behind them, with the projection of
// a shortcut that may be empty; nil where there is none.
func (m *maker) fusedChain(shortcut []layer.Layer, layers ...layer.Layer) layer.Layer {
	b, e := m.block, m.engine()
	shape := conv.ChainShape{Skip: b.Skip,
		Activation: layer.Activations[b.Activation].Fused}
	if e == nil || !conv.SupportsChain(shape) {
		return nil
	}
	if b.DropRate > 0 && m.settings.Training {
		shape.Drop = m.drop().Fill
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
func convolutions(layers []layer.Layer) (shapes []engine.ConvShape, params []conv.Params) {
	for i, l := range layers {
		var weight *layer.Param
		switch l := l.(type) {
		case *layer.Convolution:
			g := l.Geometry
			weight = l.Weight
			shapes = append(shapes, engine.ConvShape{In: g.InChannels, Out: g.OutChannels,
				Kernel: g.Kernel, Stride: g.Stride, InSize: g.InSize, OutSize: g.OutSize})
		case *layer.Pointwise:
			side := int(math.Sqrt(float64(l.Area)))
			weight = l.Weight
			shapes = append(shapes, engine.ConvShape{In: l.In, Out: l.Out, Kernel: 1, Stride: 1,
				InSize: side, OutSize: side})
		default:
			continue
		}
		params = append(params, conv.Params{Weight: weightOf(weight),
			Norm: normOf(layers[i+1].(*layer.Norm))})
	}
	return shapes, params
}
