package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/nearest"
)

// Limits that keep sums of multiply-adds far below the maximum of an int64.
const (
	maxBlocks = 10_000
	// of channels, pixels, classes: products of two are far from the end of an int64 as well
	maxCount = 1 << 26
	maxMAdds = 1e17
)

// StageError is an error in a stage.
type StageError struct {
	Stage int // from 0
	Err   error
}

// Error names the stage, counted from 1.
func (e *StageError) Error() string { return fmt.Sprintf("stage %d: %v", e.Stage+1, e.Err) }

// Unwrap is what is wrong.
func (e *StageError) Unwrap() error { return e.Err }

// Validate reports what makes an architecture impossible to build or to count, naming the field and
// its range; an error in a stage is a *StageError.
func (a Architecture) Validate() error {
	for _, check := range []func() error{a.validateCounts, a.validateRates, a.validateStages,
		a.validateMaps, a.validateSize} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (a Architecture) validateCounts() error {
	for _, v := range []struct {
		name  string
		value int
	}{
		{"input channels", a.InChannels}, {"pixels", a.Pixels}, {"classes", a.Classes},
		{"channels of the stem", a.Stem.Channels},
		{"stride of the stem", a.Stem.Stride}, {"number of stages", len(a.Stages)},
	} {
		if v.value < 1 {
			return fmt.Errorf("the %s must be 1 or more, not %d", v.name, v.value)
		}
		if v.value > maxCount {
			return tooLarge("the %s must be %d at most, not %d", v.name, maxCount, v.value)
		}
	}
	if max(a.Stem.Kernel, a.Head) > maxCount {
		return tooLarge("kernel of the stem and channels of the head must be %d at most, not %d and %d",
			maxCount, a.Stem.Kernel, a.Head)
	}
	if a.Stem.Kernel < 1 || a.Stem.Kernel%2 == 0 {
		return fmt.Errorf("the kernel of the stem must be odd, not %d", a.Stem.Kernel)
	}
	if a.Head < 0 {
		return fmt.Errorf("the channels of the head must be 1 or more, or 0 for a head without a "+
			"convolution, not %d", a.Head)
	}
	if err := checkName("padding", cmp.Or(a.Padding, Symmetric), Paddings); err != nil {
		return err
	}
	return checkName("activation", cmp.Or(a.Activation, SiLU), Activations)
}

// tooLarge returns an error for numbers whose sums and products would overflow.
func tooLarge(format string, values ...any) error {
	return fmt.Errorf("the network is too large to be counted: "+format, values...)
}

// checkName returns an error with the nearest name unless name is one of names.
func checkName(what, name string, names []string) error {
	if slices.Contains(names, name) {
		return nil
	}
	return fmt.Errorf("%s %q is not known: did you mean %q? (one of %s)", what, name,
		nearest.Word(name, names), strings.Join(names, ", "))
}

func (a Architecture) validateRates() error {
	for _, v := range []struct {
		name  string
		value float64
	}{{"dropout", a.Dropout}, {"drop_connect", a.DropConnect},
		{"batch_norm_momentum", a.BatchNormMomentum}} {
		if !(v.value >= 0 && v.value < 1) {
			return fmt.Errorf("%s must be at least 0 and below 1, not %v", v.name, v.value)
		}
	}
	if !(a.BatchNormEpsilon >= 0 && a.BatchNormEpsilon < 1) {
		return fmt.Errorf("batch_norm_epsilon must be at least 0 and below 1, not %v", a.BatchNormEpsilon)
	}
	return nil
}

func (a Architecture) validateStages() error {
	for i, stage := range a.Stages {
		if err := stage.validate(); err != nil {
			return &StageError{i, err}
		}
	}
	if n := a.depth(); n > maxBlocks {
		return fmt.Errorf("%d blocks are more than the %d that a network may have", n, maxBlocks)
	}
	return nil
}

func (s Stage) validate() error {
	if err := checkName("block", s.Block, BlockKinds); err != nil {
		return err
	}
	switch {
	case max(s.Expansion, s.Channels, s.Kernel, s.Repeats) > maxCount:
		return tooLarge("expansion, channels, kernel and repeats must be %d at most, not %d, %d, "+
			"%d and %d",
			maxCount, s.Expansion, s.Channels, s.Kernel, s.Repeats)
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
	return s.validateKind()
}

// validateKind refuses fields that the stage's kind of block does not have.
func (s Stage) validateKind() error {
	switch k := kindOf(s.Block); {
	case s.SERatio > 0 && k.seRatio == 0:
		return fmt.Errorf("block %q has no squeeze-excite: leave out se_ratio, or use %q", s.Block,
			MBConv)
	case s.Expansion > 1 && k.expansion == 0:
		return fmt.Errorf("block %q has no expansion: leave it out, or use %q", s.Block, InvertedResidual)
	case k.divides && s.Channels%s.Expansion != 0:
		return fmt.Errorf("channels of a bottleneck must be a multiple of its expansion %d, not %d",
			s.Expansion, s.Channels)
	}
	return checkName("activation", cmp.Or(s.Activation, SiLU), Activations)
}

// validateMaps refuses strides on maps of a single pixel, which every further layer would see with
// its padding alone.
func (a Architecture) validateMaps() error {
	const message = "stride %d has nothing to shrink: at %d pixels the map before it is 1 x 1; " +
		"raise the pixels or lower a stride"
	size := ceilDiv(a.Pixels, a.Stem.Stride)
	if a.Stem.Pool {
		if size == 1 {
			return fmt.Errorf("the stem's pooling of "+message, 2, a.Pixels)
		}
		size = ceilDiv(size, 2)
	}
	for i, stage := range a.Stages {
		if stage.Stride > 1 && size == 1 {
			return &StageError{i, fmt.Errorf(message, stage.Stride, a.Pixels)}
		}
		size = ceilDiv(size, stage.Stride)
	}
	return nil
}

// validateSize estimates the cost in floating point, where nothing overflows.
func (a Architecture) validateSize() error {
	blocks := a.Blocks()
	madds := float64(blocks[len(blocks)-1].Out) * float64(a.Classes)
	for _, b := range blocks {
		width, kernel, size := float64(max(b.In, b.Expanded)), float64(b.Kernel), float64(b.InSize)
		madds += size * size * width * (float64(b.In) + float64(b.Out) + 1) * kernel * kernel
	}
	if madds > maxMAdds {
		return tooLarge("more than %.0e multiply-adds", float64(maxMAdds))
	}
	return nil
}
