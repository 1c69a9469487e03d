package worker

import (
	"context"
	"fmt"

	"gridsearch/dataset"
	"gridsearch/internal/images"
	"gridsearch/internal/job"
)

// library keeps the images of the last study that a worker trained for, so that they are read once
// for all its runs.
type library struct {
	path string // folder of the data; empty for their usual place

	source dataset.Source // nil before the first run whose images are to be read
	of     job.Data
	seed   uint64
	images *images.Set
	found  map[place]found // in packs that others have made

	classes []string // names of the data's classes
}

// place is where images of a folder lie: those of a split, as a view takes them.
type place struct {
	checksum string
	view     images.View
}

type found struct {
	pair    images.Pair
	classes []string
}

// foundKept limits how many sizes of a study stay open.
const foundKept = 8

// get gives the images of a run at the run's size. Data that differ from those the run was planned
// with are an error.
func (l *library) get(ctx context.Context, spec job.Spec) (images.Pair, error) {
	view := images.View{Pixels: spec.Architecture.Pixels, Native: spec.Augmentation.Crop > 0,
		Crop: spec.Data.ValidationCrop}
	if spec.Data.Dataset == dataset.ImageFolder && l.find(place{spec.Data.Checksum, view}) {
		return l.found[place{spec.Data.Checksum, view}].pair, nil
	}
	if err := l.load(ctx, spec, view); err != nil {
		return images.Pair{}, err
	}
	return l.images.At(view)
}

// find opens the images of a folder in packs, if they are there.
func (l *library) find(at place) bool {
	one, ok := l.found[at]
	if !ok {
		var err error
		if one.pair, one.classes, err = images.Find(at.checksum, at.view); err != nil {
			return false // load says what is wrong
		}
		if l.found == nil || len(l.found) == foundKept {
			l.found = map[place]found{}
		}
		l.found[at] = one
	}
	l.classes = one.classes
	return true
}

// mend removes the pack that an error says is damaged, so that get makes it anew, and says whether
// the error is one of that kind.
func (l *library) mend(err error) bool {
	if !dataset.Discard(err) {
		return false
	}
	*l = library{path: l.path}
	return true
}

// load reads the images of a run's study, those of the last run's study once.
func (l *library) load(ctx context.Context, spec job.Spec, view images.View) error {
	photos, data := spec.Data.Dataset == dataset.ImageFolder, spec.Data
	if photos { // each size has its own
		data.Checksum = ""
	}
	if l.source == nil || l.of != data || l.seed != spec.StudySeed {
		source, err := dataset.Open(ctx, dataset.Spec{Name: data.Dataset, Path: l.path,
			Reading: dataset.Reading(data.Reading)}, nil)
		if err != nil {
			return err
		}
		l.source, l.of, l.seed, l.images = source, data, spec.StudySeed, nil
		l.classes = source.Info().Classes
	}
	if l.images != nil && !photos {
		return nil
	}
	loaded, err := images.Load(ctx, l.source, images.Split{Seed: spec.StudySeed,
		ValidationFraction: data.ValidationFraction, TrainExamples: data.TrainExamples}, view)
	if err != nil {
		return err
	}
	sum, err := loaded.Checksum(view)
	if err != nil {
		return err
	}
	if sum != spec.Data.Checksum {
		return fmt.Errorf("data set %q has changed since the study was planned (SHA-256 %.12s, "+
			"planned with %.12s): bring the old files back, or start a new study",
			data.Dataset, sum, spec.Data.Checksum)
	}
	l.images = loaded
	return loaded.Keep(view)
}
