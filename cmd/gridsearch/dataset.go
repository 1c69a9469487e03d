package main

import (
	"fmt"
	"image/png"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/dataset"
	"gridsearch/internal/plural"
)

func newDataset() *cobra.Command {
	var d describing
	var fetched fetching
	cmd := &cobra.Command{
		Use:   "dataset NAME",
		Short: "Describe a data set and draw a contact sheet",
		Long: "Data sets: " + strings.Join(dataset.Names(), ", ") + ".\nOf an image-folder it " +
			"says how the folder was read and what was left out, and of each part how many " +
			"images, classes and unreadable files it\nhas, how large they are, and which " +
			"files are copies of others. Images are kept decoded in the user's cache " +
			"directory: --cache lists what is there, --prune removes it.",
		Args:      exactly("the name of a data set"),
		ValidArgs: dataset.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			d.spec.Name = args[0]
			if d.cache || d.prune {
				return d.kept(cmd.OutOrStdout())
			}
			if err := fetched.run(cmd, args[0], d.spec.Path); err != nil {
				return err
			}
			return d.describe(cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&d.spec.Path, "path", "", "folder of its files, where there is no usual place")
	flags.StringVar(&d.spec.List, "list", "", "CSV file with the columns path and label, of an "+
		"image-folder without folders for its classes")
	flags.StringVar(&d.spec.Ground, "ground", "", "colour under transparent pixels (default: white)")
	flags.StringVar(&d.sheet, "sheet", "", "write a contact sheet to this PNG file")
	flags.IntVar(&d.columns, "columns", 12, "images of each class on the sheet")
	flags.BoolVar(&d.cache, "cache", false, "list what the cache directory has of the data set")
	flags.BoolVar(&d.prune, "prune", false, "remove what the cache directory has of the data set")
	fetched.addTo(cmd)
	return cmd
}

// describing is the arguments of a call.
type describing struct {
	spec         dataset.Spec
	sheet        string
	columns      int
	cache, prune bool
}

// describe prints what the data set is, and draws its sheet.
func (d *describing) describe(cmd *cobra.Command) error {
	source, err := dataset.Open(cmd.Context(), d.spec, newReading("auto", cmd.ErrOrStderr()).watch)
	if err != nil {
		return usageError{err}
	}
	info, out := source.Info(), cmd.OutOrStdout()
	classes := make([]string, len(info.Classes))
	for i, name := range info.Classes {
		classes[i] = dataset.Quote(name)
	}
	validation := ""
	if info.Validation > 0 {
		validation = fmt.Sprintf(", %d validation", info.Validation)
	}
	fmt.Fprintf(out, "%s: %d training%s and %s of %d x %d pixels, %s, %s\norigin: %s (licence: %s)\n"+
		"classes: %s\n", info.Name, info.Train, validation, plural.Of(info.Test, "test image"),
		info.Native, info.Native, plural.Of(info.Channels, "channel"),
		plural.Of(len(info.Classes), "class"), dataset.Quote(info.Origin), info.Licence,
		shorten(classes, ", ", mostNames))
	for _, note := range info.Notes {
		fmt.Fprintln(out, "note: "+note)
	}
	if photos, ok := source.(*dataset.Photographs); ok {
		survey, err := photos.Survey(cmd.Context())
		if err != nil {
			return err
		}
		if err := writeSurvey(out, photos, survey); err != nil {
			return err
		}
	}
	if d.sheet == "" {
		return nil
	}
	return writeSheet(cmd, source, d.columns, d.sheet)
}

func writeSheet(cmd *cobra.Command, source dataset.Source, columns int, path string) error {
	if columns < 1 {
		return usageError{fmt.Errorf("--columns must be 1 or more, not %d", columns)}
	}
	picture, err := dataset.ContactSheet(cmd.Context(), source, columns)
	if err != nil {
		return err
	}
	if n := len(source.Info().Classes); n > dataset.SheetRows {
		fmt.Fprintf(cmd.OutOrStdout(), "the sheet shows the first %d of the %d classes\n",
			dataset.SheetRows, n)
	}
	return writeOutput(path, func(w io.Writer) error { return png.Encode(w, picture) })
}
