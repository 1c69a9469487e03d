package environment

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestSilentGit: a git that does not return takes no more than its time.
func TestSilentGit(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "git"), []byte("#!/bin/sh\nsleep 30\n"),
		0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	if _, err := git(time.Millisecond, "rev-parse", "HEAD"); !errors.Is(err,
		context.DeadlineExceeded) {
		t.Errorf("git ends with %v", err)
	}
	gitRevision(time.Millisecond)
}
