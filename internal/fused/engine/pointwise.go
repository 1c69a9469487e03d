package engine

import "gridsearch/internal/kernel/ops"

// Pointwise is a 1x1 convolution or a dense layer: rows of in channels times weights [in, out].
type Pointwise struct {
	engine            *Engine
	Weight, Bias      Weight // the bias may be empty
	In, Out           int
	Forward, Backward *ops.Packed // the weights and their transpose
	// of each worker; the first's is the weight's own, but where they are transposed
	grads      []ops.Matrix
	transposed bool         // gradients are [out, in]: their rows fill vectors better
	written    []bool       // whether a worker's gradient has been, in this step
	biasSums   []ops.Params // of each worker: row 0 is the gradient of the bias
}

// smallWeight is the size in floats up to which the cost of transposing a gradient is negligible.
const smallWeight = 16 << 10

// NewPointwise makes the layer.
func (e *Engine) NewPointwise(weight, bias Weight, in, out int) *Pointwise {
	p := &Pointwise{engine: e, Weight: weight, Bias: bias, In: in, Out: out,
		Forward: e.Set.NewPacked(in, out)}
	if !e.Training {
		return p
	}
	p.Backward = e.Set.NewPacked(out, in)
	p.transposed = in*out <= smallWeight && 10*e.Set.Pad(in)*out < 9*e.Set.Pad(out)*in
	p.written = make([]bool, len(e.Workers))
	for i := range e.Workers {
		switch {
		case p.transposed:
			p.grads = append(p.grads, ops.Dense(ops.Floats(in*out), in))
		case i == 0:
			p.grads = append(p.grads, ops.Dense(weight.Grad, out))
		default:
			p.grads = append(p.grads, ops.Dense(ops.Floats(in*out), out))
		}
		pad := e.Set.Pad(len(bias.Value))
		p.biasSums = append(p.biasSums, ops.Params{Data: ops.Floats(2 * pad), Stride: pad})
	}
	return p
}

// Pack packs the weights for the kernels. It must come first in a step.
func (p *Pointwise) Pack(k *ops.Kernels) {
	if !p.engine.moved {
		return
	}
	k.Pack(p.Forward, ops.Dense(p.Weight.Value, p.Out))
	if p.Backward != nil {
		k.PackTransposed(p.Backward, ops.Dense(p.Weight.Value, p.Out))
	}
}

// Apply computes y = x weights + bias for a number of rows.
func (p *Pointwise) Apply(k *ops.Kernels, y, x ops.Matrix, rows int) {
	for i := range rows {
		copy(y.Data[i*y.Stride:], p.Bias.Value)
	}
	k.Product(y, x, p.Forward, rows, true)
}

// Gradient adds the contribution of rows of the input and of the output's gradient to the worker's
// gradient of the weights.
func (p *Pointwise) Gradient(w *Worker, x, dz ops.Matrix, rows int) {
	if p.transposed {
		w.ProductTA(p.grads[w.ID], dz, x, rows, p.Out, p.In, p.written[w.ID])
	} else {
		w.ProductTA(p.grads[w.ID], x, dz, rows, p.In, p.Out, p.written[w.ID])
	}
	p.written[w.ID] = true
	if n := len(p.Bias.Grad); n > 0 {
		w.Moments(dz, p.biasSums[w.ID], ops.Rows{Rows: rows, Channels: n})
	}
}

// Collect sums the workers' gradients into the weight's.
func (p *Pointwise) Collect(k *ops.Kernels) {
	first := p.grads[0].Data
	if !p.written[0] {
		clear(first)
	}
	for worker := range p.grads[1:] {
		if p.written[worker+1] {
			k.Add(first, p.grads[worker+1].Data)
		}
	}
	clear(p.written)
	if p.transposed {
		k.Transpose(ops.Dense(p.Weight.Grad, p.Out), p.grads[0], p.Out, p.In)
	}
	p.Bias.Sum(0, len(p.Bias.Grad), len(p.biasSums),
		func(worker int) []float32 { return p.biasSums[worker].Row(0) })
	for _, sums := range p.biasSums {
		clear(sums.Row(1)) // of squares, which are never read
	}
}

// Sum writes n numbers of the gradient, from index from on: the sums over the workers' parts, which
// it sets to zero.
func (g Weight) Sum(from, n, workers int, part func(worker int) []float32) {
	to := g.Grad[from:][:n]
	for worker := range workers {
		source := part(worker)[:n]
		if worker == 0 {
			copy(to, source)
		} else {
			for j, v := range source {
				to[j] += v
			}
		}
		clear(source)
	}
}
