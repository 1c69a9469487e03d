// Package collection reads a folder of images that networks are shown, and that nothing is trained
// on.
package collection

import (
	"context"
	"fmt"
	"slices"

	"gridsearch/dataset"
	"gridsearch/dataset/photos"
	"gridsearch/internal/plural"
)

// Collection is a folder of images that networks are shown, and that nothing is trained on: with a
// folder for each class, with parts that have such folders, or without classes.
type Collection struct {
	Path     string
	Classes  []string     // in NFC; nil for images without classes
	Part     dataset.Part // that is taken: the validation part, or else the test part
	HasParts bool         // otherwise all images are taken

	set      *photos.Set
	reading  dataset.Reading
	channels int
	used     []int // places of images that can be used
}

// Open lists a folder. Ground and OnUnreadable of the reading count; channels are 1 for grey images
// and 3 for coloured ones. A folder without usable images is an error.
func Open(ctx context.Context, path string, r dataset.Reading, channels int,
	watch dataset.Watch) (*Collection, error) {
	set, err := dataset.OpenPhotos(ctx, path, r.Ground, channels, watch)
	if err != nil {
		return nil, err
	}
	parted := len(set.Parts[dataset.Validation])+len(set.Parts[dataset.Test]) > 0
	c := &Collection{Path: path, Classes: set.Listing.Classes, Part: dataset.Train, set: set,
		reading: r, channels: channels, HasParts: parted}
	labelled := func(p photos.Photo) bool { return p.Class >= 0 }
	switch {
	case len(c.Classes) == 0:
		c.Part, c.HasParts = dataset.Test, false
	case slices.ContainsFunc(set.Parts[dataset.Validation], labelled):
		c.Part = dataset.Validation
	case slices.ContainsFunc(set.Parts[dataset.Test], labelled):
		c.Part = dataset.Test
	}
	return c, set.Check(ctx, photos.Part(c.Part))
}

// At reads the images at pixels on a side, their labels being numbers of Classes. With a crop, the
// middle is cut out as of validation images. Errors are those of files that cannot be read, and of
// those that are smaller: images are never enlarged.
func (c *Collection) At(ctx context.Context, pixels int, crop float64) (*dataset.Images, error) {
	if err := c.usable(pixels); err != nil {
		return nil, err
	}
	size := pixels
	if crop > 0 {
		size = dataset.MaxNative
		for _, i := range c.used {
			size = min(size, c.photo(i).Header.Side())
		}
	}
	part := photos.Part(c.Part)
	if err := c.set.Prepare(ctx, part, []int{size}, c.channels); err != nil {
		return nil, err
	}
	if err := c.usable(pixels); err != nil { // some may have turned out to be damaged
		return nil, err
	}
	packed, err := c.set.Pack(part, size, c.channels)
	if err != nil {
		return nil, err
	}
	order := make([]int32, len(c.used))
	for place, i := range c.used {
		order[place] = int32(i)
	}
	im := dataset.FromPack(packed, order)
	if crop > 0 {
		return im.CentreCrop(crop, pixels)
	}
	return im, nil
}

func (c *Collection) photo(i int) photos.Photo { return c.set.Parts[c.Part][i] }

// usable finds the images that can be used.
func (c *Collection) usable(pixels int) error {
	var bad, small []string
	c.used = nil
	for i, p := range c.set.Parts[c.Part] {
		switch {
		case p.Bad != "":
			bad = append(bad, fmt.Sprintf("%s: %s", dataset.Quote(p.Path), p.Bad))
		case p.Class < 0 && len(c.Classes) > 0: // Notes tell of it
		case p.Header.Side() < pixels:
			small = append(small, fmt.Sprintf("%s: %d x %d", dataset.Quote(p.Path), p.Header.Width,
				p.Header.Height))
		default:
			c.used = append(c.used, i)
		}
	}
	switch {
	case len(bad) > 0 && c.reading.OnUnreadable != dataset.UnreadableSkips:
		return fmt.Errorf("%s has %s that cannot be read:%s\nmend or remove them",
			dataset.Quote(c.Path), plural.Of(len(bad), "image"), dataset.Lines(bad))
	case len(small) > 0:
		return fmt.Errorf("%s has %s smaller than the %d pixels that the network takes:%s\nremove "+
			"them: images are never enlarged", dataset.Quote(c.Path),
			plural.Of(len(small), "image"), pixels, dataset.Lines(small))
	case len(c.used) == 0:
		return fmt.Errorf("%s has no image that can be read", dataset.Quote(c.Path))
	}
	return nil
}

// Files are the paths of the images, in the order of At.
func (c *Collection) Files() []string {
	paths := make([]string, len(c.used))
	for place, i := range c.used {
		paths[place] = c.photo(i).Path
	}
	return paths
}

// Notes say what is left out, after At.
func (c *Collection) Notes() (notes []string) {
	unlabelled, bad := 0, 0
	for _, p := range c.set.Parts[c.Part] {
		if p.Bad != "" {
			bad++
		} else if p.Class < 0 && len(c.Classes) > 0 {
			unlabelled++
		}
	}
	for _, left := range []struct {
		n    int
		what string
	}{{bad, "cannot be read"}, {unlabelled, "no class"}} {
		if left.n > 0 {
			notes = append(notes, fmt.Sprintf("%d left out, %s", left.n, left.what))
		}
	}
	for _, s := range c.set.Listing.Skipped {
		notes = append(notes, dataset.Skipped(s))
	}
	return notes
}

// String is the folder, and which part of it is taken.
func (c *Collection) String() string {
	if !c.HasParts {
		return dataset.Quote(c.Path)
	}
	name := [...]string{"training", "test", "validation"}[c.Part]
	return fmt.Sprintf("the %s part of %s", name, dataset.Quote(c.Path))
}
