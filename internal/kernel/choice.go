package kernel

import (
	"fmt"
	"os"
	"slices"
	"sync"

	"gridsearch/internal/kernel/check"
)

// Rejection is a set that this process goes without, and why.
type Rejection struct{ Set, Reason string }

var rejected struct {
	mutex sync.Mutex
	list  []Rejection
}

// Reject takes a set out of the choice of this process. A set is rejected once.
func Reject(set, reason string) {
	rejected.mutex.Lock()
	defer rejected.mutex.Unlock()
	if !slices.ContainsFunc(rejected.list, func(r Rejection) bool { return r.Set == set }) {
		rejected.list = append(rejected.list, Rejection{set, reason})
	}
}

// Rejected lists what this process goes without.
func Rejected() []Rejection {
	rejected.mutex.Lock()
	defer rejected.mutex.Unlock()
	return slices.Clone(rejected.list)
}

// Check runs every kernel of the set and holds it against plain Go: once in a process, in some ten
// milliseconds. A processor that lacks an instruction of the set ends the process here.
func (s *Set) Check() error {
	s.check.once.Do(func() { s.check.err = check.Quick(&s.table, s.Width) })
	return s.check.err
}

// ByHand says whether the environment names the set.
func ByHand() bool { return os.Getenv(Variable) != "" }

// Preferred is the set that this process tries first, without running it: that of the environment
// variable, or the fastest that is not rejected.
func Preferred() (*Set, error) {
	if ByHand() {
		s, err := Named(os.Getenv(Variable))
		if err != nil {
			return nil, fmt.Errorf("environment variable %s: %w", Variable, err)
		}
		return s, nil
	}
	out := Rejected()
	for _, s := range Sets() {
		if !slices.ContainsFunc(out, func(r Rejection) bool { return r.Set == s.Name }) {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no kernels work here: %s: %s", out[0].Set, out[0].Reason)
}

// Chosen is the set that this process computes with: the preferred one, if it passes its check. One
// that does not is rejected, and the next is tried; one that was chosen by hand is an error.
func Chosen() (*Set, error) { return Choose(func(*Set) {}) }

// Choose is Chosen, and says in front of each check which set it is of.
func Choose(checking func(*Set)) (*Set, error) {
	for {
		s, err := Preferred()
		if err != nil {
			return nil, err
		}
		checking(s)
		err = s.Check()
		switch {
		case err == nil:
			return s, nil
		case ByHand():
			return nil, fmt.Errorf("environment variable %s: kernels %s are wrong here: %w", Variable, s.Name, err)
		}
		Reject(s.Name, err.Error())
	}
}
