// Package predictions reads and writes the predictions of a run: a safetensors file with the logits
// and the labels, and metadata that identify the run.
package predictions

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"gridsearch/internal/safetensors"
	"gridsearch/search/images"
)

// FileName is the name of the file in a run's folder.
const FileName = "predictions.safetensors"

// Tensors of a predictions file.
const (
	logitsName = "logits" // float32 [n, classes]
	labelsName = "labels" // int32 [n]
)

// metadataKey is the metadata key under which a file identifies its run.
const metadataKey = "gridsearch"

// File is the logits of a run's network for the study's validation images, in their order.
type File struct {
	Key   string
	Trial string
	Seed  int      // index
	Names []string // of the classes
	images.Predictions
}

// Bytes is the size of the tensors of n images.
func Bytes(n, classes int) int { return 4*n*classes + 4*n }

// Checksum is the SHA-256 of a file in hexadecimal.
func Checksum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// description is the JSON of a file's metadata.
type description struct {
	SchemaVersion int      `json:"schema_version"`
	Key           string   `json:"key"`
	Trial         string   `json:"trial"`
	Seed          int      `json:"seed"`
	Classes       []string `json:"classes"`
	Images        string   `json:"images"`
}

const schemaVersion = 1

// imageOrder says which image a row belongs to.
const imageOrder = "the validation images of the study, in the order of its split"

// Encode encodes a file: the same bytes for the same predictions.
func (p File) Encode() ([]byte, error) {
	said, err := json.Marshal(description{schemaVersion, p.Key, p.Trial, p.Seed,
		p.Names, imageOrder})
	if err != nil {
		return nil, err
	}
	return safetensors.File{
		Metadata: map[string]string{metadataKey: string(said)},
		Tensors: []safetensors.Tensor{
			safetensors.Float32s(logitsName, []int{p.N(), p.Classes}, p.Logits),
			safetensors.Int32s(labelsName, []int{p.N()}, p.Labels),
		},
	}.Encode()
}

// Decode decodes an untrusted file: shapes, labels and logits are checked.
func Decode(text []byte) (p File, err error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return p, err
	}
	if err := p.describe(file.Metadata); err != nil {
		return p, err
	}
	labels, logits, classes, err := tensors(file)
	if err != nil {
		return p, err
	}
	if classes != len(p.Names) {
		return p, fmt.Errorf("tensor %q has %d classes, the metadata name %d", logitsName, classes,
			len(p.Names))
	}
	p.Predictions, err = images.New(labels, logits, classes)
	return p, err
}

// describe reads the metadata.
func (p *File) describe(metadata map[string]string) error {
	said, ok := metadata[metadataKey]
	if !ok {
		return fmt.Errorf("it has no metadata %q: it is no predictions file", metadataKey)
	}
	var m description
	decoder := json.NewDecoder(bytes.NewReader([]byte(said)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return fmt.Errorf("metadata %q: %w", metadataKey, err)
	}
	if m.SchemaVersion != schemaVersion {
		return fmt.Errorf("metadata %q have version %d, this program knows %d: use the gridsearch "+
			"that wrote the file", metadataKey, m.SchemaVersion, schemaVersion)
	}
	p.Key, p.Trial, p.Seed, p.Names = m.Key, m.Trial, m.Seed, m.Classes
	return nil
}

// tensors finds the tensors of a file and compares their shapes.
func tensors(
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
