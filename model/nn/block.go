package nn

import (
	"math"

	"gridsearch/internal/kernel"
	"gridsearch/model"
)

// block is a unit of the network that becomes one node of the graph, with one node for its gradient. The plain composition of layers here is the
// reference for any faster form of the same block.
type block struct {
	layer
	name   string
	shape  []int // of the output, without the batch
	params []*Param
}

// newBlocks makes the blocks of an architecture on its parameters, which are created on the way if they do not exist.
func newBlocks(arch model.Architecture, p *Parameters, s settings) []block {
	memory := &scratch{}
	var blocks []block
	for _, m := range arch.Blocks() {
		b := maker{arch: arch, block: m, parameters: p, settings: s, scratch: memory}
		switch m.Kind {
		case "stem":
			blocks = append(blocks, b.stem())
		case "head":
			blocks = append(blocks, b.head())
		default:
			blocks = append(blocks, b.mbconv())
		}
	}
	return blocks
}

// maker makes the layers of one block and notes the parameters that they use.
type maker struct {
	arch       model.Architecture
	block      model.Block
	parameters *Parameters
	settings   settings
	scratch    *scratch
	used       []*Param
}

func (m *maker) use(p *Param) *Param {
	m.used = append(m.used, p)
	return p
}

func (m *maker) finish(l layer, shape ...int) block {
	return block{layer: l, name: m.block.Name, shape: shape, params: m.used}
}

func (m *maker) chain(layers ...layer) chain { return chain{layers: layers, scratch: m.scratch} }

func (m *maker) stem() block {
	b := m.block
	weight := m.use(m.parameters.param("stem.conv.weight", true, normal(b.Kernel*b.Kernel*b.Out), b.Kernel, b.Kernel, b.In, b.Out))
	conv := &convolution{weight: weight, geometry: kernel.Conv{InSize: b.InSize, InChannels: b.In, OutSize: b.OutSize, OutChannels: b.Out, Kernel: b.Kernel, Stride: b.Stride}}
	area := b.OutSize * b.OutSize
	c := m.chain(conv, m.norm("conv", area, b.Out, 1), &silu{perExample: area * b.Out})
	return m.finish(&c, b.OutSize, b.OutSize, b.Out)
}

// mbconv is the mobile inverted bottleneck with squeeze-excite ([code], MBConvBlock).
func (m *maker) mbconv() block {
	b := m.block
	in, out := b.InSize*b.InSize, b.OutSize*b.OutSize
	var layers []layer
	if b.Expanded != b.In {
		layers = append(layers, m.pointwise("expand", in, b.In, b.Expanded), m.norm("expand", in, b.Expanded, 1), &silu{perExample: in * b.Expanded})
	}
	weight := m.use(m.parameters.param(b.Name+".depthwise.weight", true, normal(b.Kernel*b.Kernel), b.Kernel, b.Kernel, b.Expanded))
	layers = append(layers,
		&depthwise{weight: weight, geometry: kernel.Depthwise{InSize: b.InSize, OutSize: b.OutSize, Channels: b.Expanded, Kernel: b.Kernel, Stride: b.Stride}},
		m.norm("depthwise", out, b.Expanded, 1), &silu{perExample: out * b.Expanded})
	if b.SEChannels > 0 {
		layers = append(layers, m.excite(out))
	}
	gamma := 1.
	if b.Skip && m.parameters.zero {
		gamma = 0
	}
	layers = append(layers, m.pointwise("project", out, b.Expanded, b.Out), m.norm("project", out, b.Out, gamma))
	c := m.chain(layers...)
	if !b.Skip {
		return m.finish(&c, b.OutSize, b.OutSize, b.Out)
	}
	return m.finish(&residual{chain: c, settings: m.settings, name: b.Name, rate: b.DropRate}, b.OutSize, b.OutSize, b.Out)
}

func (m *maker) pointwise(name string, area, in, out int) *pointwise {
	weight := m.use(m.parameters.param(m.block.Name+"."+name+".weight", true, normal(out), in, out))
	return &pointwise{weight: weight, area: area, in: in, out: out}
}

// norm is the batch norm behind the layer of that name.
func (m *maker) norm(name string, area, channels int, gamma float64) *norm {
	name = m.block.Name + "." + name + ".bn"
	return &norm{
		gamma:   m.use(m.parameters.param(name+".gamma", false, constant(gamma), channels)),
		beta:    m.use(m.parameters.param(name+".beta", false, constant(0), channels)),
		running: m.parameters.statistic(name, channels), epsilon: m.arch.BatchNormEpsilon, momentum: m.arch.BatchNormMomentum,
		training: m.settings.training, area: area, channels: channels,
	}
}

func (m *maker) excite(area int) *excite {
	b := m.block
	reduce, expand := m.pointwise("se.reduce", 1, b.Expanded, b.SEChannels), m.pointwise("se.expand", 1, b.SEChannels, b.Expanded)
	reduce.bias = m.use(m.parameters.param(b.Name+".se.reduce.bias", false, constant(0), b.SEChannels))
	expand.bias = m.use(m.parameters.param(b.Name+".se.expand.bias", false, constant(0), b.Expanded))
	// The gate runs inside another chain's pass, so its scratch is its own.
	gate := chain{scratch: &scratch{}, layers: []layer{&globalMean{area: area, channels: b.Expanded}, reduce, &silu{perExample: b.SEChannels}, expand}}
	return &excite{gate: gate, area: area, channels: b.Expanded}
}

// head is the last convolution with pooling, dropout and the classifier.
func (m *maker) head() block {
	b := m.block
	area, classes := b.OutSize*b.OutSize, m.arch.Classes
	conv := m.pointwise("conv", area, b.In, b.Out)
	bn := m.norm("conv", area, b.Out, 1)
	bound := 1 / math.Sqrt(float64(classes))
	dense := &pointwise{area: 1, in: b.Out, out: classes,
		weight: m.use(m.parameters.param("head.classifier.weight", true, uniform(bound), b.Out, classes)),
		bias:   m.use(m.parameters.param("head.classifier.bias", false, constant(0), classes))}
	c := m.chain(conv, bn, &silu{perExample: area * b.Out}, &globalMean{area: area, channels: b.Out}, &dropout{settings: m.settings, width: b.Out}, dense)
	return m.finish(&c, classes)
}
