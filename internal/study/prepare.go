package study

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"gridsearch/dataset"
	"gridsearch/experiments"
	"gridsearch/internal/fault"
	"gridsearch/internal/images"
	"gridsearch/internal/job"
	"gridsearch/internal/plural"
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
	shares     shares
	told       bool // where the data are: Access.Path
}

// Access says how the data of a study are reached.
type Access struct {
	Path  string        // where they are now; empty for where the file says, or the study has found them
	Watch dataset.Watch // is told of long readings; may be nil
	Note  func(string)  // is told that data at the Path are the study's; may be nil
}

// tell tells the note.
func (a Access) tell(note string) {
	if a.Note != nil {
		a.Note(note)
	}
}

// Prepare reads an experiment file and makes its plan. Of images no more is read than their headers;
// where the file names a data set, that set must be there: a relative path is one from the current
// directory. When the context ends, so does the reading, with its cause.
func Prepare(ctx context.Context, a Access, path string, overrides ...string) (*Prepared, error) {
	return prepare(ctx, a, path, "", "", overrides)
}

// prepare is Prepare for the study in a folder, which has found its data before; both are empty for
// a new one.
func prepare(ctx context.Context, a Access, path string, folder Folder, found string,
	overrides []string) (*Prepared, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &InputError{err}
	}
	experiment, err := experiments.Parse(path, text, overrides...) // read once: it may be a pipe
	if err != nil {
		return nil, &InputError{err}
	}
	if err := a.locate(experiment, found); err != nil {
		return nil, err
	}
	p, err := plan(ctx, experiment, a)
	if err != nil {
		return nil, inputError(ctx, absent(a, folder, err))
	}
	p.Text, p.Overrides, p.told = text, overrides, a.Path != ""
	return p, nil
}

// locate makes the path of the data absolute, so that a study goes on from any directory and
// workers need not share one.
func (a Access) locate(e *experiments.Experiment, found string) (err error) {
	data := e.Data
	switch {
	case a.Path != "" && (data == nil || data.Dataset == "motifs"):
		return &InputError{fmt.Errorf("--data %s: %s has no data of its own on disk", a.Path, e.File)}
	case data == nil:
	case a.Path != "":
		data.Path, err = filepath.Abs(a.Path)
	case found != "": // --data may have said it
		data.Path = found
	case data.Path != "":
		data.Path, err = filepath.Abs(data.Path)
	}
	return err
}

// inputError marks what is wrong with the input; the end of a context is no mistake, and neither is
// what the machine refuses when images are kept.
func inputError(ctx context.Context, err error) error {
	var machine *fault.Fault
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) || errors.As(err, &machine) {
		return err
	}
	return &InputError{err}
}

// open opens the data set of an experiment, and takes its validation part for validation where the
// file does not say otherwise.
func open(ctx context.Context, e *experiments.Experiment, a Access) (dataset.Source, error) {
	source, err := dataset.Open(ctx, e.DataSpec(), a.Watch)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.at(e, "data.path"), err)
	}
	if source.Info().Validation > 0 && !e.Data.SplitsTraining {
		e.Data.ValidationFraction = 0
	}
	return source, nil
}

// at is where a key is set that is wrong: --data sets the path.
func (a Access) at(e *experiments.Experiment, key string) string {
	if a.Path != "" && key == "data.path" {
		return "--data " + dataset.Quote(a.Path)
	}
	return e.At(key)
}

func plan(ctx context.Context, experiment *experiments.Experiment, a Access) (*Prepared, error) {
	p := &Prepared{Experiment: experiment, Decision: stages.DecideAll}
	var info dataset.Info
	if experiment.Data != nil {
		var err error
		if p.source, err = open(ctx, experiment, a); err != nil {
			return nil, err
		}
		info = p.source.Info()
		if key, err := p.checkData(info); err != nil {
			return nil, fmt.Errorf("%s: %w", a.at(experiment, key), err)
		}
	}
	var err error
	if p.Base, err = experiment.Baseline(len(info.Classes), info.Channels); err != nil {
		return nil, err
	}
	p.Plan, err = experiment.Plan(p.Base, info.Native)
	return p, p.withSmallest(err)
}

// withSmallest adds the smallest images to an error of a plan that they limit.
func (p *Prepared) withSmallest(err error) error {
	photos, ok := p.source.(*dataset.Photographs)
	if err == nil || !ok || !photos.LimitedBySmall() {
		return err
	}
	return fmt.Errorf("%w\n%s", err, photos.Smallest())
}

// splitOf says which images the experiment trains and validates on.
func splitOf(e *experiments.Experiment) images.Split {
	return images.Split{ValidationFraction: e.Data.ValidationFraction,
		TrainExamples: e.Data.TrainExamples, Seed: e.Study.Seed}
}

// checkData splits the data set, and says before anything is trained what it cannot give, and the
// key that asks for it: it takes the labels alone.
func (p *Prepared) checkData(info dataset.Info) (key string, err error) {
	section, seed := p.Experiment.Data, p.Experiment.Study.Seed
	if photos, ok := p.source.(*dataset.Photographs); ok {
		if err := p.readable(photos); err != nil {
			return "data.path", err
		}
	}
	if len(info.Classes) < 2 {
		return "data.dataset", fmt.Errorf("data set %s has the one class %q: there is nothing to "+
			"tell apart", info.Name, info.Classes[0])
	}
	for _, name := range info.Classes {
		if !utf8.ValidString(name) { // no file of a study can hold it
			return "data.path", fmt.Errorf("the name of class %q is no UTF-8: rename its folder", name)
		}
	}
	train, validation, of, err := dataset.Choose(p.source, section.ValidationFraction,
		section.TrainExamples, seed)
	p.Validation = len(validation)
	if err != nil {
		if _, _, _, alone := dataset.Choose(p.source, section.ValidationFraction, 0, seed); alone != nil {
			return "data.validation_fraction", err
		}
		return "data.train_examples", err
	}
	p.shares = sharesOf(p.source, train, validation, of)
	if none := p.shares.without(p.shares.train); len(none) > 0 {
		return "data.train_examples", fmt.Errorf("%s no training image: %s%s", plural.Verb(len(none),
			"the class has", "these classes have"), few(none),
			strings.Join(append([]string{""}, p.LeftOut()...), "\n"))
	}
	if recipe := p.Experiment.Train; recipe != nil && len(train) < recipe.BatchSize {
		return "train.batch_size", fmt.Errorf("%d training images do not fill one batch: "+
			"batch_size is %d", len(train), recipe.BatchSize)
	}
	return "", nil
}

// readable is the error of files that cannot be read, of the parts that are used.
func (p *Prepared) readable(photos *dataset.Photographs) error {
	err := photos.Unreadable(dataset.Train)
	if p.Experiment.Data.ValidationFraction == 0 {
		err = errors.Join(err, photos.Unreadable(dataset.Validation))
	}
	return err
}

// Published is the number of images that the data set has for training and validation.
func (p *Prepared) Published() int { return p.source.Info().Train }

// Specs lists the runs of the plan: every trainable trial with every seed. It reads the images,
// whose checksum is part of a run's key. Runs are in the order of training: seed by seed, so that
// an unfinished study compares whole rounds, and within a seed the largest network first, so that
// no long run is left for the end.
//
// Reading photographs for the first time takes long: the context ends it, with its cause.
func (p *Prepared) Specs(ctx context.Context) ([]job.Spec, error) {
	if p.Experiment.Data == nil || p.Experiment.Train == nil {
		return nil, &InputError{fmt.Errorf("%s has no [data] and [train]: it can be planned, but "+
			"not run", p.Experiment.File)}
	}
	trials := p.Trainable()
	data, err := p.data(ctx, trials)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	var specs []job.Spec
	for seed := range p.Experiment.Replication.Seeds {
		for i, trial := range trials {
			spec, err := p.spec(trial, seed, data[i])
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

// viewOf says how images are resized for networks of some pixels on a side.
func viewOf(e *experiments.Experiment, pixels int) images.View {
	return images.View{Pixels: pixels, Native: e.Data.Augmentation.Crop > 0,
		Crop: e.Data.ValidationCrop}
}

// data reads the images and says of each trial which are its own.
func (p *Prepared) data(ctx context.Context, trials []planner.Trial) ([]job.Data, error) {
	var views []images.View
	for _, trial := range trials {
		views = append(views, viewOf(p.Experiment, trial.Network.Pixels))
	}
	loaded, err := images.Load(ctx, p.source, splitOf(p.Experiment), views...)
	if err != nil {
		return nil, err
	}
	section := p.Experiment.Data
	list := make([]job.Data, len(trials))
	sums := map[images.View]string{}
	for i, v := range views {
		if sums[v] == "" {
			if sums[v], err = loaded.Checksum(v); err != nil {
				return nil, err
			}
			if err := loaded.Keep(v); err != nil {
				return nil, err
			}
		}
		list[i] = job.Data{
			Dataset: section.Dataset, Checksum: sums[v], Reading: job.Reading(section.Reading),
			ValidationFraction: section.ValidationFraction, ValidationCrop: section.ValidationCrop,
			TrainExamples: loaded.Train, ValidationExamples: loaded.Validation,
		}
	}
	return list, nil
}
