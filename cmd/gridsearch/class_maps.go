package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"gridsearch/dataset"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/predictions"
	"gridsearch/internal/recall"
	"gridsearch/internal/report"
	"gridsearch/internal/report/figures"
	"gridsearch/internal/study"
	"gridsearch/model/weights"
)

// shownImages is how many validation images the figure cam of a study shows.
const shownImages = 4

// sources are what the figures of a study need beside its record; kept is the folder with its runs,
// which a copy for a bundle does not have.
func sources(ctx context.Context, s *study.Study, r report.Results, kept study.Folder) figures.Sources {
	at := *s
	at.Folder = kept
	return figures.Sources{
		Predictions: func(visit func(predictions.File) error) error {
			return recall.Kept(&at, figures.Predicted(r), visit)
		},
		Maps: func() (*values.Maps, error) { return studyMaps(ctx, s, r, kept) },
	}
}

// studyMaps are the class maps of the base and of what each dimension and all together make of it,
// on validation images that are spread over all.
func studyMaps(ctx context.Context, s *study.Study, r report.Results, kept study.Folder) (*values.Maps,
	error) {
	var c cam
	for _, way := range figures.Ways(s, r) {
		v, err := trained(s, way, kept)
		if err != nil {
			return nil, err
		}
		if v.path != "" {
			c.variants = append(c.variants, v)
		}
	}
	switch {
	case len(c.variants) == 0 && !s.Experiment.Execution.KeepWeights:
		return nil, errors.New("keep_weights = false: no run has kept its weights")
	case len(c.variants) == 0:
		return nil, errors.New("no run of the base, of a single dimension or of a mixture has " +
			"its weights on disk")
	}
	c.squares = make([][]*dataset.Images, len(c.variants))
	var err error
	if c.classes, err = study.Classes(ctx, study.Access{}, kept); err != nil {
		return nil, err
	}
	numbers := make([]int, min(shownImages, r.Validation))
	for i := range numbers {
		numbers[i] = r.Validation * (2*i + 1) / (2 * len(numbers))
	}
	images, err := study.Examples(ctx, study.Access{}, kept, numbers)
	if err != nil {
		return nil, fmt.Errorf("the study's images cannot be read: %w", err)
	}
	for i, im := range images {
		if err := c.add(fmt.Sprintf("%d: %s", numbers[i], c.name(im.Label)), im); err != nil {
			return nil, err
		}
	}
	if err := c.look(weights.Predicted); err != nil {
		return nil, err
	}
	return c.maps(), nil
}

// trained is the network of a way's first complete run that has kept its weights; without one its
// path is empty.
func trained(s *study.Study, way figures.Way, kept study.Folder) (v variant, err error) {
	for _, record := range s.Records {
		if record.Trial != way.Trial || record.Result == nil {
			continue
		}
		path := kept.Weights(record.Key)
		text, err := readFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return v, err
		}
		n, err := weights.Decode(text)
		if err != nil {
			return v, fmt.Errorf("%s: %w", path, err)
		}
		return variant{n, path, way.Title}, nil
	}
	return v, nil
}
