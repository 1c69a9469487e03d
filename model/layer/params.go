package layer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/kernel/ops"
	"gridsearch/internal/random"
)

// Param is a trained tensor. Layouts: a 1x1 convolution and a dense layer [in, out], a depthwise
// convolution [k, k, channels], others [k, k, in, out], shortcuts among them, batch norm and biases
// [channels].
type Param struct {
	Name  string
	Shape []int
	Value []float32
	Grad  []float32 // of the last training step
	Decay bool      // weight decay applies: kernels, but neither batch norm nor biases

	place int // of the first number in the memory of all parameters
}

// Bias reports whether the tensor is a bias of squeeze-excite or of the classifier.
func (p *Param) Bias() bool { return strings.HasSuffix(p.Name, ".bias") }

// Statistic is the running mean and variance of one batch norm, for evaluation.
type Statistic struct {
	Name     string
	Mean     []float32
	Variance []float32
}

// Parameters are everything of a network that training changes, in a fixed order. All networks
// built from them share them.
type Parameters struct {
	List       []*Param
	Statistics []*Statistic

	values, grads []float32 // the memory of all parameters in their order

	seed   uint64
	zero   bool              // the last gamma of every block with a skip starts at 0
	open   bool              // what a network asks for is created; true only while NewParameters runs
	ByName map[string]*Param // of List
	stats  map[string]*Statistic
}

// MakeParameters is an empty set that is open: parameters that a network asks for are created and
// initialised until Seal is called.
func MakeParameters(seed uint64, zeroResidual bool) *Parameters {
	return &Parameters{seed: seed, zero: zeroResidual, open: true, ByName: map[string]*Param{},
		stats: map[string]*Statistic{}}
}

// Seal ends the creation of parameters.
func (p *Parameters) Seal() {
	p.open = false
	p.gather()
}

// ZeroResidual reports whether the last gamma of every block with a skip starts at 0.
func (p *Parameters) ZeroResidual() bool { return p.zero }

// gather moves all parameters into one allocation, each on a cache line, so that those of a block
// are one input of the graph.
func (p *Parameters) gather() {
	size := 0
	for _, q := range p.List {
		q.place = size
		size += (len(q.Value) + cacheLine - 1) / cacheLine * cacheLine
	}
	p.values, p.grads = ops.Floats(size), ops.Floats(size)
	for _, q := range p.List {
		value, n := q.Value, len(q.Value)
		q.Value, q.Grad = p.values[q.place:][:n:n], p.grads[q.place:][:n:n]
		copy(q.Value, value)
	}
}

// cacheLine is the size of a cache line in floats.
const cacheLine = 16

// Memory is the values and the gradients of consecutive parameters; nil for none.
func (p *Parameters) Memory(of []*Param) (values, grads []float32) {
	if len(of) == 0 {
		return nil, nil
	}
	first, last := of[0], of[len(of)-1]
	from, to := first.place, last.place+len(last.Value)
	return p.values[from:to], p.grads[from:to]
}

// Clone copies the values; gradients are not copied.
func (p *Parameters) Clone() *Parameters {
	c := &Parameters{seed: p.seed, zero: p.zero, ByName: map[string]*Param{},
		stats: map[string]*Statistic{}}
	for _, q := range p.List {
		c.add(&Param{Name: q.Name, Shape: q.Shape, Value: q.Value, Decay: q.Decay})
	}
	c.gather()
	for _, s := range p.Statistics {
		c.addStatistic(&Statistic{Name: s.Name, Mean: slices.Clone(s.Mean),
			Variance: slices.Clone(s.Variance)})
	}
	return c
}

func (p *Parameters) add(q *Param) *Param {
	p.List = append(p.List, q)
	p.ByName[q.Name] = q
	return q
}

func (p *Parameters) addStatistic(s *Statistic) *Statistic {
	p.Statistics = append(p.Statistics, s)
	p.stats[s.Name] = s
	return s
}

// Param returns the parameter of that name. While the set is open it is created and filled by draw;
// later it is an error if it is missing or has another shape: these parameters then belong to
// another network.
func (p *Parameters) Param(name string, decay bool, draw func(*random.Stream) float64,
	shape ...int) (*Param, error) {
	if q, ok := p.ByName[name]; ok {
		if !slices.Equal(q.Shape, shape) {
			return nil, fmt.Errorf("%s has shape %v, the architecture wants %v: make its own "+
				"parameters with NewParameters", name, q.Shape, shape)
		}
		return q, nil
	}
	if !p.open {
		return nil, fmt.Errorf("the parameters have no %s, the architecture wants one: make its "+
			"own with NewParameters", name)
	}
	size := 1
	for _, d := range shape {
		size *= d
	}
	q := p.add(&Param{Name: name, Shape: shape, Value: make([]float32, size), Decay: decay})
	stream := random.New(p.seed, "init", name)
	for i := range q.Value {
		q.Value[i] = float32(draw(stream))
	}
	return q, nil
}

// Unused returns an error if a parameter is in no block: its gradient would never be written.
func (p *Parameters) Unused(blocks [][]*Param) error {
	used := map[*Param]bool{}
	for _, params := range blocks {
		for _, q := range params {
			used[q] = true
		}
	}
	for _, q := range p.List {
		if !used[q] {
			return fmt.Errorf("the parameters have %s, the architecture does not: make its own "+
				"with NewParameters", q.Name)
		}
	}
	return nil
}

// Statistic returns the running statistics of the batch norm of that name. While the set is open
// they are created, with mean 0 and variance 1.
func (p *Parameters) Statistic(name string, channels int) (*Statistic, error) {
	if s, ok := p.stats[name]; ok {
		return s, nil
	}
	if !p.open {
		return nil, fmt.Errorf("the parameters have no statistics of %s, the architecture wants "+
			"them: make its own with NewParameters", name)
	}
	s := p.addStatistic(&Statistic{Name: name, Mean: make([]float32, channels),
		Variance: make([]float32, channels)})
	for i := range s.Variance {
		s.Variance[i] = 1
	}
	return s, nil
}

// Constant initialises with a constant.
func Constant(v float64) func(*random.Stream) float64 {
	return func(*random.Stream) float64 { return v }
}

// Normal initialises with normally distributed numbers of variance 2 / fanOut.
func Normal(fanOut int) func(*random.Stream) float64 {
	sd := math.Sqrt(2 / float64(fanOut))
	return func(s *random.Stream) float64 { return sd * s.Norm() }
}

// Uniform initialises with uniformly distributed numbers between -bound and bound.
func Uniform(bound float64) func(*random.Stream) float64 {
	return func(s *random.Stream) float64 { return s.Uniform(-bound, bound) }
}

// DrawAsPyTorch initialises all kernels and biases again as PyTorch's layers do (torch.nn.Conv2d
// and Linear, reset_parameters): uniform within 1/sqrt(fan_in), where fan_in is k*k*in, and k*k for
// a depthwise convolution; a bias like its kernel. Batch norm is not changed.
func (p *Parameters) DrawAsPyTorch() {
	for _, q := range p.List {
		kernel := q
		if name, ok := strings.CutSuffix(q.Name, ".bias"); ok {
			kernel = p.ByName[name+".weight"]
		} else if !q.Decay {
			continue
		}
		stream, draw := random.New(p.seed, "init", "pytorch", q.Name),
			Uniform(1/math.Sqrt(float64(fanIn(kernel.Shape))))
		for i := range q.Value {
			q.Value[i] = float32(draw(stream))
		}
	}
}

// fanIn is the number of inputs to an output: kernels are [in, out], [k, k, channels] or [k, k, in,
// out].
func fanIn(shape []int) int {
	if len(shape) == 3 {
		return shape[0] * shape[1]
	}
	n := 1
	for _, d := range shape[:len(shape)-1] {
		n *= d
	}
	return n
}
