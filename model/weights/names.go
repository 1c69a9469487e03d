package weights

import (
	"fmt"
	"slices"
	"strings"

	"gridsearch/internal/nearest"
	"gridsearch/model"
)

// Naming schemes of tensors.
const (
	Torchvision = "torchvision"
	Timm        = "timm"
)

// Names lists the naming schemes.
var Names = []string{Torchvision, Timm}

// namedLayer is a convolution or dense layer of a network with its names.
type namedLayer struct {
	model.Layer
	ours string // in package nn, like "block3.expand"
	name string // where it goes
	norm string // the batch norm after it; empty for none

	shift int // as in model.Block, where the layer has the block's stride
}

// part is a layer of a block: its name in package nn and in timm, and that of its batch norm in
// timm.
type part struct{ ours, timm, norm string }

// parts lists the layers of each kind of block, by model.Block.Kind, in the order of
// model.Architecture.Layers.
var parts = map[string]func(model.Block) []part{
	model.KindStem:         always(part{"conv", "conv_stem", "bn1"}),
	model.KindPool:         always(),
	model.KindHead:         always(part{"conv", "conv_head", "bn2"}, classifier),
	model.KindClassifier:   always(classifier),
	model.MBConv:           mbconv,
	model.InvertedResidual: mbconv,
	model.Separable: always(part{"depthwise", "conv_dw", "bn1"}, part{"pointwise", "conv_pw",
		"bn2"}),
	model.Conv:       always(part{"conv", "conv", "bn1"}),
	model.Basic:      residual(2),
	model.Bottleneck: residual(3),
}

var classifier = part{"classifier", "classifier", ""}

// always lists the parts of a kind of block whose parts are always the same.
func always(list ...part) func(model.Block) []part {
	return func(model.Block) []part { return list }
}

// mbconv names the layers of timm's InvertedResidual, and of its DepthwiseSeparable where there is
// no expansion.
func mbconv(b model.Block) []part {
	expand, depthwise, project := []part{{"expand", "conv_pw", "bn1"}}, part{"depthwise", "conv_dw",
		"bn2"}, part{"project", "conv_pwl", "bn3"}
	if b.Expanded == b.In {
		expand, depthwise, project = nil, part{"depthwise", "conv_dw", "bn1"},
			part{"project", "conv_pw", "bn2"}
	}
	list := append(expand, depthwise)
	if b.SEChannels > 0 {
		list = append(list, part{ours: "se.reduce", timm: "se.conv_reduce"},
			part{ours: "se.expand", timm: "se.conv_expand"})
	}
	return append(list, project)
}

// residual names the layers of both libraries' BasicBlock and Bottleneck, which have that many
// convolutions.
func residual(convolutions int) func(model.Block) []part {
	return func(b model.Block) []part {
		var list []part
		for i := range convolutions {
			conv := fmt.Sprintf("conv%d", i+1)
			list = append(list, part{conv, conv, fmt.Sprintf("bn%d", i+1)})
		}
		if b.Shortcut {
			list = append(list, part{"shortcut", "downsample.0", "downsample.1"})
		}
		return list
	}
}

// layers lists a network's layers in the order of execution, named by a naming scheme.
func layers(arch model.Architecture, names string) ([]namedLayer, error) {
	if !slices.Contains(Names, names) {
		return nil, fmt.Errorf("names %q are not known: did you mean %q?", names,
			nearest.Word(names, Names))
	}
	all, name := arch.Layers(), style(arch, names)
	var list []namedLayer
	for at, b := range arch.Blocks() {
		of := parts[b.Kind]
		if of == nil {
			return nil, fmt.Errorf("%s: layers of block %q have no names elsewhere", b.Name, b.Kind)
		}
		for i, p := range of(b) {
			if len(list) == len(all) {
				return nil, fmt.Errorf("%s: block %q has more names than layers", b.Name, b.Kind)
			}
			l := namedLayer{Layer: all[len(list)], ours: b.Name + "." + p.ours}
			l.name, l.norm = name(place{block: b, at: at, part: p, index: i, parts: len(of(b)),
				layer: l.Name})
			if !l.normalised() {
				l.norm = ""
			}
			if l.Kernel == b.Kernel && l.Stride == b.Stride {
				l.shift = b.Shift
			}
			list = append(list, l)
		}
	}
	return list, nil
}

// place is the position of a layer in its network.
type place struct {
	block        model.Block
	at           int // of the block among model.Architecture.Blocks
	part         part
	index, parts int    // which of the block's layers it is, of how many
	layer        string // its name as model.Layer
}

// style is how a library names the layers of a network and their batch norms. Networks that it has
// no class for are named like its EfficientNet.
func style(arch model.Architecture, names string) func(place) (layer, norm string) {
	switch {
	case arch.Head == 0 && only(arch, model.Basic, model.Bottleneck):
		return resNet
	case names == Timm:
		return timm
	case only(arch, model.InvertedResidual):
		return mobileNetV2
	}
	return efficientNet
}

// only reports whether all stages have blocks of these kinds.
func only(arch model.Architecture, kinds ...string) bool {
	return !slices.ContainsFunc(arch.Stages, func(s model.Stage) bool {
		return !slices.Contains(kinds, s.Block)
	})
}

// resNet is torchvision's ResNet, whose names timm shares.
func resNet(p place) (layer, norm string) {
	switch p.block.Kind {
	case model.KindStem:
		return "conv1", "bn1"
	case model.KindClassifier:
		return "fc", ""
	}
	prefix := fmt.Sprintf("layer%d.%d.", p.block.Stage, p.block.Repeat)
	return prefix + p.part.timm, prefix + p.part.norm
}

// timm names layers as timm's EfficientNet does, which is also the class of its MobileNets.
func timm(p place) (layer, norm string) {
	prefix := ""
	if slices.Contains(model.BlockKinds, p.block.Kind) {
		prefix = fmt.Sprintf("blocks.%d.%d.", p.block.Stage-1, p.block.Repeat)
	}
	return prefix + p.part.timm, prefix + p.part.norm
}

// mobileNetV2 names layers as torchvision's MobileNetV2 does: blocks are numbered consecutively; in
// a block, a convolution with an activation is a Sequential, and the last one is not.
func mobileNetV2(p place) (layer, norm string) {
	prefix := fmt.Sprintf("features.%d.", p.at)
	switch {
	case p.part == classifier:
		return p.layer, ""
	case p.block.Kind != model.InvertedResidual:
		return prefix + "0", prefix + "1"
	case p.index == p.parts-1:
		return fmt.Sprintf("%sconv.%d", prefix, p.index), fmt.Sprintf("%sconv.%d", prefix, p.index+1)
	}
	return fmt.Sprintf("%sconv.%d.0", prefix, p.index), fmt.Sprintf("%sconv.%d.1", prefix, p.index)
}

// efficientNet names layers as torchvision's EfficientNet does, like model.Layer: a convolution and
// its batch norm are neighbours in a Sequential.
func efficientNet(p place) (layer, norm string) {
	return p.layer, strings.TrimSuffix(p.layer, ".0") + ".1"
}

// Libraries lists the naming schemes whose library has a class for the network: a model of it loads
// the file strictly and computes the same.
func Libraries(arch model.Architecture) []string {
	symmetric := arch.Padding != model.Same
	headed := symmetric && !arch.Stem.Pool && arch.Head > 0
	resNet := symmetric && arch.Stem.Pool && arch.Head == 0 && (only(arch, model.Basic) ||
		only(arch, model.Bottleneck))
	switch {
	case headed && squeezed(arch) && activated(arch, model.SiLU),
		headed && only(arch, model.InvertedResidual) && activated(arch, model.ReLU6),
		resNet && activated(arch, model.ReLU):
		return []string{Torchvision, Timm}
	case resNet, !arch.Stem.Pool && only(arch, model.MBConv, model.InvertedResidual,
		model.Separable, model.Conv):
		return []string{Timm}
	}
	return nil
}

// squeezed reports whether all blocks are torchvision's MBConv, which always has squeeze-excite
// with ratio 0.25.
func squeezed(arch model.Architecture) bool {
	return only(arch, model.MBConv) && !slices.ContainsFunc(arch.Stages,
		func(s model.Stage) bool { return s.SERatio != .25 })
}

// activated reports whether all blocks have that activation.
func activated(arch model.Architecture, activation string) bool {
	return !slices.ContainsFunc(arch.Blocks(),
		func(b model.Block) bool { return b.Activation != activation })
}

// normalised reports whether the layer is followed by a batch norm and so has no bias.
func (l namedLayer) normalised() bool {
	return l.Type == model.TypeConv || l.Type == model.TypeDepthwise
}

// tensor is a parameter or statistic in a file. Shapes are PyTorch's: a convolution [out, in /
// groups, k, k], a dense layer [out, in], others [channels].
type tensor struct {
	ours  string // name in package nn
	name  string
	shape []int
}

// tensors lists the tensors of a layer and of its batch norm.
func (l namedLayer) tensors() []tensor {
	out := []int{l.OutChannels}
	weight := tensor{l.ours + ".weight", l.name + ".weight",
		[]int{l.OutChannels, l.InChannels / l.Groups, l.Kernel, l.Kernel}}
	if l.Type == model.TypeLinear {
		weight.shape = weight.shape[:2]
	}
	if !l.normalised() {
		return []tensor{weight, {l.ours + ".bias", l.name + ".bias", out}}
	}
	return []tensor{weight, {l.ours + ".bn.gamma", l.norm + ".weight", out},
		{l.ours + ".bn.beta", l.norm + ".bias", out},
		{l.ours + ".bn.mean", l.norm + ".running_mean", out}, {l.ours + ".bn.variance", l.norm +
			".running_var", out}}
}

// variance reports whether the tensor is the running variance of a batch norm.
func (t tensor) variance() bool { return strings.HasSuffix(t.ours, ".bn.variance") }

// batches is the name of PyTorch's counter of batches. It matters only if momentum is None: it is
// written as 0 and not read.
const batches = ".num_batches_tracked"
