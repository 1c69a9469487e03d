package worker

import (
	"fmt"

	"gridsearch/dataset"
	"gridsearch/internal/images"
	"gridsearch/internal/job"
)

// library keeps the images of the last study that a worker trained for, so that they are read once
// for all its runs.
type library struct {
	path   string // folder of the data; empty for their usual place
	of     job.Data
	seed   uint64
	images *images.Set

	classes []string // names of the data's classes
}

// get gives the images of a run at the run's size. Data that differ from those the run was planned
// with are an error.
func (l *library) get(spec job.Spec) (*images.Set, error) {
	if l.images == nil || l.of != spec.Data || l.seed != spec.StudySeed {
		source, err := dataset.Open(dataset.Spec{Name: spec.Data.Dataset, Path: l.path})
		if err != nil {
			return nil, err
		}
		loaded, err := images.Load(source, spec.Data.ValidationFraction, spec.Data.TrainExamples,
			spec.StudySeed)
		if err != nil {
			return nil, err
		}
		if sum := loaded.Checksum(); sum != spec.Data.Checksum {
			return nil, fmt.Errorf("data set %q has changed since the study was planned (SHA-256 "+
				"%.12s, planned with %.12s): bring the old files back, or start a new study",
				spec.Data.Dataset, sum, spec.Data.Checksum)
		}
		l.of, l.seed, l.images = spec.Data, spec.StudySeed, loaded
		l.classes = source.Info().Classes
	}
	return l.images.At(images.View{Pixels: spec.Architecture.Pixels,
		Native: spec.Augmentation.Crop > 0,
		Crop:   spec.Data.ValidationCrop})
}
