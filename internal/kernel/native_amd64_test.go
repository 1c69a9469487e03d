//go:build !purego

package kernel

import (
	"testing"

	"gridsearch/internal/kernel/amd64"
)

// TestNativeSets: every set of the generator is listed, and this package can detect every extension
// that it needs.
func TestNativeSets(t *testing.T) {
	for _, s := range amd64.Sets {
		if set := written[s.Name]; set == nil || 4*set.Width != s.VectorBytes {
			t.Errorf("set %s is not here, or with other vectors: %+v", s.Name, set)
		}
		for _, e := range s.Extensions {
			if _, known := extensions[e]; !known {
				t.Errorf("set %s needs %s, of which the processor is not asked", s.Name, e)
			}
		}
	}
}
