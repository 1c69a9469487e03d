package curves

import "math"

// shape is a fitted curve over x, the doublings of cost from the first network's. It is
// a - b exp(-bend x) in terms that stay finite where it is straight.
type shape struct {
	level float64 // at x = 0
	rise  float64 // slope at x = 0
	bend  float64 // c ln 2; 0 for a straight line
}

func (s shape) at(x float64) float64    { return s.level + s.rise*basis(s.bend, x) }
func (s shape) slope(x float64) float64 { return s.rise * math.Exp(-s.bend*x) }

// basis is (1 - exp(-bend x)) / bend, which is x for bend 0.
func basis(bend, x float64) float64 {
	if bend == 0 {
		return x
	}
	return -math.Expm1(-bend*x) / bend
}

// bends are where fits start, from a straight line to a curve that is nearly flat half a
// doubling after its first network.
var bends = func() []float64 {
	list := []float64{0}
	for b := .04; b < 6; b *= 1.4 {
		list = append(list, b)
	}
	return list
}()

// sample is a family to be fitted.
type sample struct {
	name        string
	kind        Kind
	first, last float64   // costs
	x           []float64 // doublings of cost from the first, ascending
	y           []float64 // means
	starts      []design  // at bends
}

// design is what is linear in level and rise, for a bend.
type design struct {
	bend  float64
	basis []float64 // at each x
}

func (f sample) design(bend float64) design {
	d := design{bend, make([]float64, len(f.x))}
	for i, x := range f.x {
		d.basis[i] = basis(bend, x)
	}
	return d
}

// fit fits the curve. Residuals above huber times the scale count less.
func (f sample) fit(scale float64) shape {
	best, least := f.given(f.starts[0], scale)
	start := 0
	for i, d := range f.starts[1:] {
		if s, loss := f.given(d, scale); loss < least {
			best, least, start = s, loss, i+1
		}
	}
	if len(f.starts) == 1 {
		return best
	}
	low, high := bends[max(0, start-1)], bends[min(start+1, len(bends)-1)]
	for range refinements { // golden section
		left, right := high-(high-low)/math.Phi, low+(high-low)/math.Phi
		one, oneLoss := f.given(f.design(left), scale)
		other, otherLoss := f.given(f.design(right), scale)
		if oneLoss < otherLoss {
			high = right
		} else {
			low, one, oneLoss = left, other, otherLoss
		}
		if oneLoss < least {
			best, least = one, oneLoss
		}
	}
	return best
}

const (
	huber       = 1.345 // efficiency of 95 % for normal residuals
	refinements = 12
	rounds      = 30   // of reweighting, at most
	settled     = 1e-4 // change of the curve, in units of the scale, that ends them
)

// given fits level and rise for a bend by reweighted least squares, and returns Huber's loss.
func (f sample) given(d design, scale float64) (s shape, loss float64) {
	limit, end := huber*scale, len(f.x)-1
	s = f.weighted(d, s, math.Inf(1))
	for range rounds {
		if loss = f.loss(d, s, limit); f.within(d, s, limit) {
			break
		}
		before := s
		s = f.weighted(d, s, limit)
		change := math.Abs(s.level-before.level) +
			math.Abs(s.level-before.level+(s.rise-before.rise)*d.basis[end])
		if change < settled*scale {
			loss = f.loss(d, s, limit)
			break
		}
	}
	return s, loss
}

// within reports whether all residuals are.
func (f sample) within(d design, s shape, limit float64) bool {
	for i, e := range d.basis {
		if math.Abs(f.y[i]-s.level-s.rise*e) > limit {
			return false
		}
	}
	return true
}

// loss is Huber's: squares, and straight lines beyond the limit.
func (f sample) loss(d design, s shape, limit float64) (sum float64) {
	for i, e := range d.basis {
		off := math.Abs(f.y[i] - s.level - s.rise*e)
		sum += off * off
		if off > limit {
			sum -= (off - limit) * (off - limit)
		}
	}
	return sum
}

// weighted fits level and rise for a bend by least squares, with less weight for points that lie
// beyond the limit from an earlier fit.
func (f sample) weighted(d design, before shape, limit float64) shape {
	var sum, sumE, sumY, sumEE, sumEY float64
	for i, e := range d.basis {
		w, y := 1., f.y[i]
		if off := math.Abs(y - before.level - before.rise*e); off > limit {
			w = limit / off
		}
		sum, sumE, sumY = sum+w, sumE+w*e, sumY+w*y
		sumEE, sumEY = sumEE+w*e*e, sumEY+w*e*y
	}
	rise := (sum*sumEY - sumE*sumY) / (sum*sumEE - sumE*sumE)
	return shape{level: (sumY - rise*sumE) / sum, rise: rise, bend: d.bend}
}
