package store

import (
	"fmt"
	"reflect"
)

// predictionsColumn is the SQL expression of the predictions' hash in a query of results t, which
// records of earlier versions that are opened for reading alone lack.
func (s *Store) predictionsColumn() (string, error) {
	there, err := s.has(resultsTable.name, "predictions")
	if !there {
		return "''", err
	}
	return "t.predictions", err
}

// same says whether two executions of a run have given the same numbers. Their predictions count
// where both have kept them.
func (r Result) same(other Result) bool {
	if r.Predictions == "" || other.Predictions == "" {
		r.Predictions, other.Predictions = "", ""
	}
	return reflect.DeepEqual(r, other)
}

// predictions is the message where accuracy and loss agree.
func (e *DiffersError) predictions() string {
	return fmt.Sprintf("run %s gave other predictions (SHA-256 %.12s) than the record has (%.12s) "+
		"from the same kernel set and CPU: something is not deterministic; the record keeps the "+
		"first",
		e.Key, e.Second.Predictions, e.Recorded.Predictions)
}
