package weights

import (
	"fmt"
	"slices"

	"gridsearch/internal/onnx"
	"gridsearch/model"
)

// Names of the graph's input and output: images are [batch, channels, pixels, pixels], normalised
// as in training.
const (
	ImagesName = "images"
	LogitsName = "logits"
)

// ONNX encodes the network for inference: batch norm with running statistics, no dropout.
func (n Network) ONNX() ([]byte, error) {
	list, values, err := n.named(Torchvision)
	if err != nil {
		return nil, err
	}
	text, err := n.describe(Torchvision)
	if err != nil {
		return nil, err
	}
	arch := n.Architecture
	d := &drawing{layers: list, values: values, epsilon: float32(arch.BatchNormEpsilon)}
	d.model = onnx.Model{
		Producer: "gridsearch", Name: "network", Metadata: map[string]string{metadataKey: text},
		Inputs: []onnx.Value{{Name: ImagesName, Shape: []int{arch.InChannels, arch.Pixels,
			arch.Pixels}}},
		Outputs: []onnx.Value{{Name: LogitsName, Shape: []int{arch.Classes}}},
	}
	x := ImagesName
	for _, b := range arch.Blocks() {
		draw := drawn[b.Kind]
		if draw == nil {
			return nil, fmt.Errorf("%s: block %q cannot be written as ONNX", b.Name, b.Kind)
		}
		x = draw(d, b, x)
	}
	return d.model.Encode(), nil
}

// drawing is an ONNX graph under construction.
type drawing struct {
	model   onnx.Model
	layers  []namedLayer // that are not drawn yet
	values  map[string][]float32
	epsilon float32 // of batch norm
}

// drawn adds the nodes of each kind of block after x and returns the name of its output. Each takes
// the layers that parts lists for it.
var drawn = map[string]func(d *drawing, b model.Block, x string) string{
	model.KindStem: (*drawing).activated, model.KindPool: (*drawing).pool,
	model.KindHead: (*drawing).head, model.KindClassifier: (*drawing).classifier,
	model.MBConv: (*drawing).mbconv, model.InvertedResidual: (*drawing).mbconv,
	model.Separable: (*drawing).separable, model.Conv: (*drawing).activated,
	model.Basic: (*drawing).residual, model.Bottleneck: (*drawing).residual,
}

// activated adds the next layer, a convolution, and its activation.
func (d *drawing) activated(b model.Block, x string) string { return d.activation(b, d.conv(x)) }

func (d *drawing) pool(b model.Block, x string) string {
	return d.node("MaxPool", b.Name, []string{x}, window(b.Kernel, b.Stride, b.Shift)...)
}

func (d *drawing) mbconv(b model.Block, x string) string {
	y := x
	if b.Expanded != b.In {
		y = d.activated(b, y)
	}
	y = d.activated(b, y)
	if b.SEChannels > 0 {
		gate := d.node("GlobalAveragePool", b.Name+".se.mean", []string{y})
		gate = d.activated(b, gate)
		gate = d.node("Sigmoid", b.Name+".se.gate", []string{d.conv(gate)})
		y = d.node("Mul", b.Name+".se.scaled", []string{y, gate})
	}
	y = d.conv(y)
	if b.Skip {
		y = d.node("Add", b.Name+".sum", []string{x, y})
	}
	return y
}

func (d *drawing) separable(b model.Block, x string) string {
	return d.activated(b, d.activated(b, x))
}

func (d *drawing) residual(b model.Block, x string) string {
	y := d.activated(b, x)
	if b.Kind == model.Bottleneck {
		y = d.activated(b, y)
	}
	y = d.conv(y)
	if b.Shortcut {
		x = d.conv(x)
	}
	return d.activation(b, d.node("Add", b.Name+".sum", []string{x, y}))
}

func (d *drawing) head(b model.Block, x string) string { return d.classifier(b, d.activated(b, x)) }

func (d *drawing) classifier(b model.Block, x string) string {
	y := d.node("GlobalAveragePool", b.Name+".mean", []string{x})
	y = d.node("Flatten", b.Name+".flat", []string{y})
	dense := d.next()
	return d.node("Gemm", LogitsName, append([]string{y}, d.weights(dense)...),
		onnx.Attribute{Name: "transB", Value: 1})
}

// next takes the next layer.
func (d *drawing) next() namedLayer {
	l := d.layers[0]
	d.layers = d.layers[1:]
	return l
}

// conv adds the next layer, a convolution, and its batch norm if it has one.
func (d *drawing) conv(x string) string {
	l := d.next()
	weights := d.weights(l)
	own := 1
	if l.norm == "" {
		own = 2
	}
	y := d.node("Conv", l.name, append([]string{x}, weights[:own]...),
		append(window(l.Kernel, l.Stride, l.shift), onnx.Attribute{Name: "group", Value: l.Groups})...)
	if l.norm == "" {
		return y
	}
	return d.node("BatchNormalization", l.norm, append([]string{y}, weights[own:]...),
		onnx.Attribute{Name: "epsilon", Value: d.epsilon})
}

// window is the attributes of a convolution's or pooling's window.
func window(kernel, stride, shift int) []onnx.Attribute {
	pad := (kernel - 1) / 2
	front := pad - shift
	return []onnx.Attribute{{Name: "kernel_shape", Value: []int{kernel, kernel}},
		{Name: "strides", Value: []int{stride, stride}},
		{Name: "pads", Value: []int{front, front, pad, pad}}}
}

// weights adds the tensors of a layer and returns their names: the kernel, then its bias, or scale,
// shift, mean and variance of the batch norm.
func (d *drawing) weights(l namedLayer) []string {
	var names []string
	for _, t := range l.tensors() {
		d.model.Weights = append(d.model.Weights, onnx.Tensor{Name: t.name, Shape: t.shape,
			Values: t.export(d.values[t.ours])})
		names = append(names, t.name)
	}
	return names
}

// drawnActivations adds each of model.Activations after x and returns the name of its output. SiLU
// is x times its sigmoid, as opset 17 has no operator for it.
var drawnActivations = map[string]func(d *drawing, x string) string{
	model.SiLU: func(d *drawing, x string) string {
		return d.node("Mul", x+".silu", []string{x, d.node("Sigmoid", x+".sigmoid", []string{x})})
	},
	model.ReLU: func(d *drawing, x string) string { return d.node("Relu", x+".relu", []string{x}) },
	model.ReLU6: func(d *drawing, x string) string {
		return d.node("Clip", x+".relu6", []string{x, d.scalar("zero", 0), d.scalar("six", 6)})
	},
	model.HardSwish: func(d *drawing, x string) string {
		return d.node("HardSwish", x+".hard_swish", []string{x})
	},
}

// activation adds the block's activation.
func (d *drawing) activation(b model.Block, x string) string {
	return drawnActivations[b.Activation](d, x)
}

// scalar adds a constant, once.
func (d *drawing) scalar(name string, value float32) string {
	if !slices.ContainsFunc(d.model.Weights, func(t onnx.Tensor) bool { return t.Name == name }) {
		d.model.Weights = append(d.model.Weights, onnx.Tensor{Name: name, Values: []float32{value}})
	}
	return name
}

func (d *drawing) node(operator, output string, inputs []string,
	attributes ...onnx.Attribute) string {
	d.model.Nodes = append(d.model.Nodes, onnx.Node{Operator: operator, Inputs: inputs,
		Output: output, Attributes: attributes})
	return output
}
