package study

import (
	"context"
	"fmt"

	"gridsearch/dataset"
	"gridsearch/experiments"
)

// Examples finds validation images of a study by their numbers. The error of a number that there is
// no image of is an *InputError.
func Examples(ctx context.Context, a Access, folder Folder, numbers []int) ([]*dataset.Single,
	error) {
	experiment, source, err := folder.Data(ctx, a)
	if err != nil {
		return nil, err
	}
	section := experiment.Data
	_, validation, of, err := dataset.Choose(source, section.ValidationFraction,
		section.TrainExamples, experiment.Study.Seed)
	if err != nil {
		return nil, &InputError{err}
	}
	list := make([]*dataset.Single, len(numbers))
	for i, n := range numbers {
		if n < 0 || n >= len(validation) {
			return nil, &InputError{fmt.Errorf("%s has the validation images 0 to %d: %d is none",
				experiment.Study.Name, len(validation)-1, n)}
		}
		if list[i], err = dataset.One(ctx, source, of, validation[n]); err != nil {
			return nil, &InputError{err}
		}
	}
	return list, nil
}

// Classes names the classes of a study's data. A study of an earlier program has not written them
// down: its data must be there.
func Classes(ctx context.Context, a Access, folder Folder) ([]string, error) {
	plan, err := folder.readPlan()
	if err != nil || plan.Classes != nil {
		return plan.Classes, err
	}
	_, source, err := folder.Data(ctx, a)
	if err != nil {
		return nil, err
	}
	return source.Info().Classes, nil
}

// Data opens the data set of a study, where the study has found it or where it is now. Images at a
// place that is said are held against the study's; to that end photographs are read, for networks of
// these sizes (pixels on a side) too.
func (f Folder) Data(ctx context.Context, a Access, sizes ...int) (*experiments.Experiment,
	dataset.Source, error) {
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
	if err := a.locate(experiment, plan.DataPath); err != nil {
		return nil, nil, err
	}
	source, err := open(ctx, experiment, a)
	if err != nil {
		return nil, nil, inputError(ctx, absent(a, f, err))
	}
	if a.Path != "" {
		if err := f.prove(ctx, a, plan, experiment, source, sizes); err != nil {
			return nil, nil, err
		}
	}
	return experiment, source, nil
}
