// Package images holds the images of a study: the split, their checksum, and their views.
package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"gridsearch/dataset"
)

// Split says which images of a data set a study uses.
type Split struct {
	// share of the published training images that is validated on; 0 for the validation part
	ValidationFraction float64
	TrainExamples      int // 0 for all that are left
	Seed               uint64
}

// Pair is training and validation images.
type Pair struct{ Train, Validation *dataset.Images }

// checksum is the SHA-256 over both, in memory.
func (p Pair) checksum() string {
	sum := sha256.Sum256([]byte(p.Train.Checksum() + p.Validation.Checksum()))
	return hex.EncodeToString(sum[:])
}

// Set is the training and validation images of a study, and the sizes made of them. Those of a
// folder of photographs lie in packs of each size, the others in memory at their native size.
type Set struct {
	Train, Validation int // number of images

	native   Pair
	checksum string
	photos   *dataset.Photographs // nil for images in memory
	places   split
	views    map[View]Pair
}

// split is the places of images in their parts.
type split struct {
	train, validation []int
	of                dataset.Part // of the second
}

// View says how images are resized for a network.
type View struct {
	Pixels int
	Native bool    // training images keep their size: the augmentation crops them
	Crop   float64 // of validation images; 0 for none
}

// sizes are the sizes of the packs that a view reads, of training and validation images.
func (v View) sizes(native int) (train, validation int) {
	train, validation = v.Pixels, v.Pixels
	if v.Native {
		train = native
	}
	if v.Crop > 0 {
		validation = native
	}
	return train, validation
}

// Sizes are the sizes at which some views read a folder of photographs of this native size, of
// training and validation images, in increasing order.
func Sizes(native int, views []View) (train, validation []int) {
	for _, v := range views {
		t, w := v.sizes(native)
		train, validation = append(train, t), append(validation, w)
	}
	slices.Sort(train)
	slices.Sort(validation)
	return slices.Compact(train), slices.Compact(validation)
}

// Load reads the images of a split for these views; other views of photographs are an error of At.
// It ends early, with the cause, when the context does.
func Load(ctx context.Context, source dataset.Source, s Split, views ...View) (*Set, error) {
	photos, _ := source.(*dataset.Photographs)
	if photos != nil {
		if err := prepare(ctx, photos, s, views); err != nil {
			return nil, err
		}
	}
	train, validation, of, err := dataset.Choose(source, s.ValidationFraction, s.TrainExamples, s.Seed)
	if err != nil {
		return nil, err
	}
	set := &Set{Train: len(train), Validation: len(validation), photos: photos,
		places: split{train, validation, of}, views: map[View]Pair{}}
	if photos != nil {
		return set, nil
	}
	if set.native.Train, err = source.Load(ctx, dataset.Train, train); err != nil {
		return nil, err
	}
	if set.native.Validation, err = source.Load(ctx, of, validation); err != nil {
		return nil, err
	}
	set.checksum = set.native.checksum()
	return set, nil
}

// packs are the sizes of the packs that a split of a folder has, by part.
func packs(photos *dataset.Photographs, s Split, views []View) map[dataset.Part][]int {
	train, validation := Sizes(photos.Info().Native, views)
	if s.ValidationFraction > 0 { // both are of one part
		both := slices.Sorted(slices.Values(append(train, validation...)))
		return map[dataset.Part][]int{dataset.Train: slices.Compact(both)}
	}
	return map[dataset.Part][]int{dataset.Train: train, dataset.Validation: validation}
}

// prepare makes the packs that views read.
func prepare(ctx context.Context, photos *dataset.Photographs, s Split, views []View) error {
	sizes := packs(photos, s, views)
	for _, part := range []dataset.Part{dataset.Validation, dataset.Train} {
		if len(sizes[part]) == 0 {
			continue
		}
		if err := photos.Prepare(ctx, part, sizes[part]); err != nil {
			return err
		}
	}
	return nil
}

// Outlay is what the packs of a split take.
type Outlay struct {
	Decode  int   // images to decode
	Sizes   int   // in pixels, of all packs
	Bytes   int64 // of all packs
	Write   int64 // of those that are not there yet
	Largest int64 // of those of the largest size
}

// OutlayOf says what Load would take, as far as is known without reading files.
func OutlayOf(photos *dataset.Photographs, s Split, views ...View) (o Outlay) {
	bySize := map[int]int64{}
	for part, sizes := range packs(photos, s, views) {
		decode, missing := photos.Missing(part, sizes)
		o.Decode += decode
		for _, pixels := range sizes {
			bytes := photos.Packed(part, pixels)
			o.Bytes += bytes
			if bySize[pixels] += bytes; slices.Contains(missing, pixels) {
				o.Write += bytes
			}
			o.Largest = max(o.Largest, bySize[pixels])
		}
	}
	o.Sizes = len(bySize)
	return o
}

// Checksum is the SHA-256 over training and validation images: at their native size, or, of
// photographs, over the digests of those that the view reads.
func (s *Set) Checksum(v View) (string, error) {
	if s.photos == nil {
		return s.checksum, nil
	}
	packed, err := s.packed(v)
	if err != nil {
		return "", err
	}
	return dataset.SplitChecksum(packed.Train, packed.Validation)
}

// Keep writes down where the images of a view lie, so that Find finds them.
func (s *Set) Keep(v View) error {
	if s.photos == nil {
		return nil
	}
	packed, err := s.packed(v)
	if err != nil {
		return err
	}
	return dataset.KeepSplit(packed.Train, packed.Validation)
}

// packed are the images of a view as they lie in packs.
func (s *Set) packed(v View) (p Pair, err error) {
	train, validation := v.sizes(s.photos.Info().Native)
	if p.Train, err = s.photos.At(dataset.Train, s.places.train, train); err != nil {
		return p, err
	}
	p.Validation, err = s.photos.At(s.places.of, s.places.validation, validation)
	return p, err
}

// Find gives the images of a view of photographs by their checksum, with the names of their classes,
// where their packs are on this machine.
func Find(checksum string, v View) (p Pair, classes []string, err error) {
	if p.Train, p.Validation, classes, err = dataset.OpenSplit(checksum); err != nil {
		return p, nil, err
	}
	p, err = p.cropped(v)
	return p, classes, err
}

// cropped takes the middle of packed validation images, if the view does.
func (p Pair) cropped(v View) (_ Pair, err error) {
	if v.Crop > 0 {
		p.Validation, err = p.Validation.CentreCrop(v.Crop, v.Pixels)
	}
	return p, err
}

// sizesKept limits the number of cached sizes: the trials of a study use the same few.
const sizesKept = 8

// At returns the images in a view no larger than the native size, computing each view once.
func (s *Set) At(v View) (Pair, error) {
	if p, ok := s.views[v]; ok {
		return p, nil
	}
	p, err := s.at(v)
	if err != nil {
		return Pair{}, err
	}
	if len(s.views) == sizesKept {
		clear(s.views)
	}
	s.views[v] = p
	return p, nil
}

func (s *Set) at(v View) (p Pair, err error) {
	if s.photos != nil {
		if p, err = s.packed(v); err != nil {
			return p, err
		}
		return p.cropped(v)
	}
	p.Train = s.native.Train
	if !v.Native {
		if p.Train, err = s.native.Train.Resize(v.Pixels); err != nil {
			return p, err
		}
	}
	if v.Crop > 0 {
		p.Validation, err = s.native.Validation.CentreCrop(v.Crop, v.Pixels)
	} else {
		p.Validation, err = s.native.Validation.Resize(v.Pixels)
	}
	return p, err
}
