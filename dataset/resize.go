package dataset

import (
	"fmt"

	"gridsearch/dataset/resample"
)

// Resize makes images of another, smaller size with an area filter: every new pixel is the mean of
// the old ones that it covers, weighted by the area covered.
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
	area := resample.NewArea(im.Size, pixels, im.Channels)
	for i := range im.N {
		image, err := im.Image(i)
		if err != nil {
			return nil, err
		}
		area.Run(small.image(i), image)
	}
	return small, nil
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
