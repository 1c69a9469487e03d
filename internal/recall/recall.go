// Package recall gives the predictions of a study's runs, and those of other networks on its images.
package recall

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"

	"gridsearch/internal/files"
	"gridsearch/internal/predictions"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/model/weights"
	byimage "gridsearch/search/images"
)

// Each visits the predictions of every complete run in plan order, one at a time: those that the
// run has stored, or else those computed from its stored weights. The latter are stored for the
// next time, if the study keeps predictions of their size. note is called before the first run that
// is computed, which takes time; it may be nil.
//
// The error of a file that is damaged, missing or of another run is a *study.InputError which names it
// and says what to do; no file is touched then. An error of visit is passed on.
func Each(s *study.Study, note func(string), visit func(predictions.File) error) error {
	r := recaller{study: s, note: note}
	for _, record := range s.Records {
		if record.State != store.Complete {
			continue
		}
		p, err := r.recall(record)
		if err != nil {
			return err
		}
		p.Trial, p.Seed = record.Trial, record.Seed // a kept file has its trial's name of that day
		if err := r.sameImages(p); err != nil {
			return err
		}
		if err := visit(p); err != nil {
			return err
		}
	}
	return nil
}

// Kept is Each of the named trials' runs that have kept their predictions; none is computed.
func Kept(s *study.Study, trials []string, visit func(predictions.File) error) error {
	kept := *s
	kept.Records = slices.DeleteFunc(slices.Clone(s.Records), func(r store.Record) bool {
		_, err := os.Stat(s.Folder.Predictions(r.Key))
		return !slices.Contains(trials, r.Trial) || errors.Is(err, fs.ErrNotExist)
	})
	return Each(&kept, nil, visit)
}

// recaller finds the predictions of runs.
type recaller struct {
	study     *study.Study
	note      func(string)
	evaluator *evaluator // nil before the first run that has kept its weights alone
	first     *predictions.File
}

func (r *recaller) recall(record store.Record) (predictions.File, error) {
	path := r.study.Folder.Predictions(record.Key)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r.compute(record)
	case err != nil:
		return predictions.File{}, &study.InputError{Err: err}
	}
	p, err := readPredictions(text, record)
	if err != nil {
		advised := advice(r.study.Folder, record.Key)
		return p, &study.InputError{Err: fmt.Errorf("%s: %w: %s", path, err, advised)}
	}
	return p, nil
}

// readPredictions reads a run's file and compares it with the record.
func readPredictions(text []byte, record store.Record) (predictions.File, error) {
	if want := record.Result.Predictions; want != "" && predictions.Checksum(text) != want {
		return predictions.File{}, fmt.Errorf("the file is damaged: its SHA-256 is %.12s, the "+
			"record has %.12s", predictions.Checksum(text), want)
	}
	p, err := predictions.Decode(text)
	if err != nil {
		return p, err
	}
	if p.Key != record.Key {
		return p, fmt.Errorf("the file is of run %s, not of %s", p.Key, record.Key)
	}
	return p, agree(p, *record.Result)
}

// advice says how to restore the predictions of a run whose file is unusable.
func advice(f study.Folder, key string) string {
	if _, err := os.Stat(f.Weights(key)); err == nil {
		return "bring a copy of it back, or move it away and they are computed from the run's " +
			"weights"
	}
	return "bring a copy of it back; without one, and without the run's weights, train the run " +
		"again in a study under another --dir"
}

// Largest differences from the record of predictions computed on another machine.
const (
	lossTolerance = 1e-3 // relative to 1 + loss
	top1Tolerance = 5e-3 // images whose best logits lie closer than rounding
)

// agree compares predictions with the record of the run. Predictions from the run's own machine
// agree to the last bit.
func agree(p predictions.File, recorded store.Result) error {
	if p.N() != recorded.Examples {
		return fmt.Errorf("%d images, the record has %d", p.N(), recorded.Examples)
	}
	top1, loss := p.TopK(1), p.LogLoss()
	if math.Abs(loss-recorded.Loss) > lossTolerance*(1+recorded.Loss) ||
		math.Abs(top1-recorded.Top1) > top1Tolerance {
		return fmt.Errorf("they give top-1 %v and loss %v, the record has %v and %v", top1, loss,
			recorded.Top1, recorded.Loss)
	}
	return nil
}

// sameImages compares the labels of a run with those of the first one: all runs of a study share
// their validation images.
func (r *recaller) sameImages(p predictions.File) error {
	if r.first == nil {
		r.first = &p
	}
	if !slices.Equal(p.Labels, r.first.Labels) || !slices.Equal(p.Names, r.first.Names) {
		return &study.InputError{Err: fmt.Errorf("the predictions of runs %s and %s are of other images: "+
			"move away %s, or %s, whichever is not of this study", r.first.Key, p.Key,
			r.study.Folder.Predictions(r.first.Key), r.study.Folder.Predictions(p.Key))}
	}
	return nil
}

// compute evaluates a run's stored weights.
func (r *recaller) compute(record store.Record) (p predictions.File, err error) {
	path := r.study.Folder.Weights(record.Key)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, missing(r.study, record)
	}
	if err != nil {
		return p, &study.InputError{Err: err}
	}
	network, err := weights.Decode(text)
	if err != nil {
		return p, &study.InputError{Err: fmt.Errorf("%s: %w", path, err)}
	}
	if p, err = r.evaluate(network); err != nil {
		return p, err
	}
	p.Key, p.Trial, p.Seed = record.Key, record.Trial, record.Seed
	if err := agree(p, *record.Result); err != nil {
		return p, &study.InputError{Err: fmt.Errorf("the predictions of %s do not fit the record: %w: the "+
			"file or the data are not those that the run was trained with; bring copies of them "+
			"back", path, err)}
	}
	return p, remember(r.study, p, record)
}

// evaluate computes a network's predictions for the study's validation images.
func (r *recaller) evaluate(n weights.Network) (p predictions.File, err error) {
	if r.evaluator == nil {
		if r.note != nil {
			r.note("predictions that are not on disk are computed from the runs' weights")
		}
		if r.evaluator, err = newEvaluator(context.Background(), study.Access{}, r.study.Folder); err != nil {
			return p, err
		}
	}
	result, err := r.evaluator.evaluate(context.Background(), n)
	if err != nil {
		return p, err
	}
	p.Names = r.evaluator.source.Info().Classes
	labels := r.evaluator.labels
	p.Predictions, err = byimage.New(labels, result.Logits, n.Architecture.Classes)
	return p, err
}

// missing is the error for a run that has stored neither predictions nor weights.
func missing(s *study.Study, record store.Record) error {
	return &study.InputError{Err: fmt.Errorf("run %s (%s seed=%d) has no predictions: %s is not there, nor "+
		"are weights to compute them from; bring a copy of either back, or train the run again in "+
		"a study under another --dir, with keep_predictions = true in [execution]", record.Key,
		record.Trial, record.Seed,
		s.Folder.Predictions(record.Key))}
}

// remember stores predictions that were computed. Bytes that differ from those on record, by
// another machine's rounding, are not stored, and a folder that cannot be written costs only time.
func remember(s *study.Study, p predictions.File, record store.Record) error {
	text, err := p.Encode()
	if err != nil {
		return err
	}
	recorded := record.Result.Predictions
	known := recorded == "" || recorded == predictions.Checksum(text)
	if known && predictions.Bytes(p.N(), p.Classes) <= s.Experiment.Execution.KeepPredictions {
		_ = files.Replace(s.Folder.Predictions(p.Key), text)
	}
	return nil
}
