// Package study is a study on disk: its folder, its plan and what is on its record.
//
// An experiment file becomes a plan (Prepare), which is written in full into the study's folder
// before anything is trained. Package coordinator has its runs trained. Whoever wants to see results
// opens the folder (Load) and needs neither the data nor the experiment's file.
package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gridsearch/experiments"
	"gridsearch/internal/files"
	"gridsearch/internal/job"
	"gridsearch/internal/predictions"
	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
	"gridsearch/search/planner"
)

// Folder is a study's place on disk.
type Folder string

func (f Folder) experiment() string { return filepath.Join(string(f), "experiment.toml") }
func (f Folder) plan() string       { return filepath.Join(string(f), "plan.json") }

// Database is the record of the study.
func (f Folder) Database() string { return filepath.Join(string(f), "study.db") }

// Lock is the file that whoever works on the study has locked.
func (f Folder) Lock() string { return filepath.Join(string(f), "study.lock") }

// Status is the file of the study's latest Status.
func (f Folder) Status() string { return filepath.Join(string(f), "status.json") }

// Runs is the folder of the runs' folders.
func (f Folder) Runs() string { return filepath.Join(string(f), "runs") }

// Run is the folder of a run.
func (f Folder) Run(key string) string { return filepath.Join(f.Runs(), key) }

// Weights is the parameter file of a complete run, which its study may have been told not to keep.
func (f Folder) Weights(key string) string { return filepath.Join(f.Run(key), job.WeightsFile) }

// Predictions is the file of a complete run's predictions, which its study may have been told not
// to keep.
func (f Folder) Predictions(key string) string {
	return filepath.Join(f.Run(key), predictions.FileName)
}

// Path is a derived file of the study: a table or a figure.
func (f Folder) Path(elements ...string) string {
	return filepath.Join(append([]string{string(f)}, elements...)...)
}

// Exists says whether the folder holds a study.
func (f Folder) Exists() bool {
	_, err := os.Stat(f.experiment())
	return err == nil
}

// document is plan.json: the plan as `plan --format json` prints it, what the command line had set
// besides the file, where a relative path of the file led, what the runs' keys are made of besides,
// and the stages with their runs. Plans of earlier versions have the search's runs alone, or end
// with the path.
type document struct {
	planner.Document
	Overrides []string `json:"overrides,omitempty"` // key=value, in the order given
	// folder of the data, absolute; empty for the data set's usual place
	DataPath string `json:"data_path,omitempty"`

	NumericVersion int            `json:"numeric_version,omitempty"`
	DataChecksum   string         `json:"data_checksum,omitempty"` // SHA-256 of the images
	Classes        []string       `json:"classes,omitempty"`       // names, by number
	Largest        *Largest       `json:"largest_class,omitempty"` // where classes are uneven
	Stages         []stages.Stage `json:"stages,omitempty"`        // in the order of training
}

// InputError marks a mistake in what a study is made from: its experiment file, its data, its
// folder's name.
type InputError struct{ Err error }

// Error is the mistake.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *InputError) Unwrap() error { return e.Err }

// Study is a study on disk with what is on its record.
type Study struct {
	Folder     Folder
	Experiment *experiments.Experiment
	Origin     Origin
	Plan       planner.Document
	Records    []store.Record // of the search's runs, in the plan's order
	Later      []store.Record // of the runs of later stages
	Unplanned  []store.Record // of runs of no stage, which an earlier plan has left
	Largest    *Largest       // class of the validation images; nil where they are even
	Latencies  []store.Latency
	Decisions  []stages.Decision // in that order
}

// Warnings tell what a reader of the results has to know about the record.
func (s *Study) Warnings() []string {
	var list []string
	if text := unplannedRuns(s.Unplanned); text != "" {
		list = append(list, text)
	}
	if s.Largest != nil {
		list = append(list, s.Largest.String())
	}
	if text := mixed(s.Records); text != "" {
		list = append(list, text)
	}
	return append(list, twoResults(s.Records)...)
}

// Load reads a study without changing it; it may be running meanwhile.
func Load(folder Folder) (*Study, error) {
	experiment, err := folder.Experiment()
	if err != nil {
		return nil, err
	}
	plan, err := folder.readPlan()
	if err != nil {
		return nil, err
	}
	origin, err := folder.origin(plan)
	if err != nil {
		return nil, err
	}
	record, err := store.OpenReadOnly(folder.Database())
	if err != nil {
		return nil, err
	}
	defer record.Close()
	s := &Study{Folder: folder, Experiment: experiment, Origin: origin, Plan: plan.Document,
		Largest: plan.Largest}
	var records []store.Record
	err = record.AtOnce(func() (err error) {
		if records, err = record.Records(); err == nil {
			s.Latencies, err = record.Latencies()
		}
		if err == nil {
			s.Decisions, err = record.Decisions()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	joined, unplanned, err := plan.join(records)
	if err != nil {
		return nil, &database.FileError{Path: folder.Database(), Err: err}
	}
	s.Unplanned = unplanned
	for _, r := range joined {
		if r.Stage == stages.Search {
			s.Records = append(s.Records, r)
		} else {
			s.Later = append(s.Later, r)
		}
	}
	return s, nil
}

// Experiment reads the file that the study was made from, with the settings of the command line
// that belong to it.
func (f Folder) Experiment() (*experiments.Experiment, error) {
	plan, err := f.readPlan()
	if err != nil {
		return nil, err
	}
	experiment, err := experiments.Load(f.experiment(), plan.Overrides...)
	if err != nil {
		return nil, &InputError{err}
	}
	experiment.Study.Name = plan.Study
	return experiment, nil
}

func (f Folder) readPlan() (document, error) {
	var plan document
	text, err := os.ReadFile(f.plan())
	if errors.Is(err, fs.ErrNotExist) {
		return plan, &InputError{fmt.Errorf("%s is not a study: it has no plan.json\nstart one "+
			"with: gridsearch run FILE", f)}
	}
	if err != nil {
		return plan, err
	}
	if plan, err = decodePlan(text); err != nil {
		return plan, &InputError{fmt.Errorf("%s: %w: bring a copy of it back, or make it anew with "+
			"gridsearch run FILE, the experiment file of the study", f.plan(), err)}
	}
	return plan, nil
}

// Clean removes what killed writers have left in the study's folders.
func (f Folder) Clean() {
	files.Clean(string(f))
	files.Clean(f.Path("figures"))
	runs, _ := os.ReadDir(f.Runs())
	for _, run := range runs {
		files.Clean(f.Run(run.Name()))
	}
}

// decodePlan reads plan.json.
func decodePlan(text []byte) (plan document, err error) {
	if err := json.Unmarshal(text, &plan); err != nil {
		return plan, err
	}
	var earlier struct {
		Runs []stages.Run `json:"runs"`
	}
	if err := json.Unmarshal(text, &earlier); err != nil {
		return plan, err
	}
	if len(plan.Stages) == 0 && len(earlier.Runs) > 0 {
		plan.Stages = []stages.Stage{{Name: stages.Search, Decision: stages.DecideAll,
			Runs: earlier.Runs}}
	}
	if err := plan.Check(); err != nil {
		return plan, err
	}
	return plan, plan.checkStages()
}

// checkStages says what is wrong with the stages of a plan.
func (d document) checkStages() error {
	names, runs := map[string]bool{}, map[string]bool{}
	for i, stage := range d.Stages {
		switch {
		case i == 0 && stage.Name != stages.Search:
			return fmt.Errorf("its first stage is called %q, and must be %s", stage.Name, stages.Search)
		case stage.Name == "" || stage.Decision == "":
			return fmt.Errorf("stage %d has no name or no decision", i+1)
		case names[stage.Name]:
			return fmt.Errorf("two stages are called %s", stage.Name)
		}
		names[stage.Name] = true
		for _, r := range stage.Runs {
			if r.Key == "" || runs[r.Key] {
				return fmt.Errorf("stage %s: run %q (%s) has no key, or one that is there twice",
					stage.Name, r.Key, r.Name())
			}
			runs[r.Key] = true
		}
	}
	return nil
}

// Write replaces a derived file of the study, whole or not at all.
func (f Folder) Write(name string, text []byte) error { return files.Replace(f.Path(name), text) }

// document is the plan with its runs.
func (p *Prepared) document(specs []job.Spec) document {
	d := document{Document: p.Plan.Document(p.Experiment.Study.Name), Overrides: p.Overrides,
		NumericVersion: job.NumericVersion, Stages: Stages(p.Decision, specs)}
	if p.Experiment.Data != nil {
		d.DataPath, d.Classes = p.Experiment.Data.Path, p.source.Info().Classes
		d.Largest = p.shares.largest()
	}
	if len(specs) > 0 {
		d.DataChecksum = specs[0].Data.Checksum
	}
	return d
}

// WritePlan writes plan.json and experiment.toml, each whole or not at all.
func (f Folder) WritePlan(p *Prepared, specs []job.Spec) error {
	plan := p.document(specs)
	text, err := json.MarshalIndent(plan, "", " ")
	if err != nil {
		return err
	}
	if err := files.Replace(f.plan(), append(text, '\n')); err != nil {
		return err
	}
	if list := p.photographs(); list != nil {
		if err := files.Replace(f.images(), list); err != nil {
			return err
		}
	}
	return files.Replace(f.experiment(), p.Text)
}

// Reopen prepares an existing study to go on.
func Reopen(ctx context.Context, a Access, folder Folder) (*Prepared, error) {
	plan, err := folder.readPlan()
	if err != nil {
		return nil, err
	}
	p, err := prepare(ctx, a, folder.experiment(), folder, plan.DataPath, plan.Overrides)
	if err != nil {
		return nil, err
	}
	p.Experiment.Study.Name = plan.Study
	return p, nil
}

// Retry lets the failed runs of a study wait again, and says how many there were.
func Retry(folder Folder) (int, error) { return change(folder, (*store.Store).Retry) }

// ForgetLatencies lets the next call of Run measure the latencies of a study again, and says how
// many there were.
func ForgetLatencies(folder Folder) (int, error) {
	return change(folder, (*store.Store).ForgetLatencies)
}

// change changes the record of a study that nobody works on.
func change(folder Folder, do func(*store.Store) (int, error)) (int, error) {
	lock, err := database.Lock(folder.Lock())
	if err != nil {
		return 0, err
	}
	defer lock.Release()
	record, err := store.Open(folder.Database())
	if err != nil {
		return 0, err
	}
	defer record.Close()
	return do(record)
}
