package nn

import (
	"fmt"
	"math"

	"gridsearch/internal/plain"
	"gridsearch/internal/random"
	"gridsearch/model"
)

// block is a unit of the network that becomes one node of the graph, with one node for its gradient. Its work is a layer: a plain composition of simple
// ones, or, where the settings have an engine that knows the block, a fused form of the same with the same parameters in the same order. The plain one is
// the reference, and what other blocks run on.
type block struct {
	layer
	name   string
	shape  []int // of the output, without the batch
	params []*Param
}

// newBlocks makes the blocks of an architecture on its parameters, which are created on the way while they are open.
func newBlocks(arch model.Architecture, p *Parameters, s settings) ([]block, error) {
	memory := &scratch{}
	var blocks []block
	for _, m := range arch.Blocks() {
		build := kinds[m.Kind]
		if build == nil {
			return nil, fmt.Errorf("%s: block %q is not known: use %q", m.Name, m.Kind, model.MBConv)
		}
		b := &maker{arch: arch, block: m, parameters: p, settings: s, scratch: memory}
		blocks = append(blocks, build(b))
		if b.err != nil {
			return nil, b.err
		}
	}
	return blocks, p.unused(blocks)
}

// kinds are the blocks that can be built, by model.Block.Kind.
var kinds = map[string]func(*maker) block{"stem": (*maker).stem, model.MBConv: (*maker).mbconv, "head": (*maker).head}

// maker makes the layers of one block and notes the parameters that they use.
type maker struct {
	arch       model.Architecture
	block      model.Block
	parameters *Parameters
	settings   settings
	scratch    *scratch
	used       []*Param
	err        error // the first; the block is then of no use
}

// param finds or makes a parameter of the block; its name is that of the block and the given one.
func (m *maker) param(name string, decay bool, draw func(*random.Stream) float64, shape ...int) *Param {
	p, err := m.parameters.param(m.block.Name+"."+name, decay, draw, shape...)
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

func (m *maker) finish(l layer, shape ...int) block {
	return block{layer: l, name: m.block.Name, shape: shape, params: m.used}
}

func (m *maker) chain(layers ...layer) chain { return chain{layers: layers, scratch: m.scratch} }

func (m *maker) stem() block {
	b := m.block
	weight := m.param("conv.weight", true, normal(b.Kernel*b.Kernel*b.Out), b.Kernel, b.Kernel, b.In, b.Out)
	area := b.OutSize * b.OutSize
	bn := m.norm("conv", area, b.Out, 1)
	if e := m.settings.engine; e != nil && m.err == nil {
		return m.finish(m.fusedStem(e, weight, bn), b.OutSize, b.OutSize, b.Out)
	}
	conv := &convolution{weight: weight, geometry: plain.Conv{InSize: b.InSize, InChannels: b.In, OutSize: b.OutSize, OutChannels: b.Out, Kernel: b.Kernel, Stride: b.Stride}}
	c := m.chain(conv, bn, &silu{perExample: area * b.Out})
	return m.finish(&c, b.OutSize, b.OutSize, b.Out)
}

// bottleneck is the layers of a mobile inverted bottleneck with squeeze-excite that have parameters ([code], MBConvBlock).
type bottleneck struct {
	expand                             *pointwise // nil where there is no expansion
	depthwise                          *depthwise
	excite                             *excite // nil for none
	project                            *pointwise
	expandNorm, depthwiseNorm, outNorm *norm
}

func (m *maker) bottleneck() bottleneck {
	b := m.block
	in, out := b.InSize*b.InSize, b.OutSize*b.OutSize
	var p bottleneck
	if b.Expanded != b.In {
		p.expand, p.expandNorm = m.pointwise("expand", in, b.In, b.Expanded), m.norm("expand", in, b.Expanded, 1)
	}
	weight := m.param("depthwise.weight", true, normal(b.Kernel*b.Kernel), b.Kernel, b.Kernel, b.Expanded)
	p.depthwise = &depthwise{weight: weight, geometry: plain.Depthwise{InSize: b.InSize, OutSize: b.OutSize, Channels: b.Expanded, Kernel: b.Kernel, Stride: b.Stride}}
	p.depthwiseNorm = m.norm("depthwise", out, b.Expanded, 1)
	if b.SEChannels > 0 {
		p.excite = m.excite(out)
	}
	gamma := 1.
	if b.Skip && m.parameters.zero {
		gamma = 0
	}
	p.project, p.outNorm = m.pointwise("project", out, b.Expanded, b.Out), m.norm("project", out, b.Out, gamma)
	return p
}

func (m *maker) mbconv() block {
	b, p := m.block, m.bottleneck()
	if l := m.fusedBottleneck(p); l != nil {
		return m.finish(l, b.OutSize, b.OutSize, b.Out)
	}
	in, out := b.InSize*b.InSize, b.OutSize*b.OutSize
	var layers []layer
	if p.expand != nil {
		layers = append(layers, p.expand, p.expandNorm, &silu{perExample: in * b.Expanded})
	}
	layers = append(layers, p.depthwise, p.depthwiseNorm, &silu{perExample: out * b.Expanded})
	if p.excite != nil {
		layers = append(layers, p.excite)
	}
	c := m.chain(append(layers, p.project, p.outNorm)...)
	if !b.Skip {
		return m.finish(&c, b.OutSize, b.OutSize, b.Out)
	}
	return m.finish(&residual{chain: c, drop: m.drop()}, b.OutSize, b.OutSize, b.Out)
}

// drop is the block's stochastic depth.
func (m *maker) drop() dropPath {
	return dropPath{settings: m.settings, name: m.block.Name, rate: m.block.DropRate}
}

func (m *maker) pointwise(name string, area, in, out int) *pointwise {
	weight := m.param(name+".weight", true, normal(out), in, out)
	return &pointwise{weight: weight, area: area, in: in, out: out}
}

// norm is the batch norm behind the layer of that name.
func (m *maker) norm(name string, area, channels int, gamma float64) *norm {
	running, err := m.parameters.statistic(m.block.Name+"."+name+".bn", channels)
	m.fail(err)
	return &norm{
		gamma:   m.param(name+".bn.gamma", false, constant(gamma), channels),
		beta:    m.param(name+".bn.beta", false, constant(0), channels),
		running: running, epsilon: m.arch.BatchNormEpsilon, momentum: m.arch.BatchNormMomentum,
		training: m.settings.training, area: area, channels: channels,
	}
}

// excite is squeeze-excite on maps with area pixels.
func (m *maker) excite(area int) *excite {
	b := m.block
	reduce, expand := m.pointwise("se.reduce", 1, b.Expanded, b.SEChannels), m.pointwise("se.expand", 1, b.SEChannels, b.Expanded)
	reduce.bias = m.param("se.reduce.bias", false, constant(0), b.SEChannels)
	expand.bias = m.param("se.expand.bias", false, constant(0), b.Expanded)
	// The gate runs inside another chain's pass, so its scratch is its own.
	gate := chain{scratch: &scratch{}, layers: []layer{reduce, &silu{perExample: b.SEChannels}, expand}}
	return &excite{gate: gate, reduce: reduce, expand: expand, area: area, channels: b.Expanded}
}

// head is the last convolution with pooling, dropout and the classifier.
func (m *maker) head() block {
	b := m.block
	area, classes := b.OutSize*b.OutSize, m.arch.Classes
	conv := m.pointwise("conv", area, b.In, b.Out)
	bn := m.norm("conv", area, b.Out, 1)
	bound := 1 / math.Sqrt(float64(classes))
	dense := &pointwise{area: 1, in: b.Out, out: classes,
		weight: m.param("classifier.weight", true, uniform(bound), b.Out, classes),
		bias:   m.param("classifier.bias", false, constant(0), classes)}
	drop := &dropout{settings: m.settings, width: b.Out}
	c := m.chain(conv, bn, &silu{perExample: area * b.Out}, &globalMean{area: area, channels: b.Out}, drop, dense)
	if e := m.settings.engine; e != nil && m.err == nil {
		c = m.chain(fusedLayer{e.NewPool(weightOf(conv.weight), bn.fused(), b.In, b.Out, area)}, drop,
			fusedLayer{e.NewDense(weightOf(dense.weight), weightOf(dense.bias), b.Out, classes)})
	}
	return m.finish(&c, classes)
}
