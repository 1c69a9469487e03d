package model

import (
	"fmt"
	"math"
	"slices"
)

// Rounding says how scaled numbers become whole ones.
type Rounding struct {
	ChannelDivisor     int    `json:"channel_divisor"`     // channels are multiples of it
	Depth              string `json:"depth"`               // RoundUp or RoundNearest, for the repeats of a stage
	ResolutionMultiple int    `json:"resolution_multiple"` // pixels are the nearest multiple of it; 0 and 1 for any number
}

// Rules for the repeats of a stage.
const (
	RoundUp      = "ceil"
	RoundNearest = "round"
)

// OfficialRounding is the authors' rule: channels to multiples of 8, repeats rounded up ([code], round_filters and round_repeats).
func OfficialRounding() Rounding { return Rounding{ChannelDivisor: 8, Depth: RoundUp} }

// slack absorbs the binary representation of decimal coefficients: 10 repeats at depth 1.1 are 11, not the 12 that 11.000000000000002 would
// round up to. Coefficients have at most six decimals, so nothing real is that small.
const slack = 1e-9

// Scale multiplies the repeats of every stage by depth, all channels by width and the pixels by resolution ([effnet] equation 3).
func (a Architecture) Scale(depth, width, resolution float64, r Rounding) Architecture {
	a.Pixels = r.pixels(float64(a.Pixels) * resolution)
	a.Stem.Channels = r.channels(float64(a.Stem.Channels) * width)
	a.Head = r.channels(float64(a.Head) * width)
	a.Stages = slices.Clone(a.Stages)
	for i := range a.Stages {
		stage := &a.Stages[i]
		stage.Channels = r.channels(float64(stage.Channels) * width)
		stage.Repeats = r.repeats(float64(stage.Repeats) * depth)
	}
	return a
}

// channels rounds to the nearest multiple of the divisor, but never loses more than a tenth ([code], round_filters).
func (r Rounding) channels(exact float64) int {
	d := max(1, r.ChannelDivisor)
	n := max(d, int(exact+float64(d)/2+slack)/d*d)
	if float64(n) < .9*exact-slack {
		n += d
	}
	return n
}

func (r Rounding) repeats(exact float64) int {
	if r.Depth == RoundNearest {
		return max(1, int(exact+.5+slack))
	}
	return int(math.Ceil(exact - slack))
}

// pixels rounds half up, then to the resolution multiple if there is one.
func (r Rounding) pixels(exact float64) int {
	n := int(exact + .5 + slack)
	if m := r.ResolutionMultiple; m > 1 {
		n = (n + m/2) / m * m
	}
	return max(1, n)
}

// Validate says what makes an architecture impossible to build.
func (a Architecture) Validate() error {
	for _, v := range []struct {
		name  string
		value int
	}{
		{"input channels", a.InChannels}, {"pixels", a.Pixels}, {"classes", a.Classes}, {"channels of the stem", a.Stem.Channels},
		{"stride of the stem", a.Stem.Stride}, {"channels of the head", a.Head}, {"number of stages", len(a.Stages)},
	} {
		if v.value < 1 {
			return fmt.Errorf("the %s must be 1 or more, not %d", v.name, v.value)
		}
	}
	if a.Stem.Kernel < 1 || a.Stem.Kernel%2 == 0 {
		return fmt.Errorf("the kernel of the stem must be odd, not %d", a.Stem.Kernel)
	}
	for i, stage := range a.Stages {
		if err := stage.validate(); err != nil {
			return fmt.Errorf("stage %d: %w", i+1, err)
		}
	}
	return nil
}

func (s Stage) validate() error {
	switch {
	case s.Block != MBConv:
		return fmt.Errorf("block %q is not known: use %q", s.Block, MBConv)
	case s.Expansion < 1:
		return fmt.Errorf("expansion must be 1 or more, not %d", s.Expansion)
	case s.Channels < 1:
		return fmt.Errorf("channels must be 1 or more, not %d", s.Channels)
	case s.Kernel < 1 || s.Kernel%2 == 0:
		return fmt.Errorf("kernel must be odd, not %d", s.Kernel)
	case s.Stride != 1 && s.Stride != 2:
		return fmt.Errorf("stride must be 1 or 2, not %d", s.Stride)
	case s.Repeats < 1:
		return fmt.Errorf("repeats must be 1 or more, not %d", s.Repeats)
	case math.IsNaN(s.SERatio) || s.SERatio < 0 || s.SERatio > 1:
		return fmt.Errorf("se_ratio must be between 0 and 1, not %v", s.SERatio)
	}
	return nil
}
