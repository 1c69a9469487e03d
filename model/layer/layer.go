// Package layer holds the layers of networks as plain loops, and the parameters that networks
// share. Its layers are the reference implementation of the fused blocks, and run where there is no
// fused form. A fused block is a Layer too.
package layer

import (
	"math"

	"gridsearch/internal/plain"
)

// Layer is a simple operation on a batch of maps. It owns its parameters and what backward needs
// besides input and output.
type Layer interface {
	// Allocate sizes the layer for a batch and returns the number of floats of its output.
	Allocate(batch int) int
	// Forward computes the output y of x.
	Forward(y, x []float32)
	// Backward computes the gradient of the input, unless dx is nil, and of the layer's parameters.
	// dx is never dy.
	Backward(dx, dy, x, y []float32)
}

// Settings are what the layers and the loss of a network share.
type Settings struct {
	Training  bool
	Seed      uint64 // of dropout and stochastic depth
	Dropout   float64
	Smoothing float32
	Clock     *Clock
}

// Clock is the current step: random masks are a function of it.
type Clock struct{ Step int }

// Chain runs layers one after the other and keeps the outputs between them. The gradients between
// them alternate between two scratch buffers that all chains of a network share.
type Chain struct {
	Layers  []Layer
	values  [][]float32 // outputs of all layers but the last
	Scratch *Scratch
}

// Scratch is memory whose content is undefined between two calls of a block.
type Scratch struct{ buffers [3][]float32 }

// reserve makes every buffer hold n floats.
func (s *Scratch) reserve(n int) {
	for i, b := range s.buffers {
		if len(b) < n {
			s.buffers[i] = make([]float32, n)
		}
	}
}

// Allocate implements Layer.
func (c *Chain) Allocate(batch int) int {
	c.values = nil
	size := 0
	for i, l := range c.Layers {
		size = l.Allocate(batch)
		c.Scratch.reserve(size)
		if i < len(c.Layers)-1 {
			c.values = append(c.values, make([]float32, size))
		}
	}
	return size
}

// at returns the input (or output) of layer i.
func (c *Chain) at(i int, x, y []float32) []float32 {
	switch i {
	case 0:
		return x
	case len(c.Layers):
		return y
	}
	return c.values[i-1]
}

// Forward implements Layer.
func (c *Chain) Forward(y, x []float32) {
	for i, l := range c.Layers {
		l.Forward(c.at(i+1, x, y), c.at(i, x, y))
	}
}

// Backward implements Layer.
func (c *Chain) Backward(dx, dy, x, y []float32) {
	for i := len(c.Layers) - 1; i >= 0; i-- {
		in := c.at(i, x, y)
		d := dx
		if i > 0 {
			d = c.Scratch.buffers[i%2][:len(in)]
		}
		c.Layers[i].Backward(d, dy, in, c.at(i+1, x, y))
		dy = d
	}
}

// Convolution is a k x k convolution.
type Convolution struct {
	Geometry plain.Conv
	Weight   *Param
	scratch  []float32
}

// Allocate implements Layer.
func (l *Convolution) Allocate(batch int) int {
	l.Geometry.Batch = batch
	l.scratch = make([]float32, l.Geometry.ScratchSize()+len(l.Weight.Value))
	return batch * l.Geometry.OutSize * l.Geometry.OutSize * l.Geometry.OutChannels
}

// Forward implements Layer.
func (l *Convolution) Forward(y, x []float32) {
	l.Geometry.Forward(y, x, l.Weight.Value, l.scratch)
}

// Backward implements Layer.
func (l *Convolution) Backward(dx, dy, x, _ []float32) {
	l.Geometry.BackwardWeights(l.Weight.Grad, dy, x, l.scratch)
	if dx != nil {
		l.Geometry.BackwardData(dx, dy, l.Weight.Value, l.scratch)
	}
}

// Pointwise is a 1x1 convolution of maps with area pixels, and with area 1 a dense layer; the bias
// may be nil.
type Pointwise struct {
	Weight, Bias  *Param
	Area, In, Out int
	rows          int
}

// Allocate implements Layer.
func (l *Pointwise) Allocate(batch int) int {
	l.rows = batch * l.Area
	return l.rows * l.Out
}

// Forward implements Layer.
func (l *Pointwise) Forward(y, x []float32) {
	plain.MatMul(y, x, l.Weight.Value, l.rows, l.Out, l.In)
	if l.Bias != nil {
		plain.AddBias(y, l.Bias.Value, l.rows, l.Out)
	}
}

// Backward implements Layer.
func (l *Pointwise) Backward(dx, dy, x, _ []float32) {
	plain.MatMulTA(l.Weight.Grad, x, dy, l.In, l.Out, l.rows)
	if l.Bias != nil {
		plain.BiasGradient(l.Bias.Grad, dy, l.rows, l.Out)
	}
	if dx != nil {
		plain.MatMulTB(dx, dy, l.Weight.Value, l.rows, l.In, l.Out)
	}
}

// Depthwise is a k x k depthwise convolution.
type Depthwise struct {
	Geometry plain.Depthwise
	Weight   *Param
}

// Allocate implements Layer.
func (l *Depthwise) Allocate(batch int) int {
	l.Geometry.Batch = batch
	return batch * l.Geometry.OutSize * l.Geometry.OutSize * l.Geometry.Channels
}

// Forward implements Layer.
func (l *Depthwise) Forward(y, x []float32) { l.Geometry.Forward(y, x, l.Weight.Value) }

// Backward implements Layer.
func (l *Depthwise) Backward(dx, dy, x, _ []float32) {
	l.Geometry.BackwardWeights(l.Weight.Grad, dy, x)
	if dx != nil {
		l.Geometry.BackwardData(dx, dy, l.Weight.Value)
	}
}

// Norm is batch normalisation. Training uses the statistics of the batch and updates the running
// ones; the running variance takes the unbiased estimate, as in PyTorch and TensorFlow's fused
// kernel.
type Norm struct {
	Gamma, Beta       *Param
	Running           *Statistic
	Epsilon, Momentum float64
	Training          bool
	Area, Channels    int
	rows              int
	mean, inverse     []float32 // of the last batch: mean, 1 / standard deviation
	sums              []float64
}

// Allocate implements Layer.
func (l *Norm) Allocate(batch int) int {
	l.rows = batch * l.Area
	l.mean, l.inverse = make([]float32, l.Channels), make([]float32, l.Channels)
	l.sums = make([]float64, 2*l.Channels)
	return l.rows * l.Channels
}

// Forward implements Layer.
func (l *Norm) Forward(y, x []float32) {
	if l.Training {
		plain.BatchNormStats(l.mean, l.inverse, x, l.sums, l.rows, l.Channels)
		l.track(l.inverse)
	} else {
		copy(l.mean, l.Running.Mean)
		copy(l.inverse, l.Running.Variance)
	}
	for j, variance := range l.inverse {
		l.inverse[j] = float32(1 / math.Sqrt(float64(variance)+l.Epsilon))
	}
	plain.BatchNormForward(y, x, l.mean, l.inverse, l.Gamma.Value, l.Beta.Value, l.rows, l.Channels)
}

// track updates the running statistics with those of the batch.
func (l *Norm) track(variance []float32) {
	unbiased := float64(l.rows) / float64(max(1, l.rows-1))
	for j := range l.mean {
		move(&l.Running.Mean[j], float64(l.mean[j]), l.Momentum)
		move(&l.Running.Variance[j], float64(variance[j])*unbiased, l.Momentum)
	}
}

func move(average *float32, to, momentum float64) {
	*average = float32(momentum*float64(*average) + (1-momentum)*to)
}

// Backward implements Layer.
func (l *Norm) Backward(dx, dy, x, _ []float32) {
	plain.BatchNormBackward(dx, l.Gamma.Grad, l.Beta.Grad, dy, x, l.mean, l.inverse, l.Gamma.Value,
		l.sums, l.rows, l.Channels)
}

// MaxPool is max pooling.
type MaxPool struct {
	Geometry plain.MaxPool
	from     []int32 // where each value of the last batch comes from
}

// Allocate implements Layer.
func (l *MaxPool) Allocate(batch int) int {
	l.Geometry.Batch = batch
	l.from = make([]int32, batch*l.Geometry.OutSize*l.Geometry.OutSize*l.Geometry.Channels)
	return len(l.from)
}

// Forward implements Layer.
func (l *MaxPool) Forward(y, x []float32) { l.Geometry.Forward(y, l.from, x) }

// Backward implements Layer.
func (l *MaxPool) Backward(dx, dy, _, _ []float32) { l.Geometry.Backward(dx, dy, l.from) }

// GlobalMean is global average pooling.
type GlobalMean struct{ Area, Channels, batch int }

// Allocate implements Layer.
func (l *GlobalMean) Allocate(batch int) int {
	l.batch = batch
	return batch * l.Channels
}

// Forward implements Layer.
func (l *GlobalMean) Forward(y, x []float32) { plain.GlobalMean(y, x, l.batch, l.Area, l.Channels) }

// Backward implements Layer.
func (l *GlobalMean) Backward(dx, dy, _, _ []float32) {
	plain.GlobalMeanBackward(dx, dy, l.batch, l.Area, l.Channels)
}

// Excite is squeeze-excite: the input times sigmoid(W2 f(W1 mean(input))), with the activation f
// and the mean over the pixels of an example.
type Excite struct {
	Gate           Chain // reduce, activation, expand
	Reduce, Expand *Pointwise
	Area, Channels int
	batch          int

	mean, logits, gates []float32 // [batch, channels]
	dmean, dgates       []float32
}

// Allocate implements Layer.
func (l *Excite) Allocate(batch int) int {
	l.batch = batch
	n := l.Gate.Allocate(batch)
	for _, s := range []*[]float32{&l.mean, &l.logits, &l.gates, &l.dmean, &l.dgates} {
		*s = make([]float32, n)
	}
	return batch * l.Area * l.Channels
}

// Forward implements Layer.
func (l *Excite) Forward(y, x []float32) {
	plain.GlobalMean(l.mean, x, l.batch, l.Area, l.Channels)
	l.Gate.Forward(l.logits, l.mean)
	plain.Sigmoid(l.gates, l.logits)
	plain.ScaleChannels(y, x, l.gates, l.batch, l.Area, l.Channels)
}

// Backward implements Layer.
func (l *Excite) Backward(dx, dy, x, _ []float32) {
	plain.ScaleChannelsBackward(dx, l.dgates, dy, x, l.gates, l.batch, l.Area, l.Channels)
	plain.SigmoidBackward(l.dgates, l.dgates, l.gates)
	l.Gate.Backward(l.dmean, l.dgates, l.mean, l.logits)
	plain.GlobalMeanBackwardAdd(dx, l.dmean, l.batch, l.Area, l.Channels)
}
