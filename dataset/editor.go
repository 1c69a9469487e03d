package dataset

import "gridsearch/internal/random"

// editor crops and distorts the training images of a loader. It is not safe for concurrent use.
type editor struct {
	config    LoaderConfig
	canvas    *canvas
	resampler *resampler
}

func newEditor(c LoaderConfig) *editor {
	return &editor{c, newCanvas(c.Pixels, c.Images.Channels),
		newResampler(c.Pixels, c.Images.Channels)}
}

// bytes is the number of bytes of an edited image.
func (e *editor) bytes() int { return len(e.canvas.pixels) }

// edit returns an example of an epoch at the batches' size, before shift and flip. It is valid
// until the next call.
func (e *editor) edit(epoch, example int) []uint8 {
	c, image := e.config, e.config.Images.Image(example)
	if c.Augmentation.Crop > 0 {
		part := augmentation(c.Augmentation).rectangle(c.Seed, epoch, example, c.Images.Size)
		e.resampler.run(e.canvas.pixels, image, c.Images.Size, part)
		image = e.canvas.pixels
	}
	if c.Augmentation.Policy == "" {
		return image
	}
	copy(e.canvas.pixels, image)
	augmentation(c.Augmentation).distort(e.canvas, random.New(c.Seed, "policy", epoch, example))
	return e.canvas.pixels
}
