package study

import (
	"errors"
	"fmt"
	"math"

	"gridsearch/internal/store"
)

// Overview is how far a study is, as its record shows.
type Overview struct {
	SchemaVersion    int     `json:"schema_version"`
	Study            string  `json:"study"`
	Total            int     `json:"total"`
	Complete         int     `json:"complete"`
	Failed           int     `json:"failed"`
	Waiting          int     `json:"waiting"` // and running
	PID              int     `json:"pid"`     // of the process that works on it; 0 for none
	Best             *Best   `json:"best,omitempty"`
	RemainingSeconds float64 `json:"remaining_seconds"` // 0 if not known
}

// Glance looks at a study without disturbing whoever works on it.
func Glance(folder Folder) (Overview, error) {
	s, err := Load(folder)
	if err != nil {
		return Overview{}, err
	}
	o := Overview{SchemaVersion: 1, Study: s.Plan.Study, Total: len(s.Records), PID: worksOn(folder)}
	t := tracker{scores: map[string][]float64{}}
	for _, r := range s.Records {
		switch r.State {
		case store.Complete:
			o.Complete++
			t.scores[r.Trial] = append(t.scores[r.Trial], r.Result.Top1)
		case store.Failed:
			o.Failed++
		default:
			o.Waiting++
		}
	}
	o.Best = t.best()
	o.RemainingSeconds, err = remainingTime(folder, s)
	return o, err
}

// Activity says whether somebody works on the study.
func (o Overview) Activity() string {
	switch {
	case o.PID > 0:
		return fmt.Sprintf("process %d works on it", o.PID)
	case o.Waiting == 0:
		return "finished"
	}
	return "nobody works on it"
}

// worksOn returns the process that holds the study's lock, 0 for none.
func worksOn(folder Folder) int {
	lock, err := store.Lock(folder.lock())
	var locked *store.LockedError
	if errors.As(err, &locked) {
		return locked.PID
	}
	if err == nil {
		_ = lock.Release()
	}
	return 0
}

// remainingTime scales the seconds per multiply-add of the runs so far to the runs that wait, divided by the number of workers that the times overlap by.
func remainingTime(folder Folder, s *Study) (float64, error) {
	record, err := store.OpenReadOnly(folder.database())
	if err != nil {
		return 0, err
	}
	defer record.Close()
	executions, err := record.Executions()
	if err != nil {
		return 0, err
	}
	trialOf, cost := map[string]string{}, map[string]float64{}
	for _, t := range s.Plan.Trials {
		cost[t.Name] = float64(t.MAdds)
	}
	waiting := 0.
	for _, r := range s.Records {
		trialOf[r.Key] = r.Trial
		if r.State == store.Waiting {
			waiting += cost[r.Trial]
		}
	}
	busy, done, first, last := 0., 0., math.Inf(1), 0.
	for _, e := range executions {
		if e.Outcome != store.OutcomeComplete {
			continue
		}
		start, end := float64(e.Started.UnixMilli())/1e3, float64(e.Ended.UnixMilli())/1e3
		busy, done = busy+end-start, done+cost[trialOf[e.Key]]
		first, last = min(first, start), max(last, end)
	}
	if done == 0 || last <= first {
		return 0, nil
	}
	workers := max(1, math.Round(busy/(last-first)))
	return waiting * busy / done / workers, nil
}
