package kernel

import (
	"fmt"
	"maps"
	"os"
	"sync"

	"gridsearch/internal/kernel/check"
)

var rejected struct {
	mutex   sync.Mutex
	reasons map[string]string
}

// Reject excludes a set from the choice of this process, and reports whether it had been in. The
// first reason is kept.
func Reject(set, reason string) bool {
	rejected.mutex.Lock()
	defer rejected.mutex.Unlock()
	if _, out := rejected.reasons[set]; out {
		return false
	}
	if rejected.reasons == nil {
		rejected.reasons = map[string]string{}
	}
	rejected.reasons[set] = reason
	return true
}

// Rejected has the reason for every set that this process has excluded; it is nil for none.
func Rejected() map[string]string {
	rejected.mutex.Lock()
	defer rejected.mutex.Unlock()
	return maps.Clone(rejected.reasons)
}

// Check compares every kernel of the set with plain Go, once in a process, in about ten
// milliseconds. On a processor that lacks an instruction of the set the process dies here.
func (s *Set) Check() error {
	s.check.once.Do(func() { s.check.err = check.Quick(&s.Table, s.Width) })
	return s.check.err
}

// ByHand reports whether the environment variable names a set.
func ByHand() bool { return os.Getenv(Variable) != "" }

// Preferred is the set that this process tries first, without running it: the one that the
// environment variable names, or the fastest that is not rejected.
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
		if _, no := out[s.Name]; !no {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no kernels work here; the %s ones: %s", Generic, out[Generic])
}

// Chosen is the set that this process computes with: the preferred one, if it passes its check. If
// it fails it is rejected and the next is tried, unless it was chosen by hand: that is an error.
func Chosen() (*Set, error) { return Choose(func(*Set) {}) }

// Choose is Chosen, and calls checking before the check of each set.
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
			return nil, fmt.Errorf("environment variable %s: kernels %s are wrong here: %w",
				Variable, s.Name, err)
		}
		Reject(s.Name, err.Error())
	}
}
