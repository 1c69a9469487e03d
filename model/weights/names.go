package weights

import (
	"fmt"
	"slices"
	"strings"

	"gridsearch/internal/nearest"
	"gridsearch/model"
)

// Names that tensors can go by.
const (
	Torchvision = "torchvision"
	Timm        = "timm"
)

// Names lists them.
var Names = []string{Torchvision, Timm}

// layer is a convolution or dense layer of a network with its names.
type layer struct {
	model.Layer
	ours string // in package nn, like "block3.expand"
	name string // where it goes
	norm string // the batch norm behind it; empty for none
}

// part is a layer of a block: its name in package nn, and in timm with the batch norm behind it.
type part struct{ ours, timm, norm string }

// parts lists the layers of each kind of block, by model.Block.Kind, in the order of model.Architecture.Layers. torchvision's names are those of that list.
var parts = map[string]func(model.Block) []part{
	"stem":       func(model.Block) []part { return []part{{"conv", "conv_stem", "bn1"}} },
	model.MBConv: mbconv,
	"head": func(model.Block) []part {
		return []part{{"conv", "conv_head", "bn2"}, {"classifier", "classifier", ""}}
	},
}

// mbconv names the layers of timm's InvertedResidual, and of its DepthwiseSeparable where there is no expansion.
func mbconv(b model.Block) []part {
	expand, depthwise, project := []part{{"expand", "conv_pw", "bn1"}}, part{"depthwise", "conv_dw", "bn2"}, part{"project", "conv_pwl", "bn3"}
	if b.Expanded == b.In {
		expand, depthwise, project = nil, part{"depthwise", "conv_dw", "bn1"}, part{"project", "conv_pw", "bn2"}
	}
	list := append(expand, depthwise)
	if b.SEChannels > 0 {
		list = append(list, part{ours: "se.reduce", timm: "se.conv_reduce"}, part{ours: "se.expand", timm: "se.conv_expand"})
	}
	return append(list, project)
}

// layers lists a network's layers in the order of execution with the names that are asked for.
func layers(arch model.Architecture, names string) ([]layer, error) {
	if !slices.Contains(Names, names) {
		return nil, fmt.Errorf("names %q are not known: did you mean %q?", names, nearest.Word(names, Names))
	}
	all, stages := arch.Layers(), places(arch)
	var list []layer
	for _, b := range arch.Blocks() {
		of := parts[b.Kind]
		if of == nil {
			return nil, fmt.Errorf("%s: layers of block %q have no names elsewhere", b.Name, b.Kind)
		}
		for _, p := range of(b) {
			if len(list) == len(all) {
				return nil, fmt.Errorf("%s: block %q has more names than layers", b.Name, b.Kind)
			}
			l := layer{Layer: all[len(list)], ours: b.Name + "." + p.ours}
			l.name, l.norm = torchvision(l.Name)
			if names == Timm {
				l.name, l.norm = stages[b.Name]+p.timm, stages[b.Name]+p.norm
			}
			if !l.normalised() {
				l.norm = ""
			}
			list = append(list, l)
		}
	}
	return list, nil
}

// places are the prefixes of timm's names, by model.Block.Name; none for stem and head.
func places(arch model.Architecture) map[string]string {
	prefixes := map[string]string{}
	for stage, repeats := range arch.Repeats() {
		for repeat := range repeats {
			prefixes[fmt.Sprintf("block%d", len(prefixes))] = fmt.Sprintf("blocks.%d.%d.", stage, repeat)
		}
	}
	return prefixes
}

// torchvision names a layer and the batch norm behind it: neighbours in a Sequential.
func torchvision(name string) (layer, norm string) {
	return name, strings.TrimSuffix(name, ".0") + ".1"
}

// normalised says whether a batch norm follows the layer, instead of a bias.
func (l layer) normalised() bool { return l.Type == model.TypeConv || l.Type == model.TypeDepthwise }

// tensor is what a file has for a parameter or a statistic. Shapes are PyTorch's: a convolution [out, in / groups, k, k], a dense layer [out, in], others
// [channels].
type tensor struct {
	ours  string // name in package nn
	name  string
	shape []int
}

// tensors lists the tensors of a layer and of the batch norm behind it.
func (l layer) tensors() []tensor {
	out := []int{l.OutChannels}
	weight := tensor{l.ours + ".weight", l.name + ".weight", []int{l.OutChannels, l.InChannels / l.Groups, l.Kernel, l.Kernel}}
	if l.Type == model.TypeLinear {
		weight.shape = weight.shape[:2]
	}
	if !l.normalised() {
		return []tensor{weight, {l.ours + ".bias", l.name + ".bias", out}}
	}
	return []tensor{weight, {l.ours + ".bn.gamma", l.norm + ".weight", out}, {l.ours + ".bn.beta", l.norm + ".bias", out},
		{l.ours + ".bn.mean", l.norm + ".running_mean", out}, {l.ours + ".bn.variance", l.norm + ".running_var", out}}
}

// batches is the counter that PyTorch keeps beside running statistics. It decides nothing unless their momentum is None: it is written as 0 and not read.
const batches = ".num_batches_tracked"
