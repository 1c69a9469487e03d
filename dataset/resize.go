package dataset

import (
	"fmt"

	"gridsearch/dataset/resample"
)

// Resize makes images of another, smaller size with an area filter: every new pixel is the mean of
// the old ones that it covers, weighted by the area covered. The arithmetic is in integers, so that
// the bytes are the same everywhere.
func (im *Images) Resize(pixels int) (*Images, error) {
	if pixels > im.Size || pixels < 1 {
		return nil, fmt.Errorf("images of %d pixels cannot be made %d: they are never enlarged",
			im.Size, pixels)
	}
	if pixels == im.Size {
		return im, nil
	}
	small := NewImages(im.N, pixels, im.Channels)
	copy(small.Labels, im.Labels)
	spans := areaSpans(im.Size, pixels)
	rows := make([]uint32, pixels*im.Size*im.Channels)
	for i := range im.N {
		shrink(small.image(i), im.image(i), rows, spans, im.Size, im.Channels)
	}
	return small, nil
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

// shrink filters one image, along y and then along x; rows holds the intermediate sums.
func shrink(to, from []uint8, rows []uint32, spans []span, size, channels int) {
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

// CentreCrop crops every image to the central square with this share of the side, and resizes it by
// bicubic interpolation to pixels on a side. Its errors are those of reading the images.
func (im *Images) CentreCrop(share float64, pixels int) (*Images, error) {
	out, r := NewImages(im.N, pixels, im.Channels), resample.NewBicubic(pixels, im.Channels)
	copy(out.Labels, im.Labels)
	for i := range im.N {
		image, err := im.Image(i)
		if err != nil {
			return nil, err
		}
		r.Run(out.image(i), image, im.Size, resample.Centre(im.Size, share))
	}
	return out, nil
}
