package model

import (
	"math"
	"slices"
)

// Rounding says how scaled channels, repeats and pixels are rounded.
type Rounding struct {
	ChannelDivisor int `json:"channel_divisor"` // channels are multiples of it
	// RoundUp or RoundNearest, for the repeats of a stage
	Depth string `json:"depth"`
	// pixels are the nearest multiple of it; 0 and 1 for any number
	ResolutionMultiple int `json:"resolution_multiple"`
}

// Rules for the repeats of a stage.
const (
	RoundUp      = "ceil"
	RoundNearest = "round"
)

// OfficialRounding is the authors' rule: channels to multiples of 8, repeats rounded up ([code],
// round_filters and round_repeats).
func OfficialRounding() Rounding { return Rounding{ChannelDivisor: 8, Depth: RoundUp} }

// slack absorbs the rounding error of decimal coefficients: 10 repeats at depth 1.1 are 11, not the
// 12 that 11.000000000000002 would round up to. Coefficients have at most six decimals, so no real
// difference is that small.
const slack = 1e-9

// largest caps scaled numbers, far above what Validate accepts, so that no conversion to int
// overflows.
const largest = 1 << 30

// Fixed says what Scale does not scale.
type Fixed struct {
	Stem      bool // channels of the stem
	Head      bool // channels of the head
	HeadFloor bool // the head becomes wider, never narrower
	Ends      bool // repeats of the first and the last stage
}

// Scale multiplies the repeats of every stage by depth, all channels by width and the pixels by
// resolution ([effnet] equation 3), except what is fixed. The receiver is not changed. Channels
// that are not a multiple of the divisor are rounded to one at width 1 too, as in [code]; in a
// bottleneck those are the inner channels.
func (a Architecture) Scale(depth, width, resolution float64, r Rounding) Architecture {
	a.Pixels = r.pixels(float64(a.Pixels) * resolution)
	a.Width, a.Depth = a.Width*width, a.Depth*depth
	if !a.Fixed.Stem {
		a.Stem.Channels = r.channels(float64(a.Stem.Channels) * width)
	}
	a.Head = a.scaledHead(width, r)
	a.Stages = slices.Clone(a.Stages)
	for i := range a.Stages {
		stage, unit := &a.Stages[i], 1
		if stage.Block == Bottleneck {
			unit = max(1, stage.Expansion)
		}
		stage.Channels = unit * r.channels(float64(stage.Channels)/float64(unit)*width)
		if end := i == 0 || i == len(a.Stages)-1; !end || !a.Fixed.Ends {
			stage.Repeats = r.repeats(float64(stage.Repeats) * depth)
		}
	}
	return a
}

func (a Architecture) scaledHead(width float64, r Rounding) int {
	switch {
	case a.Head == 0 || a.Fixed.Head:
		return a.Head
	case a.Fixed.HeadFloor:
		width = max(1, width)
	}
	return r.channels(float64(a.Head) * width)
}

// channels rounds to the nearest multiple of the divisor, but never loses more than a tenth
// ([code], round_filters).
func (r Rounding) channels(exact float64) int {
	d := max(1, r.ChannelDivisor)
	exact = min(exact, largest)
	n := max(d, int(exact+float64(d)/2+slack)/d*d)
	if float64(n) < .9*exact-slack {
		n += d
	}
	return n
}

func (r Rounding) repeats(exact float64) int {
	exact = min(exact, largest)
	if r.Depth == RoundNearest {
		return max(1, int(exact+.5+slack))
	}
	return max(1, int(math.Ceil(exact-slack)))
}

// pixels rounds half up, then to the resolution multiple if there is one.
func (r Rounding) pixels(exact float64) int {
	n := int(min(exact, largest) + .5 + slack)
	if m := r.ResolutionMultiple; m > 1 {
		n = (n + m/2) / m * m
	}
	return max(1, n)
}
