package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestUnmeasured: a study whose workers die when they measure is at its end all the same: its table
// is printed, the error says what is missing, and the next call measures it.
func TestUnmeasured(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	s := newSession(t)
	s.write("launcher.sh", `while read request; do
	case "$request" in '{"measure"'*) exit;; *) echo "$request";; esac; done | "$@"`)
	run := []string{"run", "small.toml", "--workers", "1", "--progress", "plain", "--set",
		"replication.seeds=1", "--set", "train.epochs=1", "--set", "search.gamma.high=1.0", "--set",
		"search.beta.high=1.0", "--set", "execution.latency=true"}
	code, out, messages := s.run(append(run, "--launcher", "sh launcher.sh")...)
	if code != exitInternal || !strings.Contains(out, "top-1") ||
		strings.Count(messages, "; it will be tried again\n") != 2 ||
		strings.Count(messages, "; it is given up\n") != 1 ||
		!strings.Contains(messages, " was not measured for 1 image: worker died: unexpected end of "+
			"its output (runs/") ||
		!strings.Contains(messages, "gridsearch: 6 latencies could not be measured: worker died: ") {
		t.Errorf("it ends with %d: %s%s", code, out, messages)
	}
	code, again, messages := s.run(run...)
	if code != exitDone || again != out || strings.Count(messages, " takes ") != 6 {
		t.Errorf("the next call ends with %d: %s%s", code, again, messages)
	}
	failing := append(run, "--launcher", "sh launcher.sh", "--dir", "failing", "--set",
		"train.learning_rate=1e30", "--set", "train.warmup=0.0")
	if code, _, messages := s.run(failing...); code != exitFailedRuns ||
		!strings.Contains(messages, "latencies could not be measured") {
		t.Errorf("with failed runs it ends with %d: %s", code, messages)
	}
}
