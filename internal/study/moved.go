package study

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"gridsearch/dataset"
	"gridsearch/experiments"
	"gridsearch/internal/images"
	"gridsearch/internal/job"
)

// OtherImagesError says that images are not those that a study was planned with.
type OtherImagesError struct {
	Path         string // where they are
	Now, Planned string // SHA-256 of these, and of the study's
	Files        string // which files differ, as far as that is known
}

// Error says where, and which files differ.
func (e *OtherImagesError) Error() string {
	return fmt.Sprintf("the images in %s are not the study's: SHA-256 %.12s, it was planned with "+
		"%.12s%s\nsay by --data where those are; images of other content want a study of another name",
		dataset.Quote(e.Path), e.Now, e.Planned, e.Files)
}

// same says that moved images are the study's.
func same(path, checksum string) string {
	return fmt.Sprintf("%s: the images are the same (SHA-256 %.12s)", dataset.Quote(path), checksum)
}

// reference is what images are held against: their checksum, and the size at which the networks of
// the first run take them, as photographs have another checksum at each. It is 0 where the plan does
// not say.
func (d document) reference() (checksum string, pixels int) {
	if len(d.Stages) == 0 || len(d.Stages[0].Runs) == 0 {
		return d.DataChecksum, 0
	}
	for _, t := range d.Trials {
		if t.Name == d.Stages[0].Runs[0].Trial {
			pixels = t.Resolution
		}
	}
	return d.DataChecksum, pixels
}

// checksumAt is the checksum of the images that runs of networks of this size see, or any runs for 0.
func checksumAt(specs []job.Spec, pixels int) (checksum string, known bool) {
	for _, s := range specs {
		if pixels == 0 || s.Architecture.Pixels == pixels {
			return s.Data.Checksum, true
		}
	}
	return "", false
}

// Moved holds the images of a plan, whose place --data has said, against the study in the folder. It
// says where they are now if that is news, and is empty where there is no study yet. The error of
// other images is an *OtherImagesError. Where a plan differs in something else too, Register says in
// what.
func (f Folder) Moved(p *Prepared, specs []job.Spec) (note string, err error) {
	old, err := f.readPlan()
	if !p.told || err != nil || old.DataChecksum == "" {
		return "", nil // the runs' keys tell whether anything differs
	}
	checksum, pixels := old.reference()
	now, known := checksumAt(specs, pixels)
	if !known {
		return "", nil
	}
	path := p.Experiment.Data.Path
	switch {
	case now == checksum && path != old.DataPath:
		return "the data are now in " + same(path, now), nil
	case now != checksum && f.differsElse(old, p) == "":
		return "", &OtherImagesError{path, now, checksum, otherPhotographs(f, p)}
	}
	return "", nil
}

// differsElse says in what a plan differs from the study's besides the images.
func (f Folder) differsElse(old document, p *Prepared) string {
	if old.NumericVersion != job.NumericVersion {
		return "the numbers"
	}
	if !slices.Equal(old.Overrides, p.Overrides) {
		return "the settings"
	}
	return textDiffers(f, p.Text)
}

// prove holds images whose place --data has said against the study's before they are used, and says
// so. Photographs are read for networks of these sizes too, so that every file is decoded once. The
// error of other images is an *InputError.
func (f Folder) prove(ctx context.Context, a Access, plan document, e *experiments.Experiment,
	source dataset.Source, sizes []int) error {
	checksum, pixels := plan.reference()
	_, photos := source.(*dataset.Photographs)
	if checksum == "" || pixels == 0 && photos {
		a.tell("whether the images in " + dataset.Quote(e.Data.Path) + " are the study's is not " +
			"known: an earlier gridsearch has not written down their checksum")
		return nil
	}
	native := source.Info().Native
	if pixels > native {
		return &InputError{fmt.Errorf("the images in %s are not the study's: they have %d pixels on a "+
			"side, those had %d at least", dataset.Quote(e.Data.Path), native, pixels)}
	}
	views := []images.View{viewOf(e, pixels)}
	for _, n := range sizes {
		if n <= native {
			views = append(views, viewOf(e, n))
		}
	}
	set, err := images.Load(ctx, source, splitOf(e), views...)
	if err != nil {
		return inputError(ctx, err)
	}
	now, err := set.Checksum(views[0])
	if err != nil {
		return inputError(ctx, err)
	}
	if now != checksum {
		return &InputError{&OtherImagesError{e.Data.Path, now, checksum,
			otherPhotographs(f, &Prepared{Experiment: e, source: source})}}
	}
	a.tell("the data are in " + same(e.Data.Path, now))
	return nil
}

// absent adds what to do to the error of data that are not where they are looked for: by a study,
// whose folder is empty for a new one.
func absent(a Access, folder Folder, err error) error {
	var about *fs.PathError
	switch {
	case !errors.Is(err, fs.ErrNotExist) || a.Path != "":
		return err
	case folder == "" && !errors.As(err, &about): // it says where published data come from
		return err
	case folder == "":
		return fmt.Errorf("%w\nset [data] path to where the data are, or say it with --data PATH", err)
	}
	return fmt.Errorf("%w\nsay where the data are now with --data PATH; gridsearch run %s --data PATH "+
		"says it once for all commands", err, folder)
}
