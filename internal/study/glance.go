package study

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"gridsearch/internal/store"
)

// Overview is how far a study is, as its record shows.
type Overview struct {
	SchemaVersion int       `json:"schema_version"`
	Study         string    `json:"study"`
	Total         int       `json:"total"`
	Complete      int       `json:"complete"`
	Failed        int       `json:"failed"`
	Dropped       int       `json:"dropped"` // by decisions: they count as done
	Waiting       int       `json:"waiting"` // without a result: those that run are among them
	Running       []Active  `json:"running"`
	PID           int       `json:"pid"` // of the process that works on it; 0 for none
	Best          *Best     `json:"best,omitempty"`
	Remaining     *Estimate `json:"remaining,omitempty"` // as last estimated
	Warnings      []string  `json:"warnings,omitempty"`  // about the record
}

// Glance looks at a study without disturbing whoever works on it.
func Glance(folder Folder) (Overview, error) {
	s, err := Load(folder)
	if err != nil {
		return Overview{}, err
	}
	o := Overview{SchemaVersion: 1, Study: s.Plan.Study, Total: len(s.Records) + len(s.Later),
		Running: []Active{}, PID: store.Holder(folder.lock()), Warnings: s.Warnings()}
	t := newTracker(time.Time{}, 0, 0)
	for _, r := range s.Records {
		o.count(r.State)
		if r.State == store.Complete {
			t.had(r.Trial, r.Result.Top1)
		}
	}
	for _, r := range s.Later {
		o.count(r.State)
	}
	o.Best = t.best()
	last := lastStatus(folder)
	if o.PID > 0 {
		o.Running = last.Running
	}
	if o.Waiting > 0 {
		o.Remaining = last.Remaining
	}
	return o, nil
}

func (o *Overview) count(state store.State) {
	switch state {
	case store.Complete:
		o.Complete++
	case store.Failed:
		o.Failed++
	case store.Dropped:
		o.Dropped++
	default:
		o.Waiting++
	}
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

// lastStatus reads what the supervisor has last said of the study. There is nothing before its
// first event, and nothing worth an error in a file that a power cut has torn: it is no part of the
// record.
func lastStatus(folder Folder) Status {
	var s Status
	text, err := os.ReadFile(folder.status())
	if err != nil || json.Unmarshal(text, &s) != nil {
		return Status{}
	}
	return s
}
