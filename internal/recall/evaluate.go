package recall

import (
	"context"
	"fmt"

	"gridsearch/dataset"
	"gridsearch/experiments"
	"gridsearch/internal/images"
	"gridsearch/internal/plural"
	"gridsearch/internal/study"
	"gridsearch/model/train"
	"gridsearch/model/weights"
)

// Evaluate evaluates a network on the validation images of a study. A network that does not say
// how its images were normalised gets the moments of the study's training images, as if it had been
// trained there. The error of a network that does not fit the data is a *study.InputError.
func Evaluate(ctx context.Context, a study.Access, folder study.Folder, n weights.Network) (train.Result, error) {
	e, err := newEvaluator(ctx, a, folder, n.Architecture.Pixels)
	if err != nil {
		return train.Result{}, err
	}
	return e.evaluate(ctx, n)
}

// evaluator holds the images of a study for the evaluation of networks.
type evaluator struct {
	experiment *experiments.Experiment
	source     dataset.Source
	images     *images.Set // nil before the first network that fits
	labels     []int32     // of the validation images
}

// newEvaluator finds the images, for networks of these sizes.
func newEvaluator(ctx context.Context, a study.Access, folder study.Folder,
	sizes ...int) (*evaluator, error) {
	experiment, source, err := folder.Data(ctx, a, sizes...)
	return &evaluator{experiment: experiment, source: source}, err
}

// pair reads the images in a view: photographs at each size, others once.
func (e *evaluator) pair(ctx context.Context, v images.View) (p images.Pair, err error) {
	_, photos := e.source.(*dataset.Photographs)
	if e.images == nil || photos {
		data := e.experiment.Data
		e.images, err = images.Load(ctx, e.source, images.Split{Seed: e.experiment.Study.Seed,
			ValidationFraction: data.ValidationFraction, TrainExamples: data.TrainExamples}, v)
	}
	if err != nil {
		return p, &study.InputError{Err: err}
	}
	return e.images.At(v)
}

func (e *evaluator) evaluate(ctx context.Context, n weights.Network) (train.Result, error) {
	experiment, info, arch := e.experiment, e.source.Info(), n.Architecture
	if classes := len(info.Classes); arch.Classes != classes || arch.InChannels != info.Channels {
		return train.Result{}, &study.InputError{Err: fmt.Errorf("the network tells %s apart on images of "+
			"%s, data set %s has %s and %s",
			plural.Of(arch.Classes, "class"), plural.Of(arch.InChannels, "channel"), info.Name,
			plural.Of(classes, "class"), plural.Of(info.Channels, "channel"))}
	}
	if arch.Pixels > info.Native {
		return train.Result{}, &study.InputError{Err: fmt.Errorf("the network takes images of %s, data set "+
			"%s has %d: they are not enlarged", plural.Of(arch.Pixels, "pixel"), info.Name, info.Native)}
	}
	set, err := e.pair(ctx, images.View{Pixels: arch.Pixels,
		Native: experiment.Data.Augmentation.Crop > 0, Crop: experiment.Data.ValidationCrop})
	if err != nil {
		return train.Result{}, err
	}
	e.labels = set.Validation.Labels
	mean, deviation := n.Mean, n.Deviation
	if mean == nil {
		mean, deviation = set.Train.Moments()
	}
	r, err := train.Evaluate(arch, n.Parameters, set.Validation, mean, deviation,
		experiment.Execution.ThreadsPerRun)
	if err != nil {
		return r, err
	}
	return r, finite(r.Logits, arch.Classes)
}

// finite returns an error if finite parameters overflow to infinite or NaN logits for an image.
func finite(logits []float32, classes int) error {
	for i, v := range logits {
		if v-v != 0 {
			return &study.InputError{Err: fmt.Errorf("the network gives the logit %v for validation image %d: "+
				"its parameters, or the mean and deviation of its images, are not those of a trained "+
				"network", v, i/classes)}
		}
	}
	return nil
}
