package study

import (
	"fmt"

	"gridsearch/dataset"
	"gridsearch/experiments"
)

// Examples loads validation images of a study by their numbers, each by itself and at the native
// size. The error of a number that there is no image of is an *InputError.
func Examples(folder Folder, numbers []int) ([]*dataset.Images, error) {
	experiment, source, err := folder.Data()
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
	_, source, err := folder.Data()
	if err != nil {
		return nil, err
	}
	return source.Info().Classes, nil
}

// Data opens the data set of a study where the study has found it.
func (f Folder) Data() (*experiments.Experiment, dataset.Source, error) {
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
