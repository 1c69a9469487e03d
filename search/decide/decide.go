// Package decide says which runs of a study are trained next, and which never.
//
// A Decision is asked at the start of a stage and whenever a run has ended. It reads the study as
// the record has it and answers with a Choice; whoever asks refuses one that contradicts the study
// (Ask, Check), writes it down with a digest of what was read, and hands the runs to workers. All
// trains everything. Package simulate plays studies of known truths through the same calls.
//
// Plain values go in and come out: the package knows no model, no queue and no record.
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

// State is what has become of a run.
type State int

// States of a run. Open: nobody has asked for it yet. Asked: it waits for a worker or trains. Of
// the others there will be no more to see. A study that is killed and started again has no run that
// is Asked: those that had not ended are Open.
const (
	Open State = iota
	Asked
	Complete
	Failed
	Dropped
)

var states = []string{"open", "asked", "complete", "failed", "dropped"}

func (s State) String() string {
	if s < 0 || int(s) >= len(states) {
		return fmt.Sprintf("state %d", int(s))
	}
	return states[s]
}

// Known is what is known of a run.
type Known struct {
	Run   Run
	State State
	Score float64 // by the study's metric; NaN unless the run is complete
}

// Study is what a decision reads.
type Study struct {
	Stage    string  // of the study, such as "search"
	Maximise bool    // the highest score is the best; otherwise the lowest
	Runs     []Known // in the plan's order, those that decisions have added behind it
}

// Choice is what a decision wants. The zero value waits for runs that are Asked, or ends the stage
// where there are none.
type Choice struct {
	// Train are runs to hand out, in that order: Open ones of the study, or new ones of its trials,
	// which whoever asks adds to the record first.
	Train []Run `json:"train"`
	// Drop are runs that nobody is to train any more, Open or Asked. One that a worker has begun
	// ends all the same, and its score is on the record.
	Drop []Run `json:"drop"`
	// Because is a sentence for people; it may be empty where nothing is trained or dropped.
	Because string `json:"because"`
}

// empty says that a choice changes nothing.
func (c Choice) empty() bool { return len(c.Train)+len(c.Drop) == 0 }

// Decision chooses what is trained next. Next is a pure function of what it reads, which it leaves
// as it is: no clock, no memory, randomness from named streams alone. So a study that is killed at
// any moment and started again goes on to the same end. One that is to end alike whatever the order
// in which workers end reads scores only where nothing that it compares is still Asked.
type Decision interface {
	Name() string // with its settings, as the record names it
	Next(Study) (Choice, error)
}

// Ask asks a decision. The error is the decision's, or that of Check.
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

// Name is that of the decision.
func (All) Name() string { return "all" }

// Next asks for all runs that are open. It has no error.
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
