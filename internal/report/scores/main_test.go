package scores

import (
	"testing"

	"gridsearch/internal/report/made"
)

// TestMain keeps the tests out of the user's cache.
func TestMain(m *testing.M) { made.Main(m) }
