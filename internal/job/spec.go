package job

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/recipe"
)

// NumericVersion is part of every run key. It is raised when a change of the program alters the
// numbers of a training, so that results of two versions are never taken for one.
const NumericVersion = 3

// sharesVersion is likewise part of the keys of runs of several threads alone, whose sums depend on
// the threads' shares of a batch.
const sharesVersion = 2

// Data says which images a study trains and validates on. The split is a function of the study seed
// alone: all runs share it.
type Data struct {
	Dataset string `json:"dataset"` // its name: where its files lie, each machine knows
	// SHA-256 of the training and validation images at their native size
	Checksum           string  `json:"checksum"`
	ValidationFraction float64 `json:"validation_fraction"`
	// share of the side of the middle that is validated on; 0 for all without a filter
	ValidationCrop     float64 `json:"validation_crop,omitempty"`
	TrainExamples      int     `json:"train_examples"` // images trained on
	ValidationExamples int     `json:"validation_examples"`
}

// Spec is one run in full: whoever holds it can train it, with no experiment file beside it.
type Spec struct {
	Key          string              `json:"key"`
	Trial        string              `json:"trial"`
	SeedIndex    int                 `json:"seed_index"`
	StudySeed    uint64              `json:"study_seed"`
	Architecture model.Architecture  `json:"architecture"` // scaled
	Recipe       recipe.Recipe       `json:"recipe"`
	Augmentation recipe.Augmentation `json:"augmentation"`
	Data         Data                `json:"data"`
	Threads      int                 `json:"threads_per_run"`
}

// Seed is the seed of the run's data order, augmentation, initialisation and masks: the same for
// every trial, so that trials compare in pairs.
func (s Spec) Seed() uint64 { return random.Seed(s.StudySeed, "run", s.SeedIndex) }

// Work is the training cost of the run in multiply-adds: three passes (forward, two backward) over
// every image of every epoch.
func (s Spec) Work() float64 {
	return 3 * float64(s.Architecture.Cost().MAdds) * float64(s.Data.TrainExamples) * float64(
		s.Recipe.Epochs)
}

// WithKey returns the spec with its key: the first 16 hexadecimal digits of the SHA-256 of
// everything that decides the run's numbers, as JSON with sorted keys. Labels, names, paths and
// execution settings stay out, so that a key names the same training everywhere.
func (s Spec) WithKey() (Spec, error) {
	content := map[string]any{
		"network":             json.RawMessage(s.Architecture.Key()),
		"study_seed":          s.StudySeed,
		"seed_index":          s.SeedIndex,
		"data_checksum":       s.Data.Checksum,
		"validation_fraction": s.Data.ValidationFraction,
		"train_examples":      s.Data.TrainExamples,
		"recipe":              s.Recipe,
		"augmentation":        s.Augmentation,
		"threads_per_run":     s.Threads,
		"numeric_version":     NumericVersion,
	}
	if s.Threads > 1 {
		content["shares_version"] = sharesVersion
	}
	if s.Data.ValidationCrop > 0 { // a later option: earlier keys are without it
		content["validation_crop"] = s.Data.ValidationCrop
	}
	text, err := canonicalJSON(content)
	if err != nil {
		return s, fmt.Errorf("run key of trial %s: %w", s.Trial, err)
	}
	sum := sha256.Sum256(text)
	s.Key = hex.EncodeToString(sum[:8])
	return s, nil
}

// canonicalJSON encodes a value with the keys of every object sorted; numbers keep their text.
func canonicalJSON(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return nil, err
	}
	return json.Marshal(plain)
}

// Check holds the spec against its key.
func (s Spec) Check() error {
	same, err := s.WithKey()
	if err != nil {
		return err
	}
	if same.Key != s.Key {
		return fmt.Errorf("run %q of trial %s is no run of this program: its key would be %s; both "+
			"sides must be the same program", s.Key, s.Trial, same.Key)
	}
	return nil
}
