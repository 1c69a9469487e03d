package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in abi.DepthwiseArgs; strides are in bytes. Maps are in memory with their padding, rows
// of whole vectors of channels.
const (
	dwOut       = 0 // of the weights' gradient: the gradient of the output
	dwIn        = 8
	dwWeights   = 16
	dwStrideOut = 24 // from a row of pixels to the next
	dwStrideIn  = 32
	dwPixel     = 40 // from a pixel to the next
	dwRows      = 48
	dwBlocks    = 56 // blocks of pixels in a row
	dwVectors   = 64 // vectors of channels; counted down
	dwImages    = 72
	dwGapOut    = 80 // from the row after an image to the next image
	dwGapIn     = 88

	dwImagesLeft = 96 // for the kernels' own use
	dwRowsLeft   = 104
	dwLeft       = 112
)

func depthwise(s isa) {
	for _, kernel := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			for _, pixels := range s.blocks(kernel) {
				forward(s, kernel, stride, pixels)
			}
			weights(s, kernel, stride)
		}
		pixels := 2
		if s.wide {
			pixels = 4
		}
		data(s, kernel, pixels)
		data(s, kernel, 1)
	}
}

// blocks are the numbers of output pixels that are computed at a time: their sums and the weights
// of a row of the kernel (of a 3x3 kernel all) stay in registers.
func (s isa) blocks(kernel int) []int {
	if !s.wide && kernel == 3 {
		return []int{4, 2, 1}
	}
	return []int{7, 4, 2, 1}
}

// nextImage advances the pointers from the end of an image to the next and repeats while there is
// one.
func nextImage(args, in, out reg.Register, again string) {
	ADDQ(argument(args, dwGapIn), in)
	ADDQ(argument(args, dwGapOut), out)
	DECQ(argument(args, dwImagesLeft))
	JNZ(LabelRef(again))
}

// nextChannels moves the pointers of the arguments to the next vector of channels and repeats while
// there is one.
func nextChannels(s isa, args reg.Register, again string) {
	for _, field := range []int{dwOut, dwIn, dwWeights} {
		ADDQ(Imm(uint64(s.bytes())), argument(args, field))
	}
	DECQ(argument(args, dwVectors))
	JNZ(LabelRef(again))
	finish()
}

// forward computes rows of output pixels, pixels at a time.
func forward(s isa, kernel, stride, pixels int) {
	text(fmt.Sprintf("depthwise%ds%dx%d%s", kernel, stride, pixels, s.name), "DepthwiseArgs",
		fmt.Sprintf("computes a %d x %d depthwise convolution of stride %d, %d pixels at a time",
			kernel, kernel, stride, pixels))
	args := Load(Param("a"), GP64())
	pixel, strideIn := pitchOf(fetch(args, dwPixel)), fetch(args, dwStrideIn)
	across := (pixels-1)*stride + kernel
	channels, images, rows, blocks := label("channels"), label("image"), label("row"), label("block")
	Label(channels)
	taps := pointersTo(fetch(args, dwWeights), pixel, kernel)
	var held []vec
	if kernel == 3 {
		for range kernel {
			held = append(held, loadRow(s, taps, kernel)...)
			skip(taps.base[0], pixel.one, kernel)
		}
	}
	in, out := fetch(args, dwIn), fetch(args, dwOut)
	set(args, dwImagesLeft, dwImages)
	Label(images)
	set(args, dwRowsLeft, dwRows)
	Label(rows)
	from, to := GP64(), GP64()
	set(args, dwLeft, dwBlocks)
	MOVQ(in, from)
	MOVQ(out, to)
	Label(blocks)
	sums := s.zeros(pixels)
	p := pointersTo(from, pixel, across)
	if held == nil {
		MOVQ(argument(args, dwWeights), taps.base[0])
	}
	for ky := range kernel {
		var w []vec
		if held != nil {
			w = held[ky*kernel:][:kernel]
		} else {
			w = loadRow(s, taps, kernel)
			skip(taps.base[0], pixel.one, kernel)
		}
		for i := range across {
			v := s.vector()
			VMOVUPS(p.row(i), v)
			for x := range sums {
				if kx := i - x*stride; kx >= 0 && kx < kernel {
					VFMADD231PS(w[kx], v, sums[x])
				}
			}
		}
		if ky < kernel-1 {
			p.add(strideIn)
		}
	}
	q := pointersTo(to, pixel, pixels)
	for x, v := range sums {
		VMOVUPS(v, q.row(x))
	}
	skip(to, pixel.one, pixels)
	skip(from, pixel.one, pixels*stride)
	DECQ(argument(args, dwLeft))
	JNZ(LabelRef(blocks))
	skip(in, strideIn, stride)
	ADDQ(argument(args, dwStrideOut), out)
	DECQ(argument(args, dwRowsLeft))
	JNZ(LabelRef(rows))
	nextImage(args, in, out, images)
	nextChannels(s, args, channels)
}

// loadRow loads the weights of a row of the kernel.
func loadRow(s isa, taps *pointers, kernel int) []vec {
	w := s.vectors(kernel)
	for kx := range w {
		VMOVUPS(taps.row(kx), w[kx])
	}
	return w
}

// weights adds the contribution of rows of pixels to the gradient of the weights. The sums of the
// whole kernel, with AVX2 of two rows of a 5x5 one, stay in registers.
func weights(s isa, kernel, stride int) {
	text(fmt.Sprintf("depthwiseWeights%ds%d%s", kernel, stride, s.name), "DepthwiseArgs",
		fmt.Sprintf("adds to the gradient of the weights of a %d x %d depthwise convolution of "+
			"stride %d", kernel, kernel, stride))
	args := Load(Param("a"), GP64())
	pixel, strideIn := pitchOf(fetch(args, dwPixel)), fetch(args, dwStrideIn)
	channels := label("channels")
	Label(channels)
	atOnce := kernel
	if !s.wide && kernel == 5 {
		atOnce = 2
	}
	for first := 0; first < kernel; first += atOnce {
		someWeights(s, args, pixel, strideIn, kernel, stride, first, min(atOnce, kernel-first))
	}
	nextChannels(s, args, channels)
}

// someWeights is weights for n rows of the kernel.
func someWeights(s isa, args reg.Register, pixel pitch, strideIn reg.GPVirtual, kernel, stride,
	first, n int) {
	images, rows, loop := label("image"), label("row"), label("pixel")
	start := fetch(args, dwWeights)
	if first > 0 {
		skip(start, pixel.one, first*kernel)
	}
	taps := pointersTo(start, pixel, kernel)
	var sums [][]vec
	for range n {
		sums = append(sums, loadRow(s, taps, kernel))
		skip(taps.base[0], pixel.one, kernel)
	}
	in, out := fetch(args, dwIn), fetch(args, dwOut)
	if first > 0 {
		skip(in, strideIn, first)
	}
	set(args, dwImagesLeft, dwImages)
	Label(images)
	set(args, dwRowsLeft, dwRows)
	Label(rows)
	p := make([]*pointers, n)
	for ky := range p {
		p[ky] = &pointers{base: []reg.GPVirtual{GP64()}, pitch: pixel}
		if ky == 0 {
			MOVQ(in, p[0].base[0])
		} else {
			LEAQ(Mem{Base: p[ky-1].base[0], Index: strideIn, Scale: 1}, p[ky].base[0])
		}
	}
	d := GP64()
	set(args, dwLeft, dwBlocks)
	MOVQ(out, d)
	Label(loop)
	v := s.vector()
	VMOVUPS(Mem{Base: d}, v)
	ADDQ(pixel.one, d)
	for ky := range p {
		for kx := range kernel {
			VFMADD231PS(p[ky].row(kx), v, sums[ky][kx])
		}
		if stride == 2 {
			LEAQ(Mem{Base: p[ky].base[0], Index: pixel.one, Scale: 2}, p[ky].base[0])
		} else {
			ADDQ(pixel.one, p[ky].base[0])
		}
	}
	DECQ(argument(args, dwLeft))
	JNZ(LabelRef(loop))
	skip(in, strideIn, stride)
	ADDQ(argument(args, dwStrideOut), out)
	DECQ(argument(args, dwRowsLeft))
	JNZ(LabelRef(rows))
	nextImage(args, in, out, images)
	MOVQ(start, taps.base[0])
	for _, row := range sums {
		for kx, v := range row {
			VMOVUPS(v, taps.row(kx))
		}
		skip(taps.base[0], pixel.one, kernel)
	}
}

// data computes the gradient of the input of a convolution of stride 2, squares of 2 x 2 pixels at
// a time: out is the input's gradient, in that of the output with its padding, and rows count
// squares. Row and column 2y of the input belong to the taps with the parity of the padding; 2y+1
// to the others.
func data(s isa, kernel, squares int) {
	text(fmt.Sprintf("depthwiseData%dx%d%s", kernel, squares, s.name), "DepthwiseArgs",
		fmt.Sprintf("computes the input's gradient of a %d x %d depthwise convolution of stride "+
			"2, %d squares at a time", kernel, kernel, squares))
	args := Load(Param("a"), GP64())
	pixel, strideIn := pitchOf(fetch(args, dwPixel)), fetch(args, dwStrideIn)
	taps, reach := squareTaps(kernel)
	channels, images, rows, blocks := label("channels"), label("image"), label("row"), label("block")
	Label(channels)
	in, out := fetch(args, dwIn), fetch(args, dwOut)
	set(args, dwImagesLeft, dwImages)
	Label(images)
	set(args, dwRowsLeft, dwRows)
	Label(rows)
	from, to := GP64(), GP64()
	set(args, dwLeft, dwBlocks)
	MOVQ(in, from)
	MOVQ(out, to)
	Label(blocks)
	sums := [2][]vec{s.zeros(2 * squares), s.zeros(2 * squares)}
	p := pointersTo(from, pixel, squares+reach-1)
	for dy := range reach {
		for parity := range 2 {
			for _, tap := range taps[parity] {
				if tap.offset == dy {
					row := fetch(args, dwWeights)
					if tap.index > 0 {
						skip(row, pixel.one, tap.index*kernel)
					}
					addSquares(s, p, loadRow(s, pointersTo(row, pixel, kernel), kernel), taps,
						sums[parity], squares+reach-1)
				}
			}
		}
		if dy < reach-1 {
			p.add(strideIn)
		}
	}
	for parity := range 2 {
		row := GP64()
		MOVQ(to, row)
		if parity == 1 {
			ADDQ(argument(args, dwStrideOut), row)
		}
		q := pointersTo(row, pixel, 2*squares)
		for x, v := range sums[parity] {
			VMOVUPS(v, q.row(x))
		}
	}
	skip(to, pixel.one, 2*squares)
	skip(from, pixel.one, squares)
	DECQ(argument(args, dwLeft))
	JNZ(LabelRef(blocks))
	ADDQ(strideIn, in)
	ADDQ(argument(args, dwStrideOut), out)
	ADDQ(argument(args, dwStrideOut), out)
	DECQ(argument(args, dwRowsLeft))
	JNZ(LabelRef(rows))
	nextImage(args, in, out, images)
	nextChannels(s, args, channels)
}

// squareTap is a tap that reads an input pixel, and the output pixel it contributes to, counted
// from the first that the square contributes to.
type squareTap struct{ offset, index int }

// squareTaps lists the taps of even and odd pixels, and the number of output pixels along an axis
// that a square contributes to.
func squareTaps(kernel int) (taps [2][]squareTap, reach int) {
	if kernel == 3 {
		return [2][]squareTap{{{0, 1}}, {{0, 2}, {1, 0}}}, 2
	}
	return [2][]squareTap{{{0, 4}, {1, 2}, {2, 0}}, {{1, 3}, {2, 1}}}, 3
}

// addSquares adds a row of output gradients times a row of the kernel to a row of the squares.
func addSquares(s isa, p *pointers, w []vec, taps [2][]squareTap, sums []vec, across int) {
	for i := range across {
		v := s.vector()
		VMOVUPS(p.row(i), v)
		for x := range len(sums) / 2 {
			for parity := range 2 {
				for _, tap := range taps[parity] {
					if x+tap.offset == i {
						VFMADD231PS(w[tap.index], v, sums[2*x+parity])
					}
				}
			}
		}
	}
}
