package engine

import "math"

// NormParams are the parameters and running statistics of a batch norm.
type NormParams struct {
	Gamma, Beta       Weight
	Mean, Variance    []float32 // running
	Epsilon, Momentum float64   // momentum: share of the old running statistics that is kept
}

// Norm is batch normalisation as two affine maps: forward u = scale z + shift, backward dz = a du +
// b z + c, with coefficients for each channel that follow from sums over the batch. Sums of a unit
// are in float32, those of the batch in float64.
type Norm struct {
	NormParams
	channels     int
	Scale, Shift []float32 // padded, as all that kernels read
	A, B, C      []float32
	// what Scale and Shift follow from: mean and 1 / sqrt(variance + epsilon)
	BatchMean, Inverse []float64
	sums               [][2][]float64 // of each worker
}

// NewNorm makes a batch norm.
func (e *Engine) NewNorm(p NormParams) *Norm {
	channels := len(p.Gamma.Value)
	pad := e.Set.Pad(channels)
	n := &Norm{NormParams: p, channels: channels, BatchMean: make([]float64, channels),
		Inverse: make([]float64, channels)}
	for _, s := range []*[]float32{&n.Scale, &n.Shift, &n.A, &n.B, &n.C} {
		*s = make([]float32, pad)
	}
	for range e.Workers {
		n.sums = append(n.sums, [2][]float64{make([]float64, channels), make([]float64, channels)})
	}
	return n
}

// FlushRows is the number of rows that may be summed in float32.
const FlushRows = 2048

// Add adds the float32 sums of a worker's units to its float64 ones and sets the former to zero.
func (n *Norm) Add(w *Worker, first, second []float32) {
	for i, sums := range [2][]float32{first, second} {
		to := n.sums[w.ID][i]
		for j, v := range sums[:n.channels] {
			to[j] += float64(v)
		}
		clear(sums)
	}
}

// Take adds up the sums of channel j over the workers and sets them to zero.
func (n *Norm) Take(j int) (first, second float64) {
	for _, s := range n.sums {
		first, second = first+s[0][j], second+s[1][j]
		s[0][j], s[1][j] = 0, 0
	}
	return first, second
}

// forward computes Scale and Shift from the sums of z and z^2 over the rows, and updates the
// running statistics; the running variance takes the unbiased estimate, as in PyTorch and
// TensorFlow's fused kernel.
func (n *Norm) forward(rows int) {
	unbiased := float64(rows) / float64(max(1, rows-1))
	for j := range n.channels {
		sum, square := n.Take(j)
		mean := sum / float64(rows)
		n.SetStatistics(j, mean, max(0, square/float64(rows)-mean*mean), unbiased)
	}
}

// SetStatistics sets the statistics of channel j.
func (n *Norm) SetStatistics(j int, mean, variance, unbiased float64) {
	n.normalise(j, mean, variance)
	move(&n.Mean[j], mean, n.Momentum)
	move(&n.Variance[j], variance*unbiased, n.Momentum)
}

func move(average *float32, to, momentum float64) {
	*average = float32(momentum*float64(*average) + (1-momentum)*to)
}

func (n *Norm) normalise(j int, mean, variance float64) {
	inverse := 1 / math.Sqrt(variance+n.Epsilon)
	n.BatchMean[j], n.Inverse[j] = mean, inverse
	scale := float64(n.Gamma.Value[j]) * inverse
	n.Scale[j] = float32(scale)
	n.Shift[j] = float32(float64(n.Beta.Value[j]) - mean*scale)
}

// Begin begins a forward phase: in evaluation Scale and Shift come from the running statistics.
func (n *Norm) Begin(e *Engine) {
	if e.Training || !e.moved {
		return
	}
	for j := range n.channels {
		n.normalise(j, float64(n.Mean[j]), float64(n.Variance[j]))
	}
}

// Finish ends a forward phase.
func (n *Norm) Finish(e *Engine, rows int) {
	if e.Training {
		n.forward(rows)
	}
}

// Backward computes A, B and C, and the gradients of gamma and beta, from the sums of du and du z
// over a number of rows ([bn], section 3).
func (n *Norm) Backward(rows int) {
	count := float64(rows)
	for j := range n.channels {
		sum, product := n.Take(j)
		mean, inverse := n.BatchMean[j], n.Inverse[j]
		product = (product - mean*sum) * inverse // of du and the normalised z
		n.Gamma.Grad[j], n.Beta.Grad[j] = float32(product), float32(sum)
		a := float64(n.Gamma.Value[j]) * inverse
		b := -a * inverse * product / count
		n.A[j], n.B[j], n.C[j] = float32(a), float32(b), float32(-a*sum/count-b*mean)
	}
}
