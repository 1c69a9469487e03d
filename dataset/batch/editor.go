package batch

import (
	"gridsearch/dataset/resample"
	"gridsearch/internal/random"
)

// editor crops and distorts the training images of a loader. It is not safe for concurrent use.
type editor struct {
	config    Config
	canvas    *canvas
	resampler *resample.Bicubic
}

func newEditor(c Config) *editor {
	return &editor{c, newCanvas(c.Pixels, c.Images.Channels),
		resample.NewBicubic(c.Pixels, c.Images.Channels)}
}

// bytes is the number of bytes of an edited image.
func (e *editor) bytes() int { return len(e.canvas.pixels) }

// edit returns an example of an epoch at the batches' size, before shift and flip. It is valid
// until the next call.
func (e *editor) edit(epoch, example int) ([]uint8, error) {
	c := e.config
	image, err := c.Images.Image(example)
	if err != nil {
		return nil, err
	}
	if c.Augmentation.Crop > 0 {
		part := augmentation(c.Augmentation).rectangle(c.Seed, epoch, example, c.Images.Size)
		e.resampler.Run(e.canvas.pixels, image, c.Images.Size, part)
		image = e.canvas.pixels
	}
	if c.Augmentation.Policy == "" {
		return image, nil
	}
	copy(e.canvas.pixels, image)
	augmentation(c.Augmentation).distort(e.canvas, random.New(c.Seed, "policy", epoch, example))
	return e.canvas.pixels, nil
}
