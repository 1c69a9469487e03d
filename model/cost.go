package model

import "fmt"

// Cost is what a network costs for one image.
type Cost struct {
	MAdds       int64 `json:"madds"`       // multiply-adds of convolutions and dense layers; no biases, batch norm, activations (the paper's "FLOPS")
	Params      int64 `json:"params"`      // trained parameters, batch norm's gamma and beta and biases included
	Activations int64 `json:"activations"` // elements of every convolution's output, squeeze-excite's included
}

// Layer is one convolution or dense layer. Params is without the batch norm that may follow.
type Layer struct {
	Name        string `json:"name"`
	Type        string `json:"type"` // "conv", "depthwise", "se" or "linear"
	InChannels  int    `json:"in_channels"`
	OutChannels int    `json:"out_channels"`
	Kernel      int    `json:"kernel"`
	Stride      int    `json:"stride"`
	Groups      int    `json:"groups"`
	InHeight    int    `json:"in_height"`
	InWidth     int    `json:"in_width"`
	OutHeight   int    `json:"out_height"`
	OutWidth    int    `json:"out_width"`
	Params      int64  `json:"params"`
	MAdds       int64  `json:"madds"`
	norm        int64  // parameters of the batch norm behind the layer
}

// Layer types.
const (
	TypeConv      = "conv"
	TypeDepthwise = "depthwise"
	TypeSE        = "se"
	TypeLinear    = "linear"
)

// Layers lists every convolution and dense layer in the order of execution. Names are torchvision's, so that counts can be held against it.
func (a Architecture) Layers() []Layer {
	var layers []Layer
	blocks := a.Blocks()
	stage, repeat := 0, 0
	for _, b := range blocks {
		switch b.Kind {
		case "stem":
			layers = append(layers, conv("features.0.0", b.In, b.Out, b.Kernel, b.Stride, b.InSize, b.OutSize))
		case "head":
			layers = append(layers,
				conv(fmt.Sprintf("features.%d.0", len(a.Stages)+1), b.In, b.Out, 1, 1, b.InSize, b.OutSize),
				linear("classifier.1", b.Out, a.Classes))
		default:
			for repeat == a.Stages[stage].Repeats {
				stage, repeat = stage+1, 0
			}
			layers = append(layers, b.mbconv(fmt.Sprintf("features.%d.%d.block", stage+1, repeat))...)
			repeat++
		}
	}
	return layers
}

// mbconv lists the layers of a mobile inverted bottleneck: expansion, depthwise, squeeze-excite, projection.
func (b Block) mbconv(prefix string) []Layer {
	var layers []Layer
	next := 0
	name := func(format string) string {
		next++
		return fmt.Sprintf("%s."+format, prefix, next-1)
	}
	if b.Expanded != b.In {
		layers = append(layers, conv(name("%d.0"), b.In, b.Expanded, 1, 1, b.InSize, b.InSize))
	}
	layers = append(layers, depthwise(name("%d.0"), b.Expanded, b.Kernel, b.Stride, b.InSize, b.OutSize))
	if b.SEChannels > 0 {
		se := name("%d")
		layers = append(layers, squeeze(se+".fc1", b.Expanded, b.SEChannels), squeeze(se+".fc2", b.SEChannels, b.Expanded))
	}
	return append(layers, conv(name("%d.0"), b.Expanded, b.Out, 1, 1, b.OutSize, b.OutSize))
}

func conv(name string, in, out, kernel, stride, inSize, outSize int) Layer {
	params := int64(kernel) * int64(kernel) * int64(in) * int64(out)
	return Layer{Name: name, Type: TypeConv, InChannels: in, OutChannels: out, Kernel: kernel, Stride: stride, Groups: 1,
		InHeight: inSize, InWidth: inSize, OutHeight: outSize, OutWidth: outSize,
		Params: params, MAdds: params * int64(outSize) * int64(outSize), norm: 2 * int64(out)}
}

func depthwise(name string, channels, kernel, stride, inSize, outSize int) Layer {
	l := conv(name, 1, channels, kernel, stride, inSize, outSize)
	l.Type, l.InChannels, l.Groups = TypeDepthwise, channels, channels
	return l
}

// squeeze is one of the two 1x1 convolutions of squeeze-excite: on the pooled map, with a bias, without batch norm.
func squeeze(name string, in, out int) Layer {
	l := conv(name, in, out, 1, 1, 1, 1)
	l.Type, l.Params, l.norm = TypeSE, l.Params+int64(out), 0
	return l
}

func linear(name string, in, out int) Layer {
	l := squeeze(name, in, out)
	l.Type = TypeLinear
	return l
}

// Cost adds up the layers.
func (a Architecture) Cost() Cost {
	var c Cost
	for _, l := range a.Layers() {
		c.MAdds += l.MAdds
		c.Params += l.Params + l.norm
		if l.Type != TypeLinear {
			c.Activations += int64(l.OutChannels) * int64(l.OutHeight) * int64(l.OutWidth)
		}
	}
	return c
}
