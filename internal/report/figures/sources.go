package figures

import (
	"slices"

	"gridsearch/internal/figure/literature"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/predictions"
	"gridsearch/internal/report"
	"gridsearch/internal/study"
)

// Sources find what figures need beside a study's record. They are asked where a figure that needs
// it is drawn; nil functions find nothing. An error says why something cannot be known.
type Sources struct {
	// Predictions visits the predictions that the tied trials' runs have kept, one at a time.
	Predictions func(visit func(predictions.File) error) error
	// Maps are where some of the study's networks see classes in some of its validation images.
	Maps func() (*values.Maps, error)
}

// gathered are the values of a study with what the named figures need beside the record. Why
// something cannot be had is said of the figure that needs it.
func (f Sources) gathered(s *study.Study, r report.Results, names []string) values.Values {
	v := studyValues(s, r)
	v.Runs, v.Lacking = attempts(s), map[string]string{}
	v.Reference = reference(s.Experiment.Report.Reference, v.Data)
	ask := func(name string, have bool, get func() error) {
		if have && slices.Contains(names, name) {
			if err := get(); err != nil {
				v.Lacking[name] = err.Error()
			}
		}
	}
	ask("rank-agreement", true, func() error {
		v.Agreements = agreements(s, r)
		return nil
	})
	ask("scaling-diagram", true, func() (err error) {
		v.Networks, err = studyNetworks(s, r)
		return err
	})
	ask("per-class", f.Predictions != nil, func() (err error) {
		v.Classes, err = classes(r, f)
		return err
	})
	ask("cam", f.Maps != nil, func() (err error) {
		v.Maps, err = f.Maps()
		return err
	})
	return v
}

// reference are the models published for a data set: the named one, or where the name is automatic
// the study's own.
func reference(named, own string) *values.Reference {
	if named == literature.Automatic {
		named = own
	}
	return literature.For(named)
}
