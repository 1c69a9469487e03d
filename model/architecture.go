// Package model describes convolutional networks as data: a stem, stages of blocks and a head,
// scaled in depth, width and resolution, with the exact cost of every layer.
//
// Building a network and counting its cost walk the same list, Blocks, so that what is trained is
// what was counted. The package depends neither on a search nor on a training library.
//
// References:
//
//	[effnet]  M. Tan, Q. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019. Table 1 is B0; equation 3 is the scaling.
//	[code]    The authors' code, efficientnet_builder.py, efficientnet_model.py and lite/: rounding rules, strides, squeeze-excite widths.
//	[tiny]    K. Han et al., Model Rubik's Cube: Twisting Resolution, Depth and Width for TinyNets, 2020, and its code, tinynet.py.
//	[mobile1] A. Howard et al., MobileNets, 2017, Table 1; activations and batch norm from its form in Keras.
//	[mobile2] M. Sandler et al., MobileNetV2, 2018, Table 2; batch norm and width multiplier from torchvision, mobilenetv2.py.
//	[mobile3] A. Howard et al., Searching for MobileNetV3, 2019, section 5.2: hard-swish.
//	[resnet]  K. He et al., Deep Residual Learning, 2015, Table 1; stride at the 3x3 convolution of a bottleneck and batch norm from torchvision, resnet.py.
package model

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// Architecture is a network as data, before any memory is allocated. Inputs are square, Pixels on a
// side.
type Architecture struct {
	Name       string  `json:"name,omitempty"`
	InChannels int     `json:"in_channels"`
	Pixels     int     `json:"pixels"`
	Classes    int     `json:"classes"`
	Stem       Stem    `json:"stem"`
	Stages     []Stage `json:"stages"`
	// channels of the 1x1 convolution before pooling; 0 for none
	Head int `json:"head"`
	// of stem, head and stages without one of their own; empty for SiLU
	Activation string  `json:"activation,omitempty"`
	Padding    string  `json:"padding,omitempty"` // one of Paddings; empty for Symmetric
	Dropout    float64 `json:"dropout"`           // rate before the classifier
	// stochastic depth: rate of the last block, rising linearly from 0 at the first
	DropConnect float64 `json:"drop_connect"`

	BatchNormEpsilon float64 `json:"batch_norm_epsilon"`
	// share of the old running statistics that is kept in a step
	BatchNormMomentum float64 `json:"batch_norm_momentum"`

	// Scaling of the network, which is not part of its identity: Width and Depth are coefficients
	// relative to the smallest network of its family, 0 where there is none.
	Width float64 `json:"-"`
	Depth float64 `json:"-"`
	Fixed Fixed   `json:"-"`
}

// Stem is the first convolution.
type Stem struct {
	Channels int  `json:"channels"`
	Kernel   int  `json:"kernel"`
	Stride   int  `json:"stride"`
	Pool     bool `json:"pool,omitempty"` // a 3x3 max pooling of stride 2 follows ([resnet])
}

// Stage is a sequence of equal blocks; the first has the stride, the others stride 1.
type Stage struct {
	Block string `json:"block"` // one of BlockKinds
	// of an MBConv: channels inside as a multiple of the input's; of a bottleneck: the output's as
	// a multiple of those inside; else 1
	Expansion int `json:"expansion"`
	Channels  int `json:"channels"` // of the output
	Kernel    int `json:"kernel"`
	Stride    int `json:"stride"`
	Repeats   int `json:"repeats"`
	// squeeze-excite channels of an MBConv as a share of the block's input; 0 for none
	SERatio    float64 `json:"se_ratio"`
	Activation string  `json:"activation,omitempty"` // empty for the network's
}

// Kinds of blocks that stages are made of: BlockKinds. Every convolution is followed by batch norm,
// and by an activation unless it is said to be linear.
const (
	// 1x1 expansion, depthwise, squeeze-excite, linear 1x1 projection; the input added where the
	// shape stays ([effnet])
	MBConv           = "mbconv"
	InvertedResidual = "inverted-residual" // the same without squeeze-excite ([mobile2])
	Separable        = "separable"         // depthwise, 1x1 ([mobile1])
	Conv             = "conv"              // one convolution
	// two convolutions, the second linear; the input added, then the activation ([resnet])
	Basic = "basic"
	// 1x1, convolution, linear 1x1; the input added, then the activation ([resnet])
	Bottleneck = "bottleneck"
)

// Names of the activations.
const (
	SiLU  = "silu"  // x * sigmoid(x)
	ReLU  = "relu"  // max(x, 0)
	ReLU6 = "relu6" // min(max(x, 0), 6)

	HardSwish = "hard-swish" // x min(max(x + 3, 0), 6) / 6 ([mobile3])
)

// Activations lists them.
var Activations = []string{SiLU, ReLU, ReLU6, HardSwish}

// Paddings of convolutions and poolings. They differ where the stride is 2 and the side of the map
// is even.
const (
	Symmetric = "symmetric" // (kernel-1)/2 rows and columns of zeros on all sides
	// TensorFlow's: as many as the last output needs, half of them in front, rounded down
	Same = "same"
)

// Paddings lists them.
var Paddings = []string{Symmetric, Same}

// Repeats lists the number of blocks of each stage.
func (a Architecture) Repeats() []int {
	return each(a.Stages, func(s Stage) int { return s.Repeats })
}

// Channels lists the output channels of the stem, of each stage and of the head's convolution if
// there is one.
func (a Architecture) Channels() []int {
	channels := append([]int{a.Stem.Channels},
		each(a.Stages, func(s Stage) int { return s.Channels })...)
	if a.Head > 0 {
		channels = append(channels, a.Head)
	}
	return channels
}

// FinalMap is the side of the feature map that is pooled.
func (a Architecture) FinalMap() int {
	blocks := a.Blocks()
	return blocks[len(blocks)-1].OutSize
}

// Key identifies the network: two architectures with the same key have the same layers. Names,
// regularisation and rounding rules are not part of it.
func (a Architecture) Key() string {
	own := cmp.Or(a.Activation, SiLU)
	network := map[string]any{
		"pixels": a.Pixels, "in_channels": a.InChannels, "stem": a.Stem, "head": a.Head,
		"classes":            a.Classes,
		"batch_norm_epsilon": a.BatchNormEpsilon, "batch_norm_momentum": a.BatchNormMomentum,
		"stages": each(a.Stages, func(s Stage) Stage {
			if s.Activation == own {
				s.Activation = ""
			}
			return s
		}),
	}
	if own != SiLU {
		network["activation"] = own
	}
	if a.Padding == Same {
		network["padding"] = Same
	}
	text, err := json.Marshal(network)
	if err != nil { // impossible but for an infinite or NaN ratio, which Validate refuses
		panic(fmt.Sprintf("model: %s cannot be written as JSON: %v", a.Name, err))
	}
	return string(text)
}

func ceilDiv(n, d int) int { return (n + d - 1) / d }

func each[T, U any](values []T, f func(T) U) []U {
	results := make([]U, len(values))
	for i, v := range values {
		results[i] = f(v)
	}
	return results
}
