package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"gridsearch/dataset"
	"gridsearch/dataset/collection"
	"gridsearch/experiments"
	"gridsearch/internal/plural"
	"gridsearch/internal/recall"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
	"gridsearch/model/weights"
)

// folderEvaluation is the output of --images FOLDER --format json.
type folderEvaluation struct {
	evaluation
	Images  string              `json:"images"` // the folder
	Part    string              `json:"part,omitempty"`
	Classes []recall.ClassScore `json:"classes"`
}

// namedImages is the same of images without classes.
type namedImages struct {
	SchemaVersion int            `json:"schema_version"`
	Named         []recall.Named `json:"named"`
}

// onFolder evaluates a network on the images of a folder, of the classes of a study where one is
// known: the one that is named, or the run's.
func onFolder(cmd *cobra.Command, from, path, images string, n weights.Network, format string) error {
	folder, _, known := runOf(path)
	if from != "" {
		var err error
		if folder, err = findStudy(cmd, from); err != nil {
			return err
		}
		known = true
	}
	r := newReading("auto", cmd.ErrOrStderr())
	var shown recall.Shown
	var reading dataset.Reading
	if known {
		about, err := aboutStudy(cmd.Context(), r.access(""), folder)
		if err != nil {
			return err
		}
		shown = recall.Shown{Classes: about.classes, Crop: about.data.ValidationCrop,
			Threads: about.threads}
		reading = about.data.Reading
	}
	c, err := collection.Open(cmd.Context(), images, reading, n.Architecture.InChannels, r.watch)
	if err != nil {
		return usageError{err}
	}
	if c.Classes == nil {
		named, err := recall.Name(cmd.Context(), n, c, shown)
		if err != nil {
			return err
		}
		tellNotes(r, c, "")
		return printNamed(cmd, named, format)
	}
	score, note, err := recall.OnCollection(cmd.Context(), n, c, shown)
	if err != nil {
		return err
	}
	tellNotes(r, c, note)
	return printScore(cmd, c, score, n.Architecture.Classes, format)
}

// about is what a study says of images that are not its own.
type about struct {
	classes []string // names; nil where nothing says them
	data    experiments.Data
	threads int
}

// aboutStudy reads it. The data of a study are needed for nothing but the names of an earlier one;
// without them its classes have numbers, and a note says so.
func aboutStudy(ctx context.Context, access study.Access, folder study.Folder) (a about, err error) {
	experiment, err := folder.Experiment()
	if err != nil {
		return a, err
	}
	if a.threads = experiment.Execution.ThreadsPerRun; experiment.Data != nil {
		a.data = *experiment.Data
	}
	a.classes, err = study.Classes(ctx, access, folder)
	if input := (*study.InputError)(nil); errors.As(err, &input) && access.Path == "" {
		access.Note(fmt.Sprintf("note: classes go by their numbers: an earlier gridsearch has not "+
			"written down their names, and the study's data cannot be read: %v", err))
		return a, nil
	}
	return a, err
}

// tellNotes tells how a folder was read.
func tellNotes(r *reading, c *collection.Collection, first string) {
	notes := c.Notes()
	if first != "" {
		notes = append([]string{first}, notes...)
	}
	for _, note := range notes {
		r.note("note: " + note)
	}
}

func printNamed(cmd *cobra.Command, named []recall.Named, format string) error {
	if format == "json" {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(namedImages{1, named})
	}
	t := terminal.NewTable(cmd.OutOrStdout())
	fmt.Fprint(t, "image\tclass\tprobability")
	for _, n := range named {
		fmt.Fprintf(t, "\n%s\t%s\t%.1f %%", dataset.Quote(n.File), dataset.Quote(n.Class),
			100*n.Probability)
	}
	fmt.Fprintln(t)
	return t.Flush()
}

func printScore(cmd *cobra.Command, c *collection.Collection, s recall.Score, classes int,
	format string) error {
	out := cmd.OutOrStdout()
	if format == "json" {
		e := folderEvaluation{evaluation: evaluation{1, s.Top1, s.Top5, s.Loss, s.Examples},
			Images: c.Path, Classes: s.Classes}
		if c.HasParts {
			e.Part = c.Part.String()
		}
		return json.NewEncoder(out).Encode(e)
	}
	fmt.Fprintf(out, "%s on %s of %s\n\n", scoreLine(s.Result, classes), plural.Of(s.Examples, "image"), c)
	t := terminal.NewTable(out)
	fmt.Fprint(t, "class\timages\ttop-1 %")
	for _, class := range s.Classes {
		fmt.Fprintf(t, "\n%s\t%d\t%.2f", dataset.Quote(class.Class), class.Images, 100*class.Top1)
	}
	fmt.Fprintln(t)
	return t.Flush()
}
