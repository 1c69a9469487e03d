package bundle

import (
	"encoding/json"
	"slices"

	"gridsearch/internal/job"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

// where is a machine with a program that executions of the study ran on.
type where struct {
	Host       string `json:"host"`
	Executions int    `json:"executions"`
	// those that gave the results of runs
	Results     int             `json:"results"`
	Environment job.Environment `json:"environment"`
}

// environments are those of a study's executions, in the order of the runs.
func environments(s *study.Study) (list []where, err error) {
	known := map[string]int{}
	for _, r := range slices.Concat(s.Records, s.Later) {
		given := r.State != store.Complete
		for _, e := range r.Executions {
			text, err := json.Marshal(e.Environment)
			if err != nil {
				return nil, err
			}
			place := e.Host + "\n" + string(text)
			i, seen := known[place]
			if !seen {
				i = len(list)
				known[place] = i
				list = append(list, where{Host: e.Host, Environment: e.Environment})
			}
			list[i].Executions++
			if !given && e.Outcome == store.OutcomeComplete {
				list[i].Results++
				given = true
			}
		}
	}
	return list, nil
}

// encode is environment.json.
func encode(name string, list []where) ([]byte, error) {
	text, err := json.MarshalIndent(struct {
		SchemaVersion int     `json:"schema_version"`
		Study         string  `json:"study"`
		Environments  []where `json:"environments"`
	}{1, name, append([]where{}, list...)}, "", " ")
	return append(text, '\n'), err
}
