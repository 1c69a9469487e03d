package fused

import (
	"slices"

	"gridsearch/internal/kernel"
)

// pointwise is a 1x1 convolution or a dense layer: rows of in channels times weights [in, out].
type pointwise struct {
	engine            *Engine
	weight, bias      Weight // the bias may be empty
	in, out           int
	forward, backward *kernel.Packed  // the weights and their transpose
	grads             []kernel.Matrix // of each worker; the first's is the weight's own, but where they are transposed
	transposed        bool            // gradients are [out, in]: their rows fill vectors better
	written           []bool          // whether a worker's gradient has been, in this step
	biasGrads         [][]float32
}

// smallWeight is the size up to which transposing a gradient costs nothing worth mentioning.
const smallWeight = 16 << 10

func (e *Engine) pointwise(weight, bias Weight, in, out int) *pointwise {
	p := &pointwise{engine: e, weight: weight, bias: bias, in: in, out: out, forward: e.set.NewPacked(in, out)}
	if !e.training {
		return p
	}
	p.backward = e.set.NewPacked(out, in)
	p.transposed = in*out <= smallWeight && 10*e.set.Pad(in)*out < 9*e.set.Pad(out)*in
	p.written = make([]bool, len(e.workers))
	for i := range e.workers {
		switch {
		case p.transposed:
			p.grads = append(p.grads, kernel.Dense(kernel.Floats(in*out), in))
		case i == 0:
			p.grads = append(p.grads, kernel.Dense(weight.Grad, out))
		default:
			p.grads = append(p.grads, kernel.Dense(kernel.Floats(in*out), out))
		}
		p.biasGrads = append(p.biasGrads, make([]float32, len(bias.Value)))
	}
	return p
}

// pack brings the weights into the order of the kernels. It comes before everything else in a step.
func (p *pointwise) pack(k *kernel.Kernels) {
	if !p.engine.moved {
		return
	}
	k.Pack(p.forward, kernel.Dense(p.weight.Value, p.out))
	if p.backward != nil {
		k.PackTransposed(p.backward, kernel.Dense(p.weight.Value, p.out))
	}
}

// gradient adds what rows of input and of output's gradient give to the worker's gradient of the weights.
func (p *pointwise) gradient(w *worker, x, dz kernel.Matrix, rows int) {
	if p.transposed {
		w.ProductTA(p.grads[w.id], dz, x, rows, p.out, p.in, p.written[w.id])
	} else {
		w.ProductTA(p.grads[w.id], x, dz, rows, p.in, p.out, p.written[w.id])
	}
	p.written[w.id] = true
	grad := p.biasGrads[w.id]
	if len(grad) == 0 {
		return
	}
	for r := range rows {
		for j, v := range dz.Data[r*dz.Stride:][:len(grad)] {
			grad[j] += v
		}
	}
}

// collect adds the gradients of the workers to the first's and brings them into the weight's.
func (p *pointwise) collect(k *kernel.Kernels) {
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
		for o := range p.out {
			for i, v := range first[o*p.in:][:p.in] {
				p.weight.Grad[i*p.out+o] = v
			}
		}
	}
	p.bias.sum(0, len(p.bias.Grad), len(p.biasGrads), func(worker int) []float32 { return p.biasGrads[worker] })
}

// sum writes n numbers of the gradient from a place on: the sums over the workers' parts, which it sets to zero.
func (g Weight) sum(from, n, workers int, part func(worker int) []float32) {
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

// Dense is a fully connected layer: y = x weights + bias, with weights [in, out].
type Dense struct {
	engine *Engine
	layer  *pointwise
	batch  int
}

// NewDense makes a fully connected layer.
func (e *Engine) NewDense(weight, bias Weight, in, out int) *Dense {
	return &Dense{engine: e, layer: e.pointwise(weight, bias, in, out)}
}

// Allocate implements Block.
func (d *Dense) Allocate(batch int) int {
	d.batch = batch
	return batch * d.layer.out
}

// Forward implements Block.
func (d *Dense) Forward(y, x []float32) {
	w, p := d.engine.workers[0], d.layer
	p.pack(w.Kernels)
	for row := range slices.Chunk(y[:d.batch*p.out], p.out) {
		copy(row, p.bias.Value)
	}
	w.Product(kernel.Dense(y, p.out), kernel.Dense(x, p.in), p.forward, d.batch, true)
}

// Backward implements Block.
func (d *Dense) Backward(dx, dy, x, _ []float32) {
	w, p := d.engine.workers[0], d.layer
	p.gradient(w, kernel.Dense(x, p.in), kernel.Dense(dy, p.out), d.batch)
	p.collect(w.Kernels)
	if dx != nil {
		w.Product(kernel.Dense(dx, p.in), kernel.Dense(dy, p.out), p.backward, d.batch, false)
	}
}
