package graph

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Operation is the computation of a node. Its output belongs to it and is overwritten at every run.
type Operation struct {
	Name  string // unique in the graph
	Kind  string // for Count: "forward", "backward", ...
	Shape []int  // of the output; empty for a scalar

	// Output is the memory of the output; nil lets the operation allocate it. A scalar needs none.
	Output []float32

	// Run computes the output from the inputs, which it must not change.
	// It is not called with an input that the run of the program has not computed yet.
	Run func(out []float32, in [][]float32) error

	// Gradient adds the operations that compute the gradient of each input, given the inputs, the
	// output and its gradient; nil entries for inputs that need none. An operation without Gradient
	// lets no gradient through; Build fails if nothing else leads to what is asked for.
	Gradient func(b *Builder, in []*Node, out, gradient *Node) []*Node

	// Fixed inputs are data: no gradient flows to them.
	Fixed func(input int) bool
}

// op makes an Operation one of Gorgonia's. Only the methods that the tape machine calls are
// implemented.
type op struct {
	Operation
	builder *Builder
	sources []*op // of the inputs; nil for those that no operation of ours computes
	done    int   // number of the run that computed the value
	dims    []int // of the inputs, 0 for a scalar
	value   gorgonia.Value
	out     []float32
	in      [][]float32
	scalars []float32 // what scalar inputs are copied to
}

var _ gorgonia.SDOp = (*op)(nil)

func newOp(b *Builder, o Operation, in gorgonia.Nodes) *op {
	n := &op{Operation: o, builder: b, in: make([][]float32, len(in)),
		scalars: make([]float32, len(in))}
	for _, node := range in {
		n.dims = append(n.dims, node.Dims())
		source, _ := node.Op().(*op)
		n.sources = append(n.sources, source)
	}
	if len(o.Shape) == 0 {
		n.value, n.out = gorgonia.NewF32(0), make([]float32, 1)
		return n
	}
	if n.out = o.Output; n.out == nil {
		n.out = make([]float32, tensor.Shape(o.Shape).TotalSize())
	}
	n.value = tensor.New(tensor.WithShape(o.Shape...), tensor.WithBacking(n.out))
	return n
}

// Do runs the operation. Gorgonia calls it on a goroutine of its own, where a panic would end the
// process.
func (o *op) Do(in ...gorgonia.Value) (value gorgonia.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			value, err = nil, fmt.Errorf("%s: panic: %v", o.Name, r)
		}
	}()
	for i, v := range in {
		if s := o.sources[i]; s != nil && s.done != o.builder.run {
			return nil, fmt.Errorf("%s: input %s is of run %d, this is run %d: Gorgonia left a "+
				"node out or ran it late", o.Name, s.Name, s.done, o.builder.run)
		}
		switch v := v.(type) {
		case *tensor.Dense:
			o.in[i] = v.Float32s()
		case *gorgonia.F32:
			o.scalars[i] = float32(*v)
			o.in[i] = o.scalars[i : i+1]
		default:
			return nil, fmt.Errorf("%s: input %d is a %T", o.Name, i, v)
		}
	}
	if err := o.Run(o.out, o.in); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	if scalar, ok := o.value.(*gorgonia.F32); ok {
		*scalar = gorgonia.F32(o.out[0])
	}
	o.done = o.builder.run
	return o.value, nil
}

// SymDiff adds the nodes of the gradient. It is not called where DiffWRT is false for every input.
func (o *op) SymDiff(in gorgonia.Nodes, out, gradient *gorgonia.Node) (gorgonia.Nodes, error) {
	nodes := make([]*Node, len(in))
	for i, n := range in {
		nodes[i] = &Node{n}
	}
	gradients := make(gorgonia.Nodes, len(in))
	for i, n := range o.Gradient(o.builder, nodes, &Node{out}, &Node{gradient}) {
		if n != nil {
			gradients[i] = n.node
		}
	}
	return gradients, o.builder.err
}

// DiffWRT reports which inputs have a gradient.
func (o *op) DiffWRT(inputs int) []bool {
	wrt := make([]bool, inputs)
	for i := range wrt {
		wrt[i] = o.Gradient != nil && (o.Fixed == nil || !o.Fixed(i))
	}
	return wrt
}

// Type is a new value at every call, as Gorgonia returns it to a pool.
func (o *op) Type() hm.Type {
	types := make([]hm.Type, 0, len(o.dims)+1)
	for _, dims := range append(o.dims[:len(o.dims):len(o.dims)], len(o.Shape)) {
		if dims == 0 {
			types = append(types, tensor.Float32)
			continue
		}
		types = append(types, gorgonia.TensorType{Dims: dims, Of: tensor.Float32})
	}
	return hm.NewFnType(types...)
}

func (o *op) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.Shape(o.Shape).Clone(), nil
}

func (o *op) Arity() int            { return len(o.dims) }
func (o *op) ReturnsPtr() bool      { return true }
func (o *op) CallsExtern() bool     { return false }
func (o *op) OverwritesInput() int  { return -1 }
func (o *op) WriteHash(h hash.Hash) { h.Write([]byte(o.Name)) }
func (o *op) String() string        { return o.Name }

func (o *op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}
