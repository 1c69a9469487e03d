package store

// predictionsColumn is the SQL expression of the predictions' hash in a query of results t, which
// records of earlier versions that are opened for reading alone lack.
func (s *Store) predictionsColumn() (string, error) {
	there, err := s.has(resultsTable.name, "predictions")
	if !there {
		return "''", err
	}
	return "t.predictions", err
}
