package batch

import (
	"math"

	"gridsearch/dataset/resample"
	"gridsearch/internal/portable"
)

// canvas is an image that operations modify. Each operation computes, bit for bit, what Pillow's
// function of that name does, which the authors' own imitate ([code], autoaugment.py); those that
// move pixels use nearest-neighbour sampling and fill with grey.
type canvas struct {
	size, channels int
	pixels, spare  []uint8 // [size, size, channels]
}

// grey fills what comes from outside the image ([code], replace_value).
const grey = 128

func newCanvas(size, channels int) *canvas {
	n := size * size * channels
	return &canvas{size, channels, make([]uint8, n), make([]uint8, n)}
}

// table maps each byte value.
type table [256]uint8

// each maps all values by one rule, whose results are clipped to 0..255.
func (c *canvas) each(rule func(v int) int) {
	var t table
	for v := range t {
		t[v] = resample.Clip(int32(rule(v)))
	}
	for i, v := range c.pixels {
		c.pixels[i] = t[v]
	}
}

// channelwise maps the values of each channel by a table computed from the channel's histogram.
func (c *canvas) channelwise(rule func(counts *[256]int) table) {
	for ch := range c.channels {
		var counts [256]int
		for i := ch; i < len(c.pixels); i += c.channels {
			counts[c.pixels[i]]++
		}
		t := rule(&counts)
		for i := ch; i < len(c.pixels); i += c.channels {
			c.pixels[i] = t[c.pixels[i]]
		}
	}
}

func identity() (t table) {
	for v := range t {
		t[v] = uint8(v)
	}
	return t
}

// autoContrast stretches each channel to the full range.
func (c *canvas) autoContrast() {
	c.channelwise(func(counts *[256]int) table {
		low, high := 0, 255
		for low < 255 && counts[low] == 0 {
			low++
		}
		for high > 0 && counts[high] == 0 {
			high--
		}
		t := identity()
		if high <= low {
			return t
		}
		scale := 255 / float64(high-low)
		offset := float64(-float64(low) * scale)
		for v := range t {
			t[v] = resample.Clip(int32(float64(float64(v)*scale) + offset))
		}
		return t
	})
}

// equalize equalises the histogram of each channel.
func (c *canvas) equalize() {
	c.channelwise(func(counts *[256]int) table {
		total, last := 0, 0
		for _, n := range counts {
			if total += n; n > 0 {
				last = n
			}
		}
		t := identity()
		step := (total - last) / 255
		if step == 0 {
			return t
		}
		n := step / 2
		for v := range t {
			t[v] = resample.Clip(int32(n / step))
			n += counts[v]
		}
		return t
	})
}

func (c *canvas) invert() { c.each(func(v int) int { return 255 - v }) }

// posterize keeps the highest bits.
func (c *canvas) posterize(bits int) {
	drop := max(0, 8-bits)
	c.each(func(v int) int { return v >> drop << drop })
}

// solarize inverts values from a threshold on.
func (c *canvas) solarize(threshold int) {
	c.each(func(v int) int {
		if v < threshold {
			return v
		}
		return 255 - v
	})
}

// solarizeAdd adds to the values below 128.
func (c *canvas) solarizeAdd(addition int) {
	c.each(func(v int) int {
		if v < 128 {
			return v + addition
		}
		return v
	})
}

// blend interpolates from one value to another, or extrapolates beyond it, and rounds towards 0.
func blend(from, to int, factor float32) int {
	return int(float32(from) + float32(factor*float32(to-from)))
}

// brightness blends with black, contrast with the mean of the greyscale image, color with the
// greyscale image, sharpness with a smoothed one.

func (c *canvas) brightness(factor float32) {
	c.each(func(v int) int { return blend(0, v, factor) })
}

func (c *canvas) contrast(factor float32) {
	sum, n := 0, c.size*c.size
	for i := range n {
		sum += c.luma(i)
	}
	mean := (2*sum + n) / (2 * n)
	c.each(func(v int) int { return blend(mean, v, factor) })
}

func (c *canvas) color(factor float32) {
	for i := range c.size * c.size {
		luma := c.luma(i)
		for ch, v := range c.pixels[i*c.channels:][:c.channels] {
			c.pixels[i*c.channels+ch] = resample.Clip(int32(blend(luma, int(v), factor)))
		}
	}
}

// luma is the greyscale value of a pixel, by ITU-R 601-2 in integers where there are three
// channels.
func (c *canvas) luma(pixel int) int {
	if c.channels != 3 {
		return int(c.pixels[pixel*c.channels])
	}
	p := c.pixels[pixel*3:][:3]
	return (int(p[0])*19595 + int(p[1])*38470 + int(p[2])*7471 + 1<<15) >> 16
}

// sharpness smooths with the 3x3 kernel that weighs the pixel 5 and its 8 neighbours 1; the border
// is not changed.
func (c *canvas) sharpness(factor float32) {
	copy(c.spare, c.pixels)
	width := c.size * c.channels
	for y := 1; y < c.size-1; y++ {
		for i := y*width + c.channels; i < (y+1)*width-c.channels; i++ {
			sum := 4 * int(c.pixels[i])
			for _, row := range [3]int{i - width, i, i + width} {
				sum += int(c.pixels[row-c.channels]) + int(c.pixels[row]) + int(c.pixels[row+c.channels])
			}
			c.spare[i] = resample.Clip(int32(blend((2*sum+13)/26, int(c.pixels[i]), factor)))
		}
	}
	c.pixels, c.spare = c.spare, c.pixels
}

// affine samples pixel (x, y) at (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]), of the pixels'
// centres, in fixed point.
func (c *canvas) affine(m [6]float64) {
	fixed := func(v float64) int { return int(math.Floor(float64(v*(1<<16)) + .5)) }
	place := func(a, b, at float64) int { return fixed(at + float64(a*.5) + float64(b*.5)) }
	startX, startY := place(m[0], m[1], m[2]), place(m[3], m[4], m[5])
	for y := range c.size {
		atX, atY := startX+y*fixed(m[1]), startY+y*fixed(m[4])
		for x := range c.size {
			to := c.spare[(y*c.size+x)*c.channels:][:c.channels]
			fromX, fromY := atX>>16, atY>>16
			if fromX >= 0 && fromX < c.size && fromY >= 0 && fromY < c.size {
				copy(to, c.pixels[(fromY*c.size+fromX)*c.channels:])
			} else {
				for ch := range to {
					to[ch] = grey
				}
			}
			atX, atY = atX+fixed(m[0]), atY+fixed(m[3])
		}
	}
	c.pixels, c.spare = c.spare, c.pixels
}

// rotate rotates anticlockwise about the centre.
func (c *canvas) rotate(degrees float64) {
	sin, cos := portable.Sincos(-degrees * math.Pi / 180)
	middle := float64(c.size) / 2
	c.affine([6]float64{cos, sin, middle - float64(cos*middle) - float64(sin*middle), -sin, cos,
		middle + float64(sin*middle) - float64(cos*middle)})
}

func (c *canvas) shearX(by float64) { c.affine([6]float64{1, by, 0, 0, 1, 0}) }
func (c *canvas) shearY(by float64) { c.affine([6]float64{1, 0, 0, by, 1, 0}) }

// translate shifts to the left and up, in pixels.
func (c *canvas) translate(x, y float64) { c.affine([6]float64{1, 0, x, 0, 1, y}) }

// cutout greys a square of 2*pad pixels around a centre.
func (c *canvas) cutout(x, y, pad int) {
	for row := max(0, y-pad); row < min(c.size, y+pad); row++ {
		for i := (row*c.size + max(0, x-pad)) * c.channels; i < (row*c.size+
			min(c.size, x+pad))*c.channels; i++ {
			c.pixels[i] = grey
		}
	}
}
