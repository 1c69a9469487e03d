package coordinator

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"

	"gridsearch/internal/job"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/search/decide"
)

// stage is what a decision reads: the runs of a study in the record's order, and what has become of
// them.
type stage struct {
	decision decide.Decision
	asking   sync.Mutex // one choice is carried out before the next is made
	known    []decide.Known
	keys     []string       // of the same runs
	places   map[string]int // of them, by key
}

func newStage(d decide.Decision) stage { return stage{decision: d, places: map[string]int{}} }

// add takes a run behind the others. The score is its top-1, NaN for none.
func (g *stage) add(key string, run decide.Run, state decide.State, score float64) {
	g.places[key] = len(g.keys)
	g.keys = append(g.keys, key)
	g.known = append(g.known, decide.Known{Run: run, State: state, Score: score})
}

// end notes what has become of a run. One that was dropped stays so.
func (g *stage) end(key string, state decide.State, score float64) {
	if place, ok := g.places[key]; ok && g.known[place].State != decide.Dropped {
		g.known[place].State, g.known[place].Score = state, score
	}
}

// dropped says whether nobody is to train a run any more.
func (g *stage) dropped(key string) bool {
	place, ok := g.places[key]
	return ok && g.known[place].State == decide.Dropped
}

// study is what the decision reads now.
func (g *stage) study() decide.Study {
	return decide.Study{Stage: stages.Search, Maximise: true, Runs: slices.Clone(g.known)}
}

// chosen is a choice by the keys of its runs.
type chosen struct {
	train []string
	add   []job.Spec // of those, that are new
	drop  []string
}

// runOf is a recorded run as decisions name it.
func runOf(r stages.Run) decide.Run {
	return decide.Run{Trial: r.Trial, Seed: r.Seed, Stream: r.Stream, Condition: r.Condition}
}

// specOf makes the specification of a run that a decision has added: its trial's, with another seed
// or under a condition.
func (c *coordinator) specOf(r decide.Run) (job.Spec, error) {
	spec, ok := c.trials[r.Trial]
	if !ok {
		return spec, fmt.Errorf("run %v is of a trial that the plan does not have", r)
	}
	spec.SeedIndex, spec.Stream = r.Seed, r.Stream
	if r.Condition == "" {
		return spec.WithKey()
	}
	spec, err := spec.Under(r.Condition)
	if err == nil && spec.Condition != r.Condition {
		err = fmt.Errorf("its condition is written %q here", spec.Condition)
	}
	if err != nil {
		return spec, fmt.Errorf("run %v: %w", r, err)
	}
	return spec, nil
}

// spec is the specification of a run of the study.
func (c *coordinator) spec(key string) job.Spec {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.specs[key]
}

// recorded is the specification of a run on the record.
func (c *coordinator) recorded(r stages.Run) (job.Spec, error) {
	if spec, ok := c.specs[r.Key]; ok {
		return spec, nil
	}
	spec, err := c.specOf(runOf(r))
	if err == nil && spec.Key != r.Key {
		err = database.Damaged(fmt.Errorf("run %s is recorded as %s, whose key is %s", r.Key, r.Name(),
			spec.Key))
	}
	if err != nil {
		return spec, &database.FileError{Path: c.folder.Database(), Err: err}
	}
	c.specs[r.Key] = spec
	return spec, nil
}

// decide asks what is to be trained next and carries the choice out: what it adds and drops is on
// the record before any of it waits for a worker, so that a kill in between changes nothing. It is
// called at the start, and when a run has ended and is still leased: workers wait for what it adds.
func (c *coordinator) decide() error {
	c.stage.asking.Lock()
	defer c.stage.asking.Unlock()
	c.mutex.Lock()
	seen := c.stage.study()
	c.mutex.Unlock()
	choice, err := decide.Ask(c.stage.decision, seen)
	if err != nil {
		return err
	}
	plan, err := c.carryOut(choice)
	if err != nil {
		return err
	}
	if len(plan.add)+len(plan.drop) > 0 {
		if err := c.recordChoice(seen.Digest(), choice, plan); err != nil {
			return err
		}
	}
	return c.wait(plan.train)
}

// carryOut finds the keys of a choice and takes it into the state of the study. A run that a worker
// has begun is not dropped any more.
func (c *coordinator) carryOut(choice decide.Choice) (plan chosen, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	keys := map[decide.Run]string{}
	for i, k := range c.stage.known {
		keys[k.Run] = c.stage.keys[i]
	}
	for _, r := range choice.Drop {
		if key := keys[r]; !c.tracker.Running(key) {
			plan.drop = append(plan.drop, key)
			c.stage.end(key, decide.Dropped, math.NaN())
			c.tracker.Drop(c.specs[key])
		}
	}
	for _, r := range choice.Train {
		key, known := keys[r]
		if !known {
			spec, err := c.specOf(r)
			if err != nil {
				return plan, err
			}
			key = spec.Key
			plan.add = append(plan.add, spec)
			c.specs[key] = spec
			c.stage.add(key, r, decide.Open, math.NaN())
			c.tracker.Wait(spec)
		}
		c.stage.end(key, decide.Asked, math.NaN())
		plan.train = append(plan.train, key)
	}
	c.lastTries(plan.train)
	return plan, nil
}

// lastTries puts runs last whose tries here are used up: another one may show that the machine is
// not at fault.
func (c *coordinator) lastTries(keys []string) {
	slices.SortStableFunc(keys, func(a, b string) int {
		switch {
		case c.usedUp[a] == c.usedUp[b]:
			return 0
		case c.usedUp[b]:
			return -1
		}
		return 1
	})
}

// recordChoice writes down a choice with what was read, and takes dropped runs off the queue.
func (c *coordinator) recordChoice(input string, choice decide.Choice, plan chosen) error {
	text, err := json.Marshal(struct {
		Decision string `json:"decision"`
		decide.Choice
	}{c.stage.decision.Name(), choice})
	if err != nil {
		return err
	}
	runs := make([]stages.Run, len(plan.add))
	for i, spec := range plan.add {
		runs[i] = study.RunOf(spec)
	}
	err = c.write(func() error {
		return c.record.Decide(stages.Search, input, text, runs, plan.drop)
	})
	if err != nil {
		return err
	}
	c.tell(Event{Kind: Decided, Reason: choice.Because, Added: len(plan.add), Dropped: len(plan.drop)})
	if len(plan.drop) == 0 {
		return nil
	}
	return ofQueue(c.queue.Drop(c.untilKilled(), plan.drop...))
}
