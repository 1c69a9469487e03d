package engine

import "gridsearch/internal/kernel/ops"

// implicit makes of an Expansion one whose output z = x W is never kept: whoever reads z computes
// its rows again. That pays where x has few channels, as memory is slower than the product then.
//
// The statistics of z follow from those of x: its mean is mean(x) W, its variance the diagonal of
// W' Cov(x) W. Backwards, dz = a du + b z + c is linear in du, z and 1, so that what is summed up
// over pixels is G = x' du and s = sum(du) alone:
//
//	dW = a (G - mean(x) s) + b n Cov(x) W
//	dx = du diag(a) W' + x (W diag(b) W') + W c
type implicit struct {
	in, out int
	grams   [][]float64 // of each worker: x' x
	sums    [][]float64 // of each worker: sum of x
	part    [][]float32 // of each worker: x' x of a unit, in float32

	mean       []float64 // of x
	covariance []float32 // [in, in]
	spread     []float32 // Cov(x) W, [in, padded out]

	scaled    []float32   // W' with its rows multiplied by a or b, [out, in]
	byA, byB  *ops.Packed // diag(a) W' and diag(b) W'
	corrected *ops.Packed // W diag(b) W'
	square    []float32   // W diag(b) W', [in, in]
	constant  []float32   // W c
}

// ImplicitLimit is the number of input channels up to which z is recomputed (measured; with more
// the second product costs more than the memory traffic).
const ImplicitLimit = 40

// MakeImplicit turns a layer into an implicit one, before it is allocated. Its backward pass is
// Prepare, then Take for all rows in a phase of the consumer, then Finish.
func (l *Expansion) MakeImplicit() {
	in, out := l.conv.In, l.conv.Out
	m := &implicit{in: in, out: out}
	l.implicit = m
	if !l.Training {
		return
	}
	for range l.Workers {
		m.grams = append(m.grams, make([]float64, in*in))
		m.sums = append(m.sums, make([]float64, in))
		m.part = append(m.part, ops.Floats(in*in))
	}
	m.mean, m.covariance, m.spread = make([]float64, in), ops.Floats(in*in), ops.Floats(in*l.Pad)
	m.scaled, m.square, m.constant = ops.Floats(out*in), ops.Floats(in*in), ops.Floats(in)
	m.byA, m.byB, m.corrected = l.Set.NewPacked(out, in), l.Set.NewPacked(out, in),
		l.Set.NewPacked(in, in)
}

// Rows computes rows of z from a pixel on, in a worker's scratch Recomputed, which the consumer
// reserves.
func (l *Expansion) Rows(w *Worker, x []float32, pixel, n int) []float32 {
	z := w.Scratch[Recomputed]
	w.ProductPadded(ops.Dense(z, l.Pad), ops.Dense(x[pixel*l.conv.In:], l.conv.In),
		l.conv.Forward, n)
	return z
}

// measure computes the statistics of z from those of x.
func (l *Expansion) measure(x []float32) {
	if !l.Training {
		return
	}
	m := l.implicit
	step := Chunk(l.rows, 2*m.in)
	l.Run(Pieces(l.rows, step), func(w *Worker, from, to int) {
		par := w.Params(m.in, nil, nil)
		part := ops.Dense(m.part[w.ID], m.in)
		for u := from; u < to; u++ {
			n := min(step, l.rows-u*step)
			rows := ops.Dense(x[u*step*m.in:], m.in)
			w.ProductTA(part, rows, rows, n, m.in, m.in, false)
			accumulate(m.grams[w.ID], part.Data)
			w.Moments(rows, par, ops.Rows{Rows: n, Channels: m.in})
			accumulate(m.sums[w.ID], par.Row(0))
			clear(par.Data)
		}
	})
	l.gather()
	l.Workers[0].Product(ops.Dense(m.spread, l.Pad), ops.Dense(m.covariance, m.in),
		l.conv.Forward, m.in, false)
	unbiased := float64(l.rows) / float64(max(1, l.rows-1))
	for j := range m.out {
		mean, variance := 0., 0.
		for i := range m.in {
			v := float64(l.conv.Weight.Value[i*m.out+j])
			mean += m.mean[i] * v
			variance += v * float64(m.spread[i*l.Pad+j])
		}
		l.Norm.SetStatistics(j, mean, max(0, variance), unbiased)
	}
}

// accumulate adds float32 sums to float64 ones.
func accumulate(to []float64, from []float32) {
	for i := range to {
		to[i] += float64(from[i])
	}
}

// gather computes mean and covariance of x from the workers' sums, which it sets to zero.
func (l *Expansion) gather() {
	m, n := l.implicit, float64(l.rows)
	take := func(parts [][]float64, i int) float64 {
		sum := 0.
		for _, p := range parts {
			sum += p[i]
			p[i] = 0
		}
		return sum / n
	}
	for i := range m.in {
		m.mean[i] = take(m.sums, i)
	}
	for i := range m.in {
		for j := range m.in {
			m.covariance[i*m.in+j] = float32(take(m.grams, i*m.in+j) - m.mean[i]*m.mean[j])
		}
	}
}

// Prepare packs diag(a) W' for the phase that produces du. The coefficient a needs no sum over the
// batch.
func (l *Expansion) Prepare() {
	for j := range l.implicit.out {
		l.Norm.A[j] = float32(float64(l.Norm.Gamma.Value[j]) * l.Norm.Inverse[j])
	}
	l.packScaled(l.implicit.byA, l.Norm.A)
}

// packScaled packs W' with its rows multiplied by factors.
func (l *Expansion) packScaled(p *ops.Packed, factors []float32) {
	m := l.implicit
	for j := range m.out {
		for i := range m.in {
			m.scaled[j*m.in+i] = l.conv.Weight.Value[i*m.out+j] * factors[j]
		}
	}
	l.Workers[0].Pack(p, ops.Dense(m.scaled, m.in))
}

// Take adds the contribution of rows of du to the sums and to dx, and the residual's gradient to dx
// if there is one.
func (l *Expansion) Take(w *Worker, dx, du, x, residual []float32, pixel, n int) {
	in := l.conv.In
	l.conv.Gradient(w, ops.Dense(x[pixel*in:], in), ops.Dense(du, l.Pad), n)
	to := dx[pixel*in:][:n*in]
	if residual != nil {
		copy(to, residual[pixel*in:])
	}
	w.Product(ops.Dense(to, in), ops.Dense(du, l.Pad), l.implicit.byA, n, residual != nil)
}

// Finish computes the gradients of the parameters from the sums, and adds to dx what depends on
// them.
func (l *Expansion) Finish(dx, x []float32) {
	l.conv.Collect(l.Workers[0].Kernels)
	l.parameterGradients()
	m, k := l.implicit, l.Workers[0]
	l.packScaled(m.byB, l.Norm.B)
	k.Product(ops.Dense(m.square, m.in), ops.Dense(l.conv.Weight.Value, m.out), m.byB, m.in, false)
	k.Pack(m.corrected, ops.Dense(m.square, m.in))
	for i := range m.in {
		sum := 0.
		for j, v := range l.conv.Weight.Value[i*m.out:][:m.out] {
			sum += float64(v) * float64(l.Norm.C[j])
		}
		m.constant[i] = float32(sum)
	}
	l.correct(dx, x)
}

// parameterGradients computes dW, dgamma and dbeta, and the coefficients b and c, from G, which is
// in the weights' gradient, and s.
func (l *Expansion) parameterGradients() {
	m, n, count := l.implicit, l.Norm, float64(l.rows)
	grad, weight := l.conv.Weight.Grad, l.conv.Weight.Value
	for j := range m.out {
		s, _ := n.Take(j)
		product := 0. // of du and z - mean(z)
		for i := range m.in {
			product += float64(weight[i*m.out+j]) * (float64(grad[i*m.out+j]) - m.mean[i]*s)
		}
		product *= n.Inverse[j]
		n.Gamma.Grad[j], n.Beta.Grad[j] = float32(product), float32(s)
		a := float64(n.Gamma.Value[j]) * n.Inverse[j]
		b := -a * n.Inverse[j] * product / count
		n.B[j], n.C[j] = float32(b), float32(-a*s/count-b*n.BatchMean[j])
		for i := range m.in {
			at := i*m.out + j
			grad[at] = float32(a*(float64(grad[at])-m.mean[i]*s) + b*count*float64(m.spread[i*l.Pad+j]))
		}
	}
}

// correct adds x (W diag(b) W') + W c to dx.
func (l *Expansion) correct(dx, x []float32) {
	m := l.implicit
	step := Chunk(l.rows, 2*m.in)
	l.Run(Pieces(l.rows, step), func(w *Worker, from, to int) {
		par := w.Params(m.in, nil, m.constant)
		for i := range m.in {
			par.Data[i] = 1
		}
		for u := from; u < to; u++ {
			n := min(step, l.rows-u*step)
			rows := ops.Dense(dx[u*step*m.in:], m.in)
			w.Product(rows, ops.Dense(x[u*step*m.in:], m.in), m.corrected, n, true)
			w.Affine(rows, rows, par, ops.Rows{Rows: n, Channels: m.in})
		}
	})
}
