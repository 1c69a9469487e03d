package picture

import "image"

// layer is one channel or more of a picture, in the order of the file. A sample may cover several
// pixels, as those of JPEG's colours do.
type layer struct {
	pix          []uint8
	stride, step int   // bytes from a line to the next, and from a sample
	at           []int // where within a sample its channels are
	wide, high   int   // pixels across and down that a sample covers
	// expand, if not nil, computes the samples [from, to) of a line, of which pix holds none
	expand func(line []uint8, y, from, to int)
}

// line is the bytes of the samples [from, to) of a line; room is theirs if they are computed.
func (l *layer) line(room []uint8, y, from, to int) []uint8 {
	if l.expand == nil {
		return l.pix[y*l.stride:][from*l.step : to*l.step]
	}
	l.expand(room, y, from, to)
	return room
}

// span is the samples of a line that a new pixel covers. Their weights are areas, in units of which
// an old pixel has as many as there are new pixels: all weights together are the square's side.
type span struct {
	first   int
	weights []uint32
}

// spans covers the side old pixels from start on with count new ones; a sample is wide pixels.
func spans(start, side, count, wide int) []span {
	all := make([]span, count)
	weights := make([]uint32, 0, side/wide+2*count+1)
	for i := range all {
		from, to := start*count+i*side, start*count+(i+1)*side
		unit := wide * count
		begin := len(weights)
		for s := from / unit; s*unit < to; s++ {
			weights = append(weights, uint32(min(to, (s+1)*unit)-max(from, s*unit)))
		}
		all[i] = span{from / unit, weights[begin:]}
	}
	return all
}

// filter writes the means of a square, [pixels, pixels, channels] with depth values from a pixel to
// the next, in 1/256 levels rounded down. All sums are exact: neither turning nor mirroring the
// square before it, instead of the values after it, would change them.
func (l *layer) filter(values []int64, depth int, square image.Rectangle, pixels int) {
	side := square.Dx()
	across := spans(square.Min.X, side, pixels, l.wide)
	down := spans(square.Min.Y, side, pixels, l.high)
	end := across[pixels-1]
	from, to := across[0].first, end.first+len(end.weights)
	sums := make([]uint32, (to-from)*l.step) // at most 255 * side
	room := make([]uint8, len(sums))
	var line []uint8
	last := -1
	for y, s := range down {
		clear(sums)
		for k, weight := range s.weights {
			if last != s.first+k {
				last = s.first + k
				line = l.line(room, last, from, to)
			}
			sums := sums[:len(line)]
			for i, v := range line {
				sums[i] += weight * uint32(v)
			}
		}
		for x, s := range across {
			for c, at := range l.at {
				values[(y*pixels+x)*depth+c] = mean(s.weights,
					sums[(s.first-from)*l.step+at:], l.step, side)
			}
		}
	}
}

func mean(weights, sums []uint32, step, side int) int64 {
	var sum uint64
	for k, weight := range weights {
		sum += uint64(weight) * uint64(sums[k*step])
	}
	return int64(sum * 256 / (uint64(side) * uint64(side)))
}

// turn is what a viewer does with a stored picture of an EXIF orientation: its pixel (x, y) is the
// stored one of x and y, swapped if swap, and each counted from the far end if flipped.
type turn struct{ swap, flipX, flipY bool }

var turns = [9]turn{2: {flipX: true}, 3: {flipX: true, flipY: true}, 4: {flipY: true},
	5: {swap: true}, 6: {swap: true, flipY: true}, 7: {true, true, true},
	8: {swap: true, flipX: true}}

// storedPlace is the index in a stored square of the pixel (x, y) as seen.
func storedPlace(x, y, pixels, orientation int) int {
	t := turns[orientation]
	if t.swap {
		x, y = y, x
	}
	if t.flipX {
		x = pixels - 1 - x
	}
	if t.flipY {
		y = pixels - 1 - y
	}
	return y*pixels + x
}

// squareOf is the central square of the picture as seen, in stored pixels. Where an odd number of
// pixels is cut, one more goes at the right and at the bottom as seen.
func squareOf(stored image.Point, orientation int) image.Rectangle {
	side := min(stored.X, stored.Y)
	left, top := (stored.X-side)/2, (stored.Y-side)/2
	if turns[orientation].flipX {
		left = stored.X - side - left
	}
	if turns[orientation].flipY {
		top = stored.Y - side - top
	}
	return image.Rect(left, top, left+side, top+side)
}
