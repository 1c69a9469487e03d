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

// costTicks puts ticks at digits times the powers of ten, with SI prefixes, and minor ones between:
// at as many as there is room for.
type costTicks struct{}

// Room for the labels of an axis of costs, so that they do not touch in a third of a page's width.
const (
	mostLabels = 6
	leastGap   = .14 // part of the axis between two labels
)

func (costTicks) Ticks(low, high float64) []plot.Tick {
	for _, labels := range [][]float64{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 5, 7}, {1, 2, 5},
		{1, 3}, {1}} {
		ticks := digitTicks(low, high, labels)
		if labelled(ticks) >= 2 && apart(ticks, low, high) {
			return ticks
		}
	}
	if high >= 1000*low {
		return powerTicks(low, high)
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

// powerTicks puts ticks at powers of ten, with labels at some, evenly.
func powerTicks(low, high float64) []plot.Tick {
	first, last := int(math.Ceil(math.Log10(low)-1e-9)), int(math.Floor(math.Log10(high)+1e-9))
	step := (last-first)/mostLabels + 1
	var ticks []plot.Tick
	for exponent := first; exponent <= last; exponent++ {
		tick := plot.Tick{Value: math.Pow(10, float64(exponent))}
		if (exponent-first)%step == 0 {
			tick.Label = si.Digits(tick.Value, digits)
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// apart reports whether the labels of a logarithmic axis have room.
func apart(ticks []plot.Tick, low, high float64) bool {
	last := 0.
	for _, t := range ticks {
		if t.Label == "" {
			continue
		}
		if last > 0 && math.Log(t.Value/last) < leastGap*math.Log(high/low) {
			return false
		}
		last = t.Value
	}
	return true
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

// plainTicks are the ticks of a linear axis, labelled at multiples of 1, 2 or 5 times a power of ten,
// with all digits of their values.
type plainTicks struct{}

// mostTicks is the number of steps between labels that an axis has at most.
const mostTicks = 6

func (plainTicks) Ticks(low, high float64) []plot.Tick {
	step := si.Step((high - low) / mostTicks)
	minor := math.Round(step / si.Step(step/5)) // parts of a step
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	var ticks []plot.Tick
	for i := math.Ceil(low/step*minor - 1e-9); i <= high/step*minor+1e-9; i++ {
		tick := plot.Tick{Value: i * step / minor}
		if math.Mod(i, minor) == 0 {
			tick.Label = strconv.FormatFloat(tick.Value+0, 'f', decimals, 64)
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// wholeTicks puts ticks at integers, up to one.
type wholeTicks struct{ last float64 }

func (w wholeTicks) Ticks(low, high float64) []plot.Tick {
	high = min(high, w.last)
	step := 1.
	for power := 1.; (high-low)/step > 8; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			if (high-low)/step > 8 {
				step = digit * power
			}
		}
	}
	var ticks []plot.Tick
	for i := math.Ceil(low / step); i*step <= high; i++ {
		v := i*step + 0 // no negative zero
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprint(v)})
	}
	return ticks
}

// nameTicks puts names at 0, 1, 2.
type nameTicks []string

func (n nameTicks) Ticks(_, _ float64) []plot.Tick {
	ticks := make([]plot.Tick, len(n))
	for i, name := range n {
		ticks[i] = plot.Tick{Value: float64(i), Label: name}
	}
	return ticks
}

// clockTicks puts ticks at round times of an axis of seconds.
type clockTicks struct{}

func (clockTicks) Ticks(low, high float64) []plot.Tick {
	const minute, hour, day = 60., 3600., 86400.
	step := 7 * day
	for _, s := range []float64{1, 2, 5, 10, 30, minute, 2 * minute, 5 * minute, 10 * minute,
		30 * minute, hour, 2 * hour, 6 * hour, 12 * hour, day, 2 * day} {
		if (high-low)/s <= 6 {
			step = s
			break
		}
	}
	var ticks []plot.Tick
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: clock(v, step)})
	}
	return ticks
}

// clock prints seconds in the units that a step needs.
func clock(seconds, step float64) string {
	s := int(seconds + .5)
	switch {
	case s == 0:
		return "0"
	case step < 60 && s < 3600:
		if s < 60 {
			return fmt.Sprintf("%ds", s)
		}
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case step < 3600:
		if s < 3600 {
			return fmt.Sprintf("%dm", s/60)
		}
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	case step < 86400:
		return fmt.Sprintf("%dh", s/3600)
	}
	return fmt.Sprintf("%dd", s/86400)
}
