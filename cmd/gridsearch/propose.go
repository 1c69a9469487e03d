package main

import (
	"fmt"
	"io"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"gridsearch/dataset"
	"gridsearch/experiments/propose"
	"gridsearch/internal/forecast"
	"gridsearch/internal/plural"
	"gridsearch/internal/si"
)

// proposing is the arguments of init for a folder of photographs.
type proposing struct {
	data, list string
	hours      float64
}

func (p *proposing) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&p.data, "data", "", "folder of photographs to write an experiment for")
	flags.StringVar(&p.list, "list", "", "with --data: CSV file in the folder with the columns "+
		"path and label, where there are no folders for the classes")
	flags.Float64Var(&p.hours, "hours", 1, "with --data: hours that the study may take on this "+
		"machine")
}

// run looks at the folder, writes the file and says what to do next.
func (p *proposing) run(cmd *cobra.Command, path, name string) error {
	if name != "" && name != dataset.ImageFolder {
		return usageError{fmt.Errorf("--data is for photographs, and %q is a file of other "+
			"images: leave one of them out", name)}
	}
	if err := propose.CheckHours(p.hours); err != nil {
		return usageError{fmt.Errorf("--hours: %w", err)}
	}
	folder, err := p.survey(cmd)
	if err != nil {
		return err
	}
	folder.Study = unusedName(cmd, path, propose.StudyName(folder.Path))
	cores := runtime.GOMAXPROCS(0)
	made, err := propose.Make(folder, p.hours, propose.Machine{Cores: cores, Speed: forecast.Speed})
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", dataset.Quote(p.data), err)}
	}
	if err := writeInit(path, made.Text); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "\nwrote %s, the study %s: a base network at %d pixels and %s of about twice "+
		"its cost, %s with the controls, about %s on %s\n", path, folder.Study, made.Pixels,
		plural.Of(made.Networks, "network"), plural.Of(made.Runs, "run"), si.Clock(made.Seconds),
		plural.Of(cores, "core"))
	for _, warning := range made.Warnings {
		fmt.Fprintln(out, "warning: "+warning)
	}
	_, err = fmt.Fprintf(out, "look at it, then see what it would train, and start it:\n  "+
		"gridsearch plan %s\n  %s\n", quoted(path), commandLine(cmd, path, nil))
	return err
}

// survey looks at the folder and prints what it holds.
func (p *proposing) survey(cmd *cobra.Command) (f propose.Folder, err error) {
	if f.Path, err = filepath.Abs(p.data); err != nil {
		return f, err
	}
	source, err := dataset.Open(cmd.Context(), dataset.Spec{Name: dataset.ImageFolder, Path: f.Path,
		Reading: dataset.Reading{List: p.list, OnUnreadable: dataset.UnreadableSkips,
			Deduplicate: true}},
		newReading("auto", cmd.ErrOrStderr()).watch)
	if err != nil {
		return f, usageError{err}
	}
	photos := source.(*dataset.Photographs)
	survey, err := photos.Survey(cmd.Context())
	if err != nil {
		return f, err
	}
	out, info := cmd.OutOrStdout(), photos.Info()
	if err := sayFolder(out, p.data, info, survey); err != nil {
		return f, err
	}
	if err := writeSurvey(out, photos, survey); err != nil {
		return f, err
	}
	f.List, f.Classes, f.Labels = p.list, info.Classes, photos.Labels(dataset.Train)
	f.Validation, f.Native, f.Channels = info.Validation, info.Native, info.Channels
	for _, part := range survey.Parts {
		if part.Part != dataset.Test {
			f.Unreadable += len(part.Unreadable)
		}
		if part.Part == dataset.Train {
			f.Copies = part.Images - part.Unlabelled - len(f.Labels)
		}
	}
	if photos.LimitedBySmall() {
		f.LimitedBy = photos.Smallest()
	}
	return f, nil
}

// sayFolder says in a line what a folder holds.
func sayFolder(out io.Writer, path string, info dataset.Info, s *dataset.Survey) error {
	images := 0
	for _, part := range s.Parts {
		images += part.Images
	}
	kind := "in colour"
	if info.Channels == 1 {
		kind = "grey"
	}
	_, err := fmt.Fprintf(out, "%s: %s of %s, %s, native %d x %d pixels\n", dataset.Quote(path),
		plural.Of(images, "image"), plural.Of(len(info.Classes), "class"), kind, info.Native,
		info.Native)
	for _, note := range info.Notes {
		fmt.Fprintln(out, "note: "+note)
	}
	return err
}
