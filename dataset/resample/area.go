package resample

// Area makes square images smaller: every new pixel is the mean of the old ones that it covers,
// weighted by the area covered. The arithmetic is in integers, so that the bytes are the same
// everywhere. It is not safe for concurrent use.
type Area struct {
	size, channels int // of the old image
	spans          []span
	rows           []uint32 // intermediate sums, [to, size, channels]
}

// NewArea brings images of from pixels on a side to to pixels, which are not more.
func NewArea(from, to, channels int) *Area {
	return &Area{size: from, channels: channels, spans: areaSpans(from, to),
		rows: make([]uint32, to*from*channels)}
}

// span is the old pixels that a new one covers, with weights in units of 1/size of a new pixel,
// which sum to the old size.
type span struct {
	first   int
	weights []uint32
}

// areaSpans covers a side of from pixels with to new ones. With every old pixel divided into `to`
// parts, a new pixel is `from` parts long.
func areaSpans(from, to int) []span {
	spans := make([]span, to)
	for i := range spans {
		start, end := i*from, (i+1)*from
		first, last := start/to, (end-1)/to
		s := span{first: first}
		for p := first; p <= last; p++ {
			s.weights = append(s.weights, uint32(min(end, (p+1)*to)-max(start, p*to)))
		}
		spans[i] = s
	}
	return spans
}

// Run filters an image [from, from, channels] to [to, to, channels], along y and then along x.
func (a *Area) Run(to, from []uint8) {
	size, channels, rows, spans := a.size, a.channels, a.rows, a.spans
	width := size * channels
	for y, s := range spans {
		row := rows[y*width:][:width]
		clear(row)
		for k, weight := range s.weights {
			for x, v := range from[(s.first+k)*width:][:width] {
				row[x] += weight * uint32(v)
			}
		}
	}
	whole := uint64(size) * uint64(size)
	for y := range spans {
		for x, s := range spans {
			for c := range channels {
				sum := whole / 2
				for k, weight := range s.weights {
					sum += uint64(weight) * uint64(rows[y*width+(s.first+k)*channels+c])
				}
				to[(y*len(spans)+x)*channels+c] = uint8(sum / whole)
			}
		}
	}
}
