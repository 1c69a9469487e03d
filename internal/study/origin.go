package study

import (
	"encoding/json"
	"os"
	"slices"

	"gridsearch/internal/job"
	"gridsearch/internal/store"
)

// Origin is what a study was made from, as its folder keeps it.
type Origin struct {
	Text           string   // of the experiment file
	Settings       []string // key=value, that the command line has set besides, in that order
	DataPath       string   // folder of the data, absolute; empty for the data set's usual place
	DataChecksum   string   // SHA-256 of the images; empty in a study of an earlier program
	NumericVersion int      // 0 in a study of an earlier program
	Classes        []string // names, by number; none in a study of an earlier program
}

// origin is that of a plan.
func (f Folder) origin(plan document) (Origin, error) {
	text, err := os.ReadFile(f.experiment())
	return Origin{string(text), plan.Overrides, plan.DataPath, plan.DataChecksum,
		plan.NumericVersion, plan.Classes}, err
}

// Place is a machine with a program that executions of a study ran on.
type Place struct {
	Host       string `json:"host"`
	Executions int    `json:"executions"`
	// those that gave the results of runs
	Results     int             `json:"results"`
	Environment job.Environment `json:"environment"`
}

// Places are those of a study's executions, in the order of the runs.
func (s *Study) Places() (list []Place, err error) {
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
				list = append(list, Place{Host: e.Host, Environment: e.Environment})
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
