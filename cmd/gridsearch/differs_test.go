package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gridsearch/internal/environment"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
)

// TestDifferingResult: a run whose result is on the record when a worker gives another one does not
// end the study; run, results and status warn of it, and the first result stays.
func TestDifferingResult(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	s := newSession(t)
	s.write("launcher.sh", `while ! test -e go; do sleep .02; done; exec "$@"`)
	cmd, out, messages := s.command("run", "small.toml", "--workers", "1", "--progress", "plain",
		"--launcher", "sh launcher.sh", "--set", "replication.seeds=1", "--set", "train.epochs=1",
		"--set", "search.gamma.high=1.0", "--set", "search.beta.high=1.0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(s.folder, "studies", "small")
	waitFor(t, "runs that wait for a worker", func() bool {
		_, err := os.Stat(filepath.Join(folder, "status.json"))
		return err == nil
	})
	first := recordFirst(t, study.Folder(folder).Path("study.db"))
	s.write("go", "")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, messages)
	}
	want := " has given two results: top1 1 and then 0."
	if !strings.Contains(messages.String(), first.Name()+" "+want) {
		t.Errorf("it does not tell %q: %s", want, messages)
	}
	want = "run " + first.Key + " (" + first.Name() + ") has given 2 results: top1 1 and then 0."
	_, results, _ := s.run("results", "small", "--format", "json")
	_, status, _ := s.run("status", "small")
	for command, text := range map[string]string{"run": out.String(), "results": results,
		"status": status} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) ||
			!strings.Contains(text, "elsewhere") {
			t.Errorf("%s does not warn by %q: %s", command, want, text)
		}
	}
}

// recordFirst records a result of the first run, as a worker of this kind of machine elsewhere has
// given it.
func recordFirst(t *testing.T, path string) stages.Run {
	t.Helper()
	record, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer record.Close()
	records, err := record.Records()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if err := record.Complete(store.Result{Top1: 1, Top5: 1, Loss: .5, Examples: 8,
		Correct: []byte{255}, Steps: 1, Curve: []store.CurvePoint{{Epoch: 1, Step: 1}}},
		store.Execution{Key: records[0].Key, Attempt: 1, Started: now, Ended: now, Host: "elsewhere",
			Environment: environment.Here()}); err != nil {
		t.Fatal(err)
	}
	return records[0].Run
}
