package kernel

import (
	"maps"
	"math"
	"os"
	"slices"
	"testing"

	"gridsearch/internal/kernel/abi"
)

// eachSet runs a test for every set of this processor.
func eachSet(t *testing.T, test func(*testing.T, *Set)) {
	t.Helper()
	for _, s := range Sets() {
		t.Run(s.Name, func(t *testing.T) { test(t, s) })
	}
}

// TestExpectedSet fails if a set that the environment expects is not available, so that a green run
// has tested it.
func TestExpectedSet(t *testing.T) {
	if name := os.Getenv("GRIDSEARCH_EXPECT"); name != "" {
		if _, err := Named(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := Named("sse"); err == nil {
		t.Error("an unknown set is found")
	}
}

// TestWindows: every set has depthwise kernels for the same windows, which package ops promises.
func TestWindows(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		windows := slices.Collect(maps.Keys(s.Table.Depthwise))
		for _, w := range abi.Windows {
			if !slices.Contains(windows, w) || len(windows) != len(abi.Windows) {
				t.Errorf("there are kernels for %v, want %v", windows, abi.Windows)
			}
		}
	})
}

// TestMeasure: what one core can do is a positive number for every set.
func TestMeasure(t *testing.T) {
	for _, s := range Sets() {
		m := s.Measure()
		for name, v := range map[string]float64{"peak": m.PeakGFLOPS, "read": m.ReadGBs,
			"copy": m.CopyGBs} {
			if !(v > 0) || math.IsInf(v, 0) {
				t.Errorf("%s is %v", name, v)
			}
		}
	}
}
