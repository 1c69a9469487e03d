package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"

	"gridsearch/internal/si"
)

// costTicks puts ticks at 1, 2 and 5 times the powers of ten, with SI prefixes, and minor ones
// between. A range with fewer than two of them gets 3 and 7 too.
type costTicks struct{}

func (costTicks) Ticks(low, high float64) []plot.Tick {
	for _, labels := range [][]float64{{1, 2, 5}, {1, 2, 3, 5, 7}} {
		if ticks := digitTicks(low, high, labels); labelled(ticks) >= 2 {
			return ticks
		}
	}
	// A small factor: the ticks of a linear axis.
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i, t := range ticks {
		if t.Label != "" {
			ticks[i].Label = si.Digits(t.Value, digits)
		}
	}
	slices.SortFunc(ticks, func(a, b plot.Tick) int { return cmp.Compare(a.Value, b.Value) })
	return ticks
}

// digitTicks puts ticks at all digits times the powers of ten, with labels at some.
func digitTicks(low, high float64, labels []float64) []plot.Tick {
	var ticks []plot.Tick
	for exponent := math.Floor(math.Log10(low)); exponent <= math.Ceil(math.Log10(high)); exponent++ {
		for digit := 1.; digit < 10; digit++ {
			v := digit * math.Pow(10, exponent)
			if v < low*(1-1e-9) || v > high*(1+1e-9) {
				continue
			}
			tick := plot.Tick{Value: v}
			if slices.Contains(labels, digit) {
				tick.Label = si.Digits(v, digits)
			}
			ticks = append(ticks, tick)
		}
	}
	return ticks
}

func labelled(ticks []plot.Tick) int {
	n := 0
	for _, t := range ticks {
		if t.Label != "" {
			n++
		}
	}
	return n
}

// digits is the number of significant digits in a tick's label.
const digits = 4

// plainTicks are the ticks of a linear axis, labelled with all their digits: the default rounds
// neighbours to the same label.
type plainTicks struct{}

func (plainTicks) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i, t := range ticks {
		if t.Label != "" {
			// 0.30000000000000004
			rounded, _ := strconv.ParseFloat(strconv.FormatFloat(t.Value, 'g', 12, 64), 64)
			ticks[i].Label = strconv.FormatFloat(rounded, 'f', -1, 64)
		}
	}
	return ticks
}

// costAxis makes the x axis logarithmic from low to high, with some room at the ends.
func costAxis(p *plot.Plot, low, high float64) error {
	if low <= 0 {
		return fmt.Errorf("a cost of %v cannot be drawn on a logarithmic axis", low)
	}
	room := math.Pow(high/low, .06)
	room = max(room, 1.06)
	p.X.Min, p.X.Max = low/room, high*room
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, costTicks{}
	p.Y.Tick.Marker = plainTicks{}
	return nil
}

// roomY leaves space above and below the data.
func roomY(p *plot.Plot, low, high float64) {
	room := max(.06*(high-low), .5)
	p.Y.Min, p.Y.Max = low-room, high+room
}
