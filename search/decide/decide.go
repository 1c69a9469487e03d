// Package decide says which runs of a study are trained next, and which never.
//
// A Decision is asked at the start of a stage and whenever a run has ended. It reads the study from
// the record and answers with a Choice; the caller refuses one that contradicts the study (Ask,
// Check), records it with a digest of what was read, and hands the runs to workers. All trains
// everything. Package simulate runs simulated studies with known truths through the same calls.
//
// Arguments and results are plain values: the package depends on no model, queue or record.
package decide

import "fmt"

// Run names a run: a trial's network, trained with one seed.
type Run struct {
	Trial string `json:"trial"`
	Seed  int    `json:"seed"` // its index, from 0
	// Stream is that of the seed: empty for those of the search itself.
	Stream string `json:"stream,omitempty"`
	// Condition is empty, or what differs from the file: "epochs=8 learning_rate=0.1", sorted.
	Condition string `json:"condition,omitempty"`
}

// String is the trial, the seed and, where they are set, the condition and the stream.
func (r Run) String() string {
	text := fmt.Sprintf("%q seed %d", r.Trial, r.Seed)
	if r.Stream != "" {
		text += " of " + r.Stream
	}
	if r.Condition != "" {
		text += " with " + r.Condition
	}
	return text
}

// State is the state of a run.
type State int

// States of a run. Open: not asked for yet. Asked: waiting for a worker, or training. The others
// are final. A study that is killed and started again has no run that is Asked: those that had not
// ended are Open.
const (
	Open State = iota
	Asked
	Complete
	Failed
	Dropped
)

var states = []string{"open", "asked", "complete", "failed", "dropped"}

// String is the name of the state.
func (s State) String() string {
	if s < 0 || int(s) >= len(states) {
		return fmt.Sprintf("state %d", int(s))
	}
	return states[s]
}

// Known is a run with its state and score.
type Known struct {
	Run   Run
	State State
	Score float64 // by the study's metric; NaN unless the run is complete
}

// Study is what a decision reads.
type Study struct {
	Stage    string  // of the study, such as "search"
	Maximise bool    // the highest score is the best; otherwise the lowest
	Runs     []Known // in the plan's order, followed by those that decisions have added
}

// Choice is the answer of a decision. The zero value waits for runs that are Asked, or ends the
// stage if there are none.
type Choice struct {
	// Train are runs to hand out, in that order: Open ones of the study, or new ones of its trials,
	// which the caller adds to the record first.
	Train []Run `json:"train"`
	// Drop are runs not to train, Open or Asked. One that a worker has already begun is finished
	// all the same, and its score recorded.
	Drop []Run `json:"drop"`
	// Because is a sentence for people; it may be empty where nothing is trained or dropped.
	Because string `json:"because"`
}

// empty reports that a choice changes nothing.
func (c Choice) empty() bool { return len(c.Train)+len(c.Drop) == 0 }

// Decision chooses what is trained next. Next is a pure function of the study, which it does not
// change: no clock, no memory, randomness from named streams only. So a study that is killed at any
// moment and started again ends with the same result. For a result that does not depend on the
// order in which workers finish, it must read scores only once none of the runs that it compares is
// Asked.
type Decision interface {
	Name() string // with its settings, as the record names it
	Next(Study) (Choice, error)
}

// Ask asks a decision. The error is the decision's, or Check's.
func Ask(d Decision, s Study) (Choice, error) {
	c, err := d.Next(s)
	if err == nil {
		err = Check(s, c)
	}
	if err != nil {
		return Choice{}, fmt.Errorf("decision %q in stage %q: %w", d.Name(), s.Stage, err)
	}
	return c, nil
}

// All trains every run of the plan, in its order, and drops none.
type All struct{}

// Name is "all".
func (All) Name() string { return "all" }

// Next asks for all runs that are open. It returns no error.
func (All) Next(s Study) (Choice, error) {
	var c Choice
	for _, k := range s.Runs {
		if k.State == Open {
			c.Train = append(c.Train, k.Run)
			c.Because = "every run of the plan is trained"
		}
	}
	return c, nil
}
