package model

import (
	"cmp"
	"fmt"
)

// Block is one unit of a network, which a builder makes as a whole.
type Block struct {
	Name string // "stem", "pool", "block0", "block1", ..., "head"
	// "stem", "pool", a stage's block kind, "head" or, without a convolution, "classifier"
	Kind    string
	Stage   int // from 1; 0 for the stem and its pooling, the number of stages + 1 for the head
	Repeat  int // in its stage, from 0
	In, Out int // channels
	// channels inside a block of several convolutions; equal to In where an MBConv has no expansion
	Expanded   int
	SEChannels int // squeeze-excite width, 0 for none
	Kernel     int
	Stride     int
	InSize     int // side of the input map
	OutSize    int // side of the output map
	// rows and columns by which the padding before the convolution or pooling with the stride is
	// less than (Kernel-1)/2
	Shift      int
	Activation string
	Skip       bool    // the input is added to the output
	Shortcut   bool    // as a 1x1 convolution of it with batch norm: its shape is another one
	DropRate   float64 // probability that stochastic depth drops an example's residual
}

// Kinds of blocks that are not part of a stage.
const (
	KindStem       = "stem"
	KindPool       = "pool"
	KindHead       = "head"
	KindClassifier = "classifier"
)

// Blocks lists the stem, every block of every stage and the head, in order.
func (a Architecture) Blocks() []Block {
	activation := cmp.Or(a.Activation, SiLU)
	next := Block{Name: "stem", Kind: KindStem, In: a.InChannels, Out: a.Stem.Channels,
		Kernel: a.Stem.Kernel, Stride: a.Stem.Stride, InSize: a.Pixels, Activation: activation}
	var blocks []Block
	add := func(b Block) {
		b.OutSize = ceilDiv(b.InSize, b.Stride)
		if a.Padding == Same {
			b.Shift = (b.Kernel-1)/2 - max(0, (b.OutSize-1)*b.Stride+b.Kernel-b.InSize)/2
		}
		blocks = append(blocks, b)
		next = Block{In: b.Out, InSize: b.OutSize, Kernel: 1, Stride: 1, Activation: activation}
	}
	add(next)
	if a.Stem.Pool {
		next.Name, next.Kind, next.Out, next.Kernel, next.Stride = "pool", KindPool, next.In, 3, 2
		add(next)
	}
	index, total := 0, a.depth()
	for i, stage := range a.Stages {
		for repeat := range stage.Repeats {
			next.Name, next.Stage, next.Repeat = fmt.Sprintf("block%d", index), i+1, repeat
			b := stage.block(next)
			if b.Skip {
				// The official rule: block i of N is dropped with probability rate*i/N ([code],
				// drop_connect).
				b.DropRate = a.DropConnect * float64(index) / float64(total)
			}
			add(b)
			index++
		}
	}
	next.Name, next.Kind, next.Stage, next.Out = "head", KindHead, len(a.Stages)+1, a.Head
	if a.Head == 0 {
		next.Kind, next.Out = KindClassifier, next.In
	}
	add(next)
	return blocks
}

// depth counts the blocks of all stages.
func (a Architecture) depth() int {
	n := 0
	for _, stage := range a.Stages {
		n += stage.Repeats
	}
	return n
}

// block fills in what the stage defines of a block whose input and position are set.
func (s Stage) block(b Block) Block {
	b.Kind, b.Out, b.Kernel = s.Block, s.Channels, s.Kernel
	b.Activation = cmp.Or(s.Activation, b.Activation)
	if b.Repeat == 0 {
		b.Stride = s.Stride
	}
	if shape := kindOf(s.Block).shape; shape != nil {
		shape(&b, s)
	}
	if s.SERatio > 0 {
		// Relative to the block's input, not to the expanded width ([code], MBConvBlock).
		b.SEChannels = max(1, int(float64(b.In)*s.SERatio))
	}
	return b
}
