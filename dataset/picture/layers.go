package picture

import (
	"image"
	"image/color"
	"image/draw"

	"gridsearch/dataset/picture/formats"
)

// layersOf are the layers of a decoded image on a ground, and how their values become a colour. The
// image is the layers' from then on: transparent pixels are composited within it.
func layersOf(im image.Image, f formats.File, ground Ground) ([]layer, func([]int64) [3]uint8) {
	grey := f.Grey && ground[0] == ground[1] && ground[1] == ground[2]
	switch im := im.(type) {
	case *image.Gray:
		return []layer{plain(im.Pix, im.Stride, 1, 0)}, greyOf
	case *image.Gray16:
		return []layer{plain(im.Pix, im.Stride, 2, 0)}, greyOf
	case *image.RGBA:
		overlay(im.Pix, 1, true, f.Opaque, ground)
		return interleaved(im.Pix, im.Stride, 1, grey)
	case *image.NRGBA:
		overlay(im.Pix, 1, false, f.Opaque, ground)
		return interleaved(im.Pix, im.Stride, 1, grey)
	case *image.RGBA64:
		overlay(im.Pix, 2, true, f.Opaque, ground)
		return interleaved(im.Pix, im.Stride, 2, grey)
	case *image.NRGBA64:
		overlay(im.Pix, 2, false, f.Opaque, ground)
		return interleaved(im.Pix, im.Stride, 2, grey)
	case *image.CMYK:
		uncover(im.Pix)
		return interleaved(im.Pix, im.Stride, 1, false)
	case *image.Paletted:
		return paletted(im, f, ground, grey)
	case *image.YCbCr:
		colour := jpegColour
		if f.Format == "webp" {
			colour = webpColour
		}
		return ycc(im), colour
	case *image.NYCbCrA:
		return []layer{withAlpha(im, ground)}, rgbOf
	}
	// no decoder makes another kind
	whole := image.NewRGBA(image.Rectangle{Max: f.Stored})
	draw.Draw(whole, whole.Rect, im, im.Bounds().Min, draw.Src)
	overlay(whole.Pix, 1, true, false, ground)
	return interleaved(whole.Pix, whole.Stride, 1, grey)
}

func plain(pix []uint8, stride, step int, at ...int) layer {
	return layer{pix: pix, stride: stride, step: step, at: at, wide: 1, high: 1}
}

// interleaved are the four channels of size bytes, the highest first, of which the last is no more.
func interleaved(pix []uint8, stride, size int, grey bool) ([]layer, func([]int64) [3]uint8) {
	if grey {
		return []layer{plain(pix, stride, 4*size, 0)}, greyOf
	}
	return []layer{plain(pix, stride, 4*size, 0, size, 2*size)}, rgbOf
}

// overlay composites four channels of size bytes, colours and alpha, on the ground. Of 16 bits the
// high byte counts, of colours and alpha alike: what 8-bit viewers show.
func overlay(pix []uint8, size int, premultiplied, opaque bool, ground Ground) {
	if opaque {
		return
	}
	for i := 0; i+3*size < len(pix); i += 4 * size {
		a := uint32(pix[i+3*size])
		if a == 255 {
			continue
		}
		for c, g := range ground {
			v := &pix[i+c*size]
			if premultiplied {
				*v = uint8(min(255, uint32(*v)+divided(uint32(g)*(255-a))))
			} else {
				*v = over(*v, g, a)
			}
		}
	}
}

// over is a level v of alpha a on a level g, rounded to the nearest.
func over(v, g uint8, a uint32) uint8 {
	return uint8(divided(uint32(v)*a + uint32(g)*(255-a)))
}

// divided is n/255, rounded to the nearest.
func divided(n uint32) uint32 { return (n + 127) / 255 }

// uncover turns cyan, magenta, yellow and black into red, green and blue.
func uncover(pix []uint8) {
	for i := 0; i+3 < len(pix); i += 4 {
		light := 255 - uint32(pix[i+3])
		for c := range 3 {
			pix[i+c] = uint8(divided((255 - uint32(pix[i+c])) * light))
		}
	}
}

// paletted is an image with a palette. What its frame leaves of the screen is ground.
func paletted(im *image.Paletted, f formats.File, ground Ground, grey bool) ([]layer,
	func([]int64) [3]uint8) {
	var table [256][3]uint8
	for i, c := range im.Palette {
		table[i] = shown(c, ground)
	}
	channels, at, colour := 3, []int{0, 1, 2}, rgbOf
	if grey {
		channels, at, colour = 1, []int{0}, greyOf
	}
	b := im.Rect
	expand := func(line []uint8, y, from, to int) {
		first, end := to, to // of the frame in the line
		if b.Min.Y <= y && y < b.Max.Y {
			first, end = min(max(from, b.Min.X), to), max(min(to, b.Max.X), from)
		}
		for x := from; x < to; x++ {
			if x < first || x >= end {
				copy(line[(x-from)*channels:], ground[:channels])
				continue
			}
			c := &table[im.Pix[(y-b.Min.Y)*im.Stride+x-b.Min.X]]
			copy(line[(x-from)*channels:], c[:channels])
		}
	}
	return []layer{{step: channels, at: at, wide: 1, high: 1, expand: expand}}, colour
}

// shown is a colour of a palette on the ground.
func shown(c color.Color, ground Ground) (out [3]uint8) {
	if c, ok := c.(color.NRGBA); ok {
		return [3]uint8{over(c.R, ground[0], uint32(c.A)), over(c.G, ground[1], uint32(c.A)),
			over(c.B, ground[2], uint32(c.A))}
	}
	r, g, b, a := c.RGBA()
	for i, v := range [3]uint32{r, g, b} {
		out[i] = uint8(min(255, v>>8+divided(uint32(ground[i])*(255-a>>8))))
	}
	return out
}

// ycc are a luma and two chroma layers, which are filtered before they become colours.
func ycc(im *image.YCbCr) []layer {
	y, cb, cr := plain(im.Y, im.YStride, 1, 0), plain(im.Cb, im.CStride, 1, 0),
		plain(im.Cr, im.CStride, 1, 0)
	switch im.SubsampleRatio {
	case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
		cb.wide = 2
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
		cb.wide = 4
	}
	switch im.SubsampleRatio {
	case image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio410:
		cb.high = 2
	}
	cr.wide, cr.high = cb.wide, cb.high
	return []layer{y, cb, cr}
}

// withAlpha is a lossy WebP with alpha, composited line by line at full resolution.
func withAlpha(im *image.NYCbCrA, ground Ground) layer {
	expand := func(line []uint8, y, from, to int) {
		for x := from; x < to; x++ {
			at := im.COffset(x, y)
			c := webpColour([]int64{256 * int64(im.Y[y*im.YStride+x]), 256 * int64(im.Cb[at]),
				256 * int64(im.Cr[at])})
			a := uint32(im.A[y*im.AStride+x])
			for i, v := range c {
				line[3*(x-from)+i] = over(v, ground[i], a)
			}
		}
	}
	return layer{step: 3, at: []int{0, 1, 2}, wide: 1, high: 1, expand: expand}
}

func greyOf(v []int64) [3]uint8 {
	g := level(v[0], 256)
	return [3]uint8{g, g, g}
}

func rgbOf(v []int64) [3]uint8 {
	return [3]uint8{level(v[0], 256), level(v[1], 256), level(v[2], 256)}
}

// jpegColour is JFIF's: ITU-R BT.601 with all 256 levels.
func jpegColour(v []int64) [3]uint8 {
	const unit = 1 << 16
	y, cb, cr := unit*v[0], v[1]-128*256, v[2]-128*256
	return [3]uint8{level(y+91881*cr, 256*unit), level(y-22554*cb-46802*cr, 256*unit),
		level(y+116130*cb, 256*unit)}
}

// webpColour is WebP's: ITU-R BT.601 with luma from 16 to 235 and chroma from 16 to 240.
func webpColour(v []int64) [3]uint8 {
	const unit = 1 << 14
	y, cb, cr := 19077*(v[0]-16*256), v[1]-128*256, v[2]-128*256
	return [3]uint8{level(y+26149*cr, 256*unit), level(y-6419*cb-13320*cr, 256*unit),
		level(y+33050*cb, 256*unit)}
}

// level is v/unit, rounded to the nearest level.
func level(v, unit int64) uint8 {
	return uint8(min(max((v+unit/2)/unit, 0), 255))
}
