package study

import (
	"encoding/json"
	"os"
	"time"

	"gridsearch/internal/job"
)

// Status is the state of a study at one moment, as its coordinator says it.
type Status struct {
	Total    int      `json:"total"`
	Complete int      `json:"complete"`
	Failed   int      `json:"failed"`
	Dropped  int      `json:"dropped"` // by decisions: they count as done
	Running  []Active `json:"running"`
	Best     *Best    `json:"best,omitempty"`
	Elapsed  float64  `json:"elapsed_seconds"` // of this call
	// Remaining is nil until a run has shown how fast this machine is. It may be a second old.
	Remaining *Estimate `json:"remaining,omitempty"`
}

// Done counts the runs that nothing is left to do for.
func (s Status) Done() int { return s.Complete + s.Failed + s.Dropped }

// Active is a run that trains now.
type Active struct {
	Key   string    `json:"key"`
	Trial string    `json:"trial"`
	Seed  int       `json:"seed"`
	Step  int       `json:"step"`
	Steps int       `json:"steps"`
	Loss  float64   `json:"loss"`
	Heard time.Time `json:"heard"` // when its worker has last said something
	// Curve is what job.Thin leaves of the epochs so far, none before the first has ended; it is
	// shared and not to be changed.
	Curve []job.CurvePoint `json:"curve,omitempty"`
}

// Best is the trial with the highest mean top-1 among those with a complete run.
type Best struct {
	Trial string  `json:"trial"`
	Top1  float64 `json:"mean_top1"`
	Runs  int     `json:"runs"`
}

// Estimate is a remaining time with its range, in seconds.
type Estimate struct {
	Low  float64 `json:"low_seconds"`
	Mid  float64 `json:"mid_seconds"`
	High float64 `json:"high_seconds"`
}

// Tally sums the scores of a trial's complete runs.
type Tally struct {
	Trial string
	Runs  int     // complete
	Sum   float64 // of their top-1
}

// Add takes a complete run.
func (t *Tally) Add(top1 float64) {
	t.Runs++
	t.Sum += top1
}

// Ahead is the better of a trial and the best so far, nil for none: the first by name of two with
// the same mean.
func (t Tally) Ahead(best *Best) *Best {
	if t.Runs == 0 {
		return best
	}
	mean := t.Sum / float64(t.Runs)
	if best == nil || mean > best.Top1 || mean == best.Top1 && t.Trial < best.Trial {
		return &Best{Trial: t.Trial, Top1: mean, Runs: t.Runs}
	}
	return best
}

// LastStatus reads what the coordinator has last said of the study. There is nothing before its
// first event, and nothing worth an error in a file that a power cut has torn: it is no part of the
// record.
func (f Folder) LastStatus() Status {
	var s Status
	text, err := os.ReadFile(f.Status())
	if err != nil || json.Unmarshal(text, &s) != nil {
		return Status{}
	}
	return s
}
