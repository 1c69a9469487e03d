package curves

import (
	"math"
	"slices"

	"gridsearch/internal/random"
)

// leastDraws is the number of fits of a bootstrap at the confidence 0.95 and below. Beyond it there
// are more, so that as many draws lie outside of an interval.
const leastDraws = 400

func draws(confidence float64) int {
	return max(leastDraws, int(leastDraws*.05/(1-confidence)+.5))
}

// spread is the standard deviation of the networks' means about their curves, of all families
// together, and the scale of Huber's loss. The noise of runs is the least that they can be.
func spread(all []sample, noise Noise) (scatter Noise, scale float64) {
	freedom := 0
	for _, f := range all {
		freedom += f.freedom()
	}
	if freedom == 0 {
		return noise, wide(noise.SD)
	}
	off := residuals(all, math.MaxFloat64)
	slices.Sort(off)
	const normal = 1.4826 // s.d. of a normal variable of median size 1
	lost := math.Sqrt(float64(len(off)) / float64(freedom))
	scale = math.Max(normal*lost*off[len(off)/2], noise.SD)

	// Huber's variance of M-estimates, with the residuals' size cut off.
	squares, within := 0., 0
	off = residuals(all, wide(scale))
	for _, v := range off {
		if v <= huber*scale {
			within++
		}
		squares += math.Pow(math.Min(v, huber*scale), 2)
	}
	inside := float64(max(within, 1)) / float64(len(off))
	scatter = Noise{SD: math.Sqrt(squares/float64(freedom)) / inside, Freedom: freedom}
	if noise.Freedom > 0 && noise.SD > scatter.SD {
		scatter = noise
	}
	return scatter, wide(scale)
}

// wide is a scale for Huber's loss: where there is no noise every residual counts in full.
func wide(scale float64) float64 {
	if scale < 1e-12 { // accuracies are counts of images
		return math.MaxFloat64
	}
	return scale
}

// freedom is the degrees of freedom of the residuals.
func (f sample) freedom() int {
	switch f.kind {
	case Line:
		return len(f.x) - 2
	case Bent:
		return len(f.x) - 3
	}
	return 0
}

// residuals are the sizes of the residuals of all families that have some left.
func residuals(all []sample, scale float64) []float64 {
	var list []float64
	for _, f := range all {
		if f.freedom() == 0 {
			continue
		}
		s := f.fit(scale)
		for i, x := range f.x {
			list = append(list, math.Abs(f.y[i]-s.at(x)))
		}
	}
	return list
}

// bootstrap draws the family's means anew and fits them; nil where the noise is not known. Some are
// drawn from a straight line, by how well one fits (Akaike weights): a fit to straight means bends
// downwards by chance and never upwards, so that curves drawn from it alone would all be bent.
func (f sample) bootstrap(truth shape, scatter Noise, scale float64, draws int) []shape {
	if scatter.Freedom == 0 {
		return nil
	}
	line, worse := f.given(f.starts[0], scale)
	worse -= f.loss(f.design(truth.bend), truth, huber*scale)
	share := 1 / (1 + math.Exp(worse/2/(scatter.SD*scatter.SD)))
	stream := random.New(1, "curves", f.name)
	list := make([]shape, draws)
	drawn := f
	drawn.y = make([]float64, len(f.y))
	for i := range list {
		sum := 0.
		for range scatter.Freedom {
			v := stream.Norm()
			sum += v * v
		}
		sd := scatter.SD * math.Sqrt(float64(scatter.Freedom)/sum)
		from := truth
		if stream.Float64() < share {
			from = line
		}
		for j, x := range f.x {
			drawn.y[j] = from.at(x) + sd*stream.Norm()
		}
		list[i] = drawn.fit(wide(sd))
	}
	return list
}

// interval is the value of a curve, and the percentiles of those of the bootstrap.
func (c Curve) interval(value func(shape) float64) Interval {
	v := Interval{value(c.shape), math.NaN(), math.NaN()}
	if len(c.draws) == 0 {
		return v
	}
	list := make([]float64, len(c.draws))
	for i, s := range c.draws {
		list[i] = value(s)
	}
	slices.Sort(list)
	outside := (1 - c.Confidence) / 2 * float64(len(list)) // of each end
	last := len(list) - 1
	v.Low, v.High = list[min(int(outside), last)], list[max(0, last-int(outside))]
	return v
}
