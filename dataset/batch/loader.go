// Package batch makes the batches that a network is trained and evaluated on: it augments images,
// normalises them and feeds them in the order of a seed.
//
// Every random choice is a function of a seed and of names (package random), in units of the image,
// so that trials of different resolution see the same shifts, crops and distortions.
//
// References:
//
//	[code] EfficientNet's official code: preprocessing.py (crops) and autoaugment.py (RandAugment, AutoAugment).
package batch

import (
	"fmt"
	"time"

	"gridsearch/dataset"
	"gridsearch/internal/random"
	"gridsearch/model/recipe"
)

// Config says which batches a Loader makes.
type Config struct {
	Images       *dataset.Images // of the batches' size, or of the native one where the augmentation crops
	Pixels       int             // on a side of the batches' images
	Batch        int
	Seed         uint64 // of the order and the augmentation
	Augmentation recipe.Augmentation
	Mean         []float32 // per channel, of pixels as 0..1
	Deviation    []float32
	// step of the first batch; a loader that starts later makes the same batches as one that
	// started earlier
	Start int
	Steps int // step to end before
}

// Loader makes the training batches of a run, prefetching one batch. Every epoch goes through the
// images in its own random order and drops the incomplete batch at its end.
type Loader struct {
	config  Config
	table   normaliser
	editor  *editor
	ready   chan *batch
	used    chan *batch
	quit    chan struct{}
	stopped chan struct{}
}

type batch struct {
	images []float32
	labels []int32
	err    error // why it could not be made; no batch comes after it
}

// NewLoader starts a loader; Close ends it.
func NewLoader(c Config) (*Loader, error) {
	if c.Batch < 1 || c.Batch > c.Images.N {
		return nil, fmt.Errorf("a batch of %d does not fit %d training images", c.Batch, c.Images.N)
	}
	if c.Images.Size != c.Pixels && c.Augmentation.Crop == 0 {
		return nil, fmt.Errorf("images of %d pixels do not make batches of %d without a crop",
			c.Images.Size, c.Pixels)
	}
	l := &Loader{config: c, table: newNormaliser(c.Mean, c.Deviation), editor: newEditor(c),
		ready: make(chan *batch), used: make(chan *batch, 2), quit: make(chan struct{}),
		stopped: make(chan struct{})}
	for range 2 {
		l.used <- &batch{images: make([]float32, c.Batch*l.editor.bytes()),
			labels: make([]int32, c.Batch)}
	}
	go l.work()
	return l, nil
}

// StepsPerEpoch is the number of whole batches.
func StepsPerEpoch(examples, batch int) int { return examples / batch }

func (l *Loader) work() {
	defer close(l.stopped)
	defer close(l.ready)
	c := l.config
	perEpoch := StepsPerEpoch(c.Images.N, c.Batch)
	var order []int
	for step := c.Start; step < c.Steps; step++ {
		epoch, index := step/perEpoch, step%perEpoch
		if order == nil || index == 0 {
			order = random.New(c.Seed, "order", epoch).Perm(c.Images.N)
		}
		var b *batch
		select {
		case b = <-l.used:
		case <-l.quit:
			return
		}
		b.err = l.fill(b, order[index*c.Batch:][:c.Batch], epoch)
		select {
		case l.ready <- b:
		case <-l.quit:
			return
		}
		if b.err != nil {
			return
		}
	}
}

func (l *Loader) fill(b *batch, examples []int, epoch int) error {
	c, bytes := l.config, l.editor.bytes()
	for i, example := range examples {
		change := augmentation(c.Augmentation).draw(c.Seed, epoch, example, c.Pixels)
		image, err := l.editor.edit(epoch, example)
		if err != nil {
			return err
		}
		l.table.write(b.images[i*bytes:][:bytes], image, c.Pixels, change)
		b.labels[i] = c.Images.Labels[example]
	}
	return nil
}

// Next copies the next batch [Batch, Size, Size, Channels] and returns how long it had to wait for
// it. An error is that of reading an image, and the last batch. It panics after the last batch.
func (l *Loader) Next(images []float32, labels []int32) (waited time.Duration, err error) {
	before := time.Now()
	b, ok := <-l.ready
	if !ok {
		panic(fmt.Sprintf("batch: no batch after step %d", l.config.Steps))
	}
	if waited = time.Since(before); b.err != nil {
		return waited, b.err
	}
	copy(images, b.images)
	copy(labels, b.labels)
	l.used <- b
	return waited, nil
}

// Close ends the loader's goroutine.
func (l *Loader) Close() {
	close(l.quit)
	<-l.stopped
}

// Fill writes images starting at from as a batch for evaluation, without augmentation, and returns
// their number; the rest of the batch repeats the last one. Its errors are those of reading them.
func Fill(images []float32, labels []int32, im *dataset.Images, from int, mean,
	deviation []float32) (n int, err error) {
	table := newNormaliser(mean, deviation)
	n = min(len(labels), im.N-from)
	for i := range labels {
		example := from + min(i, n-1)
		image, err := im.Image(example)
		if err != nil {
			return 0, err
		}
		table.write(images[i*im.Bytes():][:im.Bytes()], image, im.Size, change{})
		labels[i] = im.Labels[example]
	}
	return n, nil
}
