package study

import (
	"fmt"

	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
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
	PID           int       `json:"pid"`                // of the process that works on it; 0 for none
	Died          int       `json:"died_pid,omitempty"` // the last one, where it was killed or crashed
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
	return s.Overview(), nil
}

// Overview is how far a study is, by what was loaded of its record and what its coordinator says
// now.
func (s *Study) Overview() Overview {
	o := Overview{SchemaVersion: 1, Study: s.Plan.Study, Total: len(s.Records) + len(s.Later),
		Running: []Active{}, Warnings: s.Warnings()}
	o.PID, o.Died = s.Folder.Worker()
	tallies := map[string]*Tally{}
	for _, r := range s.Records {
		o.count(r.State)
		if r.State == store.Complete {
			add(tallies, r)
		}
	}
	for _, r := range s.Later {
		o.count(r.State)
	}
	for _, t := range tallies {
		o.Best = t.Ahead(o.Best)
	}
	last := s.Folder.LastStatus()
	if o.PID > 0 {
		o.Running = last.Running
	}
	if o.Waiting > 0 {
		o.Remaining = last.Remaining
	}
	return o
}

// Worker is the process that works on the study, 0 for none, and the one that has died while it
// did, 0 where the last one has left it in order.
func (f Folder) Worker() (pid, died int) {
	if pid = database.Holder(f.Lock()); pid == 0 {
		died = database.Died(f.Lock())
	}
	return pid, died
}

func add(tallies map[string]*Tally, r store.Record) {
	if tallies[r.Trial] == nil {
		tallies[r.Trial] = &Tally{Trial: r.Trial}
	}
	tallies[r.Trial].Add(r.Result.Top1)
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
