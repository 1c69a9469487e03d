package layer

import "gridsearch/internal/plain"

// Residual adds its input, or a projection of it, to a chain's output, with stochastic depth.
type Residual struct {
	Chain
	Shortcut *Chain // the projection, of two layers; nil for the input itself
	In       int    // numbers of an example's input
	Drop     DropPath
	Factors  []float32 // of the last step, one an example
	size     int
}

// Allocate implements Layer.
func (l *Residual) Allocate(batch int) int {
	l.Factors = make([]float32, batch)
	l.size = l.Chain.Allocate(batch)
	if l.Shortcut != nil {
		l.Shortcut.Allocate(batch)
		l.Scratch.reserve(batch * l.In)
	}
	return l.size
}

// Forward implements Layer.
func (l *Residual) Forward(y, x []float32) {
	l.Chain.Forward(y, x)
	l.Drop.Fill(l.Factors)
	plain.ScaleExamples(y, y, l.Factors, len(l.Factors), l.size/len(l.Factors))
	if l.Shortcut != nil {
		projected := l.Scratch.buffers[2][:l.size]
		l.Shortcut.Forward(projected, x)
		x = projected
	}
	plain.Add(y[:l.size], x)
}

// Backward implements Layer. The chains use the first two scratch buffers, so the third holds first
// the scaled gradient, then that of the projection.
func (l *Residual) Backward(dx, dy, x, y []float32) {
	beside := l.Scratch.buffers[2]
	plain.ScaleExamples(beside[:l.size], dy, l.Factors, len(l.Factors), l.size/len(l.Factors))
	l.Chain.Backward(dx, beside[:l.size], x, y)
	if l.Shortcut == nil {
		plain.Add(dx[:l.size], dy)
		return
	}
	in := beside[:len(l.Factors)*l.In]
	l.Shortcut.Backward(in, dy, x, nil)
	plain.Add(dx[:len(in)], in)
}
