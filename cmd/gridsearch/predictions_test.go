package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPredictionsExitCodes: what is wrong with the command line or a file is said with code 2.
func TestPredictionsExitCodes(t *testing.T) {
	s := newSession(t)
	if code, _, messages := s.run("run", "small.toml", "--progress", "none"); code != exitDone {
		t.Fatalf("the study ends with %d: %s", code, messages)
	}
	runs := filepath.Join(s.folder, "studies", "small", "runs")
	files, err := filepath.Glob(filepath.Join(runs, "*", "predictions.safetensors"))
	if err != nil || len(files) != 10 {
		t.Fatalf("%d of 10 runs have predictions (%v)", len(files), err)
	}
	if err := os.Truncate(files[0], 4000); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--metric", "accuracy"}, {"--images", "--format", "md"}, {"--images"},
		{"--metric", "brier"},
	} {
		code, out, messages := s.run(append([]string{"results", "small"}, args...)...)
		if code != exitInput || out != "" || messages == "" {
			t.Errorf("results %v ends with %d: %s%s", args, code, out, messages)
		}
	}
	if code, _, messages := s.run("results", "small", "--metric", "loss"); code != exitDone {
		t.Errorf("a metric on the record ends with %d: %s", code, messages)
	}
}
