package kernel

import (
	"strings"
	"sync"
	"testing"

	"gridsearch/internal/kernel/abi"
)

// TestChoice: the fastest set that passes its check is chosen; a wrong one is rejected with the
// reason, or is an error if it was chosen by hand.
func TestChoice(t *testing.T) {
	t.Setenv(Variable, "")
	first := Sets()[0]
	t.Cleanup(func() { rejected.reasons = nil })
	if s, err := Chosen(); err != nil || s != first || len(Rejected()) != 0 {
		t.Fatalf("%v is chosen (%v), want %v; rejected: %v", s, err, first, Rejected())
	}
	keep := first.Table
	fresh := func() { first.check.once, first.check.err = sync.Once{}, nil }
	fresh()
	t.Cleanup(func() { first.Table = keep; fresh() })
	first.Table.Rows[abi.Affine] = func(*abi.RowArgs) {}

	t.Setenv(Variable, first.Name)
	if _, err := Chosen(); err == nil || !strings.Contains(err.Error(), Variable+": kernels "+
		first.Name+" are wrong here: kernel affine:") {
		t.Errorf("wrong kernels that were chosen by hand: %v", err)
	}
	t.Setenv(Variable, "")
	var checked []string
	s, err := Choose(func(s *Set) { checked = append(checked, s.Name) })
	if first.Name == Generic {
		if err == nil || !strings.Contains(err.Error(),
			"no kernels work here; the generic ones: kernel affine:") {
			t.Errorf("the only set is wrong: %v", err)
		}
		return
	}
	if err != nil || s != Sets()[1] || strings.Join(checked, " ") != first.Name+" "+s.Name {
		t.Errorf("%v is chosen after checks of %v (%v)", s, checked, err)
	}
	if r := Rejected(); len(r) != 1 || !strings.HasPrefix(r[first.Name], "kernel affine: number ") {
		t.Errorf("rejected are %v", r)
	}
	Reject(s.Name, "for a test")
	if p, err := Preferred(); s.Name != Generic && (err != nil || p == s || p == first) {
		t.Errorf("%v is preferred (%v)", p, err)
	}
}
