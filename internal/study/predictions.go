package study

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"gridsearch/internal/safetensors"
	byimage "gridsearch/search/images"
)

// predictionsName is the file of a complete run's predictions.
const predictionsName = "predictions.safetensors"

// Tensors of a predictions file.
const (
	logitsName = "logits" // float32 [n, classes]
	labelsName = "labels" // int32 [n]
)

// predictionsKey is the metadata that says what a predictions file is of.
const predictionsKey = "gridsearch"

// Predictions is what a run's network says of the study's validation images, in their order.
type Predictions struct {
	Key   string
	Trial string
	Seed  int      // index
	Names []string // of the classes
	byimage.Predictions
}

// Predictions is the file of a complete run's predictions, which its study may have been told not
// to keep.
func (f Folder) Predictions(key string) string { return filepath.Join(f.run(key), predictionsName) }

// predictionBytes is the size of the tensors of n images.
func predictionBytes(n, classes int) int { return 4*n*classes + 4*n }

// checksum is a SHA-256 in hexadecimal.
func checksum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// predictionsMetadata is the JSON of a predictions file's metadata.
type predictionsMetadata struct {
	SchemaVersion int      `json:"schema_version"`
	Key           string   `json:"key"`
	Trial         string   `json:"trial"`
	Seed          int      `json:"seed"`
	Classes       []string `json:"classes"`
	Images        string   `json:"images"`
}

const predictionsVersion = 1

// imageOrder says which image a row is of.
const imageOrder = "the validation images of the study, in the order of its split"

// encode writes a predictions file: the same bytes for the same predictions.
func (p Predictions) encode() ([]byte, error) {
	said, err := json.Marshal(predictionsMetadata{predictionsVersion, p.Key, p.Trial, p.Seed,
		p.Names, imageOrder})
	if err != nil {
		return nil, err
	}
	return safetensors.File{
		Metadata: map[string]string{predictionsKey: string(said)},
		Tensors: []safetensors.Tensor{
			safetensors.Float32s(logitsName, []int{p.N(), p.Classes}, p.Logits),
			safetensors.Int32s(labelsName, []int{p.N()}, p.Labels),
		},
	}.Encode()
}

// decodePredictions reads a predictions file. It believes nothing: shapes, labels and logits are
// checked.
func decodePredictions(text []byte) (p Predictions, err error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return p, err
	}
	if err := p.describe(file.Metadata); err != nil {
		return p, err
	}
	labels, logits, classes, err := predictionTensors(file)
	if err != nil {
		return p, err
	}
	if classes != len(p.Names) {
		return p, fmt.Errorf("tensor %q has %d classes, the metadata name %d", logitsName, classes,
			len(p.Names))
	}
	p.Predictions, err = byimage.New(labels, logits, classes)
	return p, err
}

// describe reads what the metadata say.
func (p *Predictions) describe(metadata map[string]string) error {
	said, ok := metadata[predictionsKey]
	if !ok {
		return fmt.Errorf("it has no metadata %q: it is no predictions file", predictionsKey)
	}
	var m predictionsMetadata
	decoder := json.NewDecoder(bytes.NewReader([]byte(said)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return fmt.Errorf("metadata %q: %w", predictionsKey, err)
	}
	if m.SchemaVersion != predictionsVersion {
		return fmt.Errorf("metadata %q have version %d, this program knows %d: use the gridsearch "+
			"that wrote the file", predictionsKey, m.SchemaVersion, predictionsVersion)
	}
	p.Key, p.Trial, p.Seed, p.Names = m.Key, m.Trial, m.Seed, m.Classes
	return nil
}

// predictionTensors takes the tensors out of a file and holds their shapes against each other.
func predictionTensors(
	f *safetensors.File,
) (labels []int32, logits []float32, classes int, err error) {
	rows, err := f.Tensor(logitsName)
	if err != nil {
		return nil, nil, 0, err
	}
	row, err := f.Tensor(labelsName)
	if err != nil {
		return nil, nil, 0, err
	}
	if len(rows.Shape) != 2 || !slices.Equal(row.Shape, rows.Shape[:1]) {
		return nil, nil, 0, fmt.Errorf("tensors %q and %q have shapes %v and %v: they must be "+
			"[n classes] and [n]", logitsName, labelsName, rows.Shape, row.Shape)
	}
	if logits, err = rows.Float32s(); err != nil {
		return nil, nil, 0, fmt.Errorf("tensor %q: %w", logitsName, err)
	}
	if labels, err = row.Int32s(); err != nil {
		return nil, nil, 0, fmt.Errorf("tensor %q: %w", labelsName, err)
	}
	return labels, logits, rows.Shape[1], nil
}
