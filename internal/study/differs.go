package study

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"gridsearch/internal/job"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
)

// Register writes the runs of a plan into the record. A *stages.MismatchError says what differs.
func (f Folder) Register(record *store.Store, p *Prepared, specs []job.Spec) error {
	err := record.Plan(Stages(p.Decision, specs))
	if other := (*stages.MismatchError)(nil); errors.As(err, &other) {
		other.Why = differences(f, record, p, specs)
	}
	return err
}

// differences says what a plan has other than the study in the folder: the images, the version of
// the program's numbers, the experiment file and its settings. They are all that keys are made of.
func differences(folder Folder, record *store.Store, p *Prepared, specs []job.Spec) []string {
	old, err := folder.readPlan()
	if err != nil {
		return nil // there is no plan to compare with
	}
	now := p.document(specs)
	text := textDiffers(folder, p.Text)
	var list []string
	if version := old.numbers(record); version != 0 && version != now.NumericVersion {
		list = append(list, fmt.Sprintf("the numbers differ: the study was made by a program of "+
			"numeric version %d, this one has %d: go on with a program of that version",
			version, now.NumericVersion))
	}
	if text != "" {
		list = append(list, text)
	}
	if !slices.Equal(old.Overrides, now.Overrides) {
		list = append(list, fmt.Sprintf("the settings differ: the study was started with %s, this "+
			"call has %s", settings(old.Overrides), settings(now.Overrides)))
	}
	checksum, pixels := old.reference()
	images, known := checksumAt(specs, pixels)
	differ, files := known && images != checksum, otherPhotographs(folder, p)
	if p.photographs() != nil && len(list) > 0 { // other settings may read other pixels of a file
		differ = files != ""
	}
	switch {
	case checksum == "" && len(list) == 0:
		list = append(list, "file, settings and numeric version are the study's, so the images "+
			"are not: bring the old files back, or say where they are with --data PATH")
	case checksum != "" && differ:
		line := "the images differ" + files
		if known { // no network of this plan may see them at that size
			line = fmt.Sprintf("the images differ: SHA-256 %.12s, the study was planned with %.12s%s",
				images, checksum, files)
		}
		if len(list) == 0 {
			line += ": bring the old files back, or say where they are with --data PATH"
		}
		list = append(list, line)
	}
	return list
}

// numbers is the numeric version of a study, 0 where nothing says it.
func (d document) numbers(record *store.Store) int {
	if d.NumericVersion != 0 {
		return d.NumericVersion
	}
	executions, err := record.Executions()
	if err != nil || len(executions) == 0 {
		return 0
	}
	return executions[0].Environment.NumericVersion
}

// textDiffers says where an experiment file differs from that of the study, and is empty where it
// does not.
func textDiffers(folder Folder, text []byte) string {
	old, err := os.ReadFile(folder.experiment())
	if err != nil || bytes.Equal(old, text) {
		return ""
	}
	line := 1
	for i := 0; i < min(len(old), len(text)) && old[i] == text[i]; i++ {
		if text[i] == '\n' {
			line++
		}
	}
	return fmt.Sprintf("the experiment file differs from %s, first in line %d", folder.experiment(),
		line)
}

func settings(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return "--set " + strings.Join(list, " --set ")
}
