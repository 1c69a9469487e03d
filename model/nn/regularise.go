package nn

import (
	"math"

	"gridsearch/internal/random"
)

// dropout zeroes elements with probability rate in training and scales the others so that the
// expectation stays.
type dropout struct {
	settings settings
	width    int
	mask     []float32
}

func (l *dropout) Allocate(batch int) int {
	l.mask = make([]float32, batch*l.width)
	return len(l.mask)
}

func (l *dropout) Forward(y, x []float32) {
	draw(l.mask, l.settings.dropout, l.settings.training, random.New(l.settings.seed, "dropout",
		l.settings.clock.step))
	for i, m := range l.mask {
		y[i] = x[i] * m
	}
}

func (l *dropout) Backward(dx, dy, _, _ []float32) {
	for i, m := range l.mask {
		dx[i] = dy[i] * m
	}
}

// draw fills factors that are 0 with probability rate and 1 / (1 - rate) otherwise; all are 1
// outside training.
func draw(factors []float32, rate float64, training bool, stream *random.Stream) {
	if !training || rate == 0 {
		for i := range factors {
			factors[i] = 1
		}
		return
	}
	choice := [2]float32{0, float32(1 / (1 - rate))}
	limit := uint64(math.Ceil(rate * (1 << 53))) // of the bits that Float64 takes
	for i := range factors {
		kept := 0
		if stream.Uint64()>>11 >= limit {
			kept = 1
		}
		factors[i] = choice[kept]
	}
}

// dropPath is stochastic depth: it drops a block's part for whole examples (Huang et al. 2016;
// [code], drop_connect).
type dropPath struct {
	settings settings
	name     string
	rate     float64
}

// fill draws the factors of the step, one an example.
func (d dropPath) fill(factors []float32) {
	draw(factors, d.rate, d.settings.training, random.New(d.settings.seed, "drop-path", d.name,
		d.settings.clock.step))
}
