package search

import (
	"math"
	"sort"
)

// line is a one-parameter family of points whose cost grows with the factor, in steps: channels,
// blocks and pixels are integers.
type line struct {
	along func(factor float64) Point
	build Build
	base  Network
}

// lineSteps is the number of steps of a ladder. The first ladder takes steps of half a percent of
// the factor, the second 400 within one of those.
const lineSteps = 400

// nearest searches the line for the network whose real multiply-adds are nearest to target times
// the base's, and returns by how much it misses. Factors reach from 1 to four times the target
// (down to a quarter of a target below 1). A finer search between two rungs counts only if its
// result is nearer.
func (l line) nearest(target float64) (Point, float64, error) {
	low, high := 0., math.Log(4*target)
	if target < 1 {
		low, high = math.Log(target/4), 0
	}
	coarse := ladder{line: l, low: low, high: high}
	from, place, miss, err := coarse.nearest(target)
	if err != nil || miss == 0 {
		return l.along(coarse.factor(place)), miss, err
	}
	fine := ladder{line: l, low: coarse.log(from), high: coarse.log(from + 1)}
	_, finePlace, fineMiss, err := fine.nearest(target)
	if fineMiss < miss {
		return l.along(fine.factor(finePlace)), fineMiss, err
	}
	return l.along(coarse.factor(place)), miss, err
}

// ladder is an interval of a line, divided into lineSteps equal steps of the factor's logarithm.
type ladder struct {
	line
	low, high float64
}

func (l ladder) log(place float64) float64    { return l.low + (l.high-l.low)*place/lineSteps }
func (l ladder) factor(place float64) float64 { return math.Exp(l.log(place)) }

// nearest finds by bisection the rung whose cost is nearest to the target, the cheaper of two at
// equal distance. Of several rungs with the same cost it returns the middle one, which is farthest
// from where rounding changes the network; from is the last rung below the target.
func (l ladder) nearest(target float64) (from, middle, miss float64, err error) {
	cost := func(rung int) float64 {
		n, failed := l.build(l.along(l.factor(float64(rung))))
		if failed != nil {
			err = failed
		}
		return toFloat(ratio(n.Cost.MAdds, l.base.Cost.MAdds))
	}
	first := func(reached func(float64) bool) int {
		return sort.Search(lineSteps+1, func(rung int) bool { return reached(cost(rung)) })
	}
	above := first(func(c float64) bool { return c >= target })
	best := min(above, lineSteps)
	if below := above - 1; below >= 0 && (above > lineSteps ||
		target-cost(below) <= cost(above)-target) {
		best = below
	}
	level := cost(best)
	start, end := first(func(c float64) bool { return c >= level }),
		first(func(c float64) bool { return c > level })-1
	return float64(min(max(above-1, 0), lineSteps-1)), float64(start+end) / 2,
		math.Abs(level - target), err
}
