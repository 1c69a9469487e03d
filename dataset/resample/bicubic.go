// Package resample resizes square images of bytes: whole ones to a smaller size by an area filter,
// parts of them by a bicubic filter.
package resample

import "math"

// Bicubic resizes rectangles of square images by antialiased bicubic interpolation, up or down:
// Pillow's resize, bit for bit. (The resize_bicubic of [code] has another kernel, a = -3/4, and no
// antialiasing.) It is not safe for concurrent use.
type Bicubic struct {
	size, channels int
	filters        map[int]filter // by the length that is brought to size
	room           []uint8        // the rectangle with one side of its new length
	sums           []int32        // of a new row
}

// NewBicubic makes images [size, size, channels].
func NewBicubic(size, channels int) *Bicubic {
	return &Bicubic{size: size, channels: channels, filters: map[int]filter{}}
}

// Rectangle is a part of an image, in pixels.
type Rectangle struct{ X, Y, Width, Height int }

// Centre is the central square with this share of the side ([code], _decode_and_center_crop in preprocessing.py of EfficientNet).
func Centre(size int, share float64) Rectangle {
	side := max(1, int(share*float64(size)))
	at := (size - side + 1) / 2
	return Rectangle{at, at, side, side}
}

// Run resizes a rectangle of an image [side, side, channels] to [size, size, channels]. The
// longer side is resized first, which is cheaper.
func (r *Bicubic) Run(to, from []uint8, side int, part Rectangle) {
	image := pixels{from[(part.Y*side+part.X)*r.channels:], part.Width, part.Height, side * r.channels}
	if part.Height > part.Width {
		r.across(to, r.down(r.between(part.Width), image))
	} else {
		between := r.between(part.Height)
		r.across(between, image)
		r.down(to, pixels{between, r.size, part.Height, r.size * r.channels})
	}
}

// pixels are rows of an image.
type pixels struct {
	data          []uint8
	width, height int
	stride        int // bytes from one row to the next
}

// between is a buffer for an image that has its new size along one axis only.
func (r *Bicubic) between(other int) []uint8 {
	if need := r.size * other * r.channels; len(r.room) < need {
		r.room = make([]uint8, need)
	}
	return r.room
}

// down resizes the height.
func (r *Bicubic) down(to []uint8, p pixels) pixels {
	f, width := r.filter(p.height), p.width*r.channels
	if len(r.sums) < width {
		r.sums = make([]int32, width)
	}
	sums := r.sums[:width]
	for y := range r.size {
		first, weights := f.taps(y)
		for i := range sums {
			sums[i] = half
		}
		for k, w := range weights {
			row := p.data[(first+k)*p.stride:][:width]
			for i := range sums {
				sums[i] += w * int32(row[i])
			}
		}
		out := to[y*width:][:width]
		for i := range out {
			out[i] = Clip(sums[i] >> fraction)
		}
	}
	return pixels{to, p.width, r.size, width}
}

// across resizes the width.
func (r *Bicubic) across(to []uint8, p pixels) {
	f, width := r.filter(p.width), r.size*r.channels
	for y := range p.height {
		out, row := to[y*width:][:width], p.data[y*p.stride:][:p.width*r.channels]
		if r.channels == 3 {
			f.colours(out, row)
			continue
		}
		for x := range r.size {
			first, weights := f.taps(x)
			for c := range r.channels {
				sum, at := int32(half), first*r.channels+c
				for _, w := range weights {
					sum += w * int32(row[at])
					at += r.channels
				}
				out[x*r.channels+c] = Clip(sum >> fraction)
			}
		}
	}
}

// colours filters one row of three channels.
func (f filter) colours(out, row []uint8) {
	for x := range f.first {
		first, weights := f.taps(x)
		red, green, blue := int32(half), int32(half), int32(half)
		from := row[3*first:][:3*len(weights)]
		for _, w := range weights {
			red += w * int32(from[0])
			green += w * int32(from[1])
			blue += w * int32(from[2])
			from = from[3:]
		}
		to := out[3*x:][:3]
		to[0], to[1], to[2] = Clip(red>>fraction), Clip(green>>fraction), Clip(blue>>fraction)
	}
}

// fraction is the number of binary places of a filter's weights, half a rounding.
const (
	fraction = 22
	half     = 1 << (fraction - 1)
)

// Clip is the nearest byte.
func Clip(v int32) uint8 { return uint8(min(255, max(0, v))) }

// filter is how each new pixel of a row is computed from the old ones: `count[x]` of them from
// `first[x]` on, with weights that sum to 1.
type filter struct {
	first, count []int
	weights      []int32 // [new pixels, most]
	most         int
}

func (f filter) taps(x int) (first int, weights []int32) {
	return f.first[x], f.weights[x*f.most:][:f.count[x]]
}

// filter computes the filter for a length, once.
func (r *Bicubic) filter(length int) filter {
	f, ok := r.filters[length]
	if !ok {
		f = newFilter(length, r.size)
		r.filters[length] = f
	}
	return f
}

func newFilter(length, size int) filter {
	scale := float64(length) / float64(size)
	stretch := max(1, scale)
	reach := 2 * stretch
	f := filter{first: make([]int, size), count: make([]int, size), most: 2*int(math.Ceil(reach)) + 1}
	f.weights = make([]int32, size*f.most)
	w := make([]float64, f.most)
	for x := range size {
		middle := float64((float64(x) + .5) * scale)
		first, end := int(max(0, middle-reach+.5)), min(length, int(middle+reach+.5))
		f.first[x], f.count[x] = first, end-first
		sum := 0.
		for k := range end - first {
			w[k] = cubic(float64((float64(first+k) - middle + .5) * (1 / stretch)))
			sum += w[k]
		}
		for k := range end - first {
			f.weights[x*f.most+k] = int32(math.Round(float64(w[k] / sum * (1 << fraction))))
		}
	}
	return f
}

// cubic is Keys' kernel with a = -1/2. Products are rounded by conversions, which prevents fused
// multiply-adds, so that the bits are the same everywhere.
func cubic(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64((float64(1.5*x)-2.5)*x)*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * -.5
	}
	return 0
}
