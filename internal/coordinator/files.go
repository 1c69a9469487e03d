package coordinator

import (
	"errors"
	"io/fs"
	"os"

	"gridsearch/internal/fault"
	"gridsearch/internal/job"
	"gridsearch/internal/process"
)

// hold holds an answer against the files of the run: a worker that names others has gone wrong, and
// files that this machine cannot read are a fault of the machine.
func (c *coordinator) hold(p *process.Process, key string, done *job.Outcome) error {
	err := c.folder.Holds(key, done.Files)
	_, gone := os.Stat(c.folder.Runs()) // the study has been moved away
	if f := fault.Of(err); f != nil && (gone != nil || !errors.Is(err, fs.ErrNotExist)) {
		done.Fault = f
		return nil
	}
	if err != nil {
		return p.Refuse(err.Error())
	}
	return nil
}
