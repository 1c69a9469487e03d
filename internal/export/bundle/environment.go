package bundle

import (
	"encoding/json"

	"gridsearch/internal/study"
)

// encode is environment.json.
func encode(name string, list []study.Place) ([]byte, error) {
	text, err := json.MarshalIndent(struct {
		SchemaVersion int           `json:"schema_version"`
		Study         string        `json:"study"`
		Environments  []study.Place `json:"environments"`
	}{1, name, append([]study.Place{}, list...)}, "", " ")
	return append(text, '\n'), err
}
