package nn

import (
	"math"

	"gridsearch/internal/plain"
)

// layer is a simple operation on a batch of maps. It owns its parameters and what backward needs
// besides input and output.
type layer interface {
	// Allocate sizes the layer for a batch and returns the number of floats of its output.
	Allocate(batch int) int
	Forward(y, x []float32)
	// Backward computes the gradient of the input, unless dx is nil, and of the layer's parameters.
	// dx is never dy.
	Backward(dx, dy, x, y []float32)
}

// settings are what the layers and the loss of a network share.
type settings struct {
	training  bool
	seed      uint64 // of dropout and stochastic depth
	dropout   float64
	smoothing float32
	clock     *clock
}

// clock tells the layers which step it is: random masks are a function of it.
type clock struct{ step int }

// chain runs layers one after the other and keeps what is between them. The gradients between them
// alternate between two scratch buffers that all chains of a network share.
type chain struct {
	layers  []layer
	values  [][]float32 // outputs of all layers but the last
	scratch *scratch
}

// scratch is memory that holds nothing between two calls of a block.
type scratch struct{ buffers [3][]float32 }

// reserve makes every buffer hold n floats.
func (s *scratch) reserve(n int) {
	for i, b := range s.buffers {
		if len(b) < n {
			s.buffers[i] = make([]float32, n)
		}
	}
}

func (c *chain) Allocate(batch int) int {
	c.values = nil
	size := 0
	for i, l := range c.layers {
		size = l.Allocate(batch)
		c.scratch.reserve(size)
		if i < len(c.layers)-1 {
			c.values = append(c.values, make([]float32, size))
		}
	}
	return size
}

// at returns the input (or output) of layer i.
func (c *chain) at(i int, x, y []float32) []float32 {
	switch i {
	case 0:
		return x
	case len(c.layers):
		return y
	}
	return c.values[i-1]
}

func (c *chain) Forward(y, x []float32) {
	for i, l := range c.layers {
		l.Forward(c.at(i+1, x, y), c.at(i, x, y))
	}
}

func (c *chain) Backward(dx, dy, x, y []float32) {
	for i := len(c.layers) - 1; i >= 0; i-- {
		in := c.at(i, x, y)
		d := dx
		if i > 0 {
			d = c.scratch.buffers[i%2][:len(in)]
		}
		c.layers[i].Backward(d, dy, in, c.at(i+1, x, y))
		dy = d
	}
}

// convolution is a k x k convolution.
type convolution struct {
	geometry plain.Conv
	weight   *Param
	scratch  []float32
}

func (l *convolution) Allocate(batch int) int {
	l.geometry.Batch = batch
	l.scratch = make([]float32, l.geometry.ScratchSize()+len(l.weight.Value))
	return batch * l.geometry.OutSize * l.geometry.OutSize * l.geometry.OutChannels
}

func (l *convolution) Forward(y, x []float32) {
	l.geometry.Forward(y, x, l.weight.Value, l.scratch)
}

func (l *convolution) Backward(dx, dy, x, _ []float32) {
	l.geometry.BackwardWeights(l.weight.Grad, dy, x, l.scratch)
	if dx != nil {
		l.geometry.BackwardData(dx, dy, l.weight.Value, l.scratch)
	}
}

// pointwise is a 1x1 convolution of maps with area pixels, and with area 1 a dense layer; the bias
// may be nil.
type pointwise struct {
	weight, bias  *Param
	area, in, out int
	rows          int
}

func (l *pointwise) Allocate(batch int) int {
	l.rows = batch * l.area
	return l.rows * l.out
}

func (l *pointwise) Forward(y, x []float32) {
	plain.MatMul(y, x, l.weight.Value, l.rows, l.out, l.in)
	if l.bias != nil {
		plain.AddBias(y, l.bias.Value, l.rows, l.out)
	}
}

func (l *pointwise) Backward(dx, dy, x, _ []float32) {
	plain.MatMulTA(l.weight.Grad, x, dy, l.in, l.out, l.rows)
	if l.bias != nil {
		plain.BiasGradient(l.bias.Grad, dy, l.rows, l.out)
	}
	if dx != nil {
		plain.MatMulTB(dx, dy, l.weight.Value, l.rows, l.in, l.out)
	}
}

// depthwise is a k x k convolution of each channel by itself.
type depthwise struct {
	geometry plain.Depthwise
	weight   *Param
}

func (l *depthwise) Allocate(batch int) int {
	l.geometry.Batch = batch
	return batch * l.geometry.OutSize * l.geometry.OutSize * l.geometry.Channels
}

func (l *depthwise) Forward(y, x []float32) { l.geometry.Forward(y, x, l.weight.Value) }

func (l *depthwise) Backward(dx, dy, x, _ []float32) {
	l.geometry.BackwardWeights(l.weight.Grad, dy, x)
	if dx != nil {
		l.geometry.BackwardData(dx, dy, l.weight.Value)
	}
}

// norm is batch normalisation. Training uses the statistics of the batch and moves the running ones
// towards them; the running variance takes the unbiased estimate, as PyTorch and TensorFlow's fused
// kernel do.
type norm struct {
	gamma, beta       *Param
	running           *Statistic
	epsilon, momentum float64
	training          bool
	area, channels    int
	rows              int
	mean, inverse     []float32 // of the last batch: mean, 1 / standard deviation
	sums              []float64
}

func (l *norm) Allocate(batch int) int {
	l.rows = batch * l.area
	l.mean, l.inverse = make([]float32, l.channels), make([]float32, l.channels)
	l.sums = make([]float64, 2*l.channels)
	return l.rows * l.channels
}

func (l *norm) Forward(y, x []float32) {
	if l.training {
		plain.BatchNormStats(l.mean, l.inverse, x, l.sums, l.rows, l.channels)
		l.track(l.inverse)
	} else {
		copy(l.mean, l.running.Mean)
		copy(l.inverse, l.running.Variance)
	}
	for j, variance := range l.inverse {
		l.inverse[j] = float32(1 / math.Sqrt(float64(variance)+l.epsilon))
	}
	plain.BatchNormForward(y, x, l.mean, l.inverse, l.gamma.Value, l.beta.Value, l.rows, l.channels)
}

// track moves the running statistics towards those of the batch.
func (l *norm) track(variance []float32) {
	unbiased := float64(l.rows) / float64(max(1, l.rows-1))
	for j := range l.mean {
		move(&l.running.Mean[j], float64(l.mean[j]), l.momentum)
		move(&l.running.Variance[j], float64(variance[j])*unbiased, l.momentum)
	}
}

func move(average *float32, to, momentum float64) {
	*average = float32(momentum*float64(*average) + (1-momentum)*to)
}

func (l *norm) Backward(dx, dy, x, _ []float32) {
	plain.BatchNormBackward(dx, l.gamma.Grad, l.beta.Grad, dy, x, l.mean, l.inverse, l.gamma.Value,
		l.sums, l.rows, l.channels)
}

// maxPool pools windows to their largest values.
type maxPool struct {
	geometry plain.MaxPool
	from     []int32 // where each value of the last batch comes from
}

func (l *maxPool) Allocate(batch int) int {
	l.geometry.Batch = batch
	l.from = make([]int32, batch*l.geometry.OutSize*l.geometry.OutSize*l.geometry.Channels)
	return len(l.from)
}

func (l *maxPool) Forward(y, x []float32) { l.geometry.Forward(y, l.from, x) }

func (l *maxPool) Backward(dx, dy, _, _ []float32) { l.geometry.Backward(dx, dy, l.from) }

// globalMean pools a map to one pixel.
type globalMean struct{ area, channels, batch int }

func (l *globalMean) Allocate(batch int) int {
	l.batch = batch
	return batch * l.channels
}

func (l *globalMean) Forward(y, x []float32) { plain.GlobalMean(y, x, l.batch, l.area, l.channels) }

func (l *globalMean) Backward(dx, dy, _, _ []float32) {
	plain.GlobalMeanBackward(dx, dy, l.batch, l.area, l.channels)
}

// excite is squeeze-excite around its gate: the input times sigmoid(W2 f(W1 mean(input))), f the
// activation, the mean over the pixels of an example.
type excite struct {
	gate           chain // reduce, activation, expand
	reduce, expand *pointwise
	area, channels int
	batch          int

	mean, logits, gates []float32 // [batch, channels]
	dmean, dgates       []float32
}

func (l *excite) Allocate(batch int) int {
	l.batch = batch
	n := l.gate.Allocate(batch)
	for _, s := range []*[]float32{&l.mean, &l.logits, &l.gates, &l.dmean, &l.dgates} {
		*s = make([]float32, n)
	}
	return batch * l.area * l.channels
}

func (l *excite) Forward(y, x []float32) {
	plain.GlobalMean(l.mean, x, l.batch, l.area, l.channels)
	l.gate.Forward(l.logits, l.mean)
	plain.Sigmoid(l.gates, l.logits)
	plain.ScaleChannels(y, x, l.gates, l.batch, l.area, l.channels)
}

func (l *excite) Backward(dx, dy, x, _ []float32) {
	plain.ScaleChannelsBackward(dx, l.dgates, dy, x, l.gates, l.batch, l.area, l.channels)
	plain.SigmoidBackward(l.dgates, l.dgates, l.gates)
	l.gate.Backward(l.dmean, l.dgates, l.mean, l.logits)
	plain.GlobalMeanBackwardAdd(dx, l.dmean, l.batch, l.area, l.channels)
}
