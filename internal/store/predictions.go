package store

import (
	"fmt"
	"reflect"
)

// predictionsVersion is that of the first schema with predictions: nothing has migrated a record of
// an earlier one that is opened for reading alone.
const predictionsVersion = 3

// predictionsColumn is the SQL expression of the predictions' hash in a query of results t.
func (s *Store) predictionsColumn() (string, error) {
	version, err := s.pragma("user_version")
	if err != nil || version < predictionsVersion {
		return "''", err
	}
	return "t.predictions", nil
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
