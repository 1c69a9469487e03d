// Package weights exchanges trained networks with other programs: safetensors files with the names
// and layouts of PyTorch's models, in both directions, and ONNX files.
//
// A parameter file is a safetensors file whose metadata describe the network, so that no other file
// is needed. For PyTorch it is a state dictionary that a model of that structure loads with
// strict=True.
//
// References:
//
//	[torchvision] torchvision/models/efficientnet.py, mobilenetv2.py and resnet.py; torchvision 0.29.2.
//	[timm]        timm/models/efficientnet.py and _efficientnet_blocks.py: InvertedResidual, DepthwiseSeparable, ConvBnAct; resnet.py; timm 1.0.31.
package weights

import (
	"fmt"

	"gridsearch/model"
	"gridsearch/model/layer"
)

// Network is a network with its weights.
type Network struct {
	Architecture model.Architecture
	Parameters   *layer.Parameters
	// of each channel of the images that it was trained on, pixels as 0..1; nil if not known
	Mean, Deviation []float32

	Prefix string // of all names in the file that it was read from, like "module."
}

// values finds the numbers of every parameter and statistic by its name in package nn.
func values(p *layer.Parameters) map[string][]float32 {
	all := map[string][]float32{}
	for _, q := range p.List {
		all[q.Name] = q.Value
	}
	for _, s := range p.Statistics {
		all[s.Name+".mean"], all[s.Name+".variance"] = s.Mean, s.Variance
	}
	return all
}

// Layouts. Package nn has the output channels last: a kernel is [k, k, in / groups, out] or, for k
// = 1, [in, out]. PyTorch has them first: [out, in / groups, k, k]. A vector is the same in both.

// order calls each with the index of every number in both layouts.
func (t tensor) order(each func(ours, theirs int)) {
	out, in, area := t.shape[0], 1, 1
	if len(t.shape) > 1 {
		in = t.shape[1]
	}
	for _, k := range t.shape[min(2, len(t.shape)):] {
		area *= k
	}
	for o := range out {
		for i := range in {
			for p := range area {
				each((p*in+i)*out+o, (o*in+i)*area+p)
			}
		}
	}
}

// export returns numbers of package nn in PyTorch's layout.
func (t tensor) export(ours []float32) []float32 {
	theirs := make([]float32, len(ours))
	t.order(func(o, at int) { theirs[at] = ours[o] })
	return theirs
}

// load copies numbers in PyTorch's layout to those of package nn.
func (t tensor) load(ours, theirs []float32) {
	t.order(func(o, at int) { ours[o] = theirs[at] })
}

// named lists all layers of the network, and the numbers of its parameters by name.
func (n Network) named(names string) ([]namedLayer, map[string][]float32, error) {
	list, err := layers(n.Architecture, names)
	if err != nil {
		return nil, nil, fmt.Errorf("write %s: %w", n.Architecture.Name, err)
	}
	return list, values(n.Parameters), nil
}
