package decide

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Check reports how a choice contradicts the study that it was made for: it names a run twice,
// trains a run that is not open or drops one that has ended, names an unknown trial, gives no
// reason, or leaves runs open with none to wait for, so that the stage would never end. A study
// that contradicts itself is refused too, unless the choice is empty. Nil means that the choice can
// be carried out.
func Check(s Study, c Choice) error {
	if !c.empty() {
		if err := c.check(s); err != nil {
			return err
		}
	}
	return s.stuck(c)
}

func (c Choice) check(s Study) error {
	runs, err := s.index()
	if err != nil {
		return err
	}
	if strings.TrimSpace(c.Because) == "" {
		return errors.New("the choice does not say why: set Because")
	}
	if err := c.repeats(); err != nil {
		return err
	}
	for _, r := range c.Train {
		if err := runs.trains(r); err != nil {
			return err
		}
	}
	for _, r := range c.Drop {
		if err := runs.drops(r); err != nil {
			return err
		}
	}
	return nil
}

// repeats refuses a run that is named twice.
func (c Choice) repeats() error {
	trained, dropped := map[Run]bool{}, map[Run]bool{}
	for _, r := range c.Train {
		if trained[r] {
			return fmt.Errorf("run %v is trained twice", r)
		}
		trained[r] = true
	}
	for _, r := range c.Drop {
		switch {
		case trained[r]:
			return fmt.Errorf("run %v is trained and dropped", r)
		case dropped[r]:
			return fmt.Errorf("run %v is dropped twice", r)
		}
		dropped[r] = true
	}
	return nil
}

// index has the states of a study's runs.
type index struct {
	states map[Run]State
	trials map[string]bool
}

func (s Study) index() (index, error) {
	x := index{map[Run]State{}, map[string]bool{}}
	for _, k := range s.Runs {
		if _, twice := x.states[k.Run]; twice {
			return x, fmt.Errorf("the study has run %v twice", k.Run)
		}
		if k.State != Complete && !math.IsNaN(k.Score) {
			return x, fmt.Errorf("the study has a score of run %v, which is %v", k.Run, k.State)
		}
		x.states[k.Run], x.trials[k.Run.Trial] = k.State, true
	}
	return x, nil
}

func (x index) trains(r Run) error {
	state, ok := x.states[r]
	switch {
	case ok && state != Open:
		return fmt.Errorf("run %v is trained, but it is %v: only open runs can be", r, state)
	case ok:
		return nil
	case !x.trials[r.Trial]:
		return fmt.Errorf("run %v is of a trial that the study does not have", r)
	case r.Seed < 0:
		return fmt.Errorf("run %v: seeds begin at 0", r)
	case !isCondition(r.Condition):
		return fmt.Errorf("run %v: a condition is key=value words, sorted, with a space between", r)
	}
	return nil
}

func (x index) drops(r Run) error {
	switch state, ok := x.states[r]; {
	case !ok:
		return fmt.Errorf("run %v is dropped, but the study does not have it", r)
	case state != Open && state != Asked:
		return fmt.Errorf("run %v is dropped, but it is %v: only open and asked runs can be", r,
			state)
	}
	return nil
}

// isCondition reports whether a condition is written in its canonical form, as it is part of a
// run's name.
func isCondition(text string) bool {
	words := strings.Fields(text)
	var keys []string
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" || value == "" || slices.Contains(keys, key) {
			return false
		}
		keys = append(keys, key)
	}
	return slices.IsSorted(keys) && strings.Join(words, " ") == text
}

// stuck refuses a choice that leaves runs open but none under way, whose end would be the next
// occasion to ask.
func (s Study) stuck(c Choice) error {
	if len(c.Train) > 0 {
		return nil
	}
	dropped := map[Run]bool{}
	for _, r := range c.Drop {
		dropped[r] = true
	}
	open := 0
	for _, k := range s.Runs {
		switch {
		case dropped[k.Run]:
		case k.State == Asked:
			return nil
		case k.State == Open:
			open++
		}
	}
	if open > 0 {
		return fmt.Errorf("runs are left open (%d) and none is asked for: train or drop them", open)
	}
	return nil
}
