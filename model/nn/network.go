// Package nn builds the networks of package model as Gorgonia graphs: one node for each block and
// one for its gradient.
//
// A network is a chain of blocks: fused ones, or compositions of the layers of package layer.
// Networks made from one Parameters share the weights: a trainer writes gradients beside them, an
// optimiser moves them, an evaluator reads them.
package nn

import (
	"fmt"

	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel"
	"gridsearch/internal/kernel/thread"
	"gridsearch/internal/plain"
	"gridsearch/model"
	"gridsearch/model/graph"
	"gridsearch/model/layer"
)

// Options of a network. Seed and LabelSmoothing count in training alone.
type Options struct {
	Batch          int         // images of a step, 1 or more
	Seed           uint64      // of dropout and stochastic depth
	LabelSmoothing float64     // share of the target that is spread evenly over the classes
	Threads        int         // 0 for one; the bits of a result depend on it
	Kernels        *kernel.Set // nil: this process's set
	Plain          bool        // compose all blocks of plain layers: slow, and obviously right
}

// engine makes the engine that the options ask for, or nil.
func (o Options) engine(training bool) (*engine.Engine, error) {
	if o.Plain {
		return nil, nil
	}
	set := o.Kernels
	if set == nil {
		var err error
		if set, err = kernel.Chosen(); err != nil {
			return nil, err
		}
	}
	return engine.New(&set.Set, o.Threads, training), nil
}

// Network is a compiled network for a fixed batch size. It is not safe for concurrent use.
type Network struct {
	program *graph.Program
	images  []float32
	labels  []int32
	logits  []float32
	last    []float32 // input of the last block, which pools it
	clock   *layer.Clock
	loss    *lossBlock
	engine  *engine.Engine // nil for none
	read    bool           // an evaluator's engine has read the parameters
}

// NewTrainer builds a network whose steps compute the loss and the gradient of every parameter.
// Dropout and stochastic depth are the architecture's. It is an error if the parameters are those
// of another architecture.
func NewTrainer(arch model.Architecture, p *layer.Parameters, o Options) (*Network, error) {
	return newNetwork(arch, p, o, layer.Settings{Training: true, Seed: o.Seed, Dropout: arch.Dropout,
		Smoothing: float32(o.LabelSmoothing)})
}

// NewEvaluator builds a network whose steps compute the logits with the running statistics of batch
// norm, without dropout. It reads the parameters at its first step, and again at the first step
// after Refresh.
func NewEvaluator(arch model.Architecture, p *layer.Parameters, o Options) (*Network, error) {
	return newNetwork(arch, p, o, layer.Settings{})
}

func newNetwork(arch model.Architecture, p *layer.Parameters, o Options,
	s layer.Settings) (*Network, error) {
	batch := o.Batch
	if batch < 1 {
		return nil, fmt.Errorf("build %s: the batch must be 1 or more, not %d", arch.Name, batch)
	}
	s.Clock = &layer.Clock{}
	e, err := o.engine(s.Training)
	if err != nil {
		return nil, err
	}
	n, err := compile(arch, p, batch, s, e)
	if err != nil {
		if e != nil {
			e.Close()
		}
		return nil, fmt.Errorf("build %s: %w", arch.Name, err)
	}
	return n, nil
}

// compile makes the blocks of a network and its graph.
func compile(arch model.Architecture, p *layer.Parameters, batch int, s layer.Settings,
	e *engine.Engine) (*Network, error) {
	blocks, err := newBlocks(arch, p, s, e)
	if err != nil {
		return nil, err
	}
	n := &Network{clock: s.Clock, engine: e,
		images: make([]float32, batch*arch.Pixels*arch.Pixels*arch.InChannels),
		labels: make([]int32, batch), logits: make([]float32, batch*arch.Classes)}
	if s.Training {
		n.loss = &lossBlock{labels: n.labels, classes: arch.Classes, smoothing: s.Smoothing,
			prob: make([]float32, batch*arch.Classes)}
	}
	n.program, err = graph.Build(func(b *graph.Builder) (*graph.Node, []*graph.Node) {
		images := b.Input("images", n.images, batch, arch.Pixels, arch.Pixels, arch.InChannels)
		return n.connect(b, images, blocks, p)
	})
	return n, err
}

// connect makes a chain of nodes from the blocks, followed in training by the loss. It returns the
// last node and the nodes by which it is differentiated.
func (n *Network) connect(b *graph.Builder, value *graph.Node, blocks []block,
	p *layer.Parameters) (last *graph.Node, wrt []*graph.Node) {
	// of the blocks' inputs, in turn: each is read by the preceding block only
	var gradients [2]buffer
	var outputs [2]buffer // in evaluation, where each is read by the next block only
	for i := range blocks {
		w := wiring{block: &blocks[i], batch: len(n.labels), first: i == 0, gradients: &gradients[i%2]}
		w.values, w.grads = p.Memory(w.block.params)
		if i == len(blocks)-1 {
			w.output = n.logits
		} else if n.loss == nil {
			w.outputs = &outputs[i%2]
		}
		var params *graph.Node
		value, params = w.node(b, value)
		if i == len(blocks)-2 {
			n.last = w.output
		}
		if params != nil {
			wrt = append(wrt, params)
		}
	}
	if n.loss == nil {
		return value, nil
	}
	return n.loss.node(b, value), wrt
}

// Images is the input [batch, pixels, pixels, channels], to be written before a step.
func (n *Network) Images() []float32 { return n.images }

// Labels are the classes of the batch, to be written before a training step.
func (n *Network) Labels() []int32 { return n.labels }

// Logits are the outputs [batch, classes] of the last step.
func (n *Network) Logits() []float32 { return n.logits }

// Batch is the number of images of a step.
func (n *Network) Batch() int { return len(n.labels) }

// Step computes the network once. In training it returns the mean loss, fills the gradient of every
// parameter and moves the running statistics; the number of the step decides the random masks.
func (n *Network) Step(step int) (loss float64, err error) {
	n.clock.Step = step
	if n.engine != nil {
		n.engine.Moved(!n.read)
	}
	if err := n.program.Run(); err != nil {
		return 0, err
	}
	if n.loss == nil {
		n.read = true
		return 0, nil
	}
	return n.loss.value, nil
}

// Refresh makes an evaluator read the parameters again after they have changed.
func (n *Network) Refresh() { n.read = false }

// Nodes counts the nodes of the graph by kind: "forward", "backward", "gradient".
func (n *Network) Nodes() map[string]int { return n.program.Count() }

// Close frees the graph and ends the threads; the network cannot run again.
func (n *Network) Close() error {
	if n.engine != nil {
		n.engine.Close()
	}
	return n.program.Close()
}

// wiring makes a block a node of the graph.
type wiring struct {
	block  *block
	batch  int
	first  bool // the input is data and has no gradient
	output []float32

	// of the block's parameters: one input of the graph, as a node costs more than a small layer
	values, grads []float32
	gradients     *buffer // that of the block's input is written there
	outputs       *buffer // where output is, if it is nil; nil for memory of its own
}

// buffer is memory that several nodes write to in turn.
type buffer struct{ data []float32 }

// reserve grows the buffer to n floats and returns them. A nil buffer allocates memory for one
// node.
func (b *buffer) reserve(n int) []float32 {
	if b == nil {
		return make([]float32, n)
	}
	if len(b.data) < n {
		b.data = make([]float32, n)
	}
	return b.data[:n]
}

// total is the number of elements of a shape.
func total(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// node adds the block after x and returns its output and the input that holds its parameters, nil
// if it has none.
func (w *wiring) node(b *graph.Builder, x *graph.Node) (output, parameters *graph.Node) {
	inputs := []*graph.Node{x}
	if len(w.values) > 0 {
		parameters = b.Input(w.block.name+".parameters", w.values, len(w.values))
		inputs = append(inputs, parameters)
	}
	if !w.first {
		w.gradients.reserve(total(x.Shape()))
	}
	size := w.block.Allocate(w.batch)
	if w.output == nil {
		w.output = w.outputs.reserve(size)
	}
	output = b.Apply(graph.Operation{
		Name: w.block.name, Kind: "forward", Shape: append([]int{w.batch}, w.block.shape...),
		Output: w.output,
		Run: func(out []float32, in [][]float32) error {
			defer thread.FlushDenormals()()
			w.block.Forward(out, in[0])
			return nil
		},
		Gradient: w.gradient,
		Fixed:    func(input int) bool { return w.first && input == 0 },
	}, inputs...)
	return output, parameters
}

// gradient adds one node that computes the gradients of the block's input and of its parameters,
// and a node after it that stands for the latter. The block keeps state from its forward pass: the
// fused node has that pass's output as an input, so that it runs later and package graph refuses a
// stale one.
func (w *wiring) gradient(b *graph.Builder, in []*graph.Node, out, dy *graph.Node) []*graph.Node {
	o := graph.Operation{Name: w.block.name + ".gradient", Kind: "backward", Shape: []int{1}}
	if !w.first {
		o.Shape = in[0].Shape()
		o.Output = w.gradients.data[:total(o.Shape)]
	}
	o.Run = func(dx []float32, values [][]float32) error {
		if w.first {
			dx = nil
		}
		defer thread.FlushDenormals()()
		w.block.Backward(dx, values[2], values[0], values[1])
		return nil
	}
	fused := b.Apply(o, in[0], out, dy)
	gradients := []*graph.Node{fused}
	if w.first {
		gradients[0] = nil
	}
	if len(w.grads) == 0 {
		return gradients
	}
	return append(gradients, b.Apply(graph.Operation{
		Name: w.block.name + ".parameters.gradient", Kind: "gradient", Shape: []int{len(w.grads)},
		Output: w.grads,
		Run:    func([]float32, [][]float32) error { return nil }, // the fused node has written it
	}, fused))
}

// lossBlock is the mean cross-entropy of the batch with label smoothing.
type lossBlock struct {
	labels    []int32
	classes   int
	smoothing float32
	prob      []float32
	value     float64
}

func (l *lossBlock) node(b *graph.Builder, logits *graph.Node) *graph.Node {
	return b.Apply(graph.Operation{
		Name: "loss", Kind: "forward",
		Run: func(out []float32, in [][]float32) error {
			l.value = plain.SoftmaxCrossEntropy(l.prob, in[0], l.labels, l.smoothing, len(l.labels),
				l.classes)
			out[0] = float32(l.value)
			return nil
		},
		Gradient: func(b *graph.Builder, in []*graph.Node, out, scale *graph.Node) []*graph.Node {
			return []*graph.Node{b.Apply(graph.Operation{
				Name: "loss.gradient", Kind: "backward", Shape: in[0].Shape(),
				Run: func(d []float32, values [][]float32) error {
					plain.SoftmaxCrossEntropyBackward(d, l.prob, l.labels, l.smoothing,
						values[2][0], len(l.labels), l.classes)
					return nil
				},
			}, in[0], out, scale)}
		},
	}, logits)
}
