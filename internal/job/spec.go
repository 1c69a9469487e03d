package job

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"gridsearch/internal/nearest"
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
	// SHA-256 of the training and validation images, at their native size or, of photographs, at
	// the run's
	Checksum           string  `json:"checksum"`
	ValidationFraction float64 `json:"validation_fraction"`
	// share of the side of the middle that is validated on; 0 for all without a filter
	ValidationCrop     float64 `json:"validation_crop,omitempty"`
	TrainExamples      int     `json:"train_examples"` // images trained on
	ValidationExamples int     `json:"validation_examples"`

	// how a folder of photographs is read: what it changes in the images is in the checksum
	Reading Reading `json:"reading,omitzero"`
}

// Reading says how a folder of photographs is read; see dataset.Reading, which has these fields.
type Reading struct {
	List         string `json:"list,omitempty"`
	Ground       string `json:"ground,omitempty"`
	OnUnreadable string `json:"on_unreadable,omitempty"`
	Deduplicate  bool   `json:"deduplicate,omitempty"`
}

// MaxSeeds is more seeds than an experiment file can ask for.
const MaxSeeds = 1 << 16

// Spec is one run in full: whoever holds it can train it, with no experiment file beside it.
type Spec struct {
	Key       string `json:"key"`
	Trial     string `json:"trial"`
	SeedIndex int    `json:"seed_index"`
	// Stream is what the seed is drawn from: empty for a search's runs, or one of Streams.
	Stream string `json:"stream,omitempty"`
	// Condition is how the recipe differs from the study's, which it does already: see Under.
	Condition    string              `json:"condition,omitempty"`
	StudySeed    uint64              `json:"study_seed"`
	Architecture model.Architecture  `json:"architecture"` // scaled
	Recipe       recipe.Recipe       `json:"recipe"`
	Augmentation recipe.Augmentation `json:"augmentation"`
	Data         Data                `json:"data"`
	Threads      int                 `json:"threads_per_run"`
}

// Streams of fresh seeds, none of which is one of the search's or of the other stream.
const (
	Confirm = "confirm" // of runs that confirm what a search has found
	Tune    = "tune"    // of runs that choose a recipe
)

// Streams lists the names that a run's stream may have besides the empty one.
var Streams = []string{Confirm, Tune}

// searchStream names the seeds of runs without a stream.
const searchStream = "run"

// Seed is the seed of the run's data order, augmentation, initialisation and masks: the same for
// every trial, so that trials compare in pairs.
func (s Spec) Seed() uint64 {
	return random.Seed(s.StudySeed, cmp.Or(s.Stream, searchStream), s.SeedIndex)
}

// Network identifies what is trained, under whatever seed and condition: the first 16 hexadecimal
// digits of the SHA-256 of the network's key.
func (s Spec) Network() string { return digest([]byte(s.Architecture.Key())) }

// digest is the first 16 hexadecimal digits of the SHA-256 of a text.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Work is the training cost of the run in multiply-adds: three passes (forward, two backward) over
// every image of every epoch.
func (s Spec) Work() float64 {
	return 3 * float64(s.Architecture.Cost().MAdds) * float64(s.Data.TrainExamples) * float64(
		s.Recipe.Epochs)
}

// WithKey returns the spec with its key: the first 16 hexadecimal digits of the SHA-256 of
// everything that decides the run's numbers, as JSON with sorted keys. Labels, names, paths and
// execution settings stay out, so that a key names the same training everywhere. So does the text
// of a condition: the recipe that it makes is in the key.
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
	if s.Stream != "" { // likewise
		content["stream"] = s.Stream
	}
	text, err := canonicalJSON(content)
	if err != nil {
		return s, fmt.Errorf("run key of trial %s: %w", s.Trial, err)
	}
	s.Key = digest(text)
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

// Check holds the spec against its key, and what stays out of the key against the rest.
func (s Spec) Check() error {
	if s.SeedIndex < 0 || s.SeedIndex >= MaxSeeds {
		return fmt.Errorf("run %q of trial %s: its seed %d is not one of 0 to %d", s.Key, s.Trial,
			s.SeedIndex, MaxSeeds-1)
	}
	if s.Stream != "" && !slices.Contains(Streams, s.Stream) {
		return fmt.Errorf("run %q of trial %s: there is no stream %q; did you mean %s?", s.Key, s.Trial,
			s.Stream, nearest.Words(s.Stream, Streams))
	}
	if err := s.checkCondition(); err != nil {
		return fmt.Errorf("run %q of trial %s: %w", s.Key, s.Trial, err)
	}
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
