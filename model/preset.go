package model

import (
	"fmt"
	"maps"
	"slices"

	"gridsearch/internal/nearest"
)

// ImageNetClasses is the number of classes of a preset until it is given data.
const ImageNetClasses = 1000

// b0 is EfficientNet-B0 ([effnet] Table 1 and section 5.2; strides, dropout and batch norm from [code]).
func b0() Architecture {
	return Architecture{
		Name: "efficientnet-b0", InChannels: 3, Pixels: 224, Classes: ImageNetClasses,
		Stem: Stem{Channels: 32, Kernel: 3, Stride: 2},
		Stages: []Stage{
			{Block: MBConv, Expansion: 1, Channels: 16, Kernel: 3, Stride: 1, Repeats: 1, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 24, Kernel: 3, Stride: 2, Repeats: 2, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 40, Kernel: 5, Stride: 2, Repeats: 2, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 80, Kernel: 3, Stride: 2, Repeats: 3, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 112, Kernel: 5, Stride: 1, Repeats: 3, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 192, Kernel: 5, Stride: 2, Repeats: 4, SERatio: .25},
			{Block: MBConv, Expansion: 6, Channels: 320, Kernel: 3, Stride: 1, Repeats: 1, SERatio: .25},
		},
		Head: 1280, Dropout: .2, DropConnect: .2, BatchNormEpsilon: 1e-3, BatchNormMomentum: .99,
	}
}

// family holds the coefficients of B0..B7 ([code], efficientnet_params): they are a table there, not powers of 1.2, 1.1 and 1.15.
var family = map[string]struct {
	width, depth float64
	pixels       int
	dropout      float64
}{
	"efficientnet-b0": {1.0, 1.0, 224, .2},
	"efficientnet-b1": {1.0, 1.1, 240, .2},
	"efficientnet-b2": {1.1, 1.2, 260, .3},
	"efficientnet-b3": {1.2, 1.4, 300, .3},
	"efficientnet-b4": {1.4, 1.8, 380, .4},
	"efficientnet-b5": {1.6, 2.2, 456, .4},
	"efficientnet-b6": {1.8, 2.6, 528, .5},
	"efficientnet-b7": {2.0, 3.1, 600, .5},
}

// Presets lists the names that Preset knows.
func Presets() []string { return slices.Sorted(maps.Keys(family)) }

// Preset returns a published architecture. The error of an unknown name says the nearest known one.
func Preset(name string) (Architecture, error) {
	c, ok := family[name]
	if !ok {
		return Architecture{}, fmt.Errorf("network %q is not known: did you mean %q?", name, nearest.Word(name, Presets()))
	}
	a := b0().Scale(c.depth, c.width, 1, OfficialRounding())
	a.Name, a.Pixels, a.Dropout = name, c.pixels, c.dropout
	return a, nil
}
