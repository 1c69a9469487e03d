package study

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gridsearch/internal/job"
	"gridsearch/internal/predictions"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
)

// Unrecorded lists the runs that wait on the record although they have been finished in this
// folder: study.db is an older copy, or a new one. A kill just in front of the record leaves one of
// them too.
func (f Folder) Unrecorded(records []store.Record) (keys []string) {
	for _, r := range records {
		if r.State == store.Waiting && f.finished(r.Key) {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// finished says whether a run has left what it leaves at its end.
func (f Folder) finished(key string) bool {
	for _, path := range []string{f.Weights(key), f.Predictions(key)} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	log, err := os.ReadFile(filepath.Join(f.Run(key), job.LogFile))
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return err == nil && strings.Contains(lines[len(lines)-1], job.CompleteNote)
}

// MakeRuns makes the folder of the runs. Workers do not: it is gone when the study is moved away.
func (f Folder) MakeRuns() error {
	if err := os.MkdirAll(f.Runs(), 0o755); err != nil {
		return fmt.Errorf("the folder of the runs: %w", err)
	}
	return nil
}

// Stages are those of a study: the search, of which a decision says what is trained.
func Stages(decision string, specs []job.Spec) []stages.Stage {
	return []stages.Stage{{Name: stages.Search, Decision: decision, Runs: runs(specs)}}
}

func runs(specs []job.Spec) []stages.Run {
	list := make([]stages.Run, len(specs))
	for i, s := range specs {
		list[i] = RunOf(s)
	}
	return list
}

// RunOf is the run of a spec, as the record has it.
func RunOf(s job.Spec) stages.Run {
	return stages.Run{Key: s.Key, Trial: s.Trial, Seed: s.SeedIndex, Network: s.Network(),
		Stream: s.Stream, Condition: s.Condition}
}

// runFiles are those that an answer may name.
var runFiles = []string{job.CheckpointFile, job.WeightsFile, predictions.FileName}

// Holds says whether the folder of a run has the files that its worker has named, as they were.
func (f Folder) Holds(key string, list []job.File) error {
	for _, file := range list {
		if !slices.Contains(runFiles, file.Name) {
			return fmt.Errorf("its answer names the file %q, and a run has none of that name", file.Name)
		}
		text, err := os.ReadFile(filepath.Join(f.Run(key), file.Name))
		if err != nil {
			return fmt.Errorf("its answer names a file that cannot be read: %w", err)
		}
		if there := job.FileOf(file.Name, text); there != file {
			return fmt.Errorf("its answer names %s with the SHA-256 %.12s, the file has %.12s", file.Name,
				file.SHA256, there.SHA256)
		}
	}
	return nil
}
