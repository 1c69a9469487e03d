package study

import (
	"fmt"

	"gridsearch/dataset"
	"gridsearch/experiments"
	"gridsearch/internal/images"
	"gridsearch/internal/plural"
	"gridsearch/model/train"
	"gridsearch/model/weights"
)

// Evaluate holds a network against the validation images of a study. A network that does not say
// how its images were normalised gets the moments of the study's training images, as if it had been
// trained there. The error of a network that does not fit the data is an *InputError.
func Evaluate(folder Folder, n weights.Network) (train.Result, error) {
	e, err := newEvaluator(folder)
	if err != nil {
		return train.Result{}, err
	}
	return e.evaluate(n)
}

// evaluator holds the images of a study for the evaluation of networks.
type evaluator struct {
	experiment *experiments.Experiment
	source     dataset.Source
	images     *images.Set // nil before the first network that fits
}

func newEvaluator(folder Folder) (*evaluator, error) {
	experiment, source, err := folder.data()
	return &evaluator{experiment: experiment, source: source}, err
}

// load reads the images once.
func (e *evaluator) load() (err error) {
	data := e.experiment.Data
	if e.images == nil {
		e.images, err = images.Load(e.source, data.ValidationFraction, data.TrainExamples,
			e.experiment.Study.Seed)
	}
	return err
}

func (e *evaluator) evaluate(n weights.Network) (train.Result, error) {
	experiment, info, arch := e.experiment, e.source.Info(), n.Architecture
	if classes := len(info.Classes); arch.Classes != classes || arch.InChannels != info.Channels {
		return train.Result{}, &InputError{fmt.Errorf("the network tells %s apart on images of "+
			"%s, data set %s has %s and %s",
			plural.Of(arch.Classes, "class"), plural.Of(arch.InChannels, "channel"), info.Name,
			plural.Of(classes, "class"), plural.Of(info.Channels, "channel"))}
	}
	if arch.Pixels > info.Native {
		return train.Result{}, &InputError{fmt.Errorf("the network takes images of %s, data set "+
			"%s has %d: they are not enlarged", plural.Of(arch.Pixels, "pixel"), info.Name, info.Native)}
	}
	if err := e.load(); err != nil {
		return train.Result{}, &InputError{err}
	}
	native := experiment.Data.Augmentation.Crop > 0
	set, err := e.images.At(images.View{Pixels: arch.Pixels, Native: native,
		Crop: experiment.Data.ValidationCrop})
	if err != nil {
		return train.Result{}, err
	}
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

// finite is the error of a network whose finite parameters overflow on an image: its loss is none.
func finite(logits []float32, classes int) error {
	for i, v := range logits {
		if v-v != 0 {
			return &InputError{fmt.Errorf("the network gives the logit %v for validation image %d: "+
				"its parameters, or the mean and deviation of its images, are not those of a trained "+
				"network", v, i/classes)}
		}
	}
	return nil
}

// Examples loads validation images of a study by their numbers, each by itself and at the native
// size. The error of a number that there is no image of is an *InputError.
func Examples(folder Folder, numbers []int) ([]*dataset.Images, error) {
	experiment, source, err := folder.data()
	if err != nil {
		return nil, err
	}
	section := experiment.Data
	_, validation, err := dataset.Split(source.Labels(dataset.Train), section.ValidationFraction,
		section.TrainExamples, experiment.Study.Seed)
	if err != nil {
		return nil, &InputError{err}
	}
	list := make([]*dataset.Images, len(numbers))
	for i, n := range numbers {
		if n < 0 || n >= len(validation) {
			return nil, &InputError{fmt.Errorf("%s has the validation images 0 to %d: %d is none",
				experiment.Study.Name, len(validation)-1, n)}
		}
		if list[i], err = source.Load(dataset.Train, validation[n:n+1]); err != nil {
			return nil, &InputError{err}
		}
	}
	return list, nil
}

// Classes names the classes of a study's data.
func Classes(folder Folder) ([]string, error) {
	_, source, err := folder.data()
	if err != nil {
		return nil, err
	}
	return source.Info().Classes, nil
}

// data opens the data set of a study where the study has found it.
func (f Folder) data() (*experiments.Experiment, dataset.Source, error) {
	plan, err := f.readPlan()
	if err != nil {
		return nil, nil, err
	}
	experiment, err := f.Experiment()
	if err != nil {
		return nil, nil, err
	}
	if experiment.Data == nil {
		return nil, nil, &InputError{fmt.Errorf("%s has no [data]: there are no images to "+
			"evaluate on", experiment.File)}
	}
	if err := locate(experiment.Data, plan.DataPath); err != nil {
		return nil, nil, err
	}
	source, err := dataset.Open(experiment.DataSpec())
	if err != nil {
		return nil, nil, &InputError{fmt.Errorf("%s: %w", experiment.At("data.path"), err)}
	}
	return experiment, source, nil
}
