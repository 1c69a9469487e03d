package study

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"gridsearch/dataset"
)

// images are the training and validation images of a study at their native size, and the sizes made of them.
type images struct {
	train, validation *dataset.Images
	scaled            map[view]*images
}

// view says how images come to the size of a network.
type view struct {
	pixels int
	native bool    // training images keep their size: the augmentation crops them
	crop   float64 // of validation images; 0 for none
}

// loadImages reads the images of the split that the study seed draws.
func loadImages(source dataset.Source, validationFraction float64, trainExamples int, studySeed uint64) (*images, error) {
	train, validation, err := dataset.Split(source.Labels(dataset.Train), validationFraction, trainExamples, studySeed)
	if err != nil {
		return nil, err
	}
	set := &images{scaled: map[view]*images{}}
	if set.train, err = source.Load(dataset.Train, train); err != nil {
		return nil, err
	}
	set.validation, err = source.Load(dataset.Train, validation)
	return set, err
}

// checksum is the SHA-256 over both parts.
func (s *images) checksum() string {
	sum := sha256.Sum256([]byte(s.train.Checksum() + s.validation.Checksum()))
	return hex.EncodeToString(sum[:])
}

// sizesKept bounds the memory of the scaled copies: the trials of a study come back to the same few sizes.
const sizesKept = 8

// at gives the images in a view no larger than the native size, each view computed once.
func (s *images) at(v view) (*images, error) {
	if scaled, ok := s.scaled[v]; ok {
		return scaled, nil
	}
	scaled := &images{train: s.train}
	var err error
	if !v.native {
		if scaled.train, err = s.train.Resize(v.pixels); err != nil {
			return nil, err
		}
	}
	if v.crop > 0 {
		scaled.validation = s.validation.CentreCrop(v.crop, v.pixels)
	} else if scaled.validation, err = s.validation.Resize(v.pixels); err != nil {
		return nil, err
	}
	if len(s.scaled) == sizesKept {
		clear(s.scaled)
	}
	s.scaled[v] = scaled
	return scaled, nil
}

// library keeps the images of the last study that a worker trained for, so that they are read once for all its runs.
type library struct {
	of     Data
	seed   uint64
	images *images

	classes []string // names of the data's classes
}

// images gives the images of a run at the run's size. Data that differ from those the run was planned with are an error.
func (l *library) get(spec Spec) (*images, error) {
	if l.images == nil || l.of != spec.Data || l.seed != spec.StudySeed {
		source, err := dataset.Open(spec.Data.Source)
		if err != nil {
			return nil, err
		}
		loaded, err := loadImages(source, spec.Data.ValidationFraction, spec.Data.TrainExamples, spec.StudySeed)
		if err != nil {
			return nil, err
		}
		if sum := loaded.checksum(); sum != spec.Data.Checksum {
			return nil, fmt.Errorf("data set %q has changed since the study was planned (SHA-256 %.12s, planned with %.12s): bring the old files back, or start a new study", spec.Data.Source.Name, sum, spec.Data.Checksum)
		}
		l.of, l.seed, l.images = spec.Data, spec.StudySeed, loaded
		l.classes = source.Info().Classes
	}
	return l.images.at(view{spec.Architecture.Pixels, spec.Augmentation.Crop > 0, spec.Data.ValidationCrop})
}
