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
// them. It has a mutex of its own, as copying all runs takes longer than progress may wait; it may
// be taken while the coordinator's is held, and not the other way round.
type stage struct {
	decision decide.Decision
	asking   sync.Mutex // one choice is carried out before the next is made

	mutex   sync.Mutex // of what follows
	known   []decide.Known
	keys    map[decide.Run]string
	places  map[string]int  // in known, by key
	leaving map[string]bool // runs that are being dropped: the record does not have it yet
}

func newStage(d decide.Decision) *stage {
	return &stage{decision: d, keys: map[decide.Run]string{}, places: map[string]int{},
		leaving: map[string]bool{}}
}

// add takes a run behind the others. The score is its top-1, NaN for none.
func (g *stage) add(key string, run decide.Run, state decide.State, score float64) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.places[key] = len(g.known)
	g.keys[run] = key
	g.known = append(g.known, decide.Known{Run: run, State: state, Score: score})
}

// become notes what has become of a run. One that was dropped stays so.
func (g *stage) become(key string, state decide.State, score float64) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if place, ok := g.places[key]; ok && g.known[place].State != decide.Dropped {
		g.known[place].State, g.known[place].Score = state, score
	}
}

// dropped says whether nobody is to begin with a run any more.
func (g *stage) dropped(key string) bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	place, ok := g.places[key]
	return ok && (g.leaving[key] || g.known[place].State == decide.Dropped)
}

// leave has a run begin no more, unless it has ended.
func (g *stage) leave(key string) bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	state := g.known[g.places[key]].State
	if state != decide.Open && state != decide.Asked {
		return false
	}
	g.leaving[key] = true
	return true
}

// stay takes back what leave has done.
func (g *stage) stay(keys []string) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for _, key := range keys {
		delete(g.leaving, key)
	}
}

// key finds a run.
func (g *stage) key(run decide.Run) (key string, known bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	key, known = g.keys[run]
	return key, known
}

// study is what the decision reads now.
func (g *stage) study() decide.Study {
	g.mutex.Lock()
	defer g.mutex.Unlock()
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
	var err error
	if r.Condition == "" {
		spec, err = spec.WithKey()
	} else {
		spec, err = spec.Under(r.Condition)
	}
	if err == nil {
		err = spec.Check()
	}
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

// next asks for a decision where what has come before it has gone well.
func (c *coordinator) next(err error) error {
	if err != nil {
		return err
	}
	return c.decide()
}

// decide asks what is to be trained next and carries the choice out: what it adds and drops is on
// the record before any of it waits for a worker, so that a kill in between changes nothing. It is
// called at the start, and when a run has ended and is still leased: workers wait for what it adds.
func (c *coordinator) decide() error {
	c.stage.asking.Lock()
	defer c.stage.asking.Unlock()
	seen := c.stage.study()
	choice, err := decide.Ask(c.stage.decision, seen)
	if err != nil || len(choice.Train)+len(choice.Drop) == 0 {
		return err
	}
	plan, err := c.choose(choice)
	if err != nil {
		return err
	}
	if len(plan.add)+len(plan.drop) > 0 {
		if err := c.recordChoice(seen.Digest(), choice, plan); err != nil {
			c.stage.stay(plan.drop)
			return err
		}
	}
	c.apply(choice, plan)
	if len(plan.drop) > 0 {
		if err := c.queue.Drop(c.untilKilled(), plan.drop...); err != nil {
			return ofQueue(err)
		}
	}
	return c.wait(plan.train)
}

// choose finds the keys of a choice. A run that a worker has begun is not dropped any more, and one
// that is to be dropped not begun.
func (c *coordinator) choose(choice decide.Choice) (plan chosen, err error) {
	for _, r := range choice.Train {
		key, known := c.stage.key(r)
		if !known {
			spec, err := c.specOf(r)
			if err != nil {
				return plan, err
			}
			key = spec.Key
			plan.add = append(plan.add, spec)
		}
		plan.train = append(plan.train, key)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, r := range choice.Drop {
		if key, _ := c.stage.key(r); !c.tracker.Running(key) && c.stage.leave(key) {
			plan.drop = append(plan.drop, key)
		}
	}
	c.lastTries(plan.train)
	return plan, nil
}

// apply takes a choice that is on the record into the state of the study, and tells it.
func (c *coordinator) apply(choice decide.Choice, plan chosen) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, spec := range plan.add {
		c.specs[spec.Key] = spec
		c.stage.add(spec.Key, runOf(study.RunOf(spec)), decide.Open, math.NaN())
		c.tracker.Wait(spec)
	}
	for _, key := range plan.drop {
		c.stage.become(key, decide.Dropped, math.NaN())
		c.tracker.Drop(c.specs[key])
	}
	c.stage.stay(plan.drop)
	for _, key := range plan.train {
		c.stage.become(key, decide.Asked, math.NaN())
	}
	if len(plan.add)+len(plan.drop) > 0 {
		c.tellLocked(Event{Kind: Decided, Reason: choice.Because, Added: len(plan.add),
			Dropped: len(plan.drop)})
	}
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

// recordChoice writes down a choice with what was read.
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
	return c.write(func() error {
		return c.record.Decide(stages.Search, input, text, runs, plan.drop)
	})
}
