package model

import (
	"fmt"
	"maps"
	"slices"

	"gridsearch/internal/nearest"
)

// ImageNetClasses is the number of classes of a preset unless the data set says otherwise.
const ImageNetClasses = 1000

// preset is a published network: a base and its scaling coefficients, which are the authors' table,
// not powers of 1.2, 1.1 and 1.15.
type preset struct {
	base         func() Architecture
	width, depth float64
	pixels       int
	dropout      float64
	repeats      string // rule of rounding
}

var presets = map[string]preset{
	// [code], efficientnet_params.
	"efficientnet-b0": {b0, 1.0, 1.0, 224, .2, RoundUp},
	"efficientnet-b1": {b0, 1.0, 1.1, 240, .2, RoundUp},
	"efficientnet-b2": {b0, 1.1, 1.2, 260, .3, RoundUp},
	"efficientnet-b3": {b0, 1.2, 1.4, 300, .3, RoundUp},
	"efficientnet-b4": {b0, 1.4, 1.8, 380, .4, RoundUp},
	"efficientnet-b5": {b0, 1.6, 2.2, 456, .4, RoundUp},
	"efficientnet-b6": {b0, 1.8, 2.6, 528, .5, RoundUp},
	"efficientnet-b7": {b0, 2.0, 3.1, 600, .5, RoundUp},
	"efficientnet-b8": {b0, 2.2, 3.6, 672, .5, RoundUp},
	"efficientnet-l2": {b0, 4.3, 5.3, 800, .5, RoundUp},
	// [code], lite/efficientnet_lite_builder.py.
	"efficientnet-lite0": {lite0, 1.0, 1.0, 224, .2, RoundUp},
	"efficientnet-lite1": {lite0, 1.0, 1.1, 240, .2, RoundUp},
	"efficientnet-lite2": {lite0, 1.1, 1.2, 260, .3, RoundUp},
	"efficientnet-lite3": {lite0, 1.2, 1.4, 280, .3, RoundUp},
	"efficientnet-lite4": {lite0, 1.4, 1.8, 300, .3, RoundUp},
	// [tiny].
	"tinynet-a": {tiny, 1.0, 1.2, 192, .2, RoundNearest},
	"tinynet-b": {tiny, .75, 1.1, 188, .2, RoundNearest},
	"tinynet-c": {tiny, .54, .85, 184, .2, RoundNearest},
	"tinynet-d": {tiny, .54, .695, 152, .2, RoundNearest},
	"tinynet-e": {tiny, .51, .6, 106, .2, RoundNearest},

	"mobilenet-v1": {mobileNetV1, 1, 1, 224, .001, RoundUp},
	"mobilenet-v2": {mobileNetV2, 1, 1, 224, .2, RoundUp},
	"resnet-18":    {resNet(Basic, 2, 2, 2, 2), 1, 1, 224, 0, RoundUp},
	"resnet-34":    {resNet(Basic, 3, 4, 6, 3), 1, 1, 224, 0, RoundUp},
	"resnet-50":    {resNet(Bottleneck, 3, 4, 6, 3), 1, 1, 224, 0, RoundUp},
	"resnet-101":   {resNet(Bottleneck, 3, 4, 23, 3), 1, 1, 224, 0, RoundUp},
	"resnet-152":   {resNet(Bottleneck, 3, 8, 36, 3), 1, 1, 224, 0, RoundUp},
}

// Presets lists the names of the published networks.
func Presets() []string { return slices.Sorted(maps.Keys(presets)) }

// Preset returns a published architecture. The error for an unknown name says the nearest known
// ones.
func Preset(name string) (Architecture, error) {
	p, ok := presets[name]
	if !ok {
		return Architecture{}, fmt.Errorf("network %q is not known: did you mean %s?", name,
			nearest.Words(name, Presets()))
	}
	a := p.base()
	a.Width, a.Depth = 1, 1
	a = a.Scale(p.depth, p.width, 1, Rounding{ChannelDivisor: OfficialRounding().ChannelDivisor,
		Depth: p.repeats})
	a.Name, a.Pixels, a.Dropout = name, p.pixels, p.dropout
	return a, nil
}
