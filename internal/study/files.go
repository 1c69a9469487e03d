package study

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"gridsearch/internal/fault"
	"gridsearch/internal/job"
	"gridsearch/internal/predictions"
)

// runFiles are those that an answer may name.
var runFiles = []string{job.CheckpointFile, job.WeightsFile, predictions.FileName}

// hold holds an answer against the files of the run: a worker that names others has gone wrong, and
// files that this machine cannot read are a fault of the machine.
func (s *supervisor) hold(p *process, key string, done *job.Outcome) error {
	err := s.folder.holds(key, done.Files)
	_, gone := os.Stat(s.folder.Path("runs")) // the study has been moved away
	if f := fault.Of(err); f != nil && (gone != nil || !errors.Is(err, fs.ErrNotExist)) {
		done.Fault = f
		return nil
	}
	if err != nil {
		p.kill(err.Error() + ", so it was killed")
		return p.crashed()
	}
	return nil
}

// holds says whether the folder of a run has the files that its worker has named, as they were.
func (f Folder) holds(key string, list []job.File) error {
	for _, file := range list {
		if !slices.Contains(runFiles, file.Name) {
			return fmt.Errorf("its answer names the file %q, and a run has none of that name", file.Name)
		}
		text, err := os.ReadFile(filepath.Join(f.run(key), file.Name))
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
