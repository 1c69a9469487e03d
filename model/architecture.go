// Package model describes convolutional networks as data: a stem, stages of blocks and a head, scaled in depth, width and resolution, with the exact
// cost of every layer.
//
// One list, Blocks, is walked by whoever builds a network and by whoever counts it, so that what is trained and what is counted are the same.
// The package knows neither a search nor a training library.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019. Table 1 is B0; equation 3 is the scaling.
//	[code]   The authors' code, efficientnet_builder.py and efficientnet_model.py: rounding rules, strides, squeeze-excite widths.
package model

import (
	"encoding/json"
	"fmt"
)

// Architecture is a network before anything is allocated for it. Inputs are square, Pixels on a side.
type Architecture struct {
	Name        string  `json:"name,omitempty"`
	InChannels  int     `json:"in_channels"`
	Pixels      int     `json:"pixels"`
	Classes     int     `json:"classes"`
	Stem        Stem    `json:"stem"`
	Stages      []Stage `json:"stages"`
	Head        int     `json:"head"`         // channels of the 1x1 convolution before pooling
	Dropout     float64 `json:"dropout"`      // rate before the classifier
	DropConnect float64 `json:"drop_connect"` // stochastic depth: rate of the last block, rising linearly from 0 at the first

	BatchNormEpsilon  float64 `json:"batch_norm_epsilon"`
	BatchNormMomentum float64 `json:"batch_norm_momentum"` // share of the old running statistics that is kept in a step
}

// Stem is the first convolution.
type Stem struct {
	Channels int `json:"channels"`
	Kernel   int `json:"kernel"`
	Stride   int `json:"stride"`
}

// Stage is a row of equal blocks; the first has the stride, the others stride 1.
type Stage struct {
	Block     string  `json:"block"`     // kind of block: "mbconv"
	Expansion int     `json:"expansion"` // channels inside a block, as a multiple of its input's
	Channels  int     `json:"channels"`  // of the output
	Kernel    int     `json:"kernel"`
	Stride    int     `json:"stride"`
	Repeats   int     `json:"repeats"`
	SERatio   float64 `json:"se_ratio"` // squeeze-excite channels as a share of the block's input; 0 for none
}

// MBConv is the mobile inverted bottleneck with squeeze-excite, the only kind of block so far.
const MBConv = "mbconv"

// Block is one unit of a network: what a builder makes in one piece.
type Block struct {
	Name       string // "stem", "block0", "block1", ..., "head"
	Kind       string // "stem", a stage's block kind, or "head"
	In, Out    int    // channels
	Expanded   int    // channels between an MBConv's expansion and projection; equal to In when there is no expansion
	SEChannels int    // squeeze-excite width, 0 for none
	Kernel     int
	Stride     int
	InSize     int     // side of the input map
	OutSize    int     // side of the output map
	Skip       bool    // the input is added to the output
	DropRate   float64 // probability that stochastic depth drops an example's residual
}

// Blocks lists the stem, every block of every stage and the head, in order.
func (a Architecture) Blocks() []Block {
	size := ceilDiv(a.Pixels, a.Stem.Stride)
	blocks := []Block{{Name: "stem", Kind: "stem", In: a.InChannels, Out: a.Stem.Channels, Kernel: a.Stem.Kernel, Stride: a.Stem.Stride, InSize: a.Pixels, OutSize: size}}
	in, total, index := a.Stem.Channels, a.depth(), 0
	for _, stage := range a.Stages {
		for repeat := range stage.Repeats {
			b := stage.block(in, size, repeat)
			b.Name = fmt.Sprintf("block%d", index)
			if b.Skip {
				// The official rule: block i of N is dropped with probability rate*i/N ([code], drop_connect).
				b.DropRate = a.DropConnect * float64(index) / float64(total)
			}
			blocks = append(blocks, b)
			in, size, index = b.Out, b.OutSize, index+1
		}
	}
	return append(blocks, Block{Name: "head", Kind: "head", In: in, Out: a.Head, Kernel: 1, Stride: 1, InSize: size, OutSize: size})
}

// depth counts the blocks of all stages.
func (a Architecture) depth() int {
	n := 0
	for _, stage := range a.Stages {
		n += stage.Repeats
	}
	return n
}

func (s Stage) block(in, size, repeat int) Block {
	stride := 1
	if repeat == 0 {
		stride = s.Stride
	}
	b := Block{Kind: s.Block, In: in, Out: s.Channels, Expanded: in * s.Expansion, Kernel: s.Kernel, Stride: stride, InSize: size, OutSize: ceilDiv(size, stride)}
	b.Skip = stride == 1 && in == s.Channels
	if s.SERatio > 0 {
		// Relative to the block's input, not to the expanded width ([code], MBConvBlock).
		b.SEChannels = max(1, int(float64(in)*s.SERatio))
	}
	return b
}

// Repeats lists the number of blocks of each stage.
func (a Architecture) Repeats() []int {
	return each(a.Stages, func(s Stage) int { return s.Repeats })
}

// Channels lists the output channels of the stem, of each stage and of the head.
func (a Architecture) Channels() []int {
	channels := append([]int{a.Stem.Channels}, each(a.Stages, func(s Stage) int { return s.Channels })...)
	return append(channels, a.Head)
}

// FinalMap is the side of the feature map that is pooled.
func (a Architecture) FinalMap() int {
	blocks := a.Blocks()
	return blocks[len(blocks)-1].OutSize
}

// Key identifies the network: two architectures with one key have the same layers. Names and regularisation stay out.
func (a Architecture) Key() string {
	text, err := json.Marshal(map[string]any{
		"pixels": a.Pixels, "in_channels": a.InChannels, "stem": a.Stem, "stages": a.Stages, "head": a.Head, "classes": a.Classes,
		"batch_norm_epsilon": a.BatchNormEpsilon, "batch_norm_momentum": a.BatchNormMomentum,
	})
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
