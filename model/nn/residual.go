package nn

import "gridsearch/internal/plain"

// residual adds its input, or a projection of it, to a chain's output, with stochastic depth.
type residual struct {
	chain
	shortcut *chain // the projection, of two layers; nil for the input itself
	in       int    // numbers of an example's input
	drop     dropPath
	factors  []float32 // one an example
	size     int
}

func (l *residual) Allocate(batch int) int {
	l.factors = make([]float32, batch)
	l.size = l.chain.Allocate(batch)
	if l.shortcut != nil {
		l.shortcut.Allocate(batch)
		l.scratch.reserve(batch * l.in)
	}
	return l.size
}

func (l *residual) Forward(y, x []float32) {
	l.chain.Forward(y, x)
	l.drop.fill(l.factors)
	plain.ScaleExamples(y, y, l.factors, len(l.factors), l.size/len(l.factors))
	if l.shortcut != nil {
		projected := l.scratch.buffers[2][:l.size]
		l.shortcut.Forward(projected, x)
		x = projected
	}
	plain.Add(y[:l.size], x)
}

// The chains' gradients are in the first two buffers, so the third holds what is beside them: first
// the scaled gradient, then that of the projection.
func (l *residual) Backward(dx, dy, x, y []float32) {
	beside := l.scratch.buffers[2]
	plain.ScaleExamples(beside[:l.size], dy, l.factors, len(l.factors), l.size/len(l.factors))
	l.chain.Backward(dx, beside[:l.size], x, y)
	if l.shortcut == nil {
		plain.Add(dx[:l.size], dy)
		return
	}
	in := beside[:len(l.factors)*l.in]
	l.shortcut.Backward(in, dy, x, nil)
	plain.Add(dx[:len(in)], in)
}
