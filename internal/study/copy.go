package study

import (
	"errors"
	"io/fs"
	"os"

	"gridsearch/internal/files"
	"gridsearch/internal/store"
)

// CopyTo copies what a study consists of, its plan and its record, into an empty folder: another
// study with the same results. Others may work on the study meanwhile; the copy is what it is at one
// moment. Files of runs and what is derived are not copied.
func (f Folder) CopyTo(to Folder) error {
	for from, place := range map[string]string{f.experiment(): to.experiment(), f.plan(): to.plan(),
		f.images(): to.images()} {
		text, err := os.ReadFile(from)
		if errors.Is(err, fs.ErrNotExist) && from == f.images() {
			continue // not a study of photographs
		}
		if err == nil {
			err = files.Renew(place, text)
		}
		if err != nil {
			return err
		}
	}
	record, err := store.OpenReadOnly(f.Database())
	if err != nil {
		return err
	}
	defer record.Close()
	return record.CopyTo(to.Database())
}
