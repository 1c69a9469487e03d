package chart

import (
	"math"
	"strconv"

	"gridsearch/internal/si"
)

// marks are the signs of a chart.
type marks struct {
	shapes                 [][2]rune // of families: open and filled; none for letters
	base, cross            rune      // the base's line, and its own place on it
	side, sideTick, corner rune
	foot, footTick         rune
}

var (
	drawn = marks{[][2]rune{{'○', '●'}, {'△', '▲'}, {'▽', '▼'}, {'◇', '◆'}, {'□', '■'}, {'☆', '★'},
		{'▷', '▶'}, {'◁', '◀'}},
		'┄', '┼', '│', '┤', '└', '─', '┬'}
	lettered = marks{nil, '-', '+', '|', '+', '+', '-', '+'}
)

// axis maps values to cells, the low end to cell 0 and the high end to the last.
type axis struct {
	low, high float64
	cells     int
	ticks     []tick
}

type tick struct {
	cell  int
	label string
}

// cell is the cell of a value, which may be outside. One between two cells goes to the higher, on
// every processor: logarithms differ in their last bit.
func (a axis) cell(v float64) int {
	return int(math.Floor((v-a.low)/(a.high-a.low)*float64(a.cells-1) + .5 + 1e-9))
}

// tick is the tick at a cell, nil for none.
func (a axis) tick(cell int) *tick {
	for i := range a.ticks {
		if a.ticks[i].cell == cell {
			return &a.ticks[i]
		}
	}
	return nil
}

func logOf(cost float64) float64 { return math.Log10(cost) }
func span(values []float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi
}

// scale chooses the axes for so many columns and puts the points into cells.
func (p *plot) scale(columns int) {
	if len(p.points) == 0 && p.base == nil {
		return
	}
	var costs, values []float64
	for _, q := range p.points {
		costs, values = append(costs, logOf(q.cost)), append(values, q.value)
	}
	if p.base != nil {
		values = append(values, p.base.value)
		costs = withBase(costs, logOf(p.base.cost))
	}
	p.up = upAxis(span(values))
	margin := 0
	for _, t := range p.up.ticks {
		margin = max(margin, len(t.label))
	}
	low, high := span(costs)
	p.across = acrossAxis(low, high, columns-margin-2)
	p.cells = make([][][]int, p.up.cells)
	for row := range p.cells {
		p.cells[row] = make([][]int, p.across.cells)
	}
	for i, q := range p.points {
		cell := &p.cells[p.up.cells-1-p.up.cell(q.value)][p.across.cell(logOf(q.cost))]
		*cell = append(*cell, i)
	}
}

// withBase adds the base's cost where that takes no more than a third of the axis: trials of one
// cost, which a grid has, would be heaped at its end otherwise.
func withBase(costs []float64, base float64) []float64 {
	low, high := span(costs)
	if len(costs) == 0 || max(low-base, base-high) <= (high-low)/2 {
		return append(costs, base)
	}
	return costs
}

// tall is how many rows a chart has, or a few less.
const tall = 21

// upAxis goes from one round number to another, with whole rows between two of them.
func upAxis(low, high float64) axis {
	if high-low < 1e-4*max(1, math.Abs(high)) { // no difference that a chart could show
		low, high = low-beside(low), high+beside(high)
	}
	step := si.Step((high - low) / 8)
	first, last := math.Floor(low/step+1e-9), math.Ceil(high/step-1e-9)
	rows := max(1, (tall-1)/int(last-first))
	a := axis{low: first * step, high: last * step, cells: rows*int(last-first) + 1}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	for n := first; n <= last; n++ {
		a.ticks = append(a.ticks, tick{rows * int(n-first), strconv.FormatFloat(n*step, 'f', decimals, 64)})
	}
	return a
}

// beside is the room to either side of one value alone.
func beside(v float64) float64 { return max(.01*math.Abs(v), 1e-3) }

// acrossAxis covers costs, given as log10, with a little room beside them, and has round costs as
// ticks: 1, 2 and 5 times powers of ten, or closer ones where these are too few.
func acrossAxis(low, high float64, cells int) axis {
	room := max(.03*(high-low), .01)
	a := axis{low: low - room, high: high + room, cells: cells}
	least, most := math.Pow(10, a.low), math.Pow(10, a.high)
	for size := math.Pow(10, math.Floor(a.low)); size <= most; size *= 10 {
		for _, m := range []float64{1, 2, 5} {
			a.mark(m*size, least, most)
		}
	}
	if len(a.ticks) < 3 {
		a.ticks = nil
		step := si.Step((most - least) / 8)
		for n := math.Ceil(least / step); n*step <= most; n++ {
			a.mark(n*step, least, most)
		}
	}
	return a
}

// mark sets a tick at a cost between two others.
func (a *axis) mark(cost, least, most float64) {
	if cost >= least && cost <= most {
		a.ticks = append(a.ticks, tick{a.cell(logOf(cost)), si.Text(cost)})
	}
}
