package layer

import (
	"math"

	"gridsearch/internal/random"
)

// Dropout sets elements to 0 with probability rate in training and scales the others to keep the
// expectation.
type Dropout struct {
	Settings Settings
	Width    int
	mask     []float32
}

// Allocate implements Layer.
func (l *Dropout) Allocate(batch int) int {
	l.mask = make([]float32, batch*l.Width)
	return len(l.mask)
}

// Forward implements Layer.
func (l *Dropout) Forward(y, x []float32) {
	draw(l.mask, l.Settings.Dropout, l.Settings.Training, random.New(l.Settings.Seed, "dropout",
		l.Settings.Clock.Step))
	for i, m := range l.mask {
		y[i] = x[i] * m
	}
}

// Backward implements Layer.
func (l *Dropout) Backward(dx, dy, _, _ []float32) {
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

// DropPath is stochastic depth (drop path): it drops the output of a block's layers for whole
// examples (Huang et al. 2016; [code], drop_connect).
type DropPath struct {
	Settings Settings
	Name     string
	Rate     float64
}

// Fill draws the factors of the step, one an example.
func (d DropPath) Fill(factors []float32) {
	draw(factors, d.Rate, d.Settings.Training, random.New(d.Settings.Seed, "drop-path", d.Name,
		d.Settings.Clock.Step))
}
