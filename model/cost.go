package model

import "fmt"

// Cost is what a network costs for one image.
type Cost struct {
	// multiply-adds of convolutions and dense layers; no biases, batch norm, activations (the
	// paper's "FLOPS")
	MAdds int64 `json:"madds"`
	// trained parameters, batch norm's gamma and beta and biases included
	Params int64 `json:"params"`
	// elements of every convolution's output, squeeze-excite's included
	Activations int64 `json:"activations"`
}

// Layer is one convolution or dense layer. Params does not include the batch norm that may follow.
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
	Stage       int    `json:"-"` // as in Block
	norm        int64  // parameters of the batch norm after the layer
}

// Layer types.
const (
	TypeConv      = "conv"
	TypeDepthwise = "depthwise"
	TypeSE        = "se"
	TypeLinear    = "linear"
)

// Layers lists every convolution and dense layer in the order of execution, a block's shortcut
// last. Names are torchvision's for an EfficientNet, so that counts can be compared with it; other
// networks are named in the same style. It panics at an unknown kind of block, which Validate
// refuses, rather than count it as free.
func (a Architecture) Layers() []Layer {
	var layers []Layer
	for _, b := range a.Blocks() {
		c := counter{block: b, classes: a.Classes}
		k := kindOf(b.Kind)
		if k.count == nil {
			panic(fmt.Sprintf("model: %s: no counter for block %q", b.Name, b.Kind))
		}
		k.count(&c)
		layers = append(layers, c.layers...)
	}
	return layers
}

// counter lists the layers of one block.
type counter struct {
	block   Block
	classes int
	layers  []Layer
	next    int // of the parts of the block, which are numbered
}

func (c *counter) add(l Layer) {
	l.Stage = c.block.Stage
	c.layers = append(c.layers, l)
}

// part names the next part of the block.
func (c *counter) part() string {
	c.next++
	return fmt.Sprintf("features.%d.%d.block.%d", c.block.Stage, c.block.Repeat, c.next-1)
}

func (c *counter) stem() { c.full("features.0.0", c.block.In, c.block.Out) }

func (c *counter) head() {
	c.add(conv(fmt.Sprintf("features.%d.0", c.block.Stage), c.block.In, c.block.Out, 1, 1,
		c.block.InSize, c.block.OutSize))
	c.classifier()
}

func (c *counter) classifier() { c.add(linear("classifier.1", c.block.Out, c.classes)) }

// full is a convolution with the block's kernel and stride.
func (c *counter) full(name string, in, out int) {
	c.add(conv(name, in, out, c.block.Kernel, c.block.Stride, c.block.InSize, c.block.OutSize))
}

// pointwise is a 1x1 convolution on maps of size x size pixels.
func (c *counter) pointwise(in, out, size int) {
	c.add(conv(c.part()+".0", in, out, 1, 1, size, size))
}

func (c *counter) depthwise(channels int) {
	c.add(depthwise(c.part()+".0", channels, c.block.Kernel, c.block.Stride, c.block.InSize,
		c.block.OutSize))
}

func (c *counter) mbconv() {
	b := c.block
	if b.Expanded != b.In {
		c.pointwise(b.In, b.Expanded, b.InSize)
	}
	c.depthwise(b.Expanded)
	if b.SEChannels > 0 {
		se := c.part()
		c.add(squeeze(se+".fc1", b.Expanded, b.SEChannels))
		c.add(squeeze(se+".fc2", b.SEChannels, b.Expanded))
	}
	c.pointwise(b.Expanded, b.Out, b.OutSize)
}

func (c *counter) separable() {
	c.depthwise(c.block.In)
	c.pointwise(c.block.In, c.block.Out, c.block.OutSize)
}

func (c *counter) convolution() { c.full(c.part()+".0", c.block.In, c.block.Out) }

func (c *counter) basic() {
	b := c.block
	c.full(c.part()+".0", b.In, b.Expanded)
	c.add(conv(c.part()+".0", b.Expanded, b.Out, b.Kernel, 1, b.OutSize, b.OutSize))
	c.shortcut()
}

func (c *counter) bottleneck() {
	b := c.block
	c.pointwise(b.In, b.Expanded, b.InSize)
	c.full(c.part()+".0", b.Expanded, b.Expanded)
	c.pointwise(b.Expanded, b.Out, b.OutSize)
	c.shortcut()
}

func (c *counter) shortcut() {
	if b := c.block; b.Shortcut {
		c.add(conv(fmt.Sprintf("features.%d.%d.shortcut.0", b.Stage, b.Repeat), b.In, b.Out, 1,
			b.Stride, b.InSize, b.OutSize))
	}
}

func conv(name string, in, out, kernel, stride, inSize, outSize int) Layer {
	params := int64(kernel) * int64(kernel) * int64(in) * int64(out)
	return Layer{Name: name, Type: TypeConv, InChannels: in, OutChannels: out, Kernel: kernel,
		Stride: stride, Groups: 1,
		InHeight: inSize, InWidth: inSize, OutHeight: outSize, OutWidth: outSize,
		Params: params, MAdds: params * int64(outSize) * int64(outSize), norm: 2 * int64(out)}
}

func depthwise(name string, channels, kernel, stride, inSize, outSize int) Layer {
	l := conv(name, 1, channels, kernel, stride, inSize, outSize)
	l.Type, l.InChannels, l.Groups = TypeDepthwise, channels, channels
	return l
}

// squeeze is one of the two 1x1 convolutions of squeeze-excite: on the pooled map, with a bias,
// without batch norm.
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

// Cost sums the cost of all layers.
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

// wordBytes is the size of a stored number: float32.
const wordBytes = 4

// ParameterBytes is the memory of the trained parameters.
func (c Cost) ParameterBytes() int64 { return wordBytes * c.Params }

// TrainingBytes estimates the peak memory of training with that batch size: parameters, each with a
// gradient and one optimiser value, images, outputs of all convolutions and blocks, and the
// gradients of the input and output of the block with the largest ones. Fused blocks keep less of
// wide expansions, plain ones more.
func (a Architecture) TrainingBytes(batch int) int64 {
	c := a.Cost()
	kept, gradients := c.Activations, int64(0)
	for _, b := range a.Blocks() {
		in, out := elements(b.In, b.InSize), elements(b.Out, b.OutSize)
		kept, gradients = kept+in, max(gradients, in+out)
	}
	return 3*c.ParameterBytes() + wordBytes*int64(batch)*(kept+gradients)
}

func elements(channels, size int) int64 { return int64(channels) * int64(size) * int64(size) }
