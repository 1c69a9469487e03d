package nn

import (
	"fmt"
	"math"
	"strings"

	"gridsearch/internal/fused/ends"
	"gridsearch/internal/fused/engine"
	"gridsearch/internal/plain"
	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/layer"
)

// block is a unit of the network that becomes one node of the graph, with one node for its
// gradient. Its layer is a composition of plain layers or, where the settings have an engine that
// supports the block, a fused form with the same parameters in the same order. The plain one is the
// reference implementation, and the fallback.
type block struct {
	layer.Layer
	name   string
	shape  []int // of the output, without the batch
	params []*layer.Param
}

// NewParameters creates the parameters of an architecture and initialises each with its own random
// stream, named by the seed and the parameter. The initialisers are the authors'
// (conv_kernel_initializer, dense_kernel_initializer): normal with variance 2 / fan_out for
// convolutions, where fan_out is k*k*out, and k*k for a depthwise one; uniform within
// 1/sqrt(classes) for the classifier. zeroResidual initialises the last gamma of every block with a
// skip to 0, so that the block starts as the identity. It is an error if the architecture cannot be
// built.
func NewParameters(arch model.Architecture, seed uint64,
	zeroResidual bool) (*layer.Parameters, error) {
	if err := arch.Validate(); err != nil {
		return nil, err
	}
	p := layer.MakeParameters(seed, zeroResidual)
	_, err := newBlocks(arch, p, layer.Settings{}, nil)
	p.Seal()
	return p, err
}

// newBlocks makes the blocks of an architecture on its parameters, which are created on the way
// while they are open.
func newBlocks(arch model.Architecture, p *layer.Parameters, s layer.Settings,
	e *engine.Engine) ([]block, error) {
	inner, outer := &layer.Scratch{}, &layer.Scratch{}
	var blocks []block
	for _, m := range arch.Blocks() {
		build := kinds[m.Kind]
		if build == nil {
			return nil, fmt.Errorf("%s: block %q is not known: use one of %s", m.Name, m.Kind,
				strings.Join(model.BlockKinds, ", "))
		}
		b := &maker{arch: arch, block: m, parameters: p, settings: s, fused: e,
			scratch: inner, outer: outer}
		blocks = append(blocks, build(b))
		if b.err != nil {
			return nil, b.err
		}
	}
	var used [][]*layer.Param
	for _, b := range blocks {
		used = append(used, b.params)
	}
	return blocks, p.Unused(used)
}

// kinds are the builders of all kinds of blocks, by model.Block.Kind.
var kinds = map[string]func(*maker) block{
	model.KindStem: (*maker).stem, model.KindPool: (*maker).pool, model.KindHead: (*maker).head,
	model.KindClassifier: (*maker).classifier,
	model.MBConv:         (*maker).mbconv, model.InvertedResidual: (*maker).mbconv,
	model.Separable: (*maker).separable, model.Conv: (*maker).conv,
	model.Basic: (*maker).basic, model.Bottleneck: (*maker).bottleneck,
}

// maker makes the layers of one block and collects the parameters that they use.
type maker struct {
	arch       model.Architecture
	block      model.Block
	parameters *layer.Parameters
	settings   layer.Settings
	fused      *engine.Engine // computes the blocks that it knows; nil for plain ones alone
	scratch    *layer.Scratch
	outer      *layer.Scratch // of chains that have chains among their layers
	used       []*layer.Param
	err        error // the first; the block is then of no use
}

// param finds or creates a parameter of the block, named block.name.
func (m *maker) param(name string, decay bool, draw func(*random.Stream) float64,
	shape ...int) *layer.Param {
	p, err := m.parameters.Param(m.block.Name+"."+name, decay, draw, shape...)
	m.fail(err)
	m.used = append(m.used, p)
	return p
}

// fail keeps the first error.
func (m *maker) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

func (m *maker) finish(l layer.Layer, shape ...int) block {
	return block{Layer: l, name: m.block.Name, shape: shape, params: m.used}
}

func (m *maker) chain(layers ...layer.Layer) layer.Chain {
	return layer.Chain{Layers: layers, Scratch: m.scratch}
}

// full makes a k x k convolution with its batch norm.
func (m *maker) full(name string, g plain.Conv, gamma float64) (*layer.Convolution, *layer.Norm) {
	weight := m.param(name+".weight", true, layer.Normal(g.Kernel*g.Kernel*g.OutChannels), g.Kernel,
		g.Kernel, g.InChannels, g.OutChannels)
	return &layer.Convolution{Weight: weight, Geometry: g}, m.norm(name, g.OutSize*g.OutSize,
		g.OutChannels, gamma)
}

// geometry is that of a convolution with the block's kernel and stride.
func (m *maker) geometry(in, out int) plain.Conv {
	b := m.block
	return plain.Conv{InSize: b.InSize, InChannels: in, OutSize: b.OutSize, OutChannels: out,
		Kernel: b.Kernel, Stride: b.Stride, Shift: b.Shift}
}

// activation is the block's activation of perExample numbers an example.
func (m *maker) activation(perExample int) layer.Layer {
	return &layer.Activation{Kind: layer.Activations[m.block.Activation], PerExample: perExample}
}

// out finishes a block whose output is a map.
func (m *maker) out(l layer.Layer) block {
	return m.finish(l, m.block.OutSize, m.block.OutSize, m.block.Out)
}

// outputs is the number of elements of the block's output.
func (m *maker) outputs() int { return m.block.OutSize * m.block.OutSize * m.block.Out }

func (m *maker) stem() block {
	conv, bn := m.full("conv", m.geometry(m.block.In, m.block.Out), 1)
	if l := m.fusedStem(conv.Weight, bn); l != nil {
		return m.out(l)
	}
	c := m.chain(conv, bn, m.activation(m.outputs()))
	return m.out(&c)
}

func (m *maker) pool() block {
	b := m.block
	if l := m.fusedMaxPool(); l != nil {
		return m.out(l)
	}
	return m.out(&layer.MaxPool{Geometry: plain.MaxPool{InSize: b.InSize, OutSize: b.OutSize,
		Channels: b.Out, Kernel: b.Kernel, Stride: b.Stride, Shift: b.Shift}})
}

func (m *maker) conv() block {
	conv := m.normedConv("conv", m.geometry(m.block.In, m.block.Out), 1)
	if l := m.fusedChain(nil, conv); l != nil {
		return m.out(l)
	}
	c := m.chain(conv.conv, conv.norm, m.activation(m.outputs()))
	return m.out(&c)
}

func (m *maker) separable() block {
	b := m.block
	area := b.OutSize * b.OutSize
	depthwise, depthwiseNorm := m.depthwise(b.In)
	pointwise, pointwiseNorm := m.pointwise("pointwise", area, b.In, b.Out),
		m.norm("pointwise", area, b.Out, 1)
	if l := m.fusedSeparable(depthwise, depthwiseNorm, pointwise, pointwiseNorm); l != nil {
		return m.out(l)
	}
	c := m.chain(depthwise, depthwiseNorm, m.activation(area*b.In), pointwise, pointwiseNorm,
		m.activation(m.outputs()))
	return m.out(&c)
}

// depthwise makes a depthwise convolution with its batch norm.
func (m *maker) depthwise(channels int) (*layer.Depthwise, *layer.Norm) {
	b := m.block
	weight := m.param("depthwise.weight", true, layer.Normal(b.Kernel*b.Kernel), b.Kernel, b.Kernel,
		channels)
	geometry := plain.Depthwise{InSize: b.InSize, OutSize: b.OutSize, Channels: channels,
		Kernel: b.Kernel, Stride: b.Stride, Shift: b.Shift}
	return &layer.Depthwise{Weight: weight, Geometry: geometry}, m.norm("depthwise",
		b.OutSize*b.OutSize, channels, 1)
}

// invertedBottleneck is the layers of a mobile inverted bottleneck with squeeze-excite that have
// parameters ([code], MBConvBlock).
type invertedBottleneck struct {
	expand                             *layer.Pointwise // nil where there is no expansion
	depthwise                          *layer.Depthwise
	excite                             *layer.Excite // nil for none
	project                            *layer.Pointwise
	expandNorm, depthwiseNorm, outNorm *layer.Norm
}

func (m *maker) invertedBottleneck() invertedBottleneck {
	b := m.block
	in, out := b.InSize*b.InSize, b.OutSize*b.OutSize
	var p invertedBottleneck
	if b.Expanded != b.In {
		p.expand, p.expandNorm = m.pointwise("expand", in, b.In, b.Expanded),
			m.norm("expand", in, b.Expanded, 1)
	}
	p.depthwise, p.depthwiseNorm = m.depthwise(b.Expanded)
	if b.SEChannels > 0 {
		p.excite = m.excite(out)
	}
	p.project, p.outNorm = m.pointwise("project", out, b.Expanded, b.Out),
		m.norm("project", out, b.Out, m.lastGamma())
	return p
}

// lastGamma is the initial value of the last gamma of a block.
func (m *maker) lastGamma() float64 {
	if m.block.Skip && m.parameters.ZeroResidual() {
		return 0
	}
	return 1
}

func (m *maker) mbconv() block {
	b, p := m.block, m.invertedBottleneck()
	if l := m.fusedInvertedBottleneck(p); l != nil {
		return m.out(l)
	}
	in, out := b.InSize*b.InSize, b.OutSize*b.OutSize
	var layers []layer.Layer
	if p.expand != nil {
		layers = append(layers, p.expand, p.expandNorm, m.activation(in*b.Expanded))
	}
	layers = append(layers, p.depthwise, p.depthwiseNorm, m.activation(out*b.Expanded))
	if p.excite != nil {
		layers = append(layers, p.excite)
	}
	c := m.chain(append(layers, p.project, p.outNorm)...)
	if !b.Skip {
		return m.out(&c)
	}
	return m.out(&layer.Residual{Chain: c, Drop: m.drop()})
}

// drop is the block's stochastic depth.
func (m *maker) drop() layer.DropPath {
	return layer.DropPath{Settings: m.settings, Name: m.block.Name, Rate: m.block.DropRate}
}

func (m *maker) pointwise(name string, area, in, out int) *layer.Pointwise {
	weight := m.param(name+".weight", true, layer.Normal(out), in, out)
	return &layer.Pointwise{Weight: weight, Area: area, In: in, Out: out}
}

// norm is the batch norm that follows the layer of that name.
func (m *maker) norm(name string, area, channels int, gamma float64) *layer.Norm {
	running, err := m.parameters.Statistic(m.block.Name+"."+name+".bn", channels)
	m.fail(err)
	return &layer.Norm{
		Gamma:   m.param(name+".bn.gamma", false, layer.Constant(gamma), channels),
		Beta:    m.param(name+".bn.beta", false, layer.Constant(0), channels),
		Running: running, Epsilon: m.arch.BatchNormEpsilon, Momentum: m.arch.BatchNormMomentum,
		Training: m.settings.Training, Area: area, Channels: channels,
	}
}

// excite is squeeze-excite on maps with area pixels.
func (m *maker) excite(area int) *layer.Excite {
	b := m.block
	reduce, expand := m.pointwise("se.reduce", 1, b.Expanded, b.SEChannels),
		m.pointwise("se.expand", 1, b.SEChannels, b.Expanded)
	reduce.Bias = m.param("se.reduce.bias", false, layer.Constant(0), b.SEChannels)
	expand.Bias = m.param("se.expand.bias", false, layer.Constant(0), b.Expanded)
	// The gate runs inside another chain's pass, so its scratch is its own.
	gate := layer.Chain{Scratch: &layer.Scratch{},
		Layers: []layer.Layer{reduce, m.activation(b.SEChannels), expand}}
	return &layer.Excite{Gate: gate, Reduce: reduce, Expand: expand, Area: area, Channels: b.Expanded}
}

// head is the last convolution with pooling, dropout and the classifier.
func (m *maker) head() block {
	b := m.block
	area := b.OutSize * b.OutSize
	conv := m.pointwise("conv", area, b.In, b.Out)
	bn := m.norm("conv", area, b.Out, 1)
	drop, dense := m.dense()
	if e := m.engine(); e != nil {
		c := m.chain(ends.NewPool(e, weightOf(conv.Weight), normOf(bn), b.In, b.Out,
			area, layer.Activations[b.Activation].Fused), drop,
			ends.NewDense(e, weightOf(dense.Weight), weightOf(dense.Bias), b.Out, m.arch.Classes))
		return m.finish(&c, m.arch.Classes)
	}
	c := m.chain(conv, bn, m.activation(area*b.Out),
		&layer.GlobalMean{Area: area, Channels: b.Out}, drop, dense)
	return m.finish(&c, m.arch.Classes)
}

// classifier is a head without a convolution.
func (m *maker) classifier() block {
	b := m.block
	drop, dense := m.dense()
	var last layer.Layer = dense
	if e := m.engine(); e != nil {
		last = ends.NewDense(e, weightOf(dense.Weight), weightOf(dense.Bias), b.Out, m.arch.Classes)
	}
	c := m.chain(&layer.GlobalMean{Area: b.OutSize * b.OutSize, Channels: b.Out}, drop, last)
	return m.finish(&c, m.arch.Classes)
}

// dense is the classifier on pooled maps, and the dropout before it.
func (m *maker) dense() (*layer.Dropout, *layer.Pointwise) {
	width, classes := m.block.Out, m.arch.Classes
	bound := 1 / math.Sqrt(float64(classes))
	dense := &layer.Pointwise{Area: 1, In: width, Out: classes,
		Weight: m.param("classifier.weight", true, layer.Uniform(bound), width, classes),
		Bias:   m.param("classifier.bias", false, layer.Constant(0), classes)}
	return &layer.Dropout{Settings: m.settings, Width: width}, dense
}
