// Package mbconv computes inverted bottlenecks (MBConv) with squeeze-excite, and blocks that lack
// some of their parts: expansion, depthwise convolution, gates and projection.
package mbconv

import (
	"gridsearch/internal/fused/depthwise"
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel/ops"
)

// Shape is the shape of an inverted bottleneck, or of a block that lacks some of its parts.
type Shape struct {
	In, Expanded, Out int // channels; there is no expansion where Expanded is In
	SEChannels        int // of squeeze-excite, 0 for none
	Kernel, Stride    int // of the depthwise convolution
	InSize, OutSize   int // sides of the maps
	Skip              bool
	Activation        ops.Activation
	// the activation follows the last batch norm too: a separable convolution, without expansion
	// and skip
	Activated bool
}

// Params are the parameters of a block; those of what the shape leaves out are empty. Layouts: 1x1
// convolutions [in, out], the depthwise one [kernel, kernel, channels].
type Params struct {
	Expand                             engine.Weight
	Depthwise                          engine.Weight
	Project                            engine.Weight
	ExpandNorm, DepthwiseNorm, OutNorm engine.NormParams
	Reduce, ReduceBias                 engine.Weight // of squeeze-excite
	Excite, ExciteBias                 engine.Weight
	// Drop fills in the factors of stochastic depth, one an example, for the step that begins; nil
	// for none.
	Drop func(factors []float32)
}

// Block is the inverted bottleneck with squeeze-excite.
type Block struct {
	*engine.Engine
	shape   Shape
	drop    func([]float32)
	passes  int       // parts of the batch that go through one after the other
	factors []float32 // of stochastic depth; nil for none

	expand    *engine.Expansion // nil for none
	depthwise *depthwise.Layer
	excite    *excite // nil for none
	project   *projection
}

// Supports reports whether there are kernels for the shape.
func Supports(s Shape) bool {
	return ops.HasDepthwise(s.Kernel, s.Stride) &&
		(s.SEChannels == 0 || s.Activation == ops.SiLU)
}

// New makes a block.
func New(e *engine.Engine, s Shape, p Params) *Block {
	m := &Block{Engine: e, shape: s, drop: p.Drop}
	if s.Expanded != s.In {
		m.expand = e.NewExpansion(p.Expand, p.ExpandNorm, s.In, s.Expanded)
		if s.InSize > 2 && (s.In <= engine.ImplicitLimit || !e.Training) {
			m.expand.MakeImplicit()
		}
	}
	conv := engine.ConvShape{In: s.Expanded, Out: s.Expanded, Kernel: s.Kernel, Stride: s.Stride,
		InSize: s.InSize, OutSize: s.OutSize, Activation: s.Activation}
	m.depthwise = depthwise.New(e, conv, p.Depthwise, p.DepthwiseNorm, m.expand)
	if s.SEChannels > 0 {
		m.excite = newExcite(e, s, p)
	}
	m.project = newProjection(e, s, p, m.depthwise, m.excite)
	return m
}

// Allocate implements engine.Block.
func (m *Block) Allocate(batch int) int {
	size := batch * m.shape.OutSize * m.shape.OutSize * m.shape.Out
	m.passes = m.Split(batch, m.shape.OutSize*m.shape.OutSize*m.shape.Expanded)
	batch /= m.passes
	if m.drop != nil {
		m.factors = make([]float32, batch)
	}
	if m.expand != nil {
		m.expand.Allocate(batch * m.shape.InSize * m.shape.InSize)
		m.ReserveWide(engine.Gradient, len(m.expand.Z))
	}
	m.depthwise.Allocate(batch)
	m.ReserveWide(engine.OtherGradient, len(m.depthwise.Z))
	if m.excite != nil {
		m.excite.allocate(batch)
	}
	m.project.allocate(batch)
	return size
}

// Forward implements engine.Block.
func (m *Block) Forward(y, x []float32) {
	m.InPasses(m.passes, y, x, m.forward)
}

func (m *Block) forward(y, x []float32) {
	if m.expand != nil {
		m.expand.Forward(x)
	}
	m.depthwise.Forward(x)
	m.project.forward()
	if m.factors != nil {
		m.drop(m.factors)
	}
	m.project.output(y, x, m.factors)
}

// Backward implements engine.Block.
func (m *Block) Backward(dx, dy, x, _ []float32) {
	m.project.backward(m.Wide[engine.OtherGradient], dy, m.factors)
	var residual []float32
	if m.shape.Skip {
		residual = dy
	}
	if m.expand == nil {
		m.depthwise.Backward(dx, m.Wide[engine.OtherGradient], x, residual)
		return
	}
	if m.expand.Implicit() {
		m.expand.Prepare()
		m.depthwise.Backward(dx, m.Wide[engine.OtherGradient], x, residual)
		m.expand.Finish(dx, x)
		return
	}
	m.depthwise.Backward(m.Wide[engine.Gradient], m.Wide[engine.OtherGradient], x, nil)
	m.expand.Backward(dx, m.Wide[engine.Gradient], x, residual)
}
