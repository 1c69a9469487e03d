package fused

import "math"

// NormParams are the parameters and running statistics of a batch norm.
type NormParams struct {
	Gamma, Beta       Weight
	Mean, Variance    []float32 // running
	Epsilon, Momentum float64   // momentum: share of the old running statistics that is kept
}

// norm is batch normalisation as two affine maps: forward u = scale z + shift, backward dz = a du + b z + c, with coefficients for each channel that
// follow from sums over the batch. Sums of a unit are in float32, those of the batch in float64.
type norm struct {
	NormParams
	channels      int
	scale, shift  []float32 // padded, as all that kernels read
	a, b, c       []float32
	mean, inverse []float64
	sums          [][2][]float64 // of each worker
}

func (e *Engine) norm(p NormParams) *norm {
	channels := len(p.Gamma.Value)
	pad := e.set.Pad(channels)
	n := &norm{NormParams: p, channels: channels, mean: make([]float64, channels), inverse: make([]float64, channels)}
	for _, s := range []*[]float32{&n.scale, &n.shift, &n.a, &n.b, &n.c} {
		*s = make([]float32, pad)
	}
	for range e.workers {
		n.sums = append(n.sums, [2][]float64{make([]float64, channels), make([]float64, channels)})
	}
	return n
}

// flushRows is the number of rows whose sums may be in float32.
const flushRows = 2048

// add takes the sums of a worker's units, which it sets to zero.
func (n *norm) add(w *worker, first, second []float32) {
	for i, sums := range [2][]float32{first, second} {
		to := n.sums[w.id][i]
		for j, v := range sums[:n.channels] {
			to[j] += float64(v)
		}
		clear(sums)
	}
}

// take adds up the sums of channel j over the workers and sets them to zero.
func (n *norm) take(j int) (first, second float64) {
	for _, s := range n.sums {
		first, second = first+s[0][j], second+s[1][j]
		s[0][j], s[1][j] = 0, 0
	}
	return first, second
}

// forward makes scale and shift of the sums of z and z^2 over so many rows, and moves the running statistics; the running variance takes the unbiased
// estimate, as PyTorch and TensorFlow's fused kernel do.
func (n *norm) forward(rows int) {
	unbiased := float64(rows) / float64(max(1, rows-1))
	for j := range n.channels {
		sum, square := n.take(j)
		mean := sum / float64(rows)
		n.set(j, mean, max(0, square/float64(rows)-mean*mean), unbiased)
	}
}

// set gives channel j its statistics.
func (n *norm) set(j int, mean, variance, unbiased float64) {
	n.normalise(j, mean, variance)
	move(&n.Mean[j], mean, n.Momentum)
	move(&n.Variance[j], variance*unbiased, n.Momentum)
}

func move(average *float32, to, momentum float64) {
	*average = float32(momentum*float64(*average) + (1-momentum)*to)
}

func (n *norm) normalise(j int, mean, variance float64) {
	inverse := 1 / math.Sqrt(variance+n.Epsilon)
	n.mean[j], n.inverse[j] = mean, inverse
	scale := float64(n.Gamma.Value[j]) * inverse
	n.scale[j] = float32(scale)
	n.shift[j] = float32(float64(n.Beta.Value[j]) - mean*scale)
}

// begin begins a forward phase: in evaluation scale and shift come from the running statistics.
func (n *norm) begin(e *Engine) {
	if e.training || !e.moved {
		return
	}
	for j := range n.channels {
		n.normalise(j, float64(n.Mean[j]), float64(n.Variance[j]))
	}
}

// finish ends a forward phase.
func (n *norm) finish(e *Engine, rows int) {
	if e.training {
		n.forward(rows)
	}
}

// backward makes a, b and c, and the gradients of gamma and beta, of the sums of du and du z over so many rows ([bn], section 3).
func (n *norm) backward(rows int) {
	count := float64(rows)
	for j := range n.channels {
		sum, product := n.take(j)
		mean, inverse := n.mean[j], n.inverse[j]
		product = (product - mean*sum) * inverse // of du and the normalised z
		n.Gamma.Grad[j], n.Beta.Grad[j] = float32(product), float32(sum)
		a := float64(n.Gamma.Value[j]) * inverse
		b := -a * inverse * product / count
		n.a[j], n.b[j], n.c[j] = float32(a), float32(b), float32(-a*sum/count-b*mean)
	}
}
