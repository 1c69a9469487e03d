package store

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// TestPredictions: the hash is on the record, counts as part of the result where two executions
// have it, and does not where one of them has kept no file.
func TestPredictions(t *testing.T) {
	s, _ := open(t, 4)
	kept, without, other := result(2), result(2), result(2)
	kept.Predictions, other.Predictions = strings.Repeat("a", 64), strings.Repeat("b", 64)
	for _, r := range []Result{kept, without, kept} {
		if err := s.Complete(r, execution(2)); err != nil {
			t.Fatal(err)
		}
	}
	if got := records(t, s)[2].Result; !reflect.DeepEqual(*got, kept) {
		t.Errorf("the record has %+v, want %+v", *got, kept)
	}
	var differs *DiffersError
	if err := s.Complete(other, execution(2)); !errors.As(err, &differs) ||
		!strings.Contains(err.Error(), ": predictions aaaaaaaaaaaa and then bbbbbbbbbbbb, on here") {
		t.Errorf("other predictions: %v", err)
	}
	if got := records(t, s)[2].Result.Predictions; got != kept.Predictions {
		t.Errorf("the first hash has become %q", got)
	}
	if err := errors.Join(s.Complete(result(1), execution(1)), s.Complete(func() Result {
		r := result(1)
		r.Predictions = kept.Predictions
		return r
	}(), execution(1))); err != nil {
		t.Error(err)
	}
	if got := records(t, s)[1].Result.Predictions; got != "" {
		t.Errorf("a result without predictions has got the hash %q: results are final", got)
	}
}
