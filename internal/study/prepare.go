package study

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gridsearch/dataset"
	"gridsearch/experiments"
	"gridsearch/internal/images"
	"gridsearch/internal/job"
	"gridsearch/internal/store/stages"
	"gridsearch/model"
	"gridsearch/search/planner"
)

// Prepared is a plan with everything that it needs to be trained.
type Prepared struct {
	Experiment *experiments.Experiment
	Text       []byte   // the experiment file as given
	Overrides  []string // key=value settings from outside the file
	Base       model.Architecture
	Plan       *planner.Plan
	Validation int    // images of the validation split; 0 where the file names no data set
	Decision   string // what says which of the runs are trained
	source     dataset.Source
}

// Prepare reads an experiment file and makes its plan. No image is read; where the file names a
// data set, that set must be there: a relative path is one from the current directory.
func Prepare(path string, overrides ...string) (*Prepared, error) {
	return prepare(path, "", overrides)
}

// prepare is Prepare for a study whose data have been found in a folder before; empty for a new
// one.
func prepare(path, found string, overrides []string) (*Prepared, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &InputError{err}
	}
	experiment, err := experiments.Parse(path, text, overrides...) // read once: it may be a pipe
	if err != nil {
		return nil, &InputError{err}
	}
	if err := locate(experiment.Data, found); err != nil {
		return nil, err
	}
	p, err := plan(experiment)
	if err != nil {
		return nil, &InputError{err}
	}
	p.Text, p.Overrides = text, overrides
	return p, nil
}

// locate makes the path of the data absolute, so that a study goes on from any directory and
// workers need not share one.
func locate(data *experiments.Data, found string) (err error) {
	switch {
	case data == nil || data.Path == "" || filepath.IsAbs(data.Path):
	case found != "":
		data.Path = found
	default:
		data.Path, err = filepath.Abs(data.Path)
	}
	return err
}

func plan(experiment *experiments.Experiment) (*Prepared, error) {
	p := &Prepared{Experiment: experiment, Decision: stages.DecideAll}
	var info dataset.Info
	if experiment.Data != nil {
		var err error
		if p.source, err = dataset.Open(experiment.DataSpec()); err != nil {
			return nil, fmt.Errorf("%s: %w", experiment.At("data.path"), err)
		}
		info = p.source.Info()
		if key, err := p.checkData(info); err != nil {
			return nil, fmt.Errorf("%s: %w", experiment.At(key), err)
		}
	}
	var err error
	if p.Base, err = experiment.Baseline(len(info.Classes), info.Channels); err != nil {
		return nil, err
	}
	p.Plan, err = experiment.Plan(p.Base, info.Native)
	return p, err
}

// checkData splits the data set, and says before anything is trained what it cannot give, and the
// key that asks for it: it takes the labels alone.
func (p *Prepared) checkData(info dataset.Info) (key string, err error) {
	section, labels, seed := p.Experiment.Data, p.source.Labels(dataset.Train), p.Experiment.Study.Seed
	train, validation, err := dataset.Split(labels, section.ValidationFraction,
		section.TrainExamples, seed)
	p.Validation = len(validation)
	switch recipe := p.Experiment.Train; {
	case err != nil:
		if _, _, alone := dataset.Split(labels, section.ValidationFraction, 0, seed); alone != nil {
			return "data.validation_fraction", err
		}
		return "data.train_examples", err
	case len(info.Classes) < 2:
		return "data.dataset", fmt.Errorf("data set %s has the one class %q: there is nothing to "+
			"tell apart", info.Name, info.Classes[0])
	case recipe != nil && len(train) < recipe.BatchSize:
		return "train.batch_size", fmt.Errorf("%d training images do not fill one batch: "+
			"batch_size is %d", len(train), recipe.BatchSize)
	}
	return "", nil
}

// Published is the number of images that the data set has for training and validation.
func (p *Prepared) Published() int { return p.source.Info().Train }

// Specs lists the runs of the plan: every trainable trial with every seed. It reads the images,
// whose checksum is part of a run's key. Runs are in the order of training: seed by seed, so that
// an unfinished study compares whole rounds, and within a seed the largest network first, so that
// no long run is left for the end.
func (p *Prepared) Specs() ([]job.Spec, error) {
	if p.Experiment.Data == nil || p.Experiment.Train == nil {
		return nil, &InputError{fmt.Errorf("%s has no [data] and [train]: it can be planned, but "+
			"not run", p.Experiment.File)}
	}
	data, err := p.data()
	if err != nil {
		return nil, &InputError{err}
	}
	trials := p.Trainable()
	var specs []job.Spec
	for seed := range p.Experiment.Replication.Seeds {
		for _, trial := range trials {
			spec, err := p.spec(trial, seed, data)
			if err != nil {
				return nil, err
			}
			specs = append(specs, spec)
		}
	}
	return specs, nil
}

// spec is the run of a trial with a seed.
func (p *Prepared) spec(trial planner.Trial, seed int, data job.Data) (job.Spec, error) {
	e, point := p.Experiment, trial.Labels[0].Point
	phi := point.Phi.Float64()
	return job.Spec{
		Trial: trial.Name, SeedIndex: seed, StudySeed: e.Study.Seed,
		Architecture: e.Scaled(p.Base, point), Recipe: e.Recipe(phi),
		Augmentation: e.Augmentation(phi), Data: data, Threads: e.Execution.ThreadsPerRun,
	}.WithKey()
}

// Trainable lists the trials that the data allow, largest first.
func (p *Prepared) Trainable() []planner.Trial {
	var trials []planner.Trial
	for _, trial := range p.Plan.Trials {
		if trial.ExcludedBy == "" {
			trials = append(trials, trial)
		}
	}
	slices.SortStableFunc(trials, func(a, b planner.Trial) int {
		return cmp.Compare(b.Network.Cost.MAdds, a.Network.Cost.MAdds)
	})
	return trials
}

// data reads the images and says which they are.
func (p *Prepared) data() (job.Data, error) {
	section := p.Experiment.Data
	loaded, err := images.Load(p.source, section.ValidationFraction, section.TrainExamples,
		p.Experiment.Study.Seed)
	if err != nil {
		return job.Data{}, err
	}
	return job.Data{
		Dataset: section.Dataset, Checksum: loaded.Checksum(),
		ValidationFraction: section.ValidationFraction, ValidationCrop: section.ValidationCrop,
		TrainExamples: loaded.Train.N, ValidationExamples: loaded.Validation.N,
	}, nil
}
