// Package graph is the seam to Gorgonia: the only importer of gorgonia.org.
//
// Operations that own their memory become nodes of Gorgonia's expression graph; Gorgonia checks
// their shapes, differentiates the loss symbolically, orders the nodes and runs them on its tape
// machine. Everything that computes or holds numbers is ours, so that a step allocates no tensor.
// Values are float32; shapes are those of package ops.
//
// What Gorgonia v0.9.18 asks for and is easy to miss is handled here: nodes are merged by a 32-bit
// hash, so names are unique and the hashes are checked; graphs must not be built side by side, so
// building holds a lock; a panic would kill the process, so operations recover; a second run
// without a reset does nothing, so every run resets; and an operation that keeps state for its
// gradient is lost if a node runs out of turn, so operations refuse inputs of an earlier run.
package graph

import (
	"fmt"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Node is a value of the graph: an input or the result of an operation.
type Node struct{ node *gorgonia.Node }

// Builder collects the nodes of one graph. Its first error ends the building and is returned by
// Build.
type Builder struct {
	graph *gorgonia.ExprGraph
	names map[string]bool
	run   int // counts the runs of the program
	err   error
}

// building serialises the making of graphs: Gorgonia writes to shared constant nodes meanwhile.
var building sync.Mutex

// warm differentiates once. Gorgonia then writes the hash of the shared constant 1 for good, and
// later builds only read it.
var warm = sync.OnceValue(func() error {
	g := gorgonia.NewGraph()
	x := gorgonia.NewScalar(g, gorgonia.Float32, gorgonia.WithName("x"))
	y, err := gorgonia.Neg(x)
	if err != nil {
		return err
	}
	_, err = gorgonia.Grad(y, x)
	return err
})

// Build makes a graph in the given function and compiles it for a result and, if wrt is not empty,
// for the gradients of a scalar result with respect to the inputs listed there.
func Build(make func(*Builder) (result *Node, wrt []*Node)) (*Program, error) {
	building.Lock()
	defer building.Unlock()
	if err := warm(); err != nil {
		return nil, err
	}
	b := &Builder{graph: gorgonia.NewGraph(), names: map[string]bool{}}
	result, wrt := make(b)
	if b.err != nil {
		return nil, b.err
	}
	if len(wrt) > 0 {
		if err := differentiate(result, wrt); err != nil {
			return nil, err
		}
	}
	return b.compile()
}

// differentiate adds the gradient nodes.
func differentiate(loss *Node, wrt []*Node) error {
	nodes := make(gorgonia.Nodes, len(wrt))
	for i, n := range wrt {
		nodes[i] = n.node
	}
	if _, err := gorgonia.Grad(loss.node, nodes...); err != nil {
		return fmt.Errorf("differentiate %v: %w", loss.node.Op(), err)
	}
	return nil
}

// Input adds a value that is written from outside, between runs: the graph reads the slice itself.
func (b *Builder) Input(name string, value []float32, shape ...int) *Node {
	if b.err != nil || !b.take(name) {
		return nil
	}
	if size := tensor.Shape(shape).TotalSize(); size != len(value) {
		b.err = fmt.Errorf("input %s has %d numbers, its shape %v wants %d", name, len(value),
			shape, size)
		return nil
	}
	backing := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(value))
	return &Node{gorgonia.NewTensor(b.graph, tensor.Float32, len(shape),
		gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(backing))}
}

// take reserves a name: the hash of a node is that of its name.
func (b *Builder) take(name string) bool {
	if b.names[name] {
		b.err = fmt.Errorf("two nodes are called %q: Gorgonia would merge them", name)
		return false
	}
	b.names[name] = true
	return true
}

// Apply adds an operation on nodes of this graph.
func (b *Builder) Apply(o Operation, in ...*Node) *Node {
	if b.err != nil || !b.take(o.Name) {
		return nil
	}
	nodes := make(gorgonia.Nodes, len(in))
	for i, n := range in {
		nodes[i] = n.node
	}
	operation := newOp(b, o, nodes)
	node, err := gorgonia.ApplyOp(operation, nodes...)
	if err == nil && node.Op() != gorgonia.Op(operation) {
		err = fmt.Errorf("merged with %v, which has the same hash: rename a layer", node)
	}
	if err != nil {
		b.err = fmt.Errorf("%s: %w", o.Name, err)
		return nil
	}
	return &Node{node}
}

// compile checks that no two nodes share a hash, and makes the machine.
func (b *Builder) compile() (*Program, error) {
	seen := map[uint32]*gorgonia.Node{}
	for _, n := range b.graph.AllNodes() {
		if other, ok := seen[n.Hashcode()]; ok {
			return nil, fmt.Errorf("nodes %v and %v have one hash: Gorgonia would compute only "+
				"the first; rename a layer", other, n)
		}
		seen[n.Hashcode()] = n
	}
	return &Program{machine: gorgonia.NewTapeMachine(b.graph), builder: b}, nil
}

// Program is a compiled graph. It is not safe for concurrent use; programs that share inputs may
// run at the same time as long as the inputs are not written.
type Program struct {
	machine gorgonia.VM
	builder *Builder
}

// Run computes every node once. The error of an operation, a panic included, names the operation;
// the program can be run again.
func (p *Program) Run() error {
	p.builder.run++
	err := p.machine.RunAll()
	p.machine.Reset()
	return err
}

// Close frees the machine.
func (p *Program) Close() error { return p.machine.Close() }

// Count counts the nodes of the graph that are results of this package's operations, by
// Operation.Kind.
func (p *Program) Count() map[string]int {
	count := map[string]int{}
	for _, n := range p.builder.graph.AllNodes() {
		if o, ok := n.Op().(*op); ok {
			count[o.Kind]++
		}
	}
	return count
}

// Foreign lists the operations that Gorgonia added itself: only the constant 1 that the loss is
// differentiated by is expected.
func (p *Program) Foreign() []string {
	var foreign []string
	for _, n := range p.builder.graph.AllNodes() {
		if o := n.Op(); o != nil {
			if _, ours := o.(*op); !ours {
				foreign = append(foreign, fmt.Sprint(o))
			}
		}
	}
	return foreign
}

// Shape is the shape of the node's value.
func (n *Node) Shape() []int { return n.node.Shape().Clone() }
