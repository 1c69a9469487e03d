// Package images holds the images of a study: the split, their checksum, and their views.
package images

import (
	"crypto/sha256"
	"encoding/hex"

	"gridsearch/dataset"
)

// Set is the training and validation images of a study at their native size, and the sizes made of
// them.
type Set struct {
	Train, Validation *dataset.Images
	scaled            map[View]*Set
}

// View says how images are resized for a network.
type View struct {
	Pixels int
	Native bool    // training images keep their size: the augmentation crops them
	Crop   float64 // of validation images; 0 for none
}

// Load reads the images of the split that the study seed draws.
func Load(source dataset.Source, validationFraction float64, trainExamples int,
	studySeed uint64) (*Set, error) {
	train, validation, err := dataset.Split(source.Labels(dataset.Train), validationFraction,
		trainExamples, studySeed)
	if err != nil {
		return nil, err
	}
	set := &Set{scaled: map[View]*Set{}}
	if set.Train, err = source.Load(dataset.Train, train); err != nil {
		return nil, err
	}
	set.Validation, err = source.Load(dataset.Train, validation)
	return set, err
}

// Checksum is the SHA-256 over both parts.
func (s *Set) Checksum() string {
	sum := sha256.Sum256([]byte(s.Train.Checksum() + s.Validation.Checksum()))
	return hex.EncodeToString(sum[:])
}

// sizesKept limits the number of cached sizes: the trials of a study use the same few.
const sizesKept = 8

// At returns the images in a view no larger than the native size, computing each view once.
func (s *Set) At(v View) (*Set, error) {
	if scaled, ok := s.scaled[v]; ok {
		return scaled, nil
	}
	scaled := &Set{Train: s.Train}
	var err error
	if !v.Native {
		if scaled.Train, err = s.Train.Resize(v.Pixels); err != nil {
			return nil, err
		}
	}
	if v.Crop > 0 {
		scaled.Validation, err = s.Validation.CentreCrop(v.Crop, v.Pixels)
	} else {
		scaled.Validation, err = s.Validation.Resize(v.Pixels)
	}
	if err != nil {
		return nil, err
	}
	if len(s.scaled) == sizesKept {
		clear(s.scaled)
	}
	s.scaled[v] = scaled
	return scaled, nil
}
