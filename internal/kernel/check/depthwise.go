package check

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/reference"
)

// window is a depthwise kernel and its reference implementation, which takes one pixel at a time.
type window struct {
	abi.Window
	pixels, width  int
	out, in        int // a pixel of the kernel is out x out of the result, in x in of the input
	run, reference func(*abi.DepthwiseArgs)
}

// depthwise are the kernels of depthwise convolutions.
func depthwise(table *abi.Table, width int) []Case {
	var cases []Case
	want := reference.Depthwise(width)
	add := func(name string, w window) {
		if w.pixels > 0 {
			name = fmt.Sprintf("%sx%d", name, w.pixels)
		}
		w.pixels = max(1, w.pixels)
		cases = append(cases, Case{name, w.compare})
	}
	for _, w := range slices.SortedFunc(maps.Keys(table.Depthwise), func(a, b abi.Window) int {
		return cmp.Or(a.Kernel-b.Kernel, a.Stride-b.Stride)
	}) {
		kernels := table.Depthwise[w]
		for _, p := range kernels.Forward {
			add(fmt.Sprintf("depthwise%ds%d", w.Kernel, w.Stride),
				window{w, p.Pixels, width, 1, w.Stride, p.Run, want[w].Forward[0].Run})
		}
		for _, p := range kernels.Data {
			add(fmt.Sprintf("depthwiseData%d", w.Kernel),
				window{w, p.Pixels, width, 2, 1, p.Run, want[w].Data[0].Run})
		}
		add(fmt.Sprintf("depthwiseWeights%ds%d", w.Kernel, w.Stride),
			window{w, 0, width, 1, w.Stride, kernels.Weights, want[w].Weights})
	}
	return cases
}

// compare compares the kernel with its reference on images of a few blocks of pixels.
func (w window) compare(dice *rand.Rand, _ int) error {
	images, rows, blocks, vectors := 1+dice.IntN(3), 1+dice.IntN(4), 1+dice.IntN(3), 1+dice.IntN(3)
	channels := vectors * w.width
	strideOut := w.out*blocks*w.pixels*channels + dice.IntN(9)
	strideIn := (w.in*blocks*w.pixels + w.Kernel) * channels
	gapOut, gapIn := dice.IntN(9), dice.IntN(9)
	ours := []Guarded{
		Random(dice, images*(w.out*rows*strideOut+gapOut)),
		Random(dice, images*(w.in*rows*strideIn+gapIn)+w.Kernel*strideIn),
		Random(dice, w.Kernel*w.Kernel*channels),
	}
	theirs := []Guarded{ours[0].Clone(), ours[1].Clone(), ours[2].Clone()}
	arguments := func(g []Guarded, blocks int) *abi.DepthwiseArgs {
		return &abi.DepthwiseArgs{Out: &g[0].Data[0], In: &g[1].Data[0], W: &g[2].Data[0],
			StrideOut: 4 * strideOut, StrideIn: 4 * strideIn, Pixel: 4 * channels,
			Rows: rows, Blocks: blocks, Vectors: vectors, Images: images,
			GapOut: 4 * gapOut, GapIn: 4 * gapIn}
	}
	w.run(arguments(ours, blocks))
	w.reference(arguments(theirs, blocks*w.pixels))
	return same(theirs, ours)
}
